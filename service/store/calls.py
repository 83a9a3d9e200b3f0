"""A call of a CDS service as the audit keeps it, and what its cards were about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from service.store.database import insert_new
from service.store.tables import audit, cards

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntry:
    """One card of a call: its topic, the rules that led to it, and each suggestion's UUID with its kind.

    `withheld` says why the clinician did not see it ("quiet", "silent"); then it can have no feedback.
    """

    uuid: str
    topic: str
    rules: tuple[str, ...] = ()
    suggestions: Mapping[str, str] = field(default_factory=dict)
    withheld: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A call of a CDS service. `patient` is an id; only its keyed hash is kept.

    `client` is the issuer, None in the open mode. `evidence` is what `fingerprint_of` gives.
    """

    service: str
    knowledge_version: str
    latency_ms: float
    hook: str | None = None
    hook_instance: str | None = None
    patient: str | None = None
    rules: tuple[str, ...] = ()
    disposition: str | None = None
    cards: tuple[CardEntry, ...] = ()
    evidence: str | None = None
    refusal: str | None = None
    client: str | None = None
    tenant: str | None = None
    jti: str | None = None


def rows_of(call: AuditEntry, at: datetime, hashed: Callable[..., str | None]) -> tuple[Row, list[Row]]:
    """The row of a call, and the rows of its cards; `hashed` gives the keyed hash of texts."""
    patient_hash = hashed(call.client, call.tenant, call.patient) if call.patient else None
    shown = [card for card in call.cards if card.withheld is None]
    row = {
        "at": at,
        "client": call.client,
        "tenant": call.tenant,
        "jti": call.jti,
        "hook_instance": uuid_of(call.hook_instance),
        "service": call.service,
        "hook": call.hook,
        "rules": list(call.rules),
        "disposition": call.disposition,
        "cards": [card.uuid for card in shown],
        "refusal": call.refusal,
        "knowledge_version": call.knowledge_version,
        "latency_ms": call.latency_ms,
        "patient_hash": patient_hash,
        "withheld": {card.topic: card.withheld for card in call.cards if card.withheld},
    }
    return row, [
        {
            "client": call.client or "",
            "card": card.uuid,
            "at": at,
            "topic": card.topic,
            "rules": list(card.rules),
            "suggestions": dict(card.suggestions),
            "evidence": hashed(call.evidence) if call.evidence else None,
            "patient_hash": patient_hash,
        }
        for card in shown
    ]


def write(connection: Connection, calls: Iterable[tuple[Row, list[Row]]]) -> list[Row]:
    """Insert calls and their cards, and give the cards; one that was shown before stays as it was."""
    calls = list(calls)
    connection.execute(insert(audit), [row for row, _ in calls])
    shown = [card for _, cards_of_call in calls for card in cards_of_call]
    if shown:
        connection.execute(insert_new(connection, cards).on_conflict_do_nothing(), shown)
    return shown


def read(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Row]:
    """The calls from `since` to before `until`, oldest first, a few at a time."""
    wanted = select(audit).order_by(audit.c.id)
    if since:
        wanted = wanted.where(audit.c.at >= since)
    if until:
        wanted = wanted.where(audit.c.at < until)
    for row in connection.execution_options(yield_per=500).execute(wanted).mappings():
        yield dict(row)


def uuid_of(text: str | None) -> str | None:
    """A UUID in its usual spelling. Anything else could be anything, a name among it, and is not kept."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
