"""Measured values (decision model §2 "Observation … unreadable", "a comparator", "Units")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.reference.days import NO, UNKNOWN, YES
from tests.reference.reading import Record, Result

Test = Callable[[Result], int]
NEAR = 1e-9


def below(limit: float) -> Test:
    """Is it below the limit? A range across it is UNKNOWN."""

    def test(r: Result) -> int:
        if r.high is not None and (r.high < limit - NEAR or (r.high <= limit + NEAR and r.open_high)):
            return YES
        return NO if r.low is not None and r.low >= limit - NEAR else UNKNOWN

    return test


def at_most(limit: float) -> Test:
    """Is it at or below the limit?"""

    def test(r: Result) -> int:
        if r.high is not None and r.high <= limit + NEAR:
            return YES
        above_it = r.low is not None and (r.low > limit + NEAR or (r.low >= limit - NEAR and r.open_low))
        return NO if above_it else UNKNOWN

    return test


def above(limit: float) -> Test:
    """Is it above the limit?"""
    return lambda r: 2 - at_most(limit)(r)


def at_least(limit: float) -> Test:
    """Is it at or above the limit?"""
    return lambda r: 2 - below(limit)(r)


def outside(low: float | None, high: float | None) -> Test:
    """Is it outside the laboratory's own range, where it has one, else outside this one?"""

    def test(r: Result) -> int:
        first, last = (r.normal_low, r.normal_high) if r.has_range else (low, high)
        truths = [below(first)(r)] if first is not None else []
        truths += [above(last)(r)] if last is not None else []
        return max(truths, default=NO)

    return test


def results(record: Record, analyte: str, days: int) -> list[Result]:
    """The results of the window, the newest first; of two at one time in any order."""
    limit = record.on - timedelta(days=days)
    if analyte == "calcium":
        return _calcium(record, days)
    found = [r for r in record.results if r.analyte == analyte and r.day >= limit]
    return sorted(found, key=lambda r: r.at, reverse=True)


def _calcium(record: Record, days: int) -> list[Result]:
    """§2: the laboratory's own adjusted value first, else total + 0.02 x (40 - albumin in g/L) of the
    same day +- 1.
    """
    own = results(record, "adjusted-calcium", days)
    if any(r.readable for r in own):
        return own
    albumins = [r for r in record.results if r.analyte == "albumin" and r.readable]
    return sorted(
        [_adjusted(r, albumins) for r in results(record, "total-calcium", days)] + own,
        key=lambda r: r.at,
        reverse=True,
    )


def _adjusted(total: Result, albumins: list[Result]) -> Result:
    """A range of albumin leaves a range of calcium: the less albumin, the more is added."""
    near = [a for a in albumins if abs((a.day - total.day).days) <= 1]
    if not near:
        return total
    albumin = min(near, key=lambda a: (abs((a.day - total.day).days), a.at))
    low = None if total.low is None or albumin.high is None else total.low + 0.02 * (40 - albumin.high)
    high = None if total.high is None or albumin.low is None else total.high + 0.02 * (40 - albumin.low)
    return replace(total, low=low, high=high, has_range=False)


def latest(found: list[Result], test: Test) -> int:
    """§2: the latest readable result decides; of two at one time the worse.

    A range across the threshold does not hide an older YES; a NO beside a newer unreadable result is UNKNOWN.
    """
    readable = [r for r in found if r.readable]
    times = sorted({r.at for r in readable}, reverse=True)
    for number, time in enumerate(times):
        truth = max(test(r) for r in readable if r.at == time)
        if truth == YES:
            return YES
        if truth == NO:
            newer = any(not r.readable and r.at > time for r in found)
            return UNKNOWN if number or newer else NO
    return UNKNOWN


def worst(found: list[Result], test: Test) -> int:
    """The worst value of the window."""
    truths = [test(r) for r in found if r.readable]
    return max(truths, default=UNKNOWN)
