"""The store remembers which calls produced cards or were refused; never who the patient is.

Losing a row must never lose an answer: rows go into a queue that a thread of the
process writes, and a store that is down costs rows, a line in the log and a count,
nothing else. What a killed process (SIGKILL, power) had still queued is lost: the
rows of the last 0.2 seconds, and never more than `QUEUE`; a process that is asked to
stop writes them first.
"""

from __future__ import annotations

import atexit
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, insert, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from service.errors import ServiceError
from service.store.tables import audit
from service.store.writer import Writer

QUEUE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a CDS service for the audit. `patient` is an id; only its keyed hash is kept."""

    service: str
    knowledge_version: str
    latency_ms: float
    hook: str | None = None
    hook_instance: str | None = None
    patient: str | None = None
    rules: tuple[str, ...] = ()
    disposition: str | None = None
    cards: tuple[str, ...] = ()
    refusal: str | None = None
    client: str | None = None
    tenant: str | None = None
    jti: str | None = None


class Store:
    """One database, SQLite or PostgreSQL by its URL. It connects when it first has something to write."""

    def __init__(self, url: str, *, hash_key: str | None = None) -> None:
        self._engine = _engine(url)
        self._hash_key = hash_key.encode() if hash_key else None
        self._writer = Writer(self._write, QUEUE)
        atexit.register(self.close)

    @property
    def lost(self) -> int:
        """How many rows this process could not write."""
        return self._writer.lost

    def record(self, call: Call) -> None:
        """Note a call. Returns at once, and raises nothing."""
        self._writer.put({**_row(call), "patient_hash": self._hash(call.patient)})

    def flush(self) -> None:
        """Wait until everything noted so far is written, or lost."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is noted and let go of the database."""
        self._writer.stop()
        self._engine.dispose()

    def condition(self) -> str:
        """Whether the database answers: "ok" or "failing"."""
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1 FROM audit WHERE 1 = 0"))
        except SQLAlchemyError:
            return "failing"
        return "ok"

    def upgrade(self) -> None:
        """Bring the tables to the newest revision. Raises SQLAlchemyError if the database cannot be had."""
        # Here, because only the start of a service needs them.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        config.set_main_option("path_separator", "os")
        with self._engine.begin() as connection:
            _one_at_a_time(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def rows(self) -> list[dict[str, Any]]:
        """The audit, oldest first."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(audit.select().order_by(audit.c.id)).mappings()]

    def _write(self, rows: list[dict[str, Any]]) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(audit), rows)

    def _hash(self, patient: str | None) -> str | None:
        if not patient or not self._hash_key:
            return None
        return hmac.new(self._hash_key, patient.encode(), "sha256").hexdigest()


def prepare(url: str) -> str | None:
    """Make the database ready for a service that starts; in words what is the matter if it cannot be had.

    Raises:
        ServiceError: the URL is none, or of a database that we do not know.
    """
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        store = Store(url)
    except (ArgumentError, NoSuchModuleError) as cause:
        raise ServiceError(
            "TWITCH_CDS_DATABASE_URL is no database that we know. Write it like sqlite:///twitch-cds.db or"
            " postgresql+psycopg://user:password@host/name"
        ) from cause
    try:
        store.upgrade()
    except SQLAlchemyError as cause:
        return f"The database {shown} cannot be used ({type(cause).__name__})."
    finally:
        store.close()
    return None


def _row(call: Call) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC),
        "client": call.client,
        "tenant": call.tenant,
        "jti": call.jti,
        "hook_instance": _uuid(call.hook_instance),
        "service": call.service,
        "hook": call.hook,
        "rules": list(call.rules),
        "disposition": call.disposition,
        "cards": list(call.cards),
        "refusal": call.refusal,
        "knowledge_version": call.knowledge_version,
        "latency_ms": call.latency_ms,
    }


def _uuid(text: str | None) -> str | None:
    """A UUID in its usual spelling. Anything else could be anything, a name among it, and is not kept."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def _engine(url: str) -> Engine:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        return create_engine(parts, pool_pre_ping=True)
    if parts.database in (None, "", ":memory:"):
        # A database in memory belongs to its connection, so all threads share the one.
        engine = create_engine(parts, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(parts)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Readers beside the writer, and a commit that survives a power cut."""
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _one_at_a_time(connection: Connection) -> None:
    """Let a second process that starts now wait, and find the tables as the first one leaves them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7894621)"))
