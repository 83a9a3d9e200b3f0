"""What a record states: that something is so, is not so, or was asked without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Any

from service.facts.amounts import Span
from service.facts.answers import Basis
from service.facts.truth import Truth

DISAGREES = "the record disagrees"


class Form(Enum):
    """In which form a statement came: a problem-list entry, an observation, a questionnaire's answer."""

    CONDITION = "Condition"
    OBSERVATION = "Observation"
    ANSWER = "QuestionnaireResponse"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the body: a site with its region and side, or (site None) a region alone."""

    site: str | None
    region: str | None
    side: str | None = None
    words: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The site with its side, as the assessment writes it: "hand-right"."""
        return f"{self.site}-{self.side}" if self.side else str(self.site)

    def covers(self, other: Place) -> bool:
        """Whether a statement about this place speaks of the other too; without a side it means either."""
        if self.site is None or other.site is None:
            return self.region == other.region
        return self.site == other.site and (None in (self.side, other.side) or self.side == other.side)


@dataclass(frozen=True)
class Statement:
    """One statement of the record about one concept (a named set of codes).

    `aspect` is the narrower thing that was said ("foot-drop" within muscle weakness),
    or "" for the concept itself. UNKNOWN means: asked, but `note` says why the answer
    is of no use. `ended` is a NO that was a YES before (a resolved problem), `open_end`
    one that ended on no recorded day.
    `counts_days` is how long such a statement counts; None is for as long as it stands.
    `confirmed` is False for a diagnosis that is only suspected.
    """

    concept: str
    truth: Truth
    words: str
    source: str
    form: Form
    kind: str = "symptom"
    aspect: str = ""
    stated: Span | None = None
    onset: Span | None = None
    place: Place | None = None
    examined: bool = False
    refuted: bool = False
    ended: bool = False
    open_end: bool = False
    confirmed: bool = True
    counts_days: float | None = None
    value: str | None = None
    note: str | None = None

    def but(self, **changes: Any) -> Statement:
        """The same statement with some fields changed: `dataclasses.replace`, at a tenth of its cost."""
        changed = object.__new__(Statement)
        changed.__dict__.update(self.__dict__)
        changed.__dict__.pop("basis", None)
        changed.__dict__.update(changes)
        return changed

    @property
    def day(self) -> Span | None:
        """The day that orders statements: when it was recorded, else when it began."""
        return self.stated or self.onset

    @cached_property
    def basis(self) -> Basis:
        """This statement as a reason."""
        day = self.day
        return Basis(self.words, self.source, day.text if day else None, self.note, self.stated, self.onset)

    def counts(self, on: date, days: float | None) -> Truth:
        """Whether the statement is recent enough to count on `on`; an undated one counts."""
        limit, day = self.counts_days if days is None else days, self.day
        return Truth.YES if limit is None or day is None else day.within(limit, on)

    def overrules(self, other: Statement) -> bool:
        """Whether this newer statement replaces the other: same thing, same place, certainly later.

        A symptom without a date may be the newer one; a diagnosis without one is taken for the older.
        A problem that ended on no recorded day does not close another that is still on the list.
        """
        if self.aspect != other.aspect or not self._speaks_for(other.place):
            return False
        if other.day is None and other.kind != "diagnosis":
            return False
        if self.open_end and other.form is Form.CONDITION:
            return False
        return self.later_than(other)

    def later_than(self, other: Statement) -> bool:
        """Whether this statement is certainly the later one; one without a date is the oldest."""
        mine, theirs = self.day, other.day
        return mine is not None and (theirs is None or mine.first > theirs.last)

    def _speaks_for(self, place: Place | None) -> bool:
        """Without a place: for what has none either, and on examination for the whole body."""
        if self.place is None:
            return place is None or (self.examined and self.form is not Form.CONDITION)
        return place is not None and self.place.covers(place)

    def contradicts(self, other: Statement) -> bool:
        """Whether the two say YES and NO of the same thing and neither is certainly later."""
        if self.truth is not ~other.truth or self.truth is Truth.UNKNOWN:
            return False
        return self.aspect == other.aspect and self.place == other.place and not self.overrules(other)


def basis_among(statement: Statement, others: Iterable[Statement]) -> Basis:
    """The statement as a reason; where another one says the opposite of it on the same day, that is noted."""
    if not any(statement.contradicts(other) for other in others):
        return statement.basis
    note = f"{statement.basis.note}; {DISAGREES}" if statement.basis.note else DISAGREES
    return replace(statement.basis, note=note)


def gathered(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    """Statements by concept, in the order in which they were read."""
    by_concept: dict[str, list[Statement]] = {}
    for statement in statements:
        by_concept.setdefault(statement.concept, []).append(statement)
    return {concept: tuple(said) for concept, said in by_concept.items()}
