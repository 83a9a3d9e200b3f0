"""The same decision in each client's dialect: golden files, and what must hold of them.

UUIDs, which change with the knowledge, are numbered in the files, and the details left out.

`UPDATE_GOLDEN=1 pytest tests/web/test_dialects.py` writes the files anew; read the difference.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.auth.clients import DIALECTS as PROFILES
from service.hooks.dialects import DIALECTS
from tests.web.test_calls import empty_members
from tests.web.trusted import PUBLIC_URL, bearing, registered

GOLDEN = Path(__file__).parent / "golden"
RED_FLAGS, ORDERS = "/cds-services/fasciculation-red-flags", "/cds-services/fasciculation-order-check"
LATER_THAN_1_0 = {"uuid", "overrideReasons", "topic", "isRecommended", "usageRequirements", "version"}
A_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EMG = {"system": "http://snomed.info/sct", "code": "42803009", "display": "Electromyography"}


@pytest.fixture
def client_of(make_app: Callable[..., Flask], tmp_path: Path) -> Callable[[str], FlaskClient]:
    """The app as a client of that profile sees it."""

    def make(profile: str) -> FlaskClient:
        clients = registered(tmp_path, f'profile = "{profile}"')
        return make_app(clients=clients, public_url=PUBLIC_URL, knowledge_overlay=None).test_client()

    return make


@pytest.fixture
def order_call(hook_call: dict[str, Any]) -> dict[str, Any]:
    """The teacher's doctor signs an EMG, and nothing else."""
    emg = {
        "resourceType": "ServiceRequest",
        "id": "emg",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/teacher"},
        "code": {"coding": [EMG]},
    }
    orders = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": emg}]}
    return {**hook_call, "hook": "order-sign", "context": {**hook_call["context"], "draftOrders": orders}}


def golden(name: str, said: Any) -> Any:
    """What the golden file says; written first where that is asked for."""
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return orjson.loads(file.read_bytes())


def shortened(discovery: dict[str, Any]) -> dict[str, Any]:
    """Without the lists of codes, which are the knowledge's."""
    for service in discovery["services"]:
        for key, query in service["prefetch"].items():
            before, _, codes = query.partition("&code=")
            if codes:
                _, _, after = codes.partition("&")
                service["prefetch"][key] = f"{before}&code=(codes of the knowledge)&{after}".rstrip("&")
    return discovery


def numbered(answer: dict[str, Any]) -> dict[str, Any]:
    """With numbers for UUIDs, and without the details."""
    for card in answer["cards"]:
        if "detail" in card:
            card["detail"] = "(the same in every dialect)"
    names: dict[str, str] = {}
    text = orjson.dumps(answer).decode()
    masked = A_UUID.sub(lambda uuid: names.setdefault(uuid[0], f"uuid-{len(names) + 1}"), text)
    read: dict[str, Any] = orjson.loads(masked)
    return read


def members(value: Any) -> set[str]:
    """The names of all members at any depth, but not within a FHIR resource."""
    if isinstance(value, list):
        return set().union(*map(members, value))
    if not isinstance(value, dict):
        return set()
    inner = (members(member) for name, member in value.items() if name not in ("resource", "prefetch"))
    return set(value).union(*inner)


def test_the_detail_is_the_same_in_every_dialect(
    client_of: Callable[[str], FlaskClient], hook_call: dict[str, Any]
) -> None:
    details = {
        client_of(profile)
        .post(RED_FLAGS, json=hook_call, headers=bearing(RED_FLAGS))
        .json["cards"][0]["detail"]
        for profile in DIALECTS
    }

    assert len(details) == 1


def test_every_profile_that_can_be_registered_is_a_dialect() -> None:
    assert set(DIALECTS) == set(PROFILES)


@pytest.mark.parametrize("profile", DIALECTS)
def test_discovery_is_as_the_golden_file_says(client_of: Callable[[str], FlaskClient], profile: str) -> None:
    found = client_of(profile).get("/cds-services", headers=bearing("/cds-services")).json

    assert shortened(found) == golden(f"discovery-{profile}", found)


@pytest.mark.conformance("44")
@pytest.mark.parametrize("profile", DIALECTS)
def test_cards_are_as_the_golden_file_says(
    client_of: Callable[[str], FlaskClient], hook_call: dict[str, Any], profile: str
) -> None:
    found = client_of(profile).post(RED_FLAGS, json=hook_call, headers=bearing(RED_FLAGS)).json

    assert empty_members(found) == []
    assert numbered(found) == golden(f"cards-{profile}", numbered(found))


@pytest.mark.parametrize("profile", DIALECTS)
def test_the_card_of_an_order_is_as_the_golden_file_says(
    client_of: Callable[[str], FlaskClient], order_call: dict[str, Any], profile: str
) -> None:
    found = client_of(profile).post(ORDERS, json=order_call, headers=bearing(ORDERS)).json

    assert empty_members(found) == []
    assert "Change to urgent" in found["cards"][0]["detail"]
    assert numbered(found) == golden(f"order-{profile}", numbered(found))


def said(kind: str, profile: str) -> Any:
    return orjson.loads((GOLDEN / f"{kind}-{profile}.json").read_bytes())


def offered(profile: str, kind: str = "cards") -> list[dict[str, Any]]:
    return [s for card in said(kind, profile)["cards"] for s in card.get("suggestions", [])]


def ordered(profile: str) -> list[str]:
    return sorted(a["resource"]["code"]["text"] for s in offered(profile) for a in s["actions"])


@pytest.mark.parametrize("profile", DIALECTS)
def test_every_dialect_offers_the_same_orders(profile: str) -> None:
    assert ordered(profile) == ordered("2.0")


@pytest.mark.parametrize("profile", DIALECTS)
@pytest.mark.parametrize("kind", ["cards", "order"])
def test_every_card_is_a_card_of_the_standard(profile: str, kind: str) -> None:
    cards = said(kind, profile)["cards"]

    assert cards
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert all(s["label"] and s["actions"] for s in card.get("suggestions", ()))


@pytest.mark.conformance("74")
@pytest.mark.parametrize("profile", ["1.0", "cerner"])
def test_a_client_of_1_0_gets_no_later_member(profile: str) -> None:
    later = members(said("cards", profile)) | members(said("order", profile))
    inside = {"uuid"} & {name for s in offered(profile) for name in s}

    assert later & LATER_THAN_1_0 == inside == {"uuid"}
    assert not any("uuid" in card for card in said("cards", profile)["cards"])
    assert members(said("discovery", profile)) & LATER_THAN_1_0 == set()


@pytest.mark.parametrize("profile", ["1.0", "cerner"])
def test_a_client_that_accepts_one_suggestion_of_a_card_gets_a_card_for_each(profile: str) -> None:
    cards = said("cards", profile)["cards"]

    assert all(card.get("selectionBehavior", "at-most-one") == "at-most-one" for card in cards)
    assert all(len(card.get("suggestions", ())) <= 1 for card in cards)
    assert sum("detail" in card for card in cards) == len(said("cards", "2.0")["cards"])


def test_epic_gets_one_action_a_suggestion_and_no_changes_of_orders() -> None:
    both = offered("epic") + offered("epic", "order")

    assert all(len(suggestion["actions"]) == 1 for suggestion in both)
    assert {s["actions"][0]["type"] for s in both} == {"create"}
    assert all(card["selectionBehavior"] == "any" for card in said("order", "epic")["cards"])


def test_epics_topics_are_codes_that_it_takes() -> None:
    for kind in ("cards", "order"):
        for card in said(kind, "epic")["cards"]:
            assert card["source"]["topic"]["code"].isalnum()


@pytest.mark.conformance("47")
@pytest.mark.parametrize("profile", DIALECTS)
def test_no_dialect_links_to_what_it_would_have_to_register(profile: str) -> None:
    links = [link for card in said("cards", profile)["cards"] for link in card.get("links", ())]

    assert all(link["type"] == "absolute" for link in links)
    assert bool(links) == (profile != "cerner")


@pytest.mark.conformance("16")
@pytest.mark.parametrize("profile", DIALECTS)
def test_the_hook_that_all_clients_know_is_listed_last_of_its_service(profile: str) -> None:
    services = said("discovery", profile)["services"]
    last = {service["id"]: service["hook"] for service in services}

    assert last["fasciculation-red-flags"] == "patient-view"
    assert all(DIALECTS[profile].hooks is None or s["hook"] in DIALECTS[profile].hooks for s in services)
