"""POST /evaluate: the assessment of decision-model §9."""

from datetime import date
from math import inf
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.assessment import Assessment, Disposition, Done, Finding, RuleKind, SuggestedTest
from service.assessment_json import _number, _range, assessment_json
from service.facts import Patient
from service.facts.amounts import Amount
from service.facts.answers import Answer, Basis
from service.facts.reasons import Reason
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.knowledge import load

MEMBERS = [
    "on",
    "pathway",
    "knowledgeVersion",
    "disposition",
    "twitch",
    "findings",
    "referral",
    "contributors",
    "tests",
    "lifestyle",
    "considerations",
    "mentions",
    "openQuestions",
    "unreadMedicines",
    "otherSubjects",
    "unreadable",
]


@pytest.fixture
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


def assessed(**more: Any) -> Assessment:
    on = date(2026, 11, 23)
    return Assessment(on, "early-referral", "v", Disposition.LIFESTYLE, Patient(), Twitch({}, on), **more)


def test_the_teacher_is_assessed(client: FlaskClient, teacher: dict[str, Any]) -> None:
    answer = client.post("/evaluate", json=teacher)

    assert answer.status_code == 200
    assert list(answer.json) == MEMBERS
    assert answer.json["disposition"] == "urgent-referral"
    assert answer.json["on"] == "2026-11-23"
    assert answer.json["twitch"] == {
        "present": "YES",
        "onset": "2026-08-20",
        "durationDays": {"low": 95, "high": 95},
        "sites": ["hand-right", "forearm-right", "shoulder-right"],
        "regions": ["cervical"],
        "spreading": "YES",
    }
    weakness = next(f for f in answer.json["findings"] if f["rule"] == "muscle-weakness")
    assert weakness["truth"] == "YES"
    assert weakness["basis"][0]["source"] == "Condition/weak-hand"


def test_the_day_decides_how_long_it_has_lasted(client: FlaskClient, teacher: dict[str, Any]) -> None:
    answer = client.post("/evaluate?on=2026-09-14", json=teacher)

    assert answer.json["on"] == "2026-09-14"
    assert answer.json["twitch"]["durationDays"]["high"] == 25


def test_findings_that_are_no_are_left_out_unless_asked_for(
    client: FlaskClient, teacher: dict[str, Any]
) -> None:
    some = client.post("/evaluate?all=false", json=teacher).json["findings"]
    every = client.post("/evaluate?all=true", json=teacher).json["findings"]

    assert {f["truth"] for f in some} == {"YES", "UNKNOWN"}
    assert "NO" in {f["truth"] for f in every}
    assert [f for f in every if f["truth"] != "NO"] == some


def test_the_pathway_can_be_chosen(client: FlaskClient, teacher: dict[str, Any]) -> None:
    answer = client.post("/evaluate?pathway=nice-ng127", json=teacher)

    assert answer.json["pathway"] == "nice-ng127"


@pytest.mark.parametrize("name", ["teacher", "Patient/teacher"])
def test_one_of_several_patients_can_be_chosen(
    client: FlaskClient, teacher: dict[str, Any], name: str
) -> None:
    teacher["entry"].append({"resource": {"resourceType": "Patient", "id": "other"}})

    answer = client.post(f"/evaluate?patient={name}", json=teacher)

    assert answer.json["disposition"] == "urgent-referral"
    assert answer.json["otherSubjects"] == 1


def test_an_empty_bundle_is_no_action(client: FlaskClient) -> None:
    answer = client.post("/evaluate", json={"resourceType": "Bundle", "type": "collection"})

    assert answer.json["disposition"] == "no-action"
    assert answer.json["twitch"]["onset"] is None
    assert answer.json["twitch"]["durationDays"] is None


def test_what_is_unreadable_is_listed_with_its_reason(client: FlaskClient, teacher: dict[str, Any]) -> None:
    teacher["entry"][5]["resource"]["onsetDateTime"] = "in autumn"

    answer = client.post("/evaluate", json=teacher)

    assert [u["resource"] for u in answer.json["unreadable"]] == ["Condition/slurred-speech"]
    assert "in autumn" not in answer.text


def test_a_medicine_that_nothing_tells_is_listed_by_its_reference(
    client: FlaskClient, teacher: dict[str, Any]
) -> None:
    nameless = {
        "resourceType": "MedicationRequest",
        "id": "nameless",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/teacher"},
        "authoredOn": "2026-11-01",
        "medicationReference": {"reference": "Medication/elsewhere"},
    }
    teacher["entry"].append({"resource": nameless})

    answer = client.post("/evaluate", json=teacher)

    assert answer.json["unreadMedicines"] == [{"source": "MedicationRequest/nameless", "date": "2026-11-01"}]
    assert answer.json["unreadable"] == []


def test_the_same_record_day_and_knowledge_give_the_same_bytes(
    client: FlaskClient, teacher: dict[str, Any]
) -> None:
    first, second = (client.post("/evaluate?on=2026-11-23", json=teacher).data for _ in range(2))

    assert first == second


def test_numbers_are_written_without_needless_digits_and_without_infinity() -> None:
    assert [_number(x) for x in (95.0, 2.5, inf, -inf)] == [95, 2.5, None, None]
    assert _range(Amount(20.0, inf, "d")) == {"low": 20, "high": None}


def test_an_explained_finding_says_by_what_and_has_no_disposition() -> None:
    basis = Basis("cramp", "Condition/c", "2026-01-01", (Reason("preliminary"),))
    finding = Finding(
        "cramping",
        RuleKind.RED_FLAG,
        Answer(Truth.YES, (basis,)),
        "Twitching with cramps",
        "…",
        ("claim",),
        Disposition.PRIMARY_CARE_REVIEW,
        explained_by="benign fasciculation syndrome",
    )

    (said,) = assessment_json(assessed(findings=(finding,)), load())["findings"]

    assert said["disposition"] is None
    assert said["explainedBy"] == "benign fasciculation syndrome"
    assert said["basis"] == [
        {
            "fact": "cramp",
            "says": "muscle cramps",
            "source": "Condition/c",
            "date": "2026-01-01",
            "note": "preliminary",
        }
    ]


def test_a_blood_panel_lists_its_analytes_and_other_tests_have_none() -> None:
    panel = SuggestedTest("blood-panel", ("muscle-weakness",), None, ("b12",), {"tsh": Done("2026-10-02")})
    done = SuggestedTest("mri-brain", (), Done("2026-09-01"), recommended=False)

    tests = assessment_json(assessed(tests=(panel, done)), load())["tests"]

    assert tests == [
        {
            "id": "blood-panel",
            "reason": "muscle weakness",
            "recommended": True,
            "withheld": None,
            "analytes": ["b12"],
            "withheldAnalytes": {"tsh": "done 2026-10-02"},
        },
        {"id": "mri-brain", "recommended": False, "withheld": "done 2026-09-01"},
    ]


def test_a_patient_of_whom_nothing_is_in_the_bundle_is_not_one_without_a_twitch(
    client: FlaskClient, teacher: dict[str, Any]
) -> None:
    answer = client.post("/evaluate?patient=nobody", json=teacher)

    assert (answer.status_code, answer.json["issue"][0]["code"]) == (422, "not-found")
    assert "Patient/nobody" in answer.json["issue"][0]["diagnostics"]


def test_a_parameter_that_is_misspelt_is_not_passed_over(
    client: FlaskClient, teacher: dict[str, Any]
) -> None:
    answer = client.post("/evaluate?pathwy=nice-ng127", json=teacher)

    assert answer.status_code == 400
    assert "pathway" in answer.json["issue"][0]["diagnostics"]
