"""What was measured, and the questions that can be put to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from service.facts.amounts import Amount, Span
from service.facts.answers import NO, Answer, Basis, Gap, Kind, any_of, not_recorded, unknown
from service.facts.reasons import Reason, reason
from service.facts.truth import Truth

NOT_READABLE = Reason("not-readable")


@dataclass(frozen=True)
class Result:
    """One measurement of an analyte, in the analyte's own unit; `amount` is None where `why` says so.

    `moment` (seconds since 1970, UTC) orders results of one day where the time is known.
    `low` and `high` are the reference range given with the result. `measured` is what was
    measured where that is another analyte: total calcium, standing in for the adjusted.
    """

    analyte: str
    source: str
    amount: Amount | None
    when: Span | None
    moment: float | None = None
    low: float | None = None
    high: float | None = None
    why: Reason | None = None
    notes: tuple[Reason, ...] = ()
    measured: str | None = None

    @cached_property
    def basis(self) -> Basis:
        """This result as a reason."""
        return Basis(
            self.measured or self.analyte,
            self.source,
            self.when.text if self.when else None,
            self.notes,
            self.when,
            kind=Kind.RESULT,
            value=self.amount,
        )

    def later_than(self, other: Result) -> bool:
        """Whether this result is certainly the later of two dated ones."""
        if self.when is None or other.when is None:
            return False
        if self.when.first > other.when.last:
            return True
        return self.moment is not None and other.moment is not None and self.moment > other.moment


@dataclass(frozen=True, slots=True)
class Measured:
    """Results that a question is put to; of several, the worst answers (any YES is YES).

    `older` are asked where none of `results` settles the question, and `unread` leave a NO open: see
    `Facts.latest`.
    """

    analyte: str
    results: tuple[Result, ...]
    undecided: Gap | None = None
    older: tuple[Result, ...] = ()
    unread: tuple[Result, ...] = ()

    def at_most(self, limit: float) -> Answer:
        """Whether any result lies at or below `limit`."""
        return self.any(lambda amount, _: amount.at_most(limit))

    def less_than(self, limit: float) -> Answer:
        """Whether any result lies below `limit`."""
        return self.any(lambda amount, _: amount.less_than(limit))

    def at_least(self, limit: float) -> Answer:
        """Whether any result lies at or above `limit`."""
        return self.any(lambda amount, _: amount.at_least(limit))

    def more_than(self, limit: float) -> Answer:
        """Whether any result lies above `limit`."""
        return self.any(lambda amount, _: amount.more_than(limit))

    def any(self, question: Callable[[Amount, Result], Truth]) -> Answer:
        """The question, put to each result; UNKNOWN where there is none."""
        if not self.results and self.undecided is None:
            return not_recorded(self.analyte)
        answers = [self._answer(result, question) for result in self.results]
        if self.older and all(answer.truth is Truth.UNKNOWN for answer in answers):
            answers.append(self._earlier(question))
        answers += [self._answer(result, question) for result in self.unread]
        if self.undecided:
            answers.append(Answer(Truth.UNKNOWN, (), (self.undecided,)))
        return any_of(answers)

    def _earlier(self, question: Callable[[Amount, Result], Truth]) -> Answer:
        """What the latest of the older results say that decides; beside a newer UNKNOWN only a YES does."""
        left = self.older
        while left:
            newest = the_latest(left)
            answer = any_of(self._answer(result, question) for result in newest)
            if answer.truth is not Truth.UNKNOWN:
                return answer
            left = tuple(result for result in left if result not in newest)
        return NO

    def _answer(self, result: Result, question: Callable[[Amount, Result], Truth]) -> Answer:
        if result.amount is None:
            return unknown(self.analyte, result.why or NOT_READABLE, basis=(result.basis,), recorded=True)
        truth = question(result.amount, result)
        if truth is Truth.UNKNOWN:
            why = reason("does-not-settle", amount=result.amount)
            return unknown(self.analyte, why, basis=(result.basis,), recorded=True)
        return Answer(truth, (result.basis,))


def the_latest(results: Sequence[Result]) -> tuple[Result, ...]:
    """The results that no other one is certainly later than: several where they bear the same time."""
    dated = [r.when.first for r in results if r.when]
    latest = max(dated, default=date.min)
    near = [r for r in results if r.when is None or r.when.last >= latest]
    return tuple(r for r in near if not any(other.later_than(r) for other in near))


@lru_cache(maxsize=1024)
def not_measured(analyte: str) -> Measured:
    """No result of the analyte; never pass in what a record says."""
    return Measured(analyte, ())
