"""Truths, days and spans of days (decision model §1, and §2 "a comparator, a partial date … a range")."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

NO, UNKNOWN, YES = 0, 1, 2
NAMES = ("NO", "UNKNOWN", "YES")


@dataclass(frozen=True, order=True)
class Span:
    """A day that is known to lie from `low` to `high`, both included."""

    low: date
    high: date


def span_of(text: str | None) -> Span | None:
    """`2026-09-03` is a day, `2026-09` a month, `1975` a year; an instant is its day in UTC."""
    if not text:
        return None
    if "T" in text:
        day = instant(text).date()
        return Span(day, day)
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return Span(date(*parts), date(*parts))
    if len(parts) == 2:
        last = calendar.monthrange(*parts)[1]
        return Span(date(parts[0], parts[1], 1), date(parts[0], parts[1], last))
    return Span(date(parts[0], 1, 1), date(parts[0], 12, 31))


def instant(text: str) -> datetime:
    """An instant in UTC; a day is its first moment."""
    if "T" not in text:
        day = span_of(text)
        assert day is not None
        return datetime(day.low.year, day.low.month, day.low.day, tzinfo=UTC)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def within(span: Span | None, on: date, days: int) -> int:
    """Does the span lie in the last `days` days? Inclusive; across the limit is UNKNOWN, no date too."""
    if span is None:
        return UNKNOWN
    first = on - timedelta(days=days)
    if span.high < first or span.low > on:
        return NO
    return YES if span.low >= first else UNKNOWN


def years_before(on: date, years: int) -> date:
    """The same day some years before; 29 February becomes 28."""
    try:
        return on.replace(year=on.year - years)
    except ValueError:
        return on.replace(year=on.year - years, day=28)


def age(born: Span | None, on: date) -> int | None:
    """Age in whole years; of a partial birth date the oldest that it may be.

    None where it is not recorded.
    """
    if born is None:
        return None
    had_birthday = (on.month, on.day) >= (born.low.month, born.low.day)
    return on.year - born.low.year - (0 if had_birthday else 1)
