"""Answers that carry their reasons.

A rule combines answers with `&`, `|` and `~` as if they were truths; what a YES
or NO rests on, and what an UNKNOWN lacks, travels along. So the card's "from the
record", the JSON of `/evaluate` and the open questions are renderings of one
value, and explaining costs a rule's author nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from service.facts.amounts import Amount, Span
from service.facts.places import Place
from service.facts.reasons import NOT_RECORDED, Reason
from service.facts.truth import Truth

T = TypeVar("T")


class Kind(Enum):
    """What a basis is: `concept` is an id of codes, of analytes, of medicines or of what runs in a family."""

    STATEMENT = "statement"
    RESULT = "result"
    MEDICINE = "medicine"
    RELATIVE = "relative"


class How(Enum):
    """How a statement is known: a clinician saw it, or somebody told."""

    EXAMINED = "examined"
    REPORTED = "reported"


class Denial(Enum):
    """In which way a NO was stated: denied outright, refuted, or over."""

    DENIED = "no"
    REFUTED = "refuted"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Basis:
    """One thing in the record that an answer rests on: ids and values, which renderings put into words.

    `concept` is an id of the knowledge, `aspect` the narrower thing within it, `value` a coded value's id,
    a quantity, or a medicine's name as the record writes it; `code` is (system, code) where only the code's
    own display tells what was recorded. `source` is a reference such as "Condition/w1", `date` the day as the
    record writes it; `notes` is what must be said of the statement (preliminary, the record disagrees).
    `stated` is when it was said, `onset` when it began.
    """

    concept: str
    source: str | None = None
    date: str | None = None
    notes: tuple[Reason, ...] = ()
    stated: Span | None = None
    onset: Span | None = None
    kind: Kind = Kind.STATEMENT
    aspect: str = ""
    place: Place | None = None
    value: str | Amount | None = None
    how: How | None = None
    denial: Denial | None = None
    code: tuple[str, str] | None = None

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
    why: Reason
    recorded: bool = False


class Answer:
    """A truth with its reasons.

    `basis` holds what a YES or a NO rests on (for UNKNOWN: what is known so far);
    `gaps` holds what an UNKNOWN lacks and is empty otherwise. Both are gathered from
    the parts of a combined answer when somebody reads them, which few do.
    """

    __slots__ = ("_basis", "_gaps", "_parts", "truth")

    def __init__(self, truth: Truth, basis: tuple[Basis, ...] = (), gaps: tuple[Gap, ...] = ()) -> None:
        self.truth = truth
        self._basis: tuple[Basis, ...] | None = basis
        self._gaps: tuple[Gap, ...] | None = gaps
        self._parts: Sequence[Answer] = ()

    def __and__(self, other: Answer) -> Answer:
        """YES rests on both; NO on the sides that are NO; an UNKNOWN keeps what is known beside it."""
        truth = self.truth & other.truth
        if truth is Truth.NO and self.truth is not other.truth:
            return self if self.truth is Truth.NO else other
        return _resting_on(truth, (self, other))

    def __or__(self, other: Answer) -> Answer:
        """YES rests on the sides that are YES; NO on both."""
        if self.truth is other.truth:
            return _resting_on(self.truth, (self, other))
        return self if self.truth.rank > other.truth.rank else other

    def __invert__(self) -> Answer:
        """YES and NO change places; the reasons stay."""
        return _resting_on(~self.truth, (self,))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Answer):
            return NotImplemented
        return (self.truth, self.basis, self.gaps) == (other.truth, other.basis, other.gaps)

    def __hash__(self) -> int:
        return hash((self.truth, self.basis, self.gaps))

    def __repr__(self) -> str:
        return f"Answer({self.truth.name}, basis={self.basis!r}, gaps={self.gaps!r})"

    @property
    def yes(self) -> bool:
        """Whether it is certain; everything else, UNKNOWN included, is False."""
        return self.truth is Truth.YES

    @property
    def basis(self) -> tuple[Basis, ...]:
        """The statements and results that the answer rests on, each once."""
        if self._basis is None:
            self._basis = _merged([part.basis for part in self._parts])
        return self._basis

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What an UNKNOWN lacks."""
        if self._gaps is None:
            self._gaps = _merged([part.gaps for part in self._parts])
        return self._gaps


YES = Answer(Truth.YES)
NO = Answer(Truth.NO)


def unknown(fact: str, why: Reason | str, *, basis: Iterable[Basis] = (), recorded: bool = False) -> Answer:
    """UNKNOWN, because `fact` is not known, for the reason `why` (a bare id where it has no values)."""
    named = Reason(why) if isinstance(why, str) else why
    return Answer(Truth.UNKNOWN, tuple(basis), (Gap(fact, named, recorded),))


def certain(claim: bool) -> Answer:
    """YES or NO for a claim about the record or the calendar, which cannot be unknown."""
    return YES if claim else NO


@lru_cache(maxsize=1024)
def not_recorded(fact: str) -> Answer:
    """UNKNOWN, because the record is silent about `fact`."""
    return unknown(fact, NOT_RECORDED)


def any_of(answers: Iterable[Answer]) -> Answer:
    """YES as soon as one is; NO for none at all."""
    truth, deciding = Truth.NO, []
    for answer in answers:
        if answer.truth is truth:
            deciding.append(answer)
        elif answer.truth.rank > truth.rank:
            truth, deciding = answer.truth, [answer]
    return _deciding(truth, deciding)


def at_least(count: int, answers: Iterable[Answer]) -> Answer:
    """Whether `count` or more of the answers are YES."""
    answers = tuple(answers)
    yes = sum(a.truth is Truth.YES for a in answers)
    unsure = sum(a.truth is Truth.UNKNOWN for a in answers)
    if yes >= count:
        return _deciding(Truth.YES, [a for a in answers if a.truth is Truth.YES])
    if yes + unsure < count:
        return _deciding(Truth.NO, [a for a in answers if a.truth is Truth.NO])
    return _deciding(Truth.UNKNOWN, [a for a in answers if a.truth is not Truth.NO])


def _deciding(truth: Truth, parts: Sequence[Answer]) -> Answer:
    """The answer that the parts give together; one alone is that answer itself."""
    return parts[0] if len(parts) == 1 else _resting_on(truth, parts)


def _resting_on(truth: Truth, parts: Sequence[Answer]) -> Answer:
    """An answer whose reasons are gathered from the parts when somebody reads them."""
    answer = Answer(truth)
    answer._parts = parts
    answer._basis = None
    if truth is Truth.UNKNOWN:
        answer._gaps = None
    return answer


def _merged(groups: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    filled = [group for group in groups if group]
    if len(filled) < 2:
        return filled[0] if filled else ()
    return tuple(dict.fromkeys(item for group in filled for item in group))
