"""POST /evaluate: a Bundle in, the assessment out, outside CDS Hooks."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.assess import assess
from service.assessment_json import assessment_json
from service.errors import NotABundle, PatientNotInBundle, RequestNotUnderstood, SeveralPatients
from service.fhir.read.record import record_in
from service.web.body import read_json
from service.web.describe.described import Content, Parameter, described
from service.web.describe.examples import BUNDLE
from service.web.parts import Parts
from service.web.query import A_DAY, check_names, day, flag
from service.web.responses import FHIR_JSON, JSON, json
from service.web.schemas.assessment_shapes import BUNDLE as BUNDLE_SHAPE
from service.web.schemas.assessment_shapes import AssessmentSchema
from service.web.trust import caller


def routes(parts: Parts) -> Blueprint:
    """POST /evaluate with its parameters: on, all, pathway, patient."""
    evaluate = Blueprint("evaluate", __name__)

    @evaluate.post("/evaluate")
    @described(
        "Evaluate",
        body=Content(
            BUNDLE_SHAPE, "A Bundle of one patient's resources, FHIR R4.", BUNDLE, (FHIR_JSON, JSON)
        ),
        answer=Content(AssessmentSchema, "The assessment."),
        parameters={
            "on": Parameter("The day of the assessment; today without it.", A_DAY, "2026-11-23"),
            "all": Parameter("Whether to tell also the rules that answered NO.", {"type": "boolean"}),
            "pathway": Parameter(
                "Which disposition each rule asks for; the client's or the configured one without it.",
                {"enum": list(parts.knowledge.pathways)},
            ),
            "patient": Parameter(
                "Whom to assess, where the Bundle is about several.", {"type": "string", "minLength": 1}, "p1"
            ),
        },
        errors=(NotABundle, SeveralPatients, PatientNotInBundle),
    )
    def evaluated() -> Response:
        """The assessment of the one patient whom the Bundle is about."""
        asked = request.args
        check_names(asked, ("on", "all", "pathway", "patient"))
        on = day(asked["on"], "on") if "on" in asked else parts.today()
        every = flag(asked.get("all", "false"), "all")
        pathway = parts.pathway(asked.get("pathway"), caller())
        bundle = read_json(request, parts.settings.max_body_bytes, what="FHIR JSON in UTF-8")
        record = record_in(bundle, parts.knowledge, patient=_patient())
        assessment = assess(record, on, knowledge=parts.knowledge, pathway=pathway)
        return json(assessment_json(assessment, parts.knowledge, every_rule=every))

    return evaluate


def _patient() -> str | None:
    text = request.args.get("patient")
    if text is not None and not text.removeprefix("Patient/"):
        raise RequestNotUnderstood(
            "patient must be the id of the patient to assess, such as p1.", where="patient"
        )
    return text
