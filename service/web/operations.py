"""The operations for FHIR-native clients: $evaluate, and $apply of a plan. Parameters in, FHIR out.

Both go through the same waist as everything else, and answer what /evaluate and the hooks do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from service import __version__
from service.assess import assess
from service.assessment import Assessment
from service.cards import build
from service.cards.lifestyle import is_offered, lifestyle_detail
from service.errors import (
    NotABundle,
    NotAcceptable,
    NotFound,
    PatientNotInBundle,
    RequestNotUnderstood,
    SeveralPatients,
)
from service.fhir.read.parameters import ANYTHING, inputs
from service.fhir.read.record import record_in
from service.fhir.references import OWN_CANONICAL
from service.fhir.write.care_plan import Proposal, care_plan
from service.fhir.write.parameters import evaluation
from service.hooks import SERVICES
from service.hooks.red_flags import SERVICE as RED_FLAGS
from service.knowledge import Knowledge
from service.web.body import read_json
from service.web.describe.described import Content, Parameter, a_resource, described
from service.web.describe.examples import BUNDLE
from service.web.fhir_json import fhir_json, media_type
from service.web.parts import Parts
from service.web.query import day
from service.web.trust import caller

# What each operation takes, and in which member of a parameter.
EVALUATE: Mapping[str, str] = {
    "data": "resource",
    "on": "valueDate",
    "pathway": "valueCode",
    "patient": "valueString",
    "all": "valueBoolean",
}
APPLY: Mapping[str, str] = {
    "subject": "valueString",
    "data": "resource",
    "encounter": "valueString",
    "on": "valueDate",
    "pathway": "valueCode",
    # R4's own, which change nothing here.
    "practitioner": ANYTHING,
    "organization": ANYTHING,
    "userType": ANYTHING,
    "userLanguage": ANYTHING,
    "userTaskContext": ANYTHING,
    "setting": ANYTHING,
    "settingContext": ANYTHING,
}
PLAN = f"{OWN_CANONICAL}PlanDefinition/{RED_FLAGS.id}|{__version__}"
NAMED = re.compile(r"(?:(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/)?(?P<id>[A-Za-z0-9.-]{1,64})")


def _parameters(words: str, named: Mapping[str, str]) -> Content:
    """What an operation takes, with an example."""
    parameters: list[dict[str, Any]] = [{"name": n, "valueString": value} for n, value in named.items()]
    example = {"resourceType": "Parameters", "parameter": [*parameters, {"name": "data", "resource": BUNDLE}]}
    return a_resource("Parameters", words, example)


EVALUATED = described(
    "FHIR",
    body=_parameters("`data` is the Bundle; `on`, `pathway`, `patient` and `all` as at /evaluate.", {}),
    answer=a_resource("Parameters", "The assessment."),
    errors=(NotABundle, SeveralPatients, PatientNotInBundle, NotAcceptable),
)
APPLIED = described(
    "FHIR",
    body=_parameters("`subject` is the patient, `data` the Bundle.", {"subject": "Patient/p1"}),
    answer=a_resource("CarePlan", "What is proposed."),
    parameters={"plan_id": Parameter("The plan.", {"enum": [RED_FLAGS.id]}, RED_FLAGS.id)},
    errors=(NotABundle, PatientNotInBundle, NotFound, NotAcceptable),
)


def routes(parts: Parts) -> Blueprint:
    """POST /fhir/$evaluate and POST /fhir/PlanDefinition/{id}/$apply."""
    operations = Blueprint("operations", __name__)

    @operations.post("/fhir/$evaluate")
    @EVALUATED
    def evaluate() -> Response:
        """The whole assessment of a Bundle, as Parameters: what POST /evaluate answers, in FHIR."""
        asked = _asked(EVALUATE, ("data",), parts)
        assessment = _assessed(asked, parts, asked.get("patient"))
        return fhir_json(evaluation(assessment, parts.knowledge, every_rule=asked.get("all", False)))

    @operations.post("/fhir/PlanDefinition/<plan_id>/$apply")
    @APPLIED
    def apply(plan_id: str) -> Response:
        """What the plan proposes for a patient, as a CarePlan with the draft orders contained."""
        _check_plan(plan_id)
        asked = _asked(APPLY, ("subject", "data"), parts)
        patient = _reference(asked["subject"], "Patient", "subject")
        encounter = asked.get("encounter")
        return fhir_json(
            _applied(
                _assessed(asked, parts, patient),
                parts.knowledge,
                patient=patient,
                encounter=_reference(encounter, "Encounter", "encounter") if encounter else None,
            )
        )

    return operations


def _asked(taken: Mapping[str, str], required: tuple[str, ...], parts: Parts) -> dict[str, Any]:
    media_type()  # refuses an answer in XML before anything is read
    body = read_json(request, parts.settings.max_body_bytes, what="FHIR JSON in UTF-8")
    return inputs(body, taken, required=required)


def _assessed(asked: Mapping[str, Any], parts: Parts, patient: str | None) -> Assessment:
    on = day(asked["on"], "on") if "on" in asked else parts.today()
    pathway = parts.pathway(asked.get("pathway"), caller())
    record = record_in(asked["data"], parts.knowledge, patient=patient)
    return assess(record, on, knowledge=parts.knowledge, pathway=pathway)


def _applied(
    assessment: Assessment, knowledge: Knowledge, *, patient: str, encounter: str | None
) -> dict[str, Any]:
    cards = build(assessment, knowledge, patient=patient, encounter=encounter)
    return care_plan(
        assessment,
        plan=PLAN,
        patient=patient,
        encounter=encounter,
        title=cards[0].summary if cards else None,
        words=[card.detail for card in cards[:1]],
        proposals=[
            Proposal(each.kind, each.label, each.is_recommended, tuple(a.resource for a in each.actions))
            for card in cards
            for each in card.suggestions
        ],
        education=lifestyle_detail(assessment, knowledge) if cards and is_offered(assessment) else None,
        version=__version__,
    )


def _check_plan(plan_id: str) -> None:
    if plan_id == RED_FLAGS.id:
        return
    if any(service.id == plan_id for service in SERVICES):
        raise NotFound(
            "This plan answers orders while they are written, and cannot be applied to a record alone."
            f" Call it as the CDS service POST /cds-services/{plan_id}."
        )
    raise NotFound(f"No such plan. The one that can be applied is PlanDefinition/{RED_FLAGS.id}.")


def _reference(text: str, kind: str, name: str) -> str:
    """The reference as Type/id, from whatever form it came in."""
    found = NAMED.fullmatch(text)
    if not found or found["type"] not in (None, kind):
        raise RequestNotUnderstood(
            f"The parameter {name} must name one {kind}, such as {kind}/{name[0]}1.",
            where=f"Parameters.parameter.where(name = '{name}')",
        )
    return f"{kind}/{found['id']}"
