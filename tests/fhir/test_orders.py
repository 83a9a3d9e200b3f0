"""Suggested tests and referrals as draft ServiceRequests that an R4 server takes."""

import re
import timeit
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from service.assessment import (
    Assessment,
    Contributor,
    Disposition,
    Finding,
    Referral,
    RuleKind,
    SuggestedTest,
)
from service.errors import KnowledgeInvalid
from service.facts import Patient
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.fhir.write.orders import NEUROLOGY, check_orders, occasion, orders_for, referral_order
from service.knowledge import Knowledge, load
from service.knowledge.measures import Coding

ON = date(2026, 11, 23)
URGENT = Referral(True, "neurology", "urgent", note="clinical suspicion of motor neuron disease")
PANEL = SuggestedTest("blood-panel", ("muscle-weakness",), None, ("magnesium", "tsh", "ck"))
REQUISITION = "urn:uuid:00000000-0000-5000-8000-000000000001"
PLAIN_SOURCES = ("Condition/w1", "Observation/mrc")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load()


def assessment(
    *sources: str, disposition: Disposition = Disposition.URGENT_REFERRAL, patient: str | None = "Patient/p1"
) -> Assessment:
    basis = tuple(Basis("muscle weakness", source, "2026-11-01") for source in sources or PLAIN_SOURCES)
    weak = Finding(
        "muscle-weakness",
        RuleKind.MOTOR,
        Answer(Truth.YES, basis),
        "Twitching together with muscle weakness",
        "because",
        (),
        disposition,
        disposition,
    )
    twitching = Statement(
        "fasciculation", Truth.YES, "Condition/t1", Form.CONDITION, "twitch", stated=Span.of(ON)
    )
    twitch = Twitch({"fasciculation": (twitching,)}, ON)
    return Assessment(ON, "early-referral", "v", disposition, Patient(patient), twitch, (weak,))


def test_a_referral_says_who_what_why_and_how_soon(knowledge: Knowledge) -> None:
    order = referral_order(URGENT, knowledge, occasion(assessment(), encounter="Encounter/e1"))

    assert order == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "priority": "urgent",
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
        "authoredOn": "2026-11-23",
        "code": {
            "coding": [
                {
                    "system": "http://snomed.info/sct",
                    "code": "183521007",
                    "display": "Referral to neurology service",
                }
            ],
            "text": "Referral to neurology",
        },
        "performerType": {
            "coding": [{"system": "http://snomed.info/sct", "code": "394591006", "display": "Neurology"}],
            "text": "Neurology",
        },
        "occurrencePeriod": {"start": "2026-11-23", "end": "2026-12-07"},
        "reasonCode": [{"text": "Twitching together with muscle weakness"}],
        "reasonReference": [
            {"reference": "Condition/w1"},
            {"reference": "Observation/mrc"},
            {"reference": "Condition/t1"},
        ],
        "note": [{"text": "Clinical suspicion of motor neuron disease."}],
    }
    ServiceRequest.model_validate(order)


def test_a_same_day_referral_is_stat_and_today(knowledge: Knowledge) -> None:
    order = referral_order(replace(URGENT, priority="stat"), knowledge, occasion(assessment()))

    assert (order["priority"], order["occurrenceDateTime"]) == ("stat", "2026-11-23")
    assert order["code"]["text"] == "Acute assessment by neurology, today"


def test_a_routine_referral_leaves_the_day_and_the_suspicion_open(knowledge: Knowledge) -> None:
    order = referral_order(Referral(True, priority="routine"), knowledge, occasion(assessment()))

    assert order["priority"] == "routine"
    assert not {"occurrencePeriod", "occurrenceDateTime", "note"} & order.keys()


def test_a_child_goes_to_paediatric_neurology(knowledge: Knowledge) -> None:
    order = referral_order(
        replace(URGENT, specialty="paediatric-neurology"), knowledge, occasion(assessment())
    )

    assert order["performerType"] == {"text": "Paediatric neurology"}
    assert order["code"]["text"] == "Referral to paediatric neurology"


def test_the_specialty_is_the_one_of_the_knowledge() -> None:
    from importlib.resources import files

    tests = (files("service.knowledge") / "tests.toml").read_text()

    assert f'specialty]\nsnomed = {{ "{NEUROLOGY["code"]}" = "{NEUROLOGY["display"]}" }}' in tests


def test_nerve_conduction_goes_by_its_text_because_no_code_is_verified(knowledge: Knowledge) -> None:
    (order,) = orders_for(
        SuggestedTest("ncs", ("x",)), knowledge, occasion(assessment()), requisition=REQUISITION
    )

    assert order["code"] == {"text": "Nerve conduction studies"}


def test_a_blood_panel_is_one_order_an_analyte_under_one_requisition(knowledge: Knowledge) -> None:
    orders = orders_for(PANEL, knowledge, occasion(assessment()), requisition=REQUISITION)

    assert [o["code"]["text"] for o in orders] == ["Magnesium", "TSH", "Creatine kinase"]
    assert all(o["code"]["coding"][0]["system"] == "http://loinc.org" for o in orders)
    together = {"system": "urn:ietf:rfc:3986", "value": REQUISITION}
    assert all(o["requisition"] == together for o in orders)


@pytest.mark.parametrize(
    ("disposition", "priority"),
    [
        (Disposition.LIFESTYLE, "routine"),
        (Disposition.PRIMARY_CARE_REVIEW, "routine"),
        (Disposition.ROUTINE_REFERRAL, "routine"),
        (Disposition.URGENT_REFERRAL, "urgent"),
        (Disposition.SAME_DAY, "stat"),
    ],
)
def test_tests_are_as_pressing_as_the_disposition(
    knowledge: Knowledge, disposition: Disposition, priority: str
) -> None:
    when = occasion(assessment(disposition=disposition))

    orders = orders_for(PANEL, knowledge, when, requisition=REQUISITION)

    assert {o["priority"] for o in orders} == {priority}


def test_the_reason_of_a_test_is_its_own(knowledge: Knowledge) -> None:
    emg = SuggestedTest("emg", ("muscle-weakness", "tongue-fasciculation"))

    (order,) = orders_for(emg, knowledge, occasion(assessment()), requisition=REQUISITION)

    assert order["reasonCode"] == [{"text": "Muscle weakness, tongue fasciculation"}]


def test_only_what_r4_allows_is_a_reason_and_the_rest_supports(knowledge: Knowledge) -> None:
    diuretic = Contributor("diuretic", "diuretics", (Basis("furosemide", "MedicationRequest/m1"),))
    caffeine = Contributor("caffeine", "caffeine", (Basis("caffeine 500 mg/d", "Observation/c1"),))
    found = assessment(
        "Condition/w1", "FamilyMemberHistory/f1", "QuestionnaireResponse/q1", "DiagnosticReport/d1"
    )

    order = referral_order(URGENT, knowledge, occasion(replace(found, contributors=(diuretic, caffeine))))

    assert _named(order["reasonReference"]) == ["Condition/w1", "DiagnosticReport/d1", "Condition/t1"]
    assert _named(order["supportingInfo"]) == [
        "FamilyMemberHistory/f1",
        "QuestionnaireResponse/q1",
        "MedicationRequest/m1",
        "Observation/c1",
    ]
    ServiceRequest.model_validate(order)


@pytest.mark.parametrize(
    "source",
    [
        "Condition (entry 3)",
        "urn:uuid:1-2",
        "Condition/",
        "Condition/a b",
        "x" * 80,
        "Condition/" + "x" * 65,
        "<b>/c",
    ],
)
def test_what_cannot_be_referred_to_is_left_out(knowledge: Knowledge, source: str) -> None:
    order = referral_order(URGENT, knowledge, occasion(assessment(source)))

    assert _named(order["reasonReference"]) == ["Condition/t1"]


def test_a_resource_is_referred_to_once_and_not_without_end() -> None:
    when = occasion(assessment(*(f"Observation/o{n % 30}" for n in range(60))))

    named = _named(when.shared["reasonReference"])
    assert len(named) == len(set(named)) == 12


@pytest.mark.parametrize(
    ("of_record", "of_hook", "subject"),
    [
        ("Patient/p1", "Patient/p2", {"reference": "Patient/p1"}),
        (None, "Patient/p2", {"reference": "Patient/p2"}),
        (None, None, {"display": "The patient whose chart is open"}),
    ],
)
def test_an_order_is_always_about_somebody(
    knowledge: Knowledge, of_record: str | None, of_hook: str | None, subject: dict[str, str]
) -> None:
    order = referral_order(URGENT, knowledge, occasion(assessment(patient=of_record), patient=of_hook))

    assert order["subject"] == subject
    assert "encounter" not in order
    ServiceRequest.model_validate(order)


def test_every_order_that_our_knowledge_leads_to_is_valid(knowledge: Knowledge) -> None:
    check_orders(knowledge)


def test_a_code_without_a_system_stops_the_program_and_says_which(knowledge: Knowledge) -> None:
    broken = replace(knowledge.tests["emg"], order=(Coding("nowhere", "1", ""),))

    with pytest.raises(KnowledgeInvalid, match="the draft order for emg is not a valid ServiceRequest"):
        check_orders(replace(knowledge, tests={**knowledge.tests, "emg": broken}))


def test_an_empty_text_stops_the_program_too(knowledge: Knowledge) -> None:
    broken = replace(knowledge.tests["ncs"], order_text="")

    with pytest.raises(KnowledgeInvalid, match="draft order for ncs"):
        check_orders(replace(knowledge, tests={**knowledge.tests, "ncs": broken}))


def test_every_code_that_we_emit_brings_its_display(knowledge: Knowledge) -> None:
    orders = (t.order for t in (*knowledge.tests.values(), *knowledge.analytes.values()))
    emitted = [coding for order in orders for coding in order]

    assert emitted and all(c.display and re.fullmatch(r"\d{6,18}|\d{1,6}-\d", c.code) for c in emitted)


def test_an_order_costs_microseconds_because_nothing_is_validated_on_the_way(knowledge: Knowledge) -> None:
    when = occasion(assessment())

    seconds = min(timeit.repeat(lambda: referral_order(URGENT, knowledge, when), number=200, repeat=5)) / 200

    # It takes 5 to 10 µs; a validation would take 100 times as long.
    assert seconds < 200e-6


def _named(references: list[dict[str, Any]]) -> list[str]:
    return [reference["reference"] for reference in references]
