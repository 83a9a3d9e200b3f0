"""The store remembers which calls produced cards or were refused, and what became of the cards.

Never who the patient is. What clinicians did with a card is kept until `purge`.
Losing a row must never lose an answer: rows go into a queue that a thread of the
process writes, and a store that is down costs rows, a line in the log and a count,
nothing else. What a killed process (SIGKILL, power) had still queued is lost: the
rows of the last 0.2 seconds, and never more than `QUEUE`; a process that is asked to
stop writes them first.

What an answer waits for (was this token used? is this advice settled?) is asked at once.
A store that does not answer is left alone for a moment, and the doubt falls to the side of
the patient: the token is accepted, unless this process has seen it, and the card is shown.
"""

from __future__ import annotations

import atexit
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Connection, delete
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import NothingKept, StoreNotAvailable
from service.store import calls, database, feedback, quiet, tokens
from service.store.calls import AuditEntry, CardEntry, Row
from service.store.database import lacking, prepare
from service.store.feedback import Feedback, Summary, Tally
from service.store.tables import audit, cards
from service.store.tables import feedback as feedback_table
from service.store.writer import Writer

__all__ = ["AuditEntry", "CardEntry", "Feedback", "Store", "Summary", "Tally", "lacking", "prepare"]

QUEUE = 1000
QUIET_DAYS = 90
# How long a silent store is left alone, when used tokens are cleared, how long feedback waits for a card.
REST_S, SWEEP_S, FLUSH_S = 5.0, 600.0, 1.0

log = structlog.get_logger()


class Store:
    """One database, SQLite or PostgreSQL by its URL. It connects when it first has something to do.

    Without a `hash_key` patients are not told apart, so nothing is ever quiet. `alarm` is told
    what the store could not do, and how often: "rows-lost", "not-available", "token-unchecked".
    """

    def __init__(
        self,
        url: str,
        *,
        hash_key: str | None = None,
        quiet_days: int = QUIET_DAYS,
        alarm: Callable[[str, int], None] = lambda what, count: None,
    ) -> None:
        self._engine = database.engine_for(url)
        self._hash_key = hash_key.encode() if hash_key else None
        self._quiet_days = quiet_days
        self._alarm = alarm
        self._writer = Writer(self._write, QUEUE, alarm=lambda count: alarm("rows-lost", count))
        self._own_tokens = tokens.OwnTokens()
        self._resting_until = 0.0
        self._next_sweep = 0.0
        self.unchecked = 0
        """How many tokens this process accepted without the database; one may have been used elsewhere."""
        atexit.register(self.close)

    @property
    def lost(self) -> int:
        """How many rows this process could not write."""
        return self._writer.lost

    def record(self, call: AuditEntry) -> None:
        """Note a call. Returns at once, and raises nothing."""
        self._writer.put(calls.rows_of(call, datetime.now(UTC), self._hash))

    def flush(self) -> None:
        """Wait until everything noted so far is written, or lost."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is noted and let go of the database."""
        self._writer.stop()
        self._engine.dispose()

    def condition(self) -> str:
        """Whether the database answers, and its tables are the newest: "ok", "failing" or "outdated".

        One of SQLite whose file was deleted or exchanged is "replaced". One that did not answer a moment
        ago is "failing" without being asked again.
        """
        try:
            with self._transaction() as connection:
                return "ok" if database.revision(connection) == database.NEWEST else "outdated"
        except StoreNotAvailable as why:
            return "replaced" if isinstance(why.__cause__, database.FileReplaced) else "failing"

    def upgrade(self) -> None:
        """Bring the tables to the newest revision. Raises SQLAlchemyError if the database cannot be had."""
        database.upgrade(self._engine)

    def rows(self) -> list[dict[str, Any]]:
        """The whole audit, oldest first."""
        return list(self.calls())

    def calls(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[dict[str, Any]]:
        """The audit from `since` to before `until`, oldest first, without holding it all in memory.

        Raises:
            StoreNotAvailable: the database does not answer.
        """
        with self._transaction() as connection:
            yield from calls.read(connection, since, until)

    def first_seen(self, issuer: str, jti: str, expires_at: datetime) -> bool:
        """Note a token; False if it was noted before, by whichever worker.

        While the store is down, what this process has seen decides, and the token is counted as
        `unchecked`. To refuse everybody would lose every red flag; to replay a token that was
        signed for us brings whoever stole it nothing but our opinion on data of their own.
        """
        now = datetime.now(UTC)
        if not self._own_tokens.first_seen(issuer, jti, expires_at, now):
            return False
        try:
            with self._transaction() as connection:
                self._sweep(connection, now)
                return tokens.note(connection, issuer, jti, expires_at)
        except StoreNotAvailable:
            self.unchecked += 1
            self._alarm("token-unchecked", 1)
            log.error("token accepted without asking the store", unchecked=self.unchecked)
            return True

    def note_feedback(self, client: str | None, service: str, items: Sequence[Feedback]) -> int:
        """Keep what clinicians did with cards, all items or none; how many were not said before.

        Raises:
            NothingKept: the client is to send it again.
        """
        self._writer.flush(FLUSH_S)
        with self._transaction(NothingKept) as connection:
            return feedback.note(connection, client or "", service, items, datetime.now(UTC))

    def summary(self, *, client: str | None = None, since: datetime | None = None) -> Summary:
        """Feedback counted, of one client ("" is everybody in the open mode) or of all.

        Raises:
            StoreNotAvailable: the database does not answer.
        """
        self._writer.flush(FLUSH_S)
        with self._transaction() as connection:
            return feedback.summary(connection, client, since)

    @property
    def can_be_quiet(self) -> bool:
        """Whether overrides silence advice: patients can be told apart, and the period is not 0."""
        return self._hash_key is not None and self._quiet_days > 0

    def silenced(
        self,
        client: str | None,
        patient: str,
        topic: str,
        evidence: str,
        on: date,
        *,
        tenant: str | None = None,
    ) -> bool:
        """Whether a clinician has settled this advice for this patient, on this evidence, in the period.

        `evidence` is what `fingerprint_of` gives. Same-day advice never is, and neither is anything while
        the store does not answer.
        """
        patient_hash, evidence_hash = self._hash(client, tenant, patient), self._hash(evidence)
        if not self.can_be_quiet or not patient_hash or not evidence_hash or topic in quiet.NEVER_QUIET:
            return False
        try:
            with self._transaction() as connection:
                return quiet.is_settled(
                    connection,
                    client=client or "",
                    patient_hash=patient_hash,
                    topic=topic,
                    evidence=evidence_hash,
                    on=on,
                    days=self._quiet_days,
                )
        except StoreNotAvailable:
            return False

    def purge(self, *, days: int) -> dict[str, int]:
        """Delete what is older than `days`, expired tokens and ended quiet; how many rows of each.

        Raises:
            StoreNotAvailable: the database does not answer; nothing was deleted.
        """
        now = datetime.now(UTC)
        before = now - timedelta(days=days)
        gone = {}
        with self._transaction() as connection:
            for table in (audit, cards, feedback_table):
                gone[table.name] = connection.execute(delete(table).where(table.c.at < before)).rowcount
            ended = max(before, now - timedelta(days=self._quiet_days + 1))
            gone["quiet"] = quiet.forget_ended(connection, ended)
            gone["seen_tokens"] = tokens.forget_expired(connection, now)
        return gone

    @contextmanager
    def _transaction(self, failure: type[StoreNotAvailable] = StoreNotAvailable) -> Iterator[Connection]:
        """A connection whose work is kept as a whole, or `failure`; at once while the store rests."""
        if monotonic() < self._resting_until:
            raise failure
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as cause:
            if isinstance(cause, OperationalError | InterfaceError | PoolTimeout):
                self._resting_until = monotonic() + REST_S
            self._alarm("not-available", 1)
            log.error("store not available", why=type(cause).__name__)
            raise failure from cause

    def _sweep(self, connection: Connection, now: datetime) -> None:
        if monotonic() >= self._next_sweep:
            self._next_sweep = monotonic() + SWEEP_S
            tokens.forget_expired(connection, now)

    def _write(self, rows: list[tuple[Row, list[Row]]]) -> None:
        with self._engine.begin() as connection, database.patiently(connection):
            shown = calls.write(connection, rows)
            feedback.catch_up(connection, shown, datetime.now(UTC))

    def _hash(self, *parts: str | None) -> str | None:
        if not self._hash_key:
            return None
        said = "\x1f".join(part or "" for part in parts)
        return hmac.new(self._hash_key, said.encode(), "sha256").hexdigest()
