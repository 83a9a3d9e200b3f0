"""Every clinical case again, its record written as another EHR would: nothing that matters may change.

A red flag must not be lost because entries come in another order, a code stands behind a
proprietary one, a system is an OID, or a resource was sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from service.assess import assess
from service.assessment import Assessment
from service.fhir.read.record import entries, record_of
from service.knowledge import Knowledge
from tests.cases.test_cases import ON, SYSTEMS, Json, bundle_of, cases, knowledge
from tests.patients.stories import golden_assessment

__all__ = ["knowledge"]

OIDS = {
    "snomed": "2.16.840.1.113883.6.96",
    "loinc": "2.16.840.1.113883.6.1",
    "icd10cm": "2.16.840.1.113883.6.90",
    "icd10": "2.16.840.1.113883.6.3",
    "rxnorm": "2.16.840.1.113883.6.88",
    "atc": "2.16.840.1.113883.6.73",
}
PROPRIETARY = {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.696580", "code": "1", "display": "As we say"}
NOISE: Json = {
    "meta": {"versionId": "7", "security": [{"code": "N"}]},
    "language": "de-CH",
    "text": {"status": "generated", "div": "<div>No weakness. Reassured.</div>"},
    "extension": [{"url": "https://ehr.example/note", "valueString": "no weakness"}],
    "_status": {"extension": [{"url": "https://ehr.example/from", "valueCode": "unknown"}]},
}


def told_twice(bundle: Json) -> Json:
    again = deepcopy([e for e in bundle["entry"] if e["resource"].get("resourceType") != "Patient"])
    for entry in again:
        entry["resource"]["id"] = f"again-{entry['resource'].get('id')}"
    return {**bundle, "entry": [*bundle["entry"], *again]}


def from_another_ehr(bundle: Json) -> Json:
    """Backwards; systems by OID behind proprietary codes; absolute references; elements that say nothing."""
    text = json.dumps(bundle).replace('"Patient/', '"https://ehr.example/fhir/Patient/')
    for system, oid in OIDS.items():
        text = text.replace(f'"{SYSTEMS[system]}"', f'"urn:oid:{oid}"')
    changed: Json = json.loads(text)
    for codings in list(_codings(changed)):
        codings.insert(0, PROPRIETARY)
        codings.append({"display": "in words alone"})
    for entry in changed["entry"]:
        entry["resource"] |= NOISE
    return {**changed, "entry": changed["entry"][::-1]}


def _codings(node: Any) -> Iterator[list[Any]]:
    """Every list of codings that is whole."""
    if isinstance(node, dict):
        listed = node.get("coding")
        if isinstance(listed, list) and all(isinstance(c, dict) for c in listed):
            yield listed
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _codings(below)


def seen(found: Assessment) -> Json:
    """What a clinician would see change."""
    return {
        "disposition": found.disposition,
        "rules": {f.rule: (f.truth, f.disposition, f.explained_by) for f in found.findings},
        "twitch": (found.twitch.present.truth, set(found.twitch.sites), found.twitch.duration),
        "referral": found.referral,
        "tests": {(t.id, bool(t.withheld), frozenset(t.analytes)) for t in found.tests},
        "contributors": {c.id for c in found.contributors},
        "withheld": {(step.id, step.withheld) for step in found.lifestyle},
    }


@pytest.mark.parametrize("variant", [told_twice, from_another_ehr])
@pytest.mark.parametrize("case", cases(without="raises"))
def test_the_same_record_written_otherwise_says_the_same(
    case: Json, variant: Callable[[Json], Json], knowledge: Knowledge
) -> None:
    def assessed(bundle: Json) -> Json:
        record = record_of(entries(bundle), knowledge, patient=case.get("ask"))
        on = date.fromisoformat(case.get("on", ON))
        return seen(assess(record, on, knowledge=knowledge, pathway="early-referral"))

    bundle = bundle_of(case)

    assert assessed(variant(bundle)) == assessed(bundle)


@pytest.mark.parametrize("case", cases(without="raises"))
def test_the_order_of_the_resources_changes_no_byte(case: Json, knowledge: Knowledge) -> None:
    def answered(bundle: Json) -> str:
        record = record_of(entries(bundle), knowledge, patient=case.get("ask"))
        on = date.fromisoformat(case.get("on", ON))
        return golden_assessment(assess(record, on, knowledge=knowledge, pathway="early-referral"))

    bundle = bundle_of(case)
    entry = bundle["entry"]
    half = len(entry) // 2
    as_it_came = answered(bundle)

    assert answered(bundle | {"entry": entry[::-1]}) == as_it_came
    assert answered(bundle | {"entry": entry[half:] + entry[:half]}) == as_it_came
