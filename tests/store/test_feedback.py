"""Feedback is kept once, without patients, and counted."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from service.errors import NothingKept
from service.store import AuditEntry, CardEntry, Feedback, Store
from service.store.tables import feedback as table

EHR = "https://ehr.example"
NOW = datetime.now(UTC)
ONE, TWO, THREE = (f"0000000{n}-0000-5000-8000-000000000000" for n in "123")
REFERRAL, EMG = (f"0000000{n}-0000-5000-8000-00000000000f" for n in "12")


def show(store: Store, *cards: str, client: str | None = EHR) -> None:
    for card in cards:
        entry = CardEntry(
            uuid=card,
            topic="TwitchReferralUrgent",
            rules=("muscle-weakness", "spreading"),
            suggestions={REFERRAL: "referral", EMG: "emg"},
        )
        store.record(
            AuditEntry(service="s", knowledge_version="v", latency_ms=1.0, client=client, cards=(entry,))
        )


def said(card: str, outcome: str = "accepted", **more: Any) -> Feedback:
    return Feedback(**{"card": card, "outcome": outcome, "outcome_at": NOW, **more})


def kept(store: Store) -> list[Any]:
    with store._engine.connect() as connection:
        return list(connection.execute(table.select().order_by(table.c.id)).mappings())


def test_an_item_is_kept_as_it_was_said(store: Store) -> None:
    show(store, ONE)

    new = store.note_feedback(EHR, "s", [said(ONE, suggestions=(REFERRAL,))])

    (row,) = kept(store)
    assert new == 1
    assert (row["client"], row["card"], row["known"]) == (EHR, ONE, True)
    assert (row["outcome"], row["outcome_at"], row["suggestions"]) == ("accepted", NOW, [REFERRAL])


def test_the_same_item_again_is_one_row_whatever_its_time_zone(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    items = [said(ONE, suggestions=(REFERRAL, EMG)), said(ONE, suggestions=(EMG, REFERRAL))]

    first = store.note_feedback(EHR, "s", items)
    again = store.note_feedback(EHR, "s", [said(ONE, suggestions=(EMG, REFERRAL), outcome_at=elsewhere)])

    assert (first, again) == (1, 0)
    assert len(kept(store)) == 1


def test_another_suggestion_at_the_same_moment_is_not_lost(store: Store) -> None:
    store.note_feedback(EHR, "s", [said(ONE, suggestions=(REFERRAL,)), said(ONE, suggestions=(EMG,))])

    assert len(kept(store)) == 2


def test_the_card_of_nobody_is_kept_and_marked(store: Store) -> None:
    show(store, ONE, client="https://other.example")

    store.note_feedback(EHR, "s", [said(ONE), said(TWO)])

    assert [row["known"] for row in kept(store)] == [False, False]
    assert store.summary().unknown_cards == 2


def test_feedback_is_counted_by_topic_rule_suggestion_and_reason(store: Store) -> None:
    show(store, ONE, TWO, THREE)
    store.note_feedback(
        EHR,
        "s",
        [
            said(ONE, suggestions=(REFERRAL,)),
            said(ONE, "overridden", reason_code="patient-refuses"),
            said(TWO, "overridden", reason_code="patient-refuses"),
        ],
    )

    counted = store.summary()

    for tally in (counted.cards, counted.topics["TwitchReferralUrgent"], counted.rules["spreading"]):
        assert (tally.shown, tally.accepted, tally.overridden, tally.acceptance) == (3, 1, 1, 0.5)
    assert counted.suggestions["referral"].accepted == 1
    assert (counted.suggestions["emg"].accepted, counted.suggestions["emg"].overridden) == (0, 2)
    assert counted.reasons == {("TwitchReferralUrgent", "patient-refuses"): 2}


def test_a_card_without_feedback_has_no_acceptance(store: Store) -> None:
    show(store, ONE)
    store.flush()

    assert store.summary().cards.acceptance is None


def test_a_client_is_told_of_its_own_cards_only(store: Store) -> None:
    show(store, ONE)
    show(store, TWO, client=None)
    store.note_feedback(None, "s", [said(TWO)])

    assert [store.summary(client=client).cards.shown for client in (EHR, "", None)] == [1, 1, 2]
    assert store.summary(client=EHR).cards.accepted == 0


def test_only_cards_shown_since_a_day_are_counted(store: Store) -> None:
    show(store, ONE)
    store.note_feedback(EHR, "s", [said(ONE)])

    assert store.summary(since=NOW + timedelta(days=1)).cards.shown == 0


def test_a_card_that_was_shown_twice_is_one_card(store: Store) -> None:
    show(store, ONE, ONE)
    store.flush()

    assert store.summary().cards.shown == 1
    assert len(store.rows()) == 2


def test_a_card_that_was_withheld_was_not_shown(store: Store) -> None:
    entry = CardEntry(uuid=ONE, topic="TwitchLifestyle", withheld="quiet")
    store.record(AuditEntry(service="s", knowledge_version="v", latency_ms=1.0, client=EHR, cards=(entry,)))
    store.flush()

    (row,) = store.rows()
    assert (row["cards"], row["withheld"]) == ([], {"TwitchLifestyle": "quiet"})
    assert store.summary().cards.shown == 0


def test_a_store_that_is_down_says_that_nothing_was_kept(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/no/such/folder/store.db")

    with pytest.raises(NothingKept):
        store.note_feedback(EHR, "s", [said(ONE)])


def test_feedback_that_overtakes_its_card_counts_when_the_card_arrives(store: Store, url: str) -> None:
    other_worker = Store(url, hash_key="a key")
    entry = CardEntry(uuid=ONE, topic="TwitchReferralUrgent")
    other_worker.note_feedback(EHR, "s", [said(ONE, "overridden", reason_code="patient-refuses"), said(TWO)])

    store.record(
        AuditEntry(
            service="s",
            knowledge_version="v",
            latency_ms=1.0,
            client=EHR,
            cards=(entry,),
            patient="p1",
            evidence="e1",
        )
    )
    store.flush()

    assert [row["known"] for row in kept(store)] == [True, False]
    assert store.silenced(EHR, "p1", "TwitchReferralUrgent", "e1", NOW.date())
    other_worker.close()
