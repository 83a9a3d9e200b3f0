"""Ranges: of a quantity with its unit, and of days.

A result of "<5", a birth in "1975" and a symptom first recorded in "2026-09" are
no special cases: they are ranges, and a threshold inside a range answers UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import inf

from service.facts.truth import Truth


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity known to lie between `low` and `high`, both in `unit` (UCUM).

    `above` and `below` say that an end itself is excluded: "<5" is low=-inf,
    high=5, below=True.
    """

    low: float
    high: float
    unit: str
    above: bool = False
    below: bool = False

    @classmethod
    def exactly(cls, value: float, unit: str) -> Amount:
        """The amount that is known to the digit."""
        return cls(value, value, unit)

    @property
    def exact(self) -> bool:
        """Whether the range is one value."""
        return self.low == self.high

    def less_than(self, limit: float) -> Truth:
        """Whether the amount lies below `limit` (in the amount's own unit)."""
        if self.high < limit or (self.high == limit and self.below):
            return Truth.YES
        return Truth.NO if self.low >= limit else Truth.UNKNOWN

    def at_most(self, limit: float) -> Truth:
        """Whether the amount lies at or below `limit` (in the amount's own unit)."""
        if self.high <= limit:
            return Truth.YES
        beyond = self.low > limit or (self.low == limit and self.above)
        return Truth.NO if beyond else Truth.UNKNOWN

    def more_than(self, limit: float) -> Truth:
        """Whether the amount lies above `limit` (in the amount's own unit)."""
        return ~self.at_most(limit)

    def at_least(self, limit: float) -> Truth:
        """Whether the amount lies at or above `limit` (in the amount's own unit)."""
        return ~self.less_than(limit)

    def times(self, factor: float, unit: str) -> Amount:
        """The same amount in another unit; `factor` is positive."""
        return Amount(_tidy(self.low * factor), _tidy(self.high * factor), unit, self.above, self.below)

    def __str__(self) -> str:
        unit = "" if self.unit in ("1", "{score}") else f" {self.unit}"
        if self.exact:
            return f"{_digits(self.low)}{unit}"
        if self.low == -inf:
            return f"{'<' if self.below else '≤'}{_digits(self.high)}{unit}"
        if self.high == inf:
            return f"{'>' if self.above else '≥'}{_digits(self.low)}{unit}"
        return f"{_digits(self.low)} to {_digits(self.high)}{unit}"


def _tidy(value: float) -> float:
    """Binary noise (0.30000000000000004) must not decide a threshold."""
    return round(value, 9)


def _digits(value: float) -> str:
    return f"{round(value, 4):g}" if abs(value) < 1e6 else f"{value:.0f}"


@dataclass(frozen=True, slots=True)
class Span:
    """A day known to lie between `first` and `last`; `text` is the date as the record writes it.

    `first` is `date.min` where only "on or before `last`" is known.
    """

    first: date
    last: date
    text: str

    @classmethod
    def of(cls, day: date) -> Span:
        """The span that is one day."""
        return cls(day, day, day.isoformat())

    @property
    def exact(self) -> bool:
        """Whether the span is one day."""
        return self.first == self.last

    def until(self, on: date) -> Span:
        """The same span without the days after `on`, which a record of that day cannot mean."""
        return self if self.last <= on else Span(min(self.first, on), on, self.text)

    def days_before(self, on: date) -> Amount:
        """How long ago, in days: 0 on the day itself."""
        longest = inf if self.first == date.min else float((on - self.first).days)
        return Amount(float((on - self.last).days), longest, "d")

    def within(self, days: float, on: date) -> Truth:
        """Whether the day lies at most `days` before `on` (inclusive)."""
        longest = inf if self.first == date.min else (on - self.first).days
        if longest <= days:
            return Truth.YES
        return Truth.NO if (on - self.last).days > days else Truth.UNKNOWN

    def before(self, other: Span) -> Truth:
        """Whether this day certainly comes before the other one."""
        if self.last < other.first:
            return Truth.YES
        return Truth.NO if self.first >= other.last else Truth.UNKNOWN
