"""POST /cds-services/{id}/feedback and GET /feedback/summary."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.cards.card import REASONS
from service.store import Store
from service.store.tables import feedback as table
from service.web.schemas.feedback import feedback_items

HOOK = "/cds-services/fasciculation-red-flags"
ADDRESS = f"{HOOK}/feedback"
AT = "2026-11-23T09:30:00Z"
CARD = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
DONE = {"reason": {"system": REASONS, "code": "action-completed", "display": "Done with Mr Sentinelson"}}


def item(**more: Any) -> dict[str, Any]:
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": AT, **more}


def kept(store: Store) -> list[Any]:
    with store._engine.connect() as connection:
        return list(connection.execute(table.select().order_by(table.c.id)).mappings())


@pytest.fixture
def card(client: FlaskClient, hook_call: dict[str, Any]) -> dict[str, Any]:
    """The first card of the teacher's chart."""
    first: dict[str, Any] = client.post(HOOK, json=hook_call).json["cards"][0]
    return first


@pytest.mark.conformance("56", "60")
def test_feedback_on_a_card_is_kept_and_answered_with_an_empty_200(
    client: FlaskClient, store: Store, card: dict[str, Any]
) -> None:
    accepted = [{"id": card["suggestions"][0]["uuid"]}]

    answer = client.post(
        ADDRESS,
        json={"feedback": [item(card=card["uuid"], outcome="accepted", acceptedSuggestions=accepted)]},
    )

    assert (answer.status_code, answer.data) == (200, b"")
    (row,) = kept(store)
    assert (row["known"], row["outcome"], row["client"]) == (True, "accepted", "")
    assert row["suggestions"] == [accepted[0]["id"]]


def test_the_summary_tells_it_by_topic_rule_and_kind(client: FlaskClient, card: dict[str, Any]) -> None:
    accepted = [{"id": card["suggestions"][0]["uuid"]}]
    said = item(card=card["uuid"], outcome="accepted", acceptedSuggestions=accepted)
    client.post(ADDRESS, json={"feedback": [said, item(card=card["uuid"], overrideReason=DONE)]})

    summary = client.get("/feedback/summary").json

    one = {"shown": 1, "accepted": 1, "overridden": 0, "acceptance": 1.0}
    assert summary["topics"] == [{"topic": "TwitchReferralUrgent", **one}]
    assert {"rule": "muscle-weakness", **one} in summary["rules"]
    assert {"kind": "referral", **one} in summary["suggestions"]
    assert summary["overrideReasons"] == [
        {"topic": "TwitchReferralUrgent", "reason": "action-completed", "count": 1}
    ]


def test_an_override_silences_the_advice_for_the_patient_on_the_same_evidence(
    client: FlaskClient, store: Store, card: dict[str, Any]
) -> None:
    client.post(ADDRESS, json={"feedback": [item(card=card["uuid"], overrideReason=DONE)]})

    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT topic FROM quiet").all()
    assert rows == [("TwitchReferralUrgent",)]


@pytest.mark.conformance("58")
def test_repeats_are_one_row(client: FlaskClient, store: Store) -> None:
    for _ in range(3):
        client.post(ADDRESS, json={"feedback": [item(), item()]})

    assert len(kept(store)) == 1


def test_a_card_that_we_do_not_know_is_kept_and_counted_as_such(client: FlaskClient, store: Store) -> None:
    answer = client.post(ADDRESS, json={"feedback": [item()]})

    assert answer.status_code == 200
    assert kept(store)[0]["known"] is False
    assert client.get("/feedback/summary").json["unknownCards"] == 1


@pytest.mark.conformance("58")
@pytest.mark.parametrize(
    "reason",
    [
        {"overrideReason": DONE},
        {"overrideReasons": DONE},
        {"overrideReasons": [DONE]},
        {"overrideReason": DONE["reason"]},
        {"overrideReasons": {"extension": {"com.epic.site": {"reason": DONE["reason"]}}}},
        {"overrideReasons": {"extension": [{"valueCoding": DONE["reason"]}], "userComment": "x"}},
        {"extension": {"com.epic.overrideReason": DONE["reason"]}},
        {"overrideReason": None, "overrideReasons": DONE},
    ],
    ids=str,
)
def test_a_reason_is_found_wherever_an_ehr_puts_it(reason: dict[str, Any]) -> None:
    (found,), problems = feedback_items({"feedback": [item(**reason)]})

    assert not problems
    assert (found.reason_system, found.reason_code) == (REASONS, "action-completed")


@pytest.mark.parametrize(
    "reason",
    [
        {},
        {"overrideReason": {"userComment": "Mr Sentinelson is my uncle"}},
        {"overrideReason": {"reason": {"code": "Mr Sentinelson", "system": "x y"}}},
        {"overrideReason": {"reason": {"code": 7}}},
        {"overrideReason": "because"},
        {"overrideReason": []},
        {"overrideReason": {"reason": {"display": "Maria Sentinelson"}}},
    ],
    ids=str,
)
def test_an_override_without_a_coded_reason_is_kept_without_one(reason: dict[str, Any]) -> None:
    (found,), problems = feedback_items({"feedback": [item(**reason)]})

    assert not problems
    assert found.reason_code is None


@pytest.mark.conformance("71")
def test_comments_and_displays_are_not_kept_and_not_logged(
    client: FlaskClient, store: Store, logged: list[Any]
) -> None:
    said = item(overrideReason={**DONE, "userComment": "Sentinelson", "extension": {"x": "Sentinelson"}})

    answer = client.post(ADDRESS, json={"feedback": [said, item(card="Sentinelson")]})

    assert answer.status_code == 400
    assert "Sentinelson" not in answer.text + str(kept(store)) + str(logged)


@pytest.mark.conformance("57", "cds-fb-1")
@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"card": None}, ".card"),
        ({"card": "Maria"}, ".card"),
        ({"card": 7}, ".card"),
        ({"outcome": "ignored"}, ".outcome"),
        ({"outcome": ["accepted"]}, ".outcome"),
        ({"outcome": {}}, ".outcome"),
        ({"outcomeTimestamp": "2026-11-23"}, ".outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-23T09:30:00"}, ".outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-13-23T09:30:00Z"}, ".outcomeTimestamp"),
        ({"outcomeTimestamp": 1763890200}, ".outcomeTimestamp"),
        ({"acceptedSuggestions": [{"id": "first"}]}, ".acceptedSuggestions"),
        ({"acceptedSuggestions": [7]}, ".acceptedSuggestions"),
        (None, ""),
    ],
    ids=str,
)
def test_an_item_that_cannot_be_kept_is_named_and_the_others_are_kept(
    client: FlaskClient, store: Store, wrong: dict[str, Any] | None, member: str
) -> None:
    bad = item(**wrong) if wrong else "nonsense"

    answer = client.post(ADDRESS, json={"feedback": [item(), bad]})

    assert answer.status_code == 400
    (issue,) = answer.json["issue"]
    assert issue["expression"] == [f"feedback[1]{member}"]
    assert "1 item was kept" in issue["diagnostics"]
    assert len(kept(store)) == 1


def test_every_item_that_cannot_be_kept_is_named(client: FlaskClient, store: Store) -> None:
    answer = client.post(ADDRESS, json={"feedback": [item(card=""), item(outcome="")]})

    assert answer.json["issue"][0]["expression"] == ["feedback[0].card", "feedback[1].outcome"]
    assert "Nothing was kept" in answer.text
    assert kept(store) == []


@pytest.mark.parametrize("moment", [AT, "2026-11-23t09:30:00.123z", "2026-11-23T14:30:00+05:00"])
def test_every_form_of_rfc_3339_is_read(moment: str) -> None:
    (found,), problems = feedback_items({"feedback": [item(outcomeTimestamp=moment)]})

    assert not problems
    assert found.outcome_at.utctimetuple()[:5] == (2026, 11, 23, 9, 30)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"feedback": {}}', b'{"feedback": null}', b"{", b"7", b'"feedback"']
)
def test_a_body_without_a_list_of_feedback_is_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post(ADDRESS, data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"


def test_an_empty_list_is_fine(client: FlaskClient) -> None:
    assert client.post(ADDRESS, json={"feedback": []}).status_code == 200


def test_too_many_items_are_refused_as_a_whole(client: FlaskClient) -> None:
    answer = client.post(ADDRESS, json={"feedback": [item()] * 1001})

    assert answer.status_code == 400
    assert "1000" in answer.text


def test_nesting_without_end_is_not_followed(client: FlaskClient) -> None:
    deep: Any = {"code": "action-completed"}
    for _ in range(100):
        deep = {"x": deep}

    (found,), _ = feedback_items(orjson.loads(orjson.dumps({"feedback": [item(extension=deep)]})))

    assert found.reason_code is None


def test_feedback_on_a_service_that_we_do_not_have_is_404(client: FlaskClient) -> None:
    assert client.post("/cds-services/other/feedback", json={"feedback": [item()]}).status_code == 404


@pytest.mark.conformance("status-503")
def test_a_store_that_is_down_is_told_so_that_the_client_sends_it_again(
    make_app: Callable[..., Flask], store: Store
) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feedback")
    client = make_app().test_client()

    answer = client.post(ADDRESS, json={"feedback": [item()]})

    assert answer.status_code == 503
    assert answer.json["issue"][0]["code"] == "transient"
    assert "nothing was kept" in answer.text
    summary = client.get("/feedback/summary")
    assert summary.status_code == 503
    assert "kept" not in summary.text


def test_the_summary_can_begin_on_a_day(client: FlaskClient, card: dict[str, Any]) -> None:
    assert client.get("/feedback/summary?since=2020-01-01").json["cards"]["shown"] == 1
    assert client.get("/feedback/summary?since=2999-01-01").json["cards"]["shown"] == 0
    assert client.get("/feedback/summary?since=autumn").status_code == 400


def test_settled_advice_is_not_shown_again_until_there_is_new_evidence(
    client: FlaskClient, hook_call: dict[str, Any], store: Store, card: dict[str, Any]
) -> None:
    client.post(ADDRESS, json={"feedback": [item(card=card["uuid"], overrideReason=DONE)]})

    again = client.post(HOOK, json=hook_call).json["cards"]
    weakness = next(
        entry["resource"]
        for entry in hook_call["prefetch"]["conditions"]["entry"]
        if entry["resource"]["id"] == "weak-hand"
    )
    weakness["id"] = "weak-hand-again"
    with_news = client.post(HOOK, json=hook_call).json["cards"]

    topic = card["source"]["topic"]["code"]
    assert topic not in [c["source"]["topic"]["code"] for c in again]
    assert topic in [c["source"]["topic"]["code"] for c in with_news]
    store.flush()
    assert [row["withheld"] for row in store.rows()] == [{}, {topic: "quiet"}, {}]
