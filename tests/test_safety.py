"""The six safety properties, each with its guard."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from service.assess import assess
from service.config import Settings
from service.facts.truth import Truth
from service.fhir.read.record import entries, record_of
from service.knowledge import Knowledge, load
from service.rules import RULES
from service.store import Store
from service.web import create_app
from tests.rules.given import facts
from tests.web.conftest import store_in_memory

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 23)
HOOK = "/cds-services/fasciculation-red-flags"
APPLY = "/fhir/PlanDefinition/fasciculation-red-flags/$apply"
SENTINELS = ("Zaphod", "Beeblebrox", "Betelgeuse", "1961-05-06", "MRN-424242", "heart-of-gold-note")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture
def store() -> Iterator[Store]:
    with store_in_memory() as memory:
        yield memory


@pytest.fixture
def client(knowledge: Knowledge, store: Store) -> FlaskClient:
    return create_app(Settings(), knowledge=knowledge, store=store, today=lambda: ON).test_client()


def hook_call() -> dict[str, Any]:
    return json.loads((ROOT / "examples/hook-request.json").read_bytes())


def bundle_of(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


# --- 1. Unknown is never read as no ---------------------------------------------------------------

# A record without a site does not say that the eyelid alone twitches, and another rule asks for the duration.
ANSWERED_BY_SILENCE = {"eyelid-twitch-persisting"}


@pytest.mark.parametrize("rule", sorted(RULES.keys() - ANSWERED_BY_SILENCE))
def test_silence_answers_no_rule(rule: str, knowledge: Knowledge) -> None:
    answer = RULES[rule].ask(facts({"twitch_recorded": "today"}), knowledge)

    assert answer.truth is Truth.UNKNOWN
    assert answer.gaps


# --- 2. A failure is never an empty list of cards -------------------------------------------------


def broken_clock() -> date:
    raise RuntimeError(SENTINELS[0])


@pytest.mark.conformance("42")
@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        (HOOK, b"{", "application/json"),
        (HOOK, b"[]", "application/json"),
        (HOOK, b"{}", "application/json"),
        (HOOK, b"cards", "text/plain"),
        (HOOK, json.dumps({**hook_call(), "prefetch": None}).encode(), "application/json"),
        (HOOK, json.dumps({**hook_call(), "hook": "order-sign"}).encode(), "application/json"),
        ("/cds-services/nothing", json.dumps(hook_call()).encode(), "application/json"),
        ("/evaluate", b"{}", "application/json"),
        (APPLY, b"{}", "application/json"),
        ("/fhir/$evaluate", b"{}", "application/json"),
    ],
)
def test_a_refused_call_has_no_list_of_cards(client: FlaskClient, path: str, body: bytes, kind: str) -> None:
    answer = client.post(path, data=body, content_type=kind)

    assert 400 <= answer.status_code < 500
    assert "cards" not in (answer.get_json() or {})
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.conformance("42", "status-500")
def test_a_bug_of_ours_is_a_500_and_not_an_empty_list(knowledge: Knowledge, store: Store) -> None:
    app = create_app(Settings(), knowledge=knowledge, store=store, today=broken_clock)

    answer = app.test_client().post(HOOK, json=hook_call())

    assert answer.status_code == 500
    assert "cards" not in answer.get_json()


def test_a_record_that_cannot_be_read_is_named_and_not_passed_over(knowledge: Knowledge) -> None:
    twitch = {"resourceType": "Condition", "id": "c1", "code": "R25.3"}

    assessment = assess(record_of([twitch], knowledge), ON, knowledge=knowledge, pathway="early-referral")

    assert [u.resource for u in assessment.unreadable] == ["Condition/c1"]


# --- 3. No patient data in logs, errors or the audit ----------------------------------------------


def sentinel_record() -> list[dict[str, Any]]:
    """A record whose every free text, name, number and address is a sentinel, some in wrong places."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}], "text": "Zaphod"}
    weak = {"coding": [{"system": "http://snomed.info/sct", "code": "26544005"}], "text": "Beeblebrox"}
    subject = {"reference": "Patient/teacher", "display": "Zaphod Beeblebrox"}
    return [
        {
            "resourceType": "Patient",
            "id": "teacher",
            "name": [{"family": "Beeblebrox", "given": ["Zaphod"]}],
            "birthDate": "1961-05-06",
            "address": [{"city": "Betelgeuse"}],
            "identifier": [{"value": "MRN-424242"}],
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "code": code,
            "subject": subject,
            "recordedDate": "2026-09-01",
            "note": [{"text": "heart-of-gold-note"}],
        },
        {"resourceType": "Condition", "id": "c2", "code": weak, "subject": subject, "onsetString": "Zaphod"},
        {
            "resourceType": "Condition",
            "id": "c3",
            "code": code,
            "subject": subject,
            "recordedDate": "Zaphod",
            "clinicalStatus": "Beeblebrox",
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "Betelgeuse",
            "code": code,
            "subject": subject,
            "valueString": "MRN-424242",
        },
        {
            "resourceType": "Observation",
            "id": "o2",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "subject": subject,
            "valueQuantity": {"value": "Zaphod", "unit": "Betelgeuse"},
        },
    ]


def sentinel_calls() -> list[tuple[str, Any]]:
    call = hook_call()
    people = sentinel_record()
    conditions = bundle_of(*[r for r in people if r["resourceType"] == "Condition"])
    observations = bundle_of(*[r for r in people if r["resourceType"] == "Observation"])
    searchset = {"type": "searchset"}
    full = {"patient": people[0], "conditions": {**conditions, **searchset}}
    full["observations"] = {**observations, **searchset}
    return [
        (HOOK, {**call, "prefetch": {**call["prefetch"], **full}}),
        (HOOK, {**call, "prefetch": {"patient": people[0]}}),
        (HOOK, {**call, "prefetch": "Zaphod"}),
        (HOOK, {**call, "context": {"patientId": "teacher", "userId": 5, "name": "Zaphod"}}),
        (HOOK, {**call, "hook": "Beeblebrox"}),
        ("/evaluate", bundle_of(*people)),
        ("/evaluate", {"resourceType": "Zaphod"}),
        ("/evaluate", {"resourceType": "Bundle", "type": "Beeblebrox"}),
        ("/evaluate?pathway=Betelgeuse", bundle_of(*people)),
        (APPLY, parameters(bundle_of(*people), "teacher")),
        (APPLY, parameters(bundle_of(*people), "Zaphod Beeblebrox")),
        (APPLY, parameters("Zaphod", "teacher")),
        ("/fhir/$evaluate", parameters(bundle_of(*people), None)),
        ("/fhir/$evaluate", parameters(bundle_of(*people), "Zaphod")),
        ("/fhir/$evaluate", {"resourceType": "Parameters", "parameter": [{"name": "Zaphod"}]}),
    ]


def parameters(data: Any, subject: str | None) -> dict[str, Any]:
    given: list[dict[str, Any]] = [{"name": "data", "resource": data}]
    if subject:
        given.append({"name": "subject", "valueString": subject})
    return {"resourceType": "Parameters", "parameter": given}


def revealing(text: str) -> set[str]:
    return {sentinel for sentinel in SENTINELS if sentinel in text}


@pytest.mark.conformance("71")
@pytest.mark.parametrize("which", range(len(sentinel_calls())))
def test_no_patient_data_in_logs_errors_or_the_audit(client: FlaskClient, store: Store, which: int) -> None:
    path, body = sentinel_calls()[which]

    with capture_logs() as lines:
        answer = client.post(path, json=body)
    store.flush()

    assert not revealing(repr(lines))
    assert not revealing(repr(store.rows()))
    if answer.status_code >= 400:
        assert not revealing(answer.get_data(as_text=True))
    else:
        assert not revealing(json.dumps(answer.get_json().get("unreadable", [])))


def test_the_sentinels_are_read_and_would_show(client: FlaskClient) -> None:
    answer = client.post("/evaluate", json=bundle_of(*sentinel_record()))

    assert answer.status_code == 200
    assert answer.get_json()["disposition"] == "urgent-referral"
    assert {u["resource"] for u in answer.get_json()["unreadable"]} >= {"Condition/c3", "Observation/o1"}


def test_a_bug_is_logged_with_its_place_and_without_its_message(knowledge: Knowledge, store: Store) -> None:
    app = create_app(Settings(), knowledge=knowledge, store=store, today=broken_clock)

    with capture_logs() as lines:
        answer = app.test_client().post(HOOK, json=hook_call())

    assert any("broken_clock" in repr(line) for line in lines)
    assert not revealing(repr(lines) + answer.get_data(as_text=True))


# --- 4. Every clinical number cites a claim -------------------------------------------------------

# In percentages, counts and the rounding of binary noise; the last days of February.
NOT_CLINICAL = {0, 1, 2, 100, 9, 28}


def test_rules_hold_no_number_of_their_own() -> None:
    trees = {path.name: ast.parse(path.read_text()) for path in (ROOT / "service/rules").glob("*.py")}

    numbers = {
        (name, node.value)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    }

    assert not {(name, value) for name, value in numbers if value not in NOT_CLINICAL}


def test_every_rule_and_diagnosis_rests_on_claims(knowledge: Knowledge) -> None:
    cited = [*knowledge.rules.values(), *knowledge.diagnoses.values(), *knowledge.medicines.values()]

    assert all(block.evidence and set(block.evidence) <= knowledge.evidence.keys() for block in cited)


# --- 5. The clinical core has no clock, network or environment ------------------------------------

ASSESS = """
import json, sys
from datetime import date
from pathlib import Path
from service.assess import assess
from service.fhir.read.record import entries, record_of
from service.knowledge import load
knowledge = load()
body = json.loads(Path("examples/teacher.json").read_bytes())
def forbid(event, arguments):
    if event.startswith(("socket.", "os.", "subprocess.", "open", "urllib.")):
        raise RuntimeError(event)
sys.addaudithook(forbid) if sys.argv[1:] == ["guarded"] else None
record, on = record_of(entries(body), knowledge), date(2026, 11, 23)
a = assess(record, on, knowledge=knowledge, pathway="early-referral")
print(a.disposition, a.knowledge_version, a.findings, a.referral, a.contributors, a.tests, a.lifestyle,
      a.open_questions, a.notes, a.unreadable, a.twitch.sites, a.twitch.onset, sep="\\n")
"""


def assessed_in_a_process(*arguments: str, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", ASSESS, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_an_assessment_opens_no_file_no_socket_and_no_process() -> None:
    said = assessed_in_a_process("guarded")

    assert said.startswith("urgent-referral")


# --- 6. The same record, day and knowledge give the same assessment -------------------------------


def test_the_same_record_gives_the_same_assessment_to_the_byte() -> None:
    first = assessed_in_a_process(PYTHONHASHSEED="1", TZ="Asia/Tokyo", LANG="C")
    second = assessed_in_a_process(PYTHONHASHSEED="2", TZ="America/Los_Angeles")

    assert first == second


def test_the_order_of_the_resources_changes_no_decision(knowledge: Knowledge) -> None:
    listed = entries(json.loads((ROOT / "examples/teacher.json").read_bytes()))

    there, back = (
        assess(record_of(order, knowledge), ON, knowledge=knowledge, pathway="early-referral")
        for order in (listed, listed[::-1])
    )

    assert there.disposition is back.disposition
    assert {(f.rule, f.truth) for f in there.findings} == {(f.rule, f.truth) for f in back.findings}
    assert there.tests == back.tests
