"""Other people's records: read without failure, and without finding a twitch that is not there."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.assess import assess
from service.assessment import Disposition
from service.errors import NotABundle, SeveralPatients
from service.fhir.read import read_facts
from service.fhir.read.record import Record, entries, record_of
from tests.fhir.resources import ON, packaged

DATA = Path(__file__).parents[2].parent / "shared" / "data"
HERE = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"NOT CHECKED: the Synthea and HL7 records are not beside the checkout ({DATA})"
)
pytestmark = [HERE, pytest.mark.slow]


def documents(folder: str) -> Iterator[dict[str, Any]]:
    """Every JSON object of the folder; a line of NDJSON is one."""
    for path in sorted((DATA / folder).rglob("*")):
        if path.name.endswith((".json", ".json.gz", ".ndjson", ".ndjson.gz")):
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            texts = raw.splitlines() if ".ndjson" in path.name else [raw]
            yield from (body for text in texts if isinstance(body := json.loads(text), dict))


def told(capsys: pytest.CaptureFixture[str], what: str, records: list[Record], unreadable: int) -> None:
    read, relevant = sum(r.read for r in records), sum(r.relevant for r in records)
    with capsys.disabled():
        print(f"\n{what}: {len(records)} records, {read} resources read,", end=" ")
        print(f"{relevant} relevant, {unreadable} unreadable")


def test_every_synthea_record_is_assessed_and_none_twitches(capsys: pytest.CaptureFixture[str]) -> None:
    bundles = [body for body in documents("synthea-r4") if body.get("resourceType") == "Bundle"]

    records = [record for body in bundles for record in _records(entries(body))]
    assessed = [assess(r, ON, knowledge=packaged(), pathway="early-referral") for r in records]

    told(capsys, "Synthea", records, sum(len(a.unreadable) for a in assessed))
    assert records
    assert {a.disposition for a in assessed} == {Disposition.NO_ACTION}
    assert not any(a.twitch.standing for a in assessed)


def test_every_hl7_example_is_read_and_none_twitches(capsys: pytest.CaptureFixture[str]) -> None:
    examples = [line["resource"] for line in documents("hl7-r4-examples") if "resource" in line]

    records = [record for body in examples for record in _records(_resources(body))]
    assessed = [assess(r, ON, knowledge=packaged(), pathway="early-referral") for r in records]

    told(capsys, "HL7 examples", records, sum(len(a.unreadable) for a in assessed))
    assert records
    assert {a.disposition for a in assessed} == {Disposition.NO_ACTION}


def _resources(body: dict[str, Any]) -> list[Any]:
    try:
        return list(entries(body))
    except NotABundle:
        return [body]


def _records(resources: list[Any]) -> list[Record]:
    """The record, or where the resources are about several people one of each."""
    try:
        return [record_of(resources, packaged())]
    except SeveralPatients:
        found = json.dumps([r.resource if isinstance(r, tuple) else r for r in resources])
        people = sorted(set(re.findall(r'"(Patient/[A-Za-z0-9.-]+)"', found)))
        return [record_of(resources, packaged(), patient=whom) for whom in people]


def test_the_medicines_of_the_synthea_records_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Each as if it were taken today, by itself: most are over, and would not be looked at."""
    requests = [
        {**entry["resource"], "status": "active"}
        for body in documents("synthea-r4")
        for entry in body.get("entry", ())
        if entry.get("resource", {}).get("resourceType") == "MedicationRequest"
    ]

    read = [read_facts(record_of([request], packaged()), ON, packaged()) for request in requests]

    of_ours = [each.facts.medicines for each in read if each.facts.medicines]
    by_name = [uses for uses in of_ours if all(use.basis.notes for use in uses)]
    unread = [each for each in read if each.facts.unread_medicines]
    none = len(read) - len(of_ours) - len(unread)
    classes = Counter(use.medicine for uses in of_ours for use in uses)
    with capsys.disabled():
        print(f"\nSynthea: {len(read)} medication entries, {len(of_ours)} of our classes", end=" ")
        print(f"({len(of_ours) - len(by_name)} by code, {len(by_name)} by name), {none} of none,", end=" ")
        print(f"{len(unread)} unread; {dict(sorted(classes.items()))}")
    assert len(read) == 298
    assert not any(each.unreadable for each in read)
    assert (len(of_ours), len(by_name), none, unread) == (41, 10, 257, [])
    assert classes == {
        "beta-agonist": 3,
        "cholinesterase-inhibitor": 5,
        "diuretic": 21,
        "ssri-snri": 4,
        "statin": 8,
    }
