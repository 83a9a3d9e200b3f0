"""A token is accepted once, whichever worker it comes to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from service.auth import SeenTokens
from service.store import Store
from service.store.tables import seen_tokens
from service.store.tokens import OwnTokens

ISSUER = "https://ehr.example"
LATER = datetime.now(UTC) + timedelta(hours=1)


def test_the_store_is_a_memory_of_tokens_as_auth_wants_it(store: Store) -> None:
    memory: SeenTokens = store

    assert memory.first_seen(ISSUER, "one", LATER)


def test_a_token_is_seen_first_once(store: Store) -> None:
    answers = [store.first_seen(ISSUER, jti, LATER) for jti in ("one", "two", "one")]

    assert answers == [True, True, False]


def test_the_same_id_of_another_issuer_is_another_token(store: Store) -> None:
    assert store.first_seen(ISSUER, "one", LATER)
    assert store.first_seen("https://other.example", "one", LATER)


def test_of_many_workers_exactly_one_sees_a_token_first(store: Store, url: str) -> None:
    workers = [Store(url) for _ in range(4)]
    together = Barrier(8)

    def use(number: int) -> bool:
        together.wait()
        return workers[number % 4].first_seen(ISSUER, "one", LATER)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(use, range(8)))

    assert answers.count(True) == 1
    assert sum(worker.unchecked for worker in workers) == 0
    for worker in workers:
        worker.close()


def test_expired_tokens_are_cleared_away_now_and_then(store: Store, url: str) -> None:
    store.first_seen(ISSUER, "old", datetime.now(UTC) - timedelta(seconds=1))
    next_worker = Store(url)

    next_worker.first_seen(ISSUER, "new", LATER)

    with store._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(seen_tokens)) == 1
    next_worker.close()


@pytest.fixture
def broken(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/no/such/folder/store.db")


def test_a_store_that_is_down_lets_a_token_pass_counts_it_and_says_so(broken: Store) -> None:
    with capture_logs() as logged:
        assert broken.first_seen(ISSUER, "one", LATER)

    assert broken.unchecked == 1
    assert {line["log_level"] for line in logged} == {"error"}
    assert "one" not in str([line.values() for line in logged if line["event"] != "x"]).split("unchecked")[0]


def test_while_the_store_is_down_this_process_still_refuses_what_it_has_seen(broken: Store) -> None:
    answers = [broken.first_seen(ISSUER, "one", LATER) for _ in range(2)]

    assert answers == [True, False]


def test_a_store_that_failed_is_not_asked_again_at_once(broken: Store) -> None:
    with capture_logs() as logged:
        for number in range(20):
            broken.first_seen(ISSUER, str(number), LATER)

    assert [line["event"] for line in logged].count("store not available") == 1
    assert broken.unchecked == 20


def test_a_process_remembers_no_more_than_it_may_and_forgets_the_oldest() -> None:
    own, now = OwnTokens(2), datetime.now(UTC)

    for jti in ("one", "two", "three"):
        own.first_seen(ISSUER, jti, LATER, now)

    assert not own.first_seen(ISSUER, "three", LATER, now)
    assert own.first_seen(ISSUER, "one", LATER, now)


def test_a_process_forgets_what_has_expired() -> None:
    own, now = OwnTokens(), datetime.now(UTC)

    own.first_seen(ISSUER, "one", now - timedelta(seconds=1), now)

    assert own.first_seen(ISSUER, "one", LATER, now)
