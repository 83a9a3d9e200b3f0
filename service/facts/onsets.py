"""When it began, as told apart from what is stated: it dates statements without an onset of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.facts.amounts import Span
from service.facts.statements import Statement
from service.facts.truth import Truth

TWITCH, WEAKNESS = "twitch-onset", "weakness-onset"
WEAK, PROGRESSIVE = "muscle-weakness", "progressive"


@dataclass(frozen=True, slots=True)
class Began:
    """The onset of the twitching or of the weakness (`of`), as told on the day `stated`.

    It is not that of the aspect `but`.
    """

    of: str
    onset: Span
    source: str
    stated: Span | None = None
    but: str | None = None


def dated(statements: Iterable[Statement], told: Sequence[Began]) -> list[Statement]:
    """The statements; those that say YES without an onset of their own bear the newest that was told.

    An onset states nothing by itself, and does not date what was recorded before it.
    """
    if not told:
        return list(statements)
    statements = list(statements)
    of_twitch, of_weakness = _newest(TWITCH, told), _newest(WEAKNESS, told)
    if any(s.concept == WEAK and s.onset and s.truth is Truth.YES for s in statements):
        # That it progresses is then said of a weakness whose onset is known.
        of_weakness = replace(of_weakness, but=PROGRESSIVE) if of_weakness else None
    return [_dated(s, of_weakness if s.concept == WEAK else of_twitch) for s in statements]


def _newest(of: str, told: Iterable[Began]) -> Began | None:
    return max((began for began in told if began.of == of), key=_newness, default=None)


def _dated(said: Statement, began: Began | None) -> Statement:
    ours = said.concept == WEAK or said.kind == "twitch"
    if began is None or not ours or said.aspect == began.but or said.onset or said.truth is not Truth.YES:
        return said
    if said.stated and began.onset.first > said.stated.last:
        return said
    # Without a day of its own the onset is all that dates it, and does not make it old.
    counts = said.counts_days if said.stated else None
    return replace(said, onset=began.onset, onset_source=began.source, counts_days=counts)


def _newness(began: Began) -> tuple[date, date, str]:
    """The newest told counts; of one day the earlier onset."""
    day = began.stated.last if began.stated else date.min
    return day, date.fromordinal(date.max.toordinal() - began.onset.first.toordinal()), began.source
