"""What the store remembers, on SQLite and on PostgreSQL."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError
from structlog.testing import capture_logs

from service.errors import ServiceError, StoreNotAvailable
from service.store import AuditEntry, CardEntry, Feedback, Store, database, prepare
from service.store.tables import audit, metadata, quiet, seen_tokens
from service.store.writer import Writer

# Tokens that expire so many days after a month ago: one before now, one after.
PURGED = (("old", 1), ("new", 40))


def a_call(**more: Any) -> AuditEntry:
    said = {"service": "fasciculation-red-flags", "knowledge_version": "v1", "latency_ms": 1.5}
    return AuditEntry(**{**said, **more})


def test_a_call_is_remembered(store: Store) -> None:
    before = datetime.now(UTC)
    instance = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"

    store.record(
        a_call(
            hook="patient-view",
            hook_instance=instance,
            rules=("muscle-weakness",),
            cards=(CardEntry(uuid="c1", topic="TwitchLifestyle"),),
        )
    )

    store.flush()
    (row,) = store.rows()
    assert before <= row["at"] <= datetime.now(UTC)
    assert row["rules"] == ["muscle-weakness"]
    assert row["cards"] == ["c1"]
    assert row["hook_instance"] == instance
    assert row["refusal"] is None


def test_calls_are_remembered_in_their_order(store: Store) -> None:
    for number in range(250):
        store.record(a_call(latency_ms=float(number)))

    store.flush()
    assert [row["latency_ms"] for row in store.rows()] == [float(n) for n in range(250)]


def test_a_patient_is_kept_as_a_keyed_hash_that_is_the_same_each_time(store: Store) -> None:
    for patient in ("p1", "p2", "p1"):
        store.record(a_call(patient=patient))

    store.flush()
    first, second, third = (row["patient_hash"] for row in store.rows())
    assert first == third != second
    assert "p1" not in str(store.rows())


def test_an_instance_that_is_no_uuid_is_not_kept(store: Store) -> None:
    store.record(a_call(hook_instance="Maria Sentinelson"))

    store.flush()
    assert store.rows()[0]["hook_instance"] is None


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    store.record(a_call())
    store.flush()

    store.upgrade()

    assert len(store.rows()) == 1
    assert store.condition() == "ok"


def test_a_moment_comes_back_in_utc_whatever_zone_it_went_in_with(store: Store) -> None:
    moment = datetime(2026, 11, 23, 1, 30, tzinfo=timezone(timedelta(hours=5)))

    with store._engine.begin() as connection:
        connection.execute(insert(seen_tokens), {"issuer": "i", "jti": "j", "expires": moment})
        (back,) = connection.scalars(select(seen_tokens.c.expires))

    assert back == moment
    assert back.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 23, 1, 30)  # noqa: DTZ001

    with store._engine.begin() as connection, pytest.raises(StatementError, match="time zone"):
        connection.execute(insert(seen_tokens), {"issuer": "i", "jti": "j", "expires": naive})


def test_sqlite_keeps_what_it_has_committed(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")

    with store._engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 1000, "foreign_keys": 1}
    store.close()


def test_without_a_key_no_hash_is_kept() -> None:
    store = Store("sqlite://")
    store.upgrade()

    store.record(a_call(patient="p1"))

    store.flush()
    assert store.rows()[0]["patient_hash"] is None
    store.close()


def test_a_database_that_cannot_be_had_costs_rows_which_are_counted(tmp_path: Path) -> None:
    alarms: list[tuple[str, int]] = []
    url = f"sqlite:///{tmp_path}/no/such/folder/store.db"
    store = Store(url, alarm=lambda what, count: alarms.append((what, count)))

    with capture_logs() as logged:
        store.record(a_call(patient="p1"))
        store.flush()

    assert store.lost == 1
    assert store.condition() == "failing"
    assert [line["event"] for line in logged] == ["audit rows lost"]
    assert alarms == [("rows-lost", 1), ("not-available", 1)]
    store.close()


def test_a_locked_sqlite_is_not_waited_for_long_and_costs_no_row(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.upgrade()
    item = Feedback(card="card", outcome="accepted", outcome_at=datetime.now(UTC))
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        store.record(a_call())
        began = monotonic()
        was_new = store.first_seen("https://ehr.example", "jti", datetime.now(UTC) + timedelta(days=1))
        token = monotonic() - began
        store._resting_until = 0
        with pytest.raises(StoreNotAvailable):
            store.note_feedback("https://ehr.example", "s", [item])
        both = monotonic() - began
        other.execute("ROLLBACK")

    store.flush()
    store._resting_until = 0
    assert (was_new, token < 2, both < 4.5) == (True, True, True)
    assert (store.lost, len(store.rows())) == (0, 1)
    store.close()


def test_a_writer_waits_longer_than_an_answer_does(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    asked = "PRAGMA busy_timeout"

    with store._engine.connect() as connection:
        with database.patiently(connection):
            inside = connection.exec_driver_sql(asked).scalar_one()
        after = connection.exec_driver_sql(asked).scalar_one()

    assert (inside, after) == (5000, 1000)
    store.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_of_sqlite_that_was_deleted_or_replaced_is_noticed(tmp_path: Path, replaced: bool) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.upgrade()
    before = store.condition()
    file = tmp_path / "store.db"
    if replaced:
        assert prepare(f"sqlite:///{tmp_path}/other.db") is None
        (tmp_path / "other.db").rename(file)
    else:
        file.unlink()

    with capture_logs() as logged:
        store.record(a_call())
        store.flush()
        told = [store.condition(), store.condition()]

    assert (before, told, store.lost) == ("ok", ["replaced", "replaced"], 1)
    assert file.exists() is replaced
    assert {line.get("why") for line in logged} == {"FileReplaced"}
    store.close()


def test_a_worker_that_begins_after_its_file_was_deleted_makes_no_empty_one(tmp_path: Path) -> None:
    prepare(f"sqlite:///{tmp_path}/store.db")
    store = Store(f"sqlite:///{tmp_path}/store.db")
    (tmp_path / "store.db").unlink()

    assert store.condition() == "replaced"
    assert not list(tmp_path.iterdir())
    store.close()


def test_a_store_whose_tables_are_of_another_version_says_so(store: Store) -> None:
    assert store.condition() == "ok"

    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    assert store.condition() == "outdated"


def test_a_store_without_tables_is_failing_and_is_not_asked_again_at_once() -> None:
    store = Store("sqlite://")

    assert store.condition() == "failing"
    store.upgrade()
    assert store.condition() == "failing"
    store._resting_until = 0
    assert store.condition() == "ok"
    store.close()


def test_the_newest_revision_is_the_last_of_the_migrations() -> None:
    folder = Path(database.__file__).with_name("migrations")

    assert ScriptDirectory(str(folder)).get_heads() == [database.NEWEST]


def test_a_closed_store_has_written_everything(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = Store(url)
    store.upgrade()

    for _ in range(20):
        store.record(a_call())
    store.close()

    assert len(Store(url).rows()) == 20


def test_a_process_that_ends_has_written_everything(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    program = (
        "from service.store import AuditEntry, Store\n"
        f"store = Store({url!r})\n"
        "store.upgrade()\n"
        "store.record(AuditEntry(service='s', knowledge_version='v', latency_ms=1.0))\n"
    )

    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)

    assert len(Store(url).rows()) == 1


def test_a_full_queue_loses_the_newest_row_and_says_so() -> None:
    written: list[Any] = []
    writer = Writer(written.extend, 2)
    writer._start = lambda: None  # type: ignore[method-assign]

    with capture_logs() as logged:
        for number in range(3):
            writer.put({"n": number})

    assert writer.lost == 1
    assert logged[0]["why"] == "the queue is full"


def test_preparing_makes_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"

    assert prepare(url) is None
    assert Store(url).condition() == "ok"


def test_preparing_tells_what_is_the_matter_without_the_password(tmp_path: Path) -> None:
    problem = prepare(f"postgresql+psycopg://user:sesame@/db?host={tmp_path}")

    assert problem
    assert "OperationalError" in problem
    assert "sesame" not in problem


def test_preparing_tells_that_a_newer_version_has_made_the_tables(url: str, store: Store) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    assert "newer version" in (prepare(url) or "")
    assert store.condition() == "outdated"


@pytest.mark.parametrize("url", ["", "no url", "oracular://x"])
def test_a_url_of_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(ServiceError, match="TWITCH_CDS_DATABASE_URL"):
        prepare(url)


def test_a_database_of_the_first_revision_keeps_its_audit(url: str, store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    with store._engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO audit (at, service, rules, cards, knowledge_version, latency_ms)"
            " VALUES ('2026-11-23 10:00:00', 's', '[]', '[\"c\"]', 'v', 1.0)"
        )

    store.upgrade()

    (row,) = store.rows()
    assert (row["cards"], row["withheld"]) == (["c"], {})


def test_purging_deletes_what_is_old_and_nothing_else(store: Store) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    for _ in range(2):
        store.record(a_call(client="c", cards=(CardEntry(uuid="c1", topic="T"),)))
    store.flush()
    with store._engine.begin() as connection:
        oldest = select(audit.c.id).order_by(audit.c.id).limit(1).scalar_subquery()
        connection.execute(audit.update().where(audit.c.id == oldest).values(at=long_ago))
        rows = [{"issuer": "i", "jti": jti, "expires": long_ago + timedelta(days=d)} for jti, d in PURGED]
        connection.execute(insert(seen_tokens), rows)
        settled = {"client": "c", "patient_hash": "h", "topic": "T", "evidence": "e", "since": long_ago}
        connection.execute(insert(quiet), settled)

    gone = store.purge(days=30)

    assert gone == {"audit": 1, "cards": 0, "feedback": 0, "quiet": 1, "seen_tokens": 1}
    assert len(store.rows()) == 1


def test_a_purge_that_cannot_be_done_says_so(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/no/such/folder/store.db")

    with pytest.raises(StoreNotAvailable):
        store.purge(days=30)


def test_a_postgres_that_is_gone_is_not_waited_for_long() -> None:
    engine = database.engine_for("postgresql+psycopg://user@host/name?connect_timeout=9")

    arguments = engine.dialect.create_connect_args(engine.url)[1]

    assert arguments["connect_timeout"] == "9"
