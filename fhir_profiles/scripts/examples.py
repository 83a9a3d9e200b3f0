"""Examples that the running service makes: calls of hooks and operations with their answers, and the orders.

The records come from FSH; the calls wrap them as an EHR would, and the answers are
what the service says to them, word for word.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir_profiles.scripts.artefact import BASE, EXAMPLES, HERE, HOOKS, OPERATIONS, Json, canonical
from service.config import Settings
from service.hooks import SERVICES
from service.hooks.hook import CdsService
from service.knowledge import Knowledge
from service.store import Store
from service.web import create_app


def scenarios() -> tuple[date, Mapping[str, Json]]:
    """The day of the assessments, and for each example record what it should be."""
    listed = tomllib.loads((HERE / "input" / "scenarios.toml").read_text())
    return listed.pop("on"), listed


def record(scenario: str) -> Json:
    """The record of an example patient, as a Bundle."""
    made: Json = json.loads((EXAMPLES / f"Bundle-{scenario}-record.json").read_text())
    return made


def artefacts(knowledge: Knowledge) -> Iterator[tuple[Path, Json]]:
    """Every call with its answer, and one order of each kind, each with the path at which it is committed."""
    on, listed = scenarios()
    store = Store("sqlite://", hash_key="examples")
    store.upgrade()
    app = create_app(Settings(), knowledge=knowledge, store=store, today=lambda: on)
    client = app.test_client()
    yield HOOKS / "cds-services.json", client.get("/cds-services").get_json()
    for service in SERVICES:
        for hook in service.hook_names:
            for scenario in listed:
                call = request(service, hook, scenario)
                answer = client.post(f"/cds-services/{service.id}", json=call)
                if answer.status_code != 200:
                    raise SystemExit(f"{scenario}: {answer.status_code} {answer.get_data(as_text=True)}")
                yield HOOKS / service.id / f"{hook}-{scenario}-request.json", call
                yield HOOKS / service.id / f"{hook}-{scenario}-response.json", answer.get_json()
                if hook == "patient-view" and scenario == "pianist":
                    yield from _orders(scenario, answer.get_json())
    for operation, path in OPERATION_PATHS.items():
        for scenario in listed:
            call = parameters(operation, scenario, on)
            answer = client.post(path, json=call)
            if answer.status_code != 200:
                raise SystemExit(f"{scenario}: {answer.status_code} {answer.get_data(as_text=True)}")
            yield OPERATIONS / operation / f"{scenario}-request.json", call
            yield OPERATIONS / operation / f"{scenario}-response.json", answer.get_json()
    store.close()


OPERATION_PATHS = {
    "apply": "/fhir/PlanDefinition/fasciculation-red-flags/$apply",
    "evaluate": "/fhir/$evaluate",
}


def parameters(operation: str, scenario: str, on: date) -> Json:
    """The call of a FHIR-native client that sends the whole record."""
    bundle = record(scenario)
    given: list[Json] = [
        {"name": "data", "resource": bundle},
        {"name": "on", "valueDate": on.isoformat()},
    ]
    if operation == "apply":
        patient = next(
            e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
        )
        given.insert(0, {"name": "subject", "valueString": f"Patient/{patient}"})
    return {"resourceType": "Parameters", "parameter": given}


def request(service: CdsService, hook: str, scenario: str) -> Json:
    """The call of an EHR that sends everything the service asked for."""
    found = [entry["resource"] for entry in record(scenario)["entry"]]
    patient = next(r for r in found if r["resourceType"] == "Patient")
    prefetch: Json = {}
    for source in service.templates:
        of_type = [r for r in found if r["resourceType"] == source.resource_type]
        prefetch[source.key] = patient if source.reads_one else _searchset(of_type)
    return {
        "hook": hook,
        "hookInstance": str(uuid5(NAMESPACE_URL, f"{BASE}/{service.id}/{hook}/{scenario}")),
        "context": {"userId": "Practitioner/example", "patientId": patient["id"]} | _context(hook, found),
        "prefetch": prefetch,
    }


def _context(hook: str, found: list[Json]) -> Json:
    """What a hook brings beside the patient: an encounter, a new problem, orders being written."""
    if hook == "encounter-start":
        return {"encounterId": "example"}
    if hook == "problem-list-item-create":
        return {"conditions": _collection([r for r in found if r["resourceType"] == "Condition"][:1])}
    if hook in ("order-sign", "order-select"):
        selected = {"selections": ["ServiceRequest/draft-emg"]} if hook == "order-select" else {}
        return selected | {"draftOrders": _collection([_drafted_emg(found)])}
    return {}


def _collection(resources: list[Json]) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def _drafted_emg(found: list[Json]) -> Json:
    """An electromyography that a clinician has just chosen, without the nerve conduction studies."""
    patient = next(r["id"] for r in found if r["resourceType"] == "Patient")
    coding = {"system": "http://snomed.info/sct", "code": "42803009", "display": "Electromyography"}
    return {
        "resourceType": "ServiceRequest",
        "id": "draft-emg",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [coding]},
        "subject": {"reference": f"Patient/{patient}"},
    }


def _searchset(resources: list[Json]) -> Json:
    made: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    entries = [
        {"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
        for r in resources
    ]
    return made | ({"entry": entries} if entries else {})


def _orders(scenario: str, answer: Mapping[str, Any]) -> Iterator[tuple[Path, Json]]:
    """The referral, and of the tests one that has a code, one that has none and one of the panel."""
    drafts = [
        action["resource"]
        for card in answer["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]
    wanted = {
        "referral": (lambda order: "performerType" in order, "neurology-referral"),
        "emg": (lambda order: "(EMG)" in order["code"]["text"], "test-order"),
        "ncs": (lambda order: "conduction" in order["code"]["text"], "test-order"),
        "magnesium": (lambda order: order["code"]["text"] == "Magnesium", "test-order"),
    }
    for name, (is_it, profile) in wanted.items():
        draft = next(filter(is_it, drafts))
        meta = {"profile": [canonical("StructureDefinition", profile)]}
        order = {"resourceType": "ServiceRequest", "id": f"{scenario}-{name}", "meta": meta} | draft
        yield EXAMPLES / f"ServiceRequest-{order['id']}.json", order
