"""What clinicians did with our cards: kept item by item without patients, and counted.

The comment that a clinician may type is not kept: it could name somebody.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from service.store import quiet
from service.store.database import insert_new
from service.store.tables import cards, feedback

# Suggestions whose kind a service did not say.
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What one clinician did with one card. `outcome` is "accepted" or "overridden"."""

    card: str
    outcome: str
    outcome_at: datetime
    suggestions: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None

    @property
    def digest(self) -> str:
        """The same for the same words, in whichever order the suggestions came and whatever the time zone."""
        at = self.outcome_at.astimezone(UTC).isoformat()
        said = (self.card, self.outcome, at, self.reason_system or "", self.reason_code or "")
        return hashlib.sha256("\x1f".join((*said, *sorted(self.suggestions))).encode()).hexdigest()


@dataclass(slots=True)
class Tally:
    """How often something was shown, and what became of it; once accepted, a card counts as accepted."""

    shown: int = 0
    accepted: int = 0
    overridden: int = 0

    @property
    def acceptance(self) -> float | None:
        """The share of accepted among those with feedback; None where there is none."""
        answered = self.accepted + self.overridden
        return round(self.accepted / answered, 3) if answered else None

    def add(self, *, accepted: bool, overridden: bool) -> None:
        """Count one card, or one suggestion."""
        self.shown += 1
        self.accepted += accepted
        self.overridden += overridden and not accepted


@dataclass(slots=True)
class Summary:
    """Feedback counted by topic, by rule, by kind of suggestion, and by topic and override reason."""

    cards: Tally = field(default_factory=Tally)
    topics: dict[str, Tally] = field(default_factory=dict)
    rules: dict[str, Tally] = field(default_factory=dict)
    suggestions: dict[str, Tally] = field(default_factory=dict)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_cards: int = 0


@dataclass(slots=True)
class _Outcome:
    """Everything that was said about one card."""

    accepted: bool = False
    overridden: bool = False
    suggestions: set[str] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)


def note(connection: Connection, client: str, service: str, items: Iterable[Feedback], now: datetime) -> int:
    """Keep the items, and settle what they settle; how many were not said before."""
    new = 0
    for item in items:
        shown = _card(connection, client, item.card)
        row = {
            "at": now,
            "client": client,
            "service": service,
            "card": item.card,
            "known": shown is not None,
            "outcome": item.outcome,
            "outcome_at": item.outcome_at,
            "suggestions": list(item.suggestions),
            "reason_system": item.reason_system,
            "reason_code": item.reason_code,
            "said": item.digest,
        }
        kept = insert_new(connection, feedback).on_conflict_do_nothing().returning(feedback.c.id)
        new += connection.execute(kept, row).first() is not None
        if shown and quiet.settles(item.outcome, item.reason_system, item.reason_code):
            _settle(connection, client, shown, min(item.outcome_at, now))
    return new


def catch_up(connection: Connection, shown: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Let feedback count that overtook its card, which waited in the queue of another process."""
    by_card = {(card["client"], card["card"]): card for card in shown}
    if not by_card:
        return
    early = select(feedback).where(
        feedback.c.known.is_(False), feedback.c.card.in_({card for _, card in by_card})
    )
    for row in connection.execute(early).mappings().all():
        card = by_card.get((row["client"], row["card"]))
        if card is None:
            continue
        connection.execute(update(feedback).where(feedback.c.id == row["id"]).values(known=True))
        if quiet.settles(row["outcome"], row["reason_system"], row["reason_code"]):
            _settle(connection, row["client"], card, min(row["outcome_at"], now))


def summary(connection: Connection, client: str | None, since: datetime | None) -> Summary:
    """Feedback on the cards shown since then, of one client or of all."""
    outcomes = _outcomes(connection, client)
    counted = Summary(unknown_cards=_unknown(connection, client, since))
    for row in _rows(connection, _of(select(cards), cards, client, since)):
        said = outcomes.get((row["client"], row["card"]), _Outcome())
        counted.cards.add(accepted=said.accepted, overridden=said.overridden)
        for tallies, names in ((counted.topics, [row["topic"]]), (counted.rules, row["rules"])):
            for name in names:
                tallies.setdefault(name, Tally()).add(accepted=said.accepted, overridden=said.overridden)
        for kind, accepted in _suggested(row["suggestions"], said.suggestions).items():
            tally = counted.suggestions.setdefault(kind, Tally())
            # What was not taken of an answered card was passed over.
            tally.add(accepted=accepted, overridden=said.accepted or said.overridden)
        counted.reasons.update((row["topic"], reason) for reason in said.reasons)
    return counted


def _card(connection: Connection, client: str, card: str) -> Mapping[str, Any] | None:
    wanted = select(cards).where(cards.c.client == client, cards.c.card == card)
    found = connection.execute(wanted).mappings().one_or_none()
    return dict(found) if found else None


def _settle(connection: Connection, client: str, shown: Mapping[str, Any], since: datetime) -> None:
    """Only where we know for whom and on what evidence, and never what must be said each time."""
    patient_hash, evidence = shown["patient_hash"], shown["evidence"]
    if patient_hash and evidence and shown["topic"] not in quiet.NEVER_QUIET:
        quiet.settle(
            connection,
            client=client,
            patient_hash=patient_hash,
            topic=shown["topic"],
            evidence=evidence,
            since=since,
        )


def _outcomes(connection: Connection, client: str | None) -> dict[tuple[str, str], _Outcome]:
    found: dict[tuple[str, str], _Outcome] = defaultdict(_Outcome)
    for row in _rows(connection, _of(select(feedback), feedback, client, None)):
        said = found[row["client"], row["card"]]
        said.accepted |= row["outcome"] == "accepted"
        said.overridden |= row["outcome"] == "overridden"
        said.suggestions |= set(row["suggestions"])
        if row["outcome"] == "overridden":
            said.reasons.append(row["reason_code"] or "none given")
    return found


def _suggested(kinds: Mapping[str, str], accepted: set[str]) -> dict[str, bool]:
    """Each kind of suggestion on the card, and whether one of it was accepted."""
    found: dict[str, bool] = {}
    for uuid, kind in kinds.items():
        found[kind or OTHER] = found.get(kind or OTHER, False) or uuid in accepted
    return found


def _unknown(connection: Connection, client: str | None, since: datetime | None) -> int:
    counted = select(func.count(feedback.c.card.distinct())).where(feedback.c.known.is_(False))
    return int(connection.execute(_of(counted, feedback, client, since)).scalar_one())


def _of(wanted: Select[Any], table: Any, client: str | None, since: datetime | None) -> Select[Any]:
    if client is not None:
        wanted = wanted.where(table.c.client == client)
    return wanted.where(table.c.at >= since) if since else wanted


def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[Mapping[str, Any]]:
    for row in connection.execution_options(yield_per=500).execute(wanted).mappings():
        yield dict(row)
