"""Every hook call in the shared data, as somebody else's tool wrote it: never a 500, and the right status.

The calls are of many services and mostly about opioids; what is right for them here depends on what they
are: no JSON, a hook that we do not offer, a mistake in the envelope, or a call that lacks our prefetch keys.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from tests.conformance import schemas
from tests.conformance.ehr import ADDRESS, RED_FLAGS
from tests.web.trusted import bearing

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "cds-hooks"
REQUIRED = {"conditions", "observations"}
# Collections of mistakes, made to be refused: whether we refuse them depends on what each is about.
OF_MISTAKES = ("FHIR__fhir-test-cases", "inferno-framework__davinci-crd-test-kit")


@cache
def requests() -> dict[str, bytes]:
    """All hook calls, and whatever among them is no JSON, by their paths."""
    read = {file.relative_to(DATA).as_posix(): file.read_bytes() for file in sorted(DATA.rglob("*.json"))}
    return {name: body for name, body in read.items() if kind(name, body) != "no call"}


def kind(name: str, body: bytes) -> str:
    """What a call is to us."""
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "no JSON"
    if not isinstance(call, dict) or "hook" not in call:
        return "no call"
    if name.startswith(OF_MISTAKES):
        return "perhaps a mistake"
    if call["hook"] not in ADDRESS:
        return "another hook"
    if wrong(call):
        return "a mistake"
    if call["hook"].startswith("order"):
        return "orders for something else"
    return "complete" if (call.get("prefetch") or {}).keys() >= REQUIRED else "without our keys"


def wrong(call: dict[str, Any]) -> bool:
    """Whether the envelope lacks what its hook requires, read from the standard's tables."""
    context = call.get("context") or {}
    needed = {"order-sign": ["draftOrders"], "order-select": ["draftOrders", "selections"]}
    lacking = [
        name for name in ["userId", "patientId", *needed.get(call["hook"], [])] if not context.get(name)
    ]
    lacking += [name for name in ("hookInstance",) if not call.get(name)]
    return bool(lacking) or bool(call.get("fhirAuthorization") and not call.get("fhirServer"))


STATUS = {
    "no JSON": {400},
    "another hook": {400},
    "a mistake": {400},
    "without our keys": {412},
    "complete": {200, 412},
    "perhaps a mistake": {200, 400, 412},
    # Silence, before any data are looked at: none of the drafts is for a twitch.
    "orders for something else": {200},
}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"NOT CHECKED: the calls that others wrote are not beside the checkout ({DATA})"
)


def address(body: bytes) -> str:
    """Where a call belongs by its hook; to the red flags if it belongs nowhere."""
    try:
        hook = orjson.loads(body)["hook"]
    except orjson.JSONDecodeError:
        return RED_FLAGS
    return ADDRESS.get(hook, RED_FLAGS) if isinstance(hook, str) else RED_FLAGS


def of_kind(*kinds: str) -> list[str]:
    return [name for name, body in requests().items() if kind(name, body) in kinds]


@pytest.mark.conformance("27", "29", "42", "43")
@pytest.mark.parametrize("name", requests())
def test_a_call_that_somebody_else_wrote_has_the_status_of_its_kind(client: FlaskClient, name: str) -> None:
    body = requests()[name]
    path = address(body)

    answer = client.post(path, data=body, content_type="application/json", headers=bearing(path))

    assert answer.status_code in STATUS[kind(name, body)], answer.text
    schema = schemas.response("2.0") if answer.status_code == 200 else schemas.outcome()
    assert schemas.faults(schema, answer.json) == []


def test_there_are_calls_of_every_kind_that_the_data_are_known_to_hold() -> None:
    kinds = {kind(name, body) for name, body in requests().items()}

    assert len(requests()) >= 90
    assert {"no JSON", "another hook", "without our keys", "orders for something else", "a mistake"} <= kinds


@pytest.mark.parametrize("name", of_kind("without our keys", "orders for something else"))
def test_with_our_keys_the_same_call_is_answered(client: FlaskClient, name: str) -> None:
    call = orjson.loads(requests()[name])
    call["prefetch"] = {**(call.get("prefetch") or {}), **dict.fromkeys(REQUIRED)}
    path = ADDRESS[call["hook"]]

    answer = client.post(path, json=call, headers=bearing(path))

    assert (answer.status_code, answer.json) == (200, {"cards": []})
