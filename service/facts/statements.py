"""What a record states: that something is so, is not so, or was asked without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import cached_property

from service.facts.amounts import Amount, Span
from service.facts.answers import Basis, Denial, How
from service.facts.places import Place
from service.facts.reasons import Reason
from service.facts.truth import Truth

DISAGREES = Reason("record-disagrees")
# The aspect of a grade of muscle power.
GRADE = "mrc-grade"


class Form(Enum):
    """In which form a statement came: a problem-list entry, an observation, a questionnaire's answer."""

    CONDITION = "Condition"
    OBSERVATION = "Observation"
    ANSWER = "QuestionnaireResponse"


class End(Enum):
    """How an entry that was a YES ended.

    `OVER` since the day on which it is `stated`: a NO from then on. `VISIT` is a visit's diagnosis that was
    closed with the visit: a day on which the finding was recorded. Like an end on no recorded day or of a
    visit's diagnosis (`SILENT`) it says nothing of now. `PERHAPS` ends somewhere around the day.
    """

    OVER = "over"
    VISIT = "visit"
    SILENT = "silent"
    PERHAPS = "perhaps"


@dataclass(frozen=True)
class Statement:
    """One statement of the record about one concept (a named set of codes).

    `aspect` is the narrower thing that was said ("foot-drop" within muscle weakness),
    or "" for the concept itself. UNKNOWN means: asked, but `notes` say why the answer
    is of no use; a `silent` one was never answered. `end` is how a YES of its time ended.
    `onset_source` names another resource, where that is what says when it began.
    `counts_days` is how long such a statement counts; None is for as long as it stands.
    `confirmed` is False for a diagnosis that is only suspected.
    """

    concept: str
    truth: Truth
    source: str
    form: Form
    kind: str = "symptom"
    aspect: str = ""
    stated: Span | None = None
    onset: Span | None = None
    place: Place | None = None
    examined: bool = False
    refuted: bool = False
    end: End | None = None
    confirmed: bool = True
    counts_days: float | None = None
    value: str | Amount | None = None
    code: tuple[str, str] | None = None
    notes: tuple[Reason, ...] = ()
    silent: bool = False
    onset_source: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it was a YES before: a problem that is over, or a visit that was closed."""
        return self.end is not None

    @property
    def says_nothing_of_now(self) -> bool:
        """Whether it neither answers nor keeps another answer open: history alone, or never answered."""
        return self.silent or self.is_history

    @property
    def is_history(self) -> bool:
        """Whether it says only what was once."""
        return self.end in (End.VISIT, End.SILENT)

    @property
    def day(self) -> Span | None:
        """The day that orders statements: when it was recorded, else when it began."""
        return self.stated or self.onset

    @cached_property
    def basis(self) -> Basis:
        """This statement as a reason."""
        day = self.day
        return Basis(
            self.concept,
            self.source,
            day.text if day else None,
            self.notes,
            self.stated,
            self.onset,
            aspect=self.aspect,
            place=self.place,
            value=self.value,
            how=How.EXAMINED if self.examined else How.REPORTED,
            denial=self._denial,
            code=self.code,
        )

    @property
    def _denial(self) -> Denial | None:
        if self.truth is not Truth.NO:
            return None
        return Denial.REFUTED if self.refuted else Denial.OVER if self.ended else Denial.DENIED

    def counts(self, on: date, days: float | None) -> Truth:
        """Whether the statement is recent enough to count on `on`; an undated one counts."""
        limit, day = self.counts_days if days is None else days, self.day
        return Truth.YES if limit is None or day is None else day.within(limit, on)

    def overrules(self, other: Statement) -> bool:
        """Whether this newer statement replaces the other: same thing, same place, certainly later.

        A symptom without a date may be the newer one; a diagnosis without one is taken for the older.
        A problem that ended does not close another one that is still on the list.
        """
        if not self._is_of(other) or not self._speaks_for(other.place):
            return False
        if other.day is None and other.kind != "diagnosis":
            return False
        if self.ended and other.form is Form.CONDITION:
            return False
        return self.later_than(other)

    def _is_of(self, other: Statement) -> bool:
        """Whether both speak of the same thing; a grade speaks of the weakness at its own place."""
        if self.aspect == other.aspect:
            return True
        return GRADE in (self.aspect, other.aspect) and "" in (self.aspect, other.aspect) and bool(self.place)

    def later_than(self, other: Statement) -> bool:
        """Whether this statement is certainly the later one; one without a date is the oldest."""
        mine, theirs = self.day, other.day
        return mine is not None and (theirs is None or mine.first > theirs.last)

    def _speaks_for(self, place: Place | None) -> bool:
        """Without a place: for what has none either; on examination, and as an end, for the whole body.

        A grade is one muscle's: it speaks for its own place, and for no wider or less exact one.
        """
        if self.aspect == GRADE:
            return place is not None and self.place == place
        if self.place is None:
            whole = self.ended or (self.examined and self.form is not Form.CONDITION)
            return place is None or whole
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
    return replace(statement.basis, notes=noted(*statement.notes, DISAGREES))


def noted(*said: Reason | None) -> tuple[Reason, ...]:
    """What must be noted of a statement or result, each once."""
    return tuple(dict.fromkeys(note for note in said if note))


def gathered(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    """Statements by concept, by the first day that each speaks of, and of one day as they were read."""
    by_concept: dict[str, list[Statement]] = {}
    for statement in sorted(statements, key=_first_day):
        by_concept.setdefault(statement.concept, []).append(statement)
    return {concept: tuple(said) for concept, said in by_concept.items()}


def _first_day(statement: Statement) -> date:
    day = statement.onset or statement.stated
    return day.first if day else date.max
