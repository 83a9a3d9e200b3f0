"""Feedback as the standard defines it, and as clients send it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.store import Store
from tests.conformance.ehr import RED_FLAGS, TWITCH, WEAKNESS, cards, request
from tests.conformance.test_calls import outcome
from tests.web.trusted import bearing

PATH = f"{RED_FLAGS}/feedback"
AT = "2026-11-23T09:30:00Z"
REASON = {
    "code": "patient-refuses",
    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
    "display": "The patient declines",
}


@pytest.fixture
def client(client_with: Callable[..., FlaskClient]) -> FlaskClient:
    """A service with a memory of its own."""
    return client_with()


@pytest.fixture
def card(client: FlaskClient) -> dict[str, Any]:
    """A card that was shown."""
    call = request("patient-view", TWITCH, WEAKNESS)
    first: dict[str, Any] = cards(client.post(RED_FLAGS, json=call, headers=bearing(RED_FLAGS)))[0]
    return first


def send(client: FlaskClient, *items: Any, path: str = PATH) -> Any:
    return client.post(path, json={"feedback": list(items)}, headers=bearing(path))


def item(card: str | None = None, outcome: str = "overridden", **more: Any) -> dict[str, Any]:
    return {"card": card or str(uuid4()), "outcome": outcome, "outcomeTimestamp": AT, **more}


def tally(client: FlaskClient) -> dict[str, Any]:
    path = "/feedback/summary"
    told: dict[str, Any] = client.get(path, headers=bearing(path)).json
    return told


@pytest.mark.conformance("56", "57", "60", "cds-fb-1", "cds-fb-2")
def test_an_accepted_suggestion_is_kept(client: FlaskClient, card: dict[str, Any]) -> None:
    accepted = [{"id": card["suggestions"][0]["uuid"]}]

    answer = send(client, item(card["uuid"], "accepted", acceptedSuggestions=accepted))

    assert (answer.status_code, answer.data) == (200, b"")
    assert tally(client)["cards"]["accepted"] == 1


@pytest.mark.conformance("57", "58", "cds-fb-3")
@pytest.mark.parametrize(
    "reason",
    [
        {"reason": REASON},
        {"reason": REASON, "userComment": "discussed"},
        {"userComment": "discussed"},
        {"reason": {"code": "mine", "system": "https://ehr.example/reasons"}},
        {},
        None,
    ],
    ids=["coded", "coded with a comment", "a comment", "the client's own", "empty", "null"],
)
def test_an_override_is_kept_with_whatever_reason(
    client: FlaskClient, card: dict[str, Any], reason: Any
) -> None:
    assert send(client, item(card["uuid"], overrideReason=reason)).status_code == 200
    assert tally(client)["cards"]["overridden"] == 1


@pytest.mark.conformance("58")
def test_an_override_without_a_reason_is_kept(client: FlaskClient, card: dict[str, Any]) -> None:
    assert send(client, item(card["uuid"])).status_code == 200
    assert tally(client)["cards"]["overridden"] == 1


@pytest.mark.conformance("cds-fb-2")
@pytest.mark.parametrize("more", [{}, {"acceptedSuggestions": []}, {"acceptedSuggestions": None}], ids=repr)
def test_an_acceptance_that_names_nothing_is_kept(
    client: FlaskClient, card: dict[str, Any], more: Any
) -> None:
    assert send(client, item(card["uuid"], "accepted", **more)).status_code == 200
    assert tally(client)["cards"]["accepted"] == 1


@pytest.mark.conformance("58")
def test_one_call_may_speak_of_many_cards_and_of_one_repeatedly(
    client: FlaskClient, card: dict[str, Any]
) -> None:
    many = [item() for _ in range(20)]

    answer = send(client, item(card["uuid"]), item(card["uuid"], "accepted"), *many, *many)

    assert answer.status_code == 200
    assert tally(client)["unknownCards"] == 20


@pytest.mark.conformance("57", "cds-fb-1", "status-400")
@pytest.mark.parametrize("member", ["card", "outcome", "outcomeTimestamp"])
@pytest.mark.parametrize(
    "value", [..., None, 7, "", "ignored"], ids=["absent", "null", "number", "empty", "other"]
)
def test_what_an_item_needs_is_insisted_on(client: FlaskClient, member: str, value: Any) -> None:
    wrong = {name: v for name, v in item().items() if name != member} | (
        {} if value is ... else {member: value}
    )

    said = outcome(send(client, wrong), 400)

    assert said["expression"] == [f"feedback[0].{member}"]


@pytest.mark.conformance("57")
@pytest.mark.parametrize(
    "moment",
    [
        AT,
        "2026-11-23T09:30:00.1Z",
        "2026-11-23T09:30:00.123456Z",
        "2026-11-23T10:30:00+01:00",
        "2026-11-23t09:30:00z",
    ],
)
def test_a_moment_is_one_of_rfc_3339(client: FlaskClient, moment: str) -> None:
    assert send(client, item(outcomeTimestamp=moment)).status_code == 200


@pytest.mark.conformance("56", "status-400")
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"feedback":{}}', b'{"feedback":"x"}', b"{"], ids=repr
)
def test_a_body_that_is_no_feedback_is_400(client: FlaskClient, body: bytes) -> None:
    outcome(client.post(PATH, data=body, content_type="application/json", headers=bearing(PATH)), 400)


@pytest.mark.conformance("56", "status-404")
def test_feedback_for_nobody_is_404(client: FlaskClient) -> None:
    outcome(send(client, item(), path="/cds-services/unknown/feedback"), 404)


@pytest.mark.conformance("56", "status-405")
def test_feedback_is_posted(client: FlaskClient) -> None:
    answer = client.get(PATH, headers=bearing(PATH))

    outcome(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.conformance("59", "62", "status-401")
@pytest.mark.parametrize("path", [RED_FLAGS, "/cds-services", f"{PATH}/"])
def test_a_token_for_another_address_is_none_for_feedback(client: FlaskClient, path: str) -> None:
    answer = client.post(PATH, json={"feedback": [item()]}, headers=bearing(path))

    assert outcome(answer, 401)["code"] == "login"


@pytest.mark.conformance("58")
def test_epics_form_is_understood(client: FlaskClient, card: dict[str, Any]) -> None:
    own = {"overrideReasons": {"reason": REASON, "userComment": "Sentinelson"}}

    assert send(client, item(card["uuid"], **own)).status_code == 200
    assert tally(client)["overrideReasons"][0]["reason"] == "patient-refuses"


@pytest.mark.conformance("71", "69")
def test_nothing_that_somebody_wrote_is_kept_or_logged(
    client: FlaskClient, card: dict[str, Any], store: Store, logged: list[Any]
) -> None:
    said = {"reason": {**REASON, "display": "Sentinelson"}, "userComment": "Sentinelson, born 1974-03-12"}

    answers = [send(client, item(card["uuid"], overrideReason=said)), send(client, item(card="Sentinelson"))]

    store.flush()
    assert [answer.status_code for answer in answers] == [200, 400]
    assert "Sentinelson" not in str([answer.text for answer in answers]) + str(logged) + str(store.rows())
    assert "1974" not in str(logged) + str(tally(client))


@pytest.mark.conformance("58", "29")
def test_what_an_item_says_beyond_the_standard_is_passed_over(
    client: FlaskClient, card: dict[str, Any]
) -> None:
    assert (
        send(client, item(card["uuid"], extension={"x": 1}, hookInstance="h", user=None)).status_code == 200
    )
