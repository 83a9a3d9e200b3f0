"""Skimming: what no rule asks about is not parsed, and nothing else changes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.assess import assess
from service.fhir.read.record import Record, entries, record_of
from service.fhir.read.skim import skimmed
from service.web.pages.patients import golden_patients
from tests.fhir.resources import packaged

ROOT = Path(__file__).parents[2]
SYNTHEA = ROOT.parent / "shared" / "data" / "synthea-r4"
ON = date(2026, 11, 23)


def whole(listed: list[Any], patient: str | None) -> Record:
    return record_of(entries(bundle_of(listed)), packaged(), patient=patient)


def skimming(listed: list[Any], patient: str | None) -> Record:
    left = skimmed(msgspec.Raw(orjson.dumps(listed)), packaged())
    return record_of(
        entries(bundle_of(left.members)), packaged(), patient=patient, passed_over=left.passed_over
    )


def bundle_of(listed: list[Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": listed}


def golden_bundles() -> Iterator[Any]:
    for name, patient in golden_patients().items():
        yield pytest.param(orjson.loads(patient.record)["entry"], id=name)


def synthea_bundles() -> Iterator[Any]:
    for path in sorted(SYNTHEA.glob("**/*.json*"))[:12]:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        bundle = orjson.loads(data)
        if isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle":
            yield pytest.param(bundle["entry"], id=path.name[:30])


@pytest.mark.parametrize("listed", [*golden_bundles(), *synthea_bundles()])
def test_a_skimmed_record_is_the_record(listed: list[Any]) -> None:
    record = skimming(listed, None)

    assert record == whole(listed, None)


def haemoglobin(**changes: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    return {
        "resourceType": "Observation",
        "id": "hb",
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/p1"},
        "valueQuantity": {"value": 13.4, "unit": "g/dL"},
        **changes,
    }


def test_what_no_rule_asks_about_is_only_counted() -> None:
    encounter = {"resourceType": "Encounter", "subject": {"reference": "Patient/p1"}}
    listed = [{"resource": r} for r in (haemoglobin(), haemoglobin(subject=None), encounter)]

    left = skimmed(msgspec.Raw(orjson.dumps(listed)), packaged())

    assert left.members == []
    assert left.passed_over == {"Patient/p1": 2, None: 1}


def test_somebody_elses_resources_are_counted_also_where_they_are_passed_over() -> None:
    ours, theirs = haemoglobin(), haemoglobin(subject={"reference": "https://ehr.example/fhir/Patient/p2"})

    record = skimming([{"resource": ours}, {"resource": theirs}], "p1")

    assert (record.read, record.other_subjects) == (2, 1)


MARGINAL = [
    {"code": None},
    {"code": {"coding": None}},
    {"code": {"coding": [None]}},
    {"code": {"coding": [{"system": "http://snomed.info/sct", "code": 82470000}]}},
    {"code": "82470000"},
    {"resourceType": None},
    {"resourceType": "", "code": {}},
    {"resourceType": 7},
    {"component": [{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}}]},
    {"component": [{"code": None, "valueBoolean": True}]},
    {"component": {"code": {}}},
    {"component": [7]},
    {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}},
    {"subject": "Patient/p1"},
    {"subject": {"reference": 7}},
    {"subject": {}},
    {"status": 7},
    {"resourceType": "Condition", "code": None},
    {"resourceType": "Condition", "code": {"text": "twitching"}},
    {"resourceType": "Medication"},
    {"resourceType": "Patient"},
]


@pytest.mark.parametrize("changes", MARGINAL, ids=str)
def test_what_is_wrong_is_still_said(changes: dict[str, Any]) -> None:
    listed = [{"resource": haemoglobin(**changes)}]

    assert skimming(listed, "p1") == whole(listed, "p1")


MEMBER = st.sampled_from(
    [{"resource": haemoglobin(**changes)} for changes in MARGINAL]
    + [{"resource": haemoglobin(id=f"hb-{n}")} for n in range(3)]
    + [{}, {"response": {"status": "201"}}, {"resource": {}}, {"resource": []}, {"resource": None}, 7, None]
)


@given(listed=st.lists(MEMBER, max_size=6))
def test_the_assessment_is_the_same_whatever_stands_together(listed: list[Any]) -> None:
    parts = [record(listed, "p1") for record in (whole, skimming)]

    one, other = (assess(part, ON, knowledge=packaged(), pathway="early-referral") for part in parts)
    assert (one.disposition, one.raised) == (other.disposition, other.raised)
    assert len(one.unreadable) == len(other.unreadable)
    assert (parts[0].read, parts[0].other_subjects) == (parts[1].read, parts[1].other_subjects)
