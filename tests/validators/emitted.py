"""What the service emits, as files that the validators read like the examples.

Every order that the knowledge can lead to, every order on the cards of the example
records under every pathway, and the error of each kind. Each names the profile that
it should keep to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fhir_profiles.scripts.artefact import HOOKS, canonical
from fhir_profiles.scripts.examples import record, scenarios
from service.assess import assess
from service.cards import build
from service.config import Settings
from service.fhir.orders import Occasion, occasion, orders_for, referral_order
from service.fhir.record import entries, record_of
from service.findings import Disposition, Referral, SuggestedTest
from service.knowledge import Knowledge, load
from service.store import Store
from service.web import create_app

ROOT = Path(__file__).resolve().parents[2]
Named = tuple[str, dict[str, Any]]


def write(folder: Path) -> int:
    """Write them all; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    knowledge, count = load(), 0
    for name, resource in [*orders(knowledge), *outcomes(knowledge)]:
        (folder / f"{name}.json").write_text(json.dumps(resource, indent=1))
        count += 1
    return count


def orders(knowledge: Knowledge) -> Iterator[Named]:
    """Every draft order, with the profile that it should keep to and an id for messages."""
    for number, order in enumerate([*_of_records(knowledge), *_of_everything(knowledge)]):
        profile = "neurology-referral" if "performerType" in order else "test-order"
        name = f"order-{number:03}"
        meta = {"profile": [canonical("StructureDefinition", profile)]}
        yield name, {"resourceType": "ServiceRequest", "id": name, "meta": meta} | order


def records() -> Iterator[tuple[str, dict[str, Any]]]:
    """The example records, and those of examples/ in the root of the project."""
    for scenario in scenarios()[1]:
        yield scenario, record(scenario)
    for file in sorted((ROOT / "examples").glob("*.json")):
        bundle = json.loads(file.read_text())
        if bundle.get("resourceType") == "Bundle":
            yield file.stem, bundle


def _of_records(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    for _, bundle in records():
        for pathway in knowledge.pathways:
            read = record_of(entries(bundle), knowledge)
            assessment = assess(read, scenarios()[0], knowledge=knowledge, pathway=pathway)
            for card in build(assessment, knowledge, patient="Patient/example", encounter="Encounter/e1"):
                for suggestion in card.suggestions:
                    yield from (action.resource for action in suggestion.actions)


def _of_everything(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    """One of each referral and test, at each priority, for an assessment that has them all."""
    read = record_of(entries(record("pianist")), knowledge)
    found = assess(read, scenarios()[0], knowledge=knowledge, pathway="early-referral")
    for disposition in (Disposition.ROUTINE_REFERRAL, Disposition.URGENT_REFERRAL, Disposition.SAME_DAY):
        when = occasion(replace(found, disposition=disposition))
        yield from _referrals(knowledge, when)
        for name in knowledge.tests:
            if name != "neurology-referral":
                yield from orders_for(SuggestedTest(name, "sample"), knowledge, when, requisition=REQUISITION)
        analytes = tuple(name for name, analyte in knowledge.analytes.items() if analyte.order)
        panel = SuggestedTest("blood-panel", "sample", analytes=analytes)
        yield from orders_for(panel, knowledge, when, requisition=REQUISITION)


REQUISITION = "urn:uuid:00000000-0000-5000-8000-000000000000"


def _referrals(knowledge: Knowledge, when: Occasion) -> Iterator[dict[str, Any]]:
    for specialty in ("neurology", "paediatric-neurology"):
        wanted = Referral(True, specialty, when.priority, note="clinical suspicion of motor neuron disease")
        yield referral_order(wanted, knowledge, when)


def outcomes(knowledge: Knowledge) -> Iterator[Named]:
    """The OperationOutcome of every kind of refusal that a client can bring about."""
    store = Store("sqlite://", hash_key="examples")
    store.upgrade()
    client = create_app(
        Settings(), knowledge=knowledge, store=store, today=lambda: scenarios()[0]
    ).test_client()
    call = json.loads(next(HOOKS.rglob("*-pianist-request.json")).read_text())
    service = "/cds-services/fasciculation-red-flags"
    two = record("pianist")["entry"] + record("runner")["entry"]
    answers = {
        "unknown-path": client.get("/nowhere"),
        "unknown-service": client.post("/cds-services/nobody", json=call),
        "wrong-method": client.get(service),
        "not-json": client.post(service, data="{", content_type="application/json"),
        "wrong-media-type": client.post(service, data="x", content_type="text/plain"),
        "no-context": client.post(service, json={k: v for k, v in call.items() if k != "context"}),
        "wrong-hook": client.post(service, json=call | {"hook": "order-sign"}),
        "no-prefetch": client.post(service, json=call | {"prefetch": {}}),
        "two-patients": client.post(
            "/evaluate", json={"resourceType": "Bundle", "type": "collection", "entry": two}
        ),
        "no-bundle": client.post("/evaluate", json=[1]),
        "no-day": client.post("/evaluate?on=yesterday", json=record("pianist")),
        "no-pathway": client.post("/evaluate?pathway=none", json=record("pianist")),
    }
    store.close()
    for name, answer in answers.items():
        if answer.status_code < 400:
            raise SystemExit(f"{name} was to be refused and was answered with {answer.status_code}")
        yield f"outcome-{name}", answer.get_json()
