"""Every clinical case again, its record written as another EHR would: nothing that matters may change.

A red flag must not be lost because entries come in another order, a code stands behind a
proprietary one, a system is an OID, or a resource was sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from service.assess import assess
from service.assessment import Assessment
from service.fhir.read.record import entries, record_of
from service.knowledge import Knowledge
from tests.cases.conftest import pending
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


VARIANTS = (told_twice, from_another_ehr)
CHAPTERS: dict[str, dict[str, Json]] = {}
for told in cases(without="raises"):
    chapter, _, sentence = str(told.id).partition(": ")
    CHAPTERS.setdefault(chapter, {})[sentence] = told.values[0]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


@each_chapter
def test_the_same_record_written_otherwise_says_the_same(chapter: str, knowledge: Knowledge) -> None:
    changed = {}

    for sentence, case in CHAPTERS[chapter].items():
        bundle = bundle_of(case)
        said = seen(assessed(bundle, case, knowledge))
        for variant in VARIANTS:
            if (otherwise := seen(assessed(variant(bundle), case, knowledge))) != said:
                changed[sentence, variant.__name__] = (said, otherwise)

    assert changed == {}


@each_chapter
def test_the_order_of_the_resources_changes_no_byte(chapter: str, knowledge: Knowledge) -> None:
    changed = {}
    told_now = {
        sentence: case
        for sentence, case in CHAPTERS[chapter].items()
        if f"test_the_order_of_the_resources_changes_no_byte[{chapter}: {sentence}]" not in pending()
    }

    for sentence, case in told_now.items():
        bundle = bundle_of(case)
        entry = bundle["entry"]
        half = len(entry) // 2
        said = golden_assessment(assessed(bundle, case, knowledge))
        # Of two resources, the second half first is backwards.
        for order in [entry[::-1], entry[half:] + entry[:half]][: len(entry) - 1]:
            otherwise = golden_assessment(assessed(bundle | {"entry": order}, case, knowledge))
            if otherwise != said:
                changed[sentence, str([each["resource"].get("id") for each in order])] = (said, otherwise)

    assert changed == {}


def assessed(bundle: Json, case: Json, knowledge: Knowledge) -> Assessment:
    record = record_of(entries(bundle), knowledge, patient=case.get("ask"))
    on = date.fromisoformat(case.get("on", ON))
    return assess(record, on, knowledge=knowledge, pathway="early-referral")
