"""Advice that was settled is not repeated, until something changes; doubt speaks."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cards.card import REASONS, Kind
from service.store import AuditEntry, CardEntry, Feedback, Store, quiet

EHR, PATIENT, TOPIC, EVIDENCE = "https://ehr.example", "p1", "TwitchReferralRoutine", "e1"
NOW = datetime.now(UTC)
TODAY = NOW.date()
CARD = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def show(store: Store, *, topic: str = TOPIC, **more: Any) -> None:
    said = {"client": EHR, "patient": PATIENT, "evidence": EVIDENCE, "service": "s", **more}
    store.record(
        AuditEntry(knowledge_version="v", latency_ms=1.0, cards=(CardEntry(uuid=CARD, topic=topic),), **said)
    )


def override(store: Store, code: str | None = "action-completed", **more: Any) -> None:
    said = {"outcome": "overridden", "outcome_at": NOW, "reason_system": REASONS, **more}
    store.note_feedback(EHR, "s", [Feedback(card=CARD, reason_code=code, **said)])


def silenced(store: Store, **other: Any) -> bool:
    asked = {"client": EHR, "patient": PATIENT, "topic": TOPIC, "evidence": EVIDENCE, "on": TODAY}
    return store.silenced(**{**asked, **other})


@pytest.mark.parametrize("code", ["action-completed", "patient-refuses", "cds-not-applicable"])
def test_settled_advice_is_silent(store: Store, code: str) -> None:
    show(store)
    override(store, code)

    assert silenced(store)


@pytest.mark.parametrize(
    "code", ["recipient-disagrees-evidence", "service-not-available", "cds-suboptimal-context", "42", None]
)
def test_other_reasons_do_not_last(store: Store, code: str | None) -> None:
    show(store)
    override(store, code)

    assert not silenced(store)


def test_a_reason_of_another_code_system_settles_nothing(store: Store) -> None:
    show(store)
    override(store, reason_system="https://other.example")

    assert not silenced(store)


def test_an_accepted_card_is_not_silent(store: Store) -> None:
    show(store)
    override(store, outcome="accepted")

    assert not silenced(store)


@pytest.mark.parametrize(
    "other",
    [
        {"evidence": "e2"},
        {"topic": "TwitchReferralUrgent"},
        {"patient": "p2"},
        {"client": "https://other.example"},
        {"client": None},
        {"tenant": "hospital-b"},
        {"on": TODAY + timedelta(days=90)},
    ],
    ids=str,
)
def test_anything_else_speaks(store: Store, other: dict[str, Any]) -> None:
    show(store)
    override(store)

    assert silenced(store, on=TODAY + timedelta(days=89))
    assert not silenced(store, **other)


def test_same_day_advice_is_never_silent(store: Store) -> None:
    same_day = Kind.SAME_DAY.topic.code
    show(store, topic=same_day)
    override(store)

    assert same_day in quiet.NEVER_QUIET
    assert not silenced(store, topic=same_day)
    with store._engine.connect() as connection:
        assert connection.execute(quiet.quiet.select()).all() == []


def test_our_own_reasons_are_those_that_settle() -> None:
    assert quiet.REASONS == REASONS


def test_the_newest_override_holds(store: Store) -> None:
    show(store)
    override(store, outcome_at=NOW)
    override(store, outcome_at=NOW - timedelta(days=80))

    assert silenced(store, on=TODAY + timedelta(days=89))


def test_an_override_from_the_future_counts_from_today(store: Store) -> None:
    show(store)
    override(store, outcome_at=NOW + timedelta(days=3650))

    assert not silenced(store, on=TODAY + timedelta(days=90))


def test_an_override_of_a_card_that_we_do_not_know_settles_nothing(store: Store) -> None:
    override(store)

    assert not silenced(store)


def test_a_client_cannot_settle_the_card_of_another(store: Store) -> None:
    show(store, client="https://other.example")
    override(store)

    assert not silenced(store)
    assert not silenced(store, client="https://other.example")


def test_two_tenants_with_the_same_patient_id_are_two_patients(store: Store) -> None:
    show(store, tenant="hospital-a")
    override(store)

    assert silenced(store, tenant="hospital-a")
    assert not silenced(store)


def test_no_patient_stands_in_the_tables_but_as_a_hash(store: Store) -> None:
    show(store, patient="Sentinelson")
    override(store)

    with store._engine.connect() as connection:
        kept = [connection.execute(table.select()).all() for table in quiet.quiet.metadata.sorted_tables]
    assert "Sentinelson" not in str(kept)


@pytest.mark.parametrize("settings", [{}, {"hash_key": "a key", "quiet_days": 0}])
def test_without_a_key_or_a_period_nothing_is_silent(tmp_path: Path, settings: dict[str, Any]) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db", **settings)
    store.upgrade()
    show(store)
    override(store)

    assert not store.can_be_quiet
    assert not silenced(store)
    store.close()


def test_a_store_that_is_down_silences_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/no/such/folder/store.db", hash_key="a key")

    assert not silenced(store, on=date(2026, 11, 23))
