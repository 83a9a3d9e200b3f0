"""Answers that carry their reasons.

A rule combines answers with `&`, `|` and `~` as if they were truths; what a YES
or NO rests on, and what an UNKNOWN lacks, travels along. So the card's "from the
record", the JSON of `/evaluate` and the open questions are renderings of one
value, and explaining costs a rule's author nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from service.amounts import Span
from service.truth import Truth

T = TypeVar("T")

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Basis:
    """One thing in the record that an answer rests on.

    `fact` is in words; `source` a reference such as "Condition/w1"; `date` the day
    as the record writes it; `note` what must be said of the statement (preliminary,
    the record disagrees). `stated` is when it was said, `onset` when it began.
    """

    fact: str
    source: str | None = None
    date: str | None = None
    note: str | None = None
    stated: Span | None = None
    onset: Span | None = None

    @property
    def earliest(self) -> Span | None:
        """The first day this speaks of: the onset where known, else when it was recorded."""
        return self.onset or self.stated


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not known: which fact (an id of the knowledge), and why.

    `recorded` tells a statement that leaves the question open (a code that is too
    wide, a value without a unit) from plain silence.
    """

    fact: str
    why: str
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A truth with its reasons.

    `basis` holds what a YES or a NO rests on (for UNKNOWN: what is known so far);
    `gaps` holds what an UNKNOWN lacks and is empty otherwise.
    """

    truth: Truth
    basis: tuple[Basis, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __and__(self, other: Answer) -> Answer:
        return _joined(self, other, self.truth & other.truth, every=Truth.YES)

    def __or__(self, other: Answer) -> Answer:
        return _joined(self, other, self.truth | other.truth, every=Truth.NO)

    def __invert__(self) -> Answer:
        return replace(self, truth=~self.truth)

    @property
    def yes(self) -> bool:
        """Whether it is certain; everything else, UNKNOWN included, is False."""
        return self.truth is Truth.YES

    def noted(self, note: str) -> Answer:
        """The same answer, its basis carrying one more note."""
        return replace(self, basis=tuple(replace(b, note=_both(b.note, note)) for b in self.basis))


YES = Answer(Truth.YES)
NO = Answer(Truth.NO)


def unknown(fact: str, why: str, *, basis: Iterable[Basis] = (), recorded: bool = False) -> Answer:
    """UNKNOWN, because `fact` is not known, for the reason `why` (words for a clinician)."""
    return Answer(Truth.UNKNOWN, tuple(basis), (Gap(fact, why, recorded),))


def certain(claim: bool) -> Answer:
    """YES or NO for a claim about the record or the calendar, which cannot be unknown."""
    return YES if claim else NO


@lru_cache(maxsize=1024)
def not_recorded(fact: str) -> Answer:
    """UNKNOWN, because the record is silent about `fact`."""
    return unknown(fact, NOT_RECORDED)


def any_of(answers: Iterable[Answer]) -> Answer:
    """YES as soon as one is; NO for none at all."""
    answers = tuple(answers)
    for truth in (Truth.YES, Truth.UNKNOWN):
        sides = [a for a in answers if a.truth is truth]
        if sides:
            return Answer(truth, _merged(a.basis for a in sides), _merged(a.gaps for a in sides))
    return Answer(Truth.NO, _merged(a.basis for a in answers))


def at_least(count: int, answers: Iterable[Answer]) -> Answer:
    """Whether `count` or more of the answers are YES."""
    answers = tuple(answers)
    yes = [a for a in answers if a.truth is Truth.YES]
    unsure = [a for a in answers if a.truth is Truth.UNKNOWN]
    if len(yes) >= count:
        return Answer(Truth.YES, _merged(a.basis for a in yes))
    if len(yes) + len(unsure) < count:
        return Answer(Truth.NO, _merged(a.basis for a in answers if a.truth is Truth.NO))
    known = _merged(a.basis for a in yes)
    return Answer(Truth.UNKNOWN, known, _merged(a.gaps for a in unsure))


def _joined(a: Answer, b: Answer, truth: Truth, *, every: Truth) -> Answer:
    """`every` is the truth that needs both sides; the other extreme needs only the sides that have it."""
    if truth is Truth.UNKNOWN:
        sides = [s for s in (a, b) if s.truth is not Truth.NO]
    else:
        sides = [s for s in (a, b) if truth is every or s.truth is truth]
    if len(sides) == 1:
        return sides[0]
    first, second = sides
    gaps = _merged((first.gaps, second.gaps)) if truth is Truth.UNKNOWN else ()
    return Answer(truth, _merged((first.basis, second.basis)), gaps)


def _merged(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    filled = [group for group in groups if group]
    if len(filled) < 2:
        return filled[0] if filled else ()
    return tuple(dict.fromkeys(item for group in filled for item in group))


def _both(first: str | None, second: str) -> str:
    return second if not first or second in first else f"{first}; {second}"
