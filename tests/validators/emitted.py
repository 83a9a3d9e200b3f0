"""What the service emits, as files that the validators read like the examples.

Every order that the knowledge can lead to; every order on the cards of the example
records, of the golden patients and of records made by chance; what $apply and $evaluate
answer to them; the CapabilityStatement; what a form makes of the Questionnaire; and the
error of each kind. Each names the profile that it should keep to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fhir_profiles.scripts.artefact import HOOKS, RESOURCES, canonical
from fhir_profiles.scripts.examples import OPERATION_PATHS, record, scenarios
from service.assess import assess
from service.assessment import Assessment, Disposition, Referral, SuggestedTest
from service.cards import build
from service.config import Settings
from service.fhir.read.record import entries, record_of
from service.fhir.write.orders import Occasion, occasion, orders_for, referral_order
from service.hooks.dialects import DIALECTS
from service.knowledge import Knowledge, load
from service.store import Store
from service.web import create_app
from service.web.schemas import cards_json
from tests.patients.stories import stories
from tests.validators import by_chance, form

ROOT = Path(__file__).resolve().parents[2]
Named = tuple[str, dict[str, Any]]


def write(folder: Path) -> int:
    """Write them all; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    knowledge, count = load(), 0
    for name, resource in everything(knowledge):
        (folder / f"{name}.json").write_text(json.dumps(resource, indent=1))
        count += 1
    return count


def write_answers(folder: Path) -> int:
    """Write the cards about the examples and the golden patients, in the words of each dialect; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    knowledge, count = load(), 0
    for name, on, bundle in records():
        if not name.startswith("chance-"):
            read = record_of(entries(bundle), knowledge)
            assessment = assess(read, on, knowledge=knowledge, pathway="early-referral")
            # One dialect a record, in turn: what differs between them is seen, and no order a fifth time.
            dialect = list(DIALECTS)[count % len(DIALECTS)]
            answer = cards_json(build(assessment, knowledge, seed=name), DIALECTS[dialect])
            (folder / f"{name}-{dialect}.json").write_text(json.dumps(answer, indent=1))
            count += 1
    return count


def everything(knowledge: Knowledge) -> Iterator[Named]:
    """Every resource by the name of its file."""
    yield from orders(knowledge)
    yield from answers(knowledge)
    yield from responses()
    yield from outcomes(knowledge)


def orders(knowledge: Knowledge) -> Iterator[Named]:
    """Every draft order once, with the profile that it should keep to and an id for messages."""
    found = {json.dumps(order): order for order in [*_of_records(knowledge), *_of_everything(knowledge)]}
    for number, order in enumerate(found.values()):
        yield f"order-{number:03}", profiled(order, f"order-{number:03}")


def profiled(order: dict[str, Any], name: str) -> dict[str, Any]:
    """The order with an id, and with the profile that it should keep to."""
    profile = "neurology-referral" if "performerType" in order else "test-order"
    meta = {"profile": [canonical("StructureDefinition", profile)]}
    return {"resourceType": "ServiceRequest", "id": name, "meta": meta} | order


def suggested(assessment: Assessment, knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    """The orders on the cards of an assessment."""
    for card in build(assessment, knowledge, patient="Patient/example", encounter="Encounter/e1"):
        for suggestion in card.suggestions:
            yield from (action.resource for action in suggestion.actions)


def records() -> Iterator[tuple[str, date, dict[str, Any]]]:
    """Records with their day: the examples here and in the root, the golden patients, some by chance."""
    on, listed = scenarios()
    for scenario in listed:
        yield scenario, on, record(scenario)
    for file in sorted((ROOT / "examples").glob("*.json")):
        bundle = json.loads(file.read_text())
        if bundle.get("resourceType") == "Bundle":
            yield file.stem, on, bundle
    for story in stories():
        yield story.name, story.on, story.bundle
    for number, bundle in enumerate(by_chance.made(BY_CHANCE)):
        yield f"chance-{number:02}", on, bundle


def _of_records(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    for _, on, bundle in records():
        for pathway in knowledge.pathways:
            read = record_of(entries(bundle), knowledge)
            assessment = assess(read, on, knowledge=knowledge, pathway=pathway)
            yield from suggested(assessment, knowledge)


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


BY_CHANCE = 20
REQUISITION = "urn:uuid:00000000-0000-5000-8000-000000000000"


def _referrals(knowledge: Knowledge, when: Occasion) -> Iterator[dict[str, Any]]:
    for specialty in ("neurology", "paediatric-neurology"):
        wanted = Referral(True, specialty, when.priority, note="clinical suspicion of motor neuron disease")
        yield referral_order(wanted, knowledge, when)


def answers(knowledge: Knowledge) -> Iterator[Named]:
    """What $apply and $evaluate answer to every record, and the CapabilityStatement of this service."""
    with calling(knowledge) as client:
        for name, on, bundle in records():
            patient = next(
                e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
            )
            given = [{"name": "data", "resource": bundle}, {"name": "on", "valueDate": on.isoformat()}]
            whom = [{"name": "subject", "valueString": patient}]
            yield f"applied-{name}", _answer(client, OPERATION_PATHS["apply"], whom + given)
            yield f"evaluated-{name}", _answer(client, OPERATION_PATHS["evaluate"], given)
        statement = client.get("/fhir/metadata").get_json()
        yield "metadata", statement
        found = client.get("/fhir/PlanDefinition").get_json()
        yield "searchset", found


def _answer(client: FlaskClient, path: str, given: list[dict[str, Any]]) -> dict[str, Any]:
    answer = client.post(path, json={"resourceType": "Parameters", "parameter": given})
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.get_data(as_text=True)}")
    made: dict[str, Any] = answer.get_json()
    return made


def responses() -> Iterator[Named]:
    """What a form makes of the Questionnaire: everything answered yes, no, with each choice; one in part."""
    questionnaire = json.loads((RESOURCES / "Questionnaire-twitch-history.json").read_text())
    for name, choose in (("yes", 0), ("no", None), ("last", -1)):
        yield f"response-{name}", form.response(questionnaire, f"response-{name}", choose)


@contextmanager
def calling(knowledge: Knowledge) -> Iterator[FlaskClient]:
    """A client of the service, whose day is that of the examples."""
    store = Store("sqlite://", hash_key="examples")
    store.upgrade()
    app = create_app(Settings(), knowledge=knowledge, store=store, today=lambda: scenarios()[0])
    yield app.test_client()
    store.close()


def outcomes(knowledge: Knowledge) -> Iterator[Named]:
    """The OperationOutcome of every kind of refusal that a client can bring about."""
    with calling(knowledge) as client:
        for name, answer in _refused(client).items():
            if answer.status_code < 400:
                raise SystemExit(f"{name} was to be refused and was answered with {answer.status_code}")
            yield f"outcome-{name}", answer.get_json()


def _refused(client: FlaskClient) -> dict[str, TestResponse]:
    call = json.loads(next(HOOKS.rglob("*-pianist-request.json")).read_text())
    service = "/cds-services/fasciculation-red-flags"
    two = record("pianist")["entry"] + record("runner")["entry"]
    apply, xml = OPERATION_PATHS["apply"], {"Accept": "application/fhir+xml"}
    return {
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
        "no-artefact": client.get("/fhir/Questionnaire/none"),
        "no-type": client.get("/fhir/Patient/p1"),
        "no-parameter": client.get("/fhir/ValueSet?none=1"),
        "no-xml": client.get("/fhir/metadata", headers=xml),
        "not-written": client.put("/fhir/Questionnaire/twitch-history", json={}),
        "no-parameters": client.post("/fhir/$evaluate", json=record("pianist")),
        "no-subject": client.post(apply, json={"resourceType": "Parameters"}),
        "no-plan": client.post("/fhir/PlanDefinition/none/$apply", json={"resourceType": "Parameters"}),
    }
