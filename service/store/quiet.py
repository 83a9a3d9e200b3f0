"""Quiet: advice that a clinician has settled for a patient is not repeated until something changes.

What counts is one topic for one patient of one client, on the evidence of the card that was
overridden. New evidence, another topic (an urgent referral after a routine one) or the end of
the period speaks again. What may be wrong here must be wrong towards speaking.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, select

from service.store.database import insert_new
from service.store.tables import quiet

# Advice to act today is given each time, whatever was said before.
NEVER_QUIET = frozenset({"TwitchSameDay"})
# Why advice is settled. "I disagree", "not now" and "not available" are answers too, but they do not last.
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
SETTLED = frozenset({"action-completed", "patient-refuses", "cds-not-applicable"})

# Built once: a card waits for it.
_SINCE = select(quiet.c.since).where(
    *(quiet.c[name] == bindparam(name) for name in ("client", "patient_hash", "topic", "evidence"))
)


def settles(outcome: str, system: str | None, code: str | None) -> bool:
    """Whether the feedback settles the advice; Epic sends reasons of a site without our system."""
    return outcome == "overridden" and code in SETTLED and system in (REASONS, None)


def settle(
    connection: Connection, *, client: str, patient_hash: str, topic: str, evidence: str, since: datetime
) -> None:
    """Note that the advice is settled; the newest word holds."""
    fresh = insert_new(connection, quiet).values(
        client=client, patient_hash=patient_hash, topic=topic, evidence=evidence, since=since
    )
    connection.execute(
        fresh.on_conflict_do_update(
            index_elements=[quiet.c.client, quiet.c.patient_hash, quiet.c.topic],
            set_={"evidence": fresh.excluded.evidence, "since": fresh.excluded.since},
            where=quiet.c.since <= fresh.excluded.since,
        )
    )


def is_settled(
    connection: Connection,
    *,
    client: str,
    patient_hash: str,
    topic: str,
    evidence: str,
    on: date,
    days: int,
) -> bool:
    """Whether the advice was settled on this evidence less than `days` before `on`."""
    asked = {"client": client, "patient_hash": patient_hash, "topic": topic, "evidence": evidence}
    since = connection.execute(_SINCE, asked).scalar_one_or_none()
    return since is not None and (on - since.date()).days < days


def forget_ended(connection: Connection, before: datetime) -> int:
    """Delete what was settled before this moment; how many there were."""
    return connection.execute(delete(quiet).where(quiet.c.since < before)).rowcount
