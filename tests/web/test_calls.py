"""A CDS Hooks call and its answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.store import Store

ADDRESS = "/cds-services/fasciculation-red-flags"
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def empty_members(value: Any, path: str = "") -> list[str]:
    """The paths of null and empty members, which CDS Hooks forbids."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [f"{path}/{name}" for name, member in inside if member is None or member in ("", [], {})]
    return found + [deeper for name, member in inside for deeper in empty_members(member, f"{path}/{name}")]


def test_a_twitch_with_weakness_and_slurred_speech_is_an_urgent_referral(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    answer = client.post(ADDRESS, json=hook_call)

    assert answer.status_code == 200
    card = answer.json["cards"][0]
    assert card["indicator"] == "warning"
    assert len(card["summary"]) < 140
    assert card["source"]["topic"]["code"] == "TwitchReferralUrgent"
    assert UUID(card["uuid"])
    assert card["suggestions"][0]["actions"][0]["resource"]["subject"] == {"reference": "Patient/teacher"}


@pytest.mark.conformance("4", "5", "6")
def test_an_answer_holds_no_null_and_no_empty_member(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    for call in (hook_call, {**hook_call, "prefetch": {**hook_call["prefetch"], "conditions": None}}):
        answer = client.post(ADDRESS, json=call).json

        assert set(empty_members(answer)) <= {"/cards"}


def test_a_patient_without_a_twitch_gets_no_card(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    hook_call["prefetch"] = {"conditions": NOTHING, "observations": NOTHING}

    answer = client.post(ADDRESS, json=hook_call)

    assert (answer.status_code, answer.json) == (200, {"cards": []})


def test_the_patient_may_be_named_as_a_reference(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    as_id = client.post(ADDRESS, json=hook_call).json
    hook_call["context"]["patientId"] = "Patient/teacher"

    assert client.post(ADDRESS, json=hook_call).json == as_id


@pytest.mark.conformance("29", "73")
def test_what_the_envelope_holds_beyond_the_standard_is_passed_over(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    hook_call["extension"] = {"com.epic.cdshooks.request.bpa-trigger-action": 23}
    hook_call["context"]["extra"] = [1]
    hook_call["hookInstance"] = "C1577C69-dfbe-11ec-ba6d-3e05e953b2ea"

    assert client.post(ADDRESS, json=hook_call).json["cards"]


@pytest.mark.conformance("29")
def test_optional_members_may_be_null(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    hook_call |= {"fhirServer": None, "fhirAuthorization": None}
    hook_call["context"]["encounterId"] = None

    assert client.post(ADDRESS, json=hook_call).status_code == 200


@pytest.mark.conformance("36")
@pytest.mark.parametrize("prefetch", [..., None, {}], ids=["absent", "null", "empty"])
def test_without_a_prefetch_the_answer_is_412_and_names_the_keys(
    client: FlaskClient, hook_call: dict[str, Any], prefetch: Any
) -> None:
    del hook_call["prefetch"]
    call = hook_call if prefetch is ... else {**hook_call, "prefetch": prefetch}

    answer = client.post(ADDRESS, json=call)

    assert answer.status_code == 412
    issue = answer.json["issue"][0]
    assert issue["expression"] == ["prefetch.conditions", "prefetch.observations"]
    assert "GET /cds-services" in issue["diagnostics"]


@pytest.mark.conformance("8", "75")
def test_an_answer_with_cards_is_kept_in_the_audit_without_the_patient(
    client: FlaskClient, hook_call: dict[str, Any], store: Store
) -> None:
    cards = client.post(ADDRESS, json=hook_call).json["cards"]

    store.flush()
    (row,) = store.rows()
    assert row["hook_instance"] == hook_call["hookInstance"]
    assert row["cards"] == [card["uuid"] for card in cards]
    assert row["rules"][:2] == ["muscle-weakness", "speech-difficulty"]
    assert row["disposition"] == "urgent-referral"
    assert row["patient_hash"]
    assert "teacher" not in str(row)


@pytest.mark.conformance("8")
def test_a_refused_call_is_kept_in_the_audit_with_the_reason(
    client: FlaskClient, hook_call: dict[str, Any], store: Store
) -> None:
    client.post(ADDRESS, json={**hook_call, "prefetch": {}})
    client.post(ADDRESS, data=b"{", content_type="application/json")

    store.flush()
    assert [row["refusal"] for row in store.rows()] == ["RecordNotAvailable", "NotJson"]


def test_a_silent_answer_is_not_kept(client: FlaskClient, hook_call: dict[str, Any], store: Store) -> None:
    hook_call["prefetch"] = {"conditions": None, "observations": None}

    client.post(ADDRESS, json=hook_call)

    store.flush()
    assert store.rows() == []


OVERRIDDEN = {"system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"}


def override(client: FlaskClient, card: dict[str, Any], code: str) -> None:
    item = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {**OVERRIDDEN, "code": code}},
        "outcomeTimestamp": "2026-11-23T09:30:00Z",
    }
    assert client.post(f"{ADDRESS}/feedback", json={"feedback": [item]}).status_code == 200


def test_advice_that_a_clinician_has_settled_is_not_repeated_and_is_recorded(
    client: FlaskClient, hook_call: dict[str, Any], store: Store
) -> None:
    override(client, client.post(ADDRESS, json=hook_call).json["cards"][0], "action-completed")

    again = client.post(ADDRESS, json={**hook_call, "hookInstance": "0c8a8ca0-6a4b-4a57-8ce0-d4fd1c1b2bb7"})

    assert (again.status_code, again.json) == (200, {"cards": []})
    store.flush()
    assert store.rows()[-1]["withheld"] == {"TwitchReferralUrgent": "quiet"}


def test_new_evidence_speaks_again(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    override(client, client.post(ADDRESS, json=hook_call).json["cards"][0], "action-completed")
    entries = hook_call["prefetch"]["conditions"]["entry"]
    swallowing = {**entries[0]["resource"], "id": "swallow"}
    swallowing["code"] = {"coding": [{"system": "http://snomed.info/sct", "code": "40739000"}]}
    entries.append({"resource": swallowing})

    assert client.post(ADDRESS, json=hook_call).json["cards"]


def test_a_reason_that_settles_nothing_silences_nothing(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    override(client, client.post(ADDRESS, json=hook_call).json["cards"][0], "cds-suboptimal-context")

    assert client.post(ADDRESS, json=hook_call).json["cards"]


def test_same_day_advice_is_never_silenced(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    entries = hook_call["prefetch"]["observations"]["entry"]
    potassium = {**entries[0]["resource"], "id": "k", "effectiveDateTime": "2026-11-23"}
    potassium["code"] = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    entries.append({"resource": {**potassium, "valueQuantity": {"value": 2.1, **unit}}})
    (card, *_) = client.post(ADDRESS, json=hook_call).json["cards"]
    override(client, card, "patient-refuses")

    again = client.post(ADDRESS, json=hook_call).json["cards"]

    assert card["source"]["topic"]["code"] == "TwitchSameDay"
    assert again[0]["source"]["topic"]["code"] == "TwitchSameDay"


def test_a_store_that_is_down_costs_a_row_and_not_the_answer(
    client: FlaskClient, hook_call: dict[str, Any], store: Store, logged: list[Any]
) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")

    answer = client.post(ADDRESS, json=hook_call)

    store.flush()
    assert answer.json["cards"]
    assert store.lost == 1
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["audit rows lost"]


def test_every_answer_carries_a_request_id_and_headers_for_browsers(client: FlaskClient) -> None:
    for path in ("/cds-services", "/nowhere"):
        headers = client.get(path).headers

        assert headers["X-Request-Id"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_request_id_is_taken_over_where_it_is_one(client: FlaskClient) -> None:
    taken = client.get("/livez", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"]
    refused = client.get("/livez", headers={"X-Request-Id": "a b{}"}).headers["X-Request-Id"]

    assert taken == "abc-1"
    assert refused != "a b{}"


def test_head_and_options_are_answered(client: FlaskClient) -> None:
    assert client.head("/cds-services").status_code == 200
    assert "POST" in client.options(ADDRESS).headers["Allow"]


@pytest.mark.conformance("72")
def test_a_browser_of_a_listed_origin_may_call(make_app: Callable[..., Flask]) -> None:
    client = make_app(cors_origins="https://sandbox.example, https://b.example").test_client()

    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    allowed = client.options(ADDRESS, headers={"Origin": "https://sandbox.example", **asked}).headers
    refused = client.options(ADDRESS, headers={"Origin": "https://evil.example", **asked}).headers

    assert allowed["Access-Control-Allow-Origin"] == "https://sandbox.example"
    assert allowed["Access-Control-Allow-Headers"].lower() == "authorization"
    assert "Access-Control-Allow-Origin" not in refused
