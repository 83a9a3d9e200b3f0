"""FHIR dates as written -> spans of days; times only order results of one day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from math import floor

from service.facts.amounts import Amount, Span
from service.facts.reasons import Reason
from service.fhir.read.views import NotReadable, Period, Quantity, Range

_DAYS = {"d": 1, "wk": 7}
_MONTHS = {"mo": 1, "a": 12}
_OLDEST = {"d": 54_800, "wk": 7_830, "mo": 1_800, "a": 150}


def span(text: str | None) -> Span | None:
    """The days that a FHIR date or dateTime can mean; a time and its zone are left aside, as written."""
    if text is None:
        return None
    try:
        if len(text) == 4:
            return Span(date(int(text), 1, 1), date(int(text), 12, 31), text)
        if len(text) == 7:
            year, month = int(text[:4]), int(text[5:])
            return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]), text)
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise NotReadable(Reason("no-such-date")) from None
    return Span(day, day, text[:10])


def moment(text: str | None) -> float | None:
    """Seconds since 1970 for a dateTime with a time; None for a date alone."""
    if text is None or len(text) <= 10:
        return None
    try:
        return datetime.fromisoformat(text.replace(":60", ":59", 1)).timestamp()
    except ValueError:
        return None


def start(period: Period | None) -> Span | None:
    """The first day of a period."""
    return span(period.start) if period else None


def end(period: Period | None) -> Span | None:
    """The last day of a period, where it has ended."""
    return span(period.end) if period else None


def at_age(born: Span | None, age: Quantity | None) -> Span | None:
    """The days on which the patient was of this age (UCUM a, mo, wk, d); None without a birth date.

    "52 years" lasts a year: from the 52nd birthday to the day before the next.
    """
    unit = (age.code or age.unit or "") if age else ""
    if born is None or age is None or age.value is None or unit not in (*_DAYS, *_MONTHS):
        return None
    if not 0 <= age.value <= _OLDEST[unit]:
        raise NotReadable(Reason("no-such-age"))
    first = _aged(born.first, floor(age.value), unit)
    last = _aged(born.last, floor(age.value) + 1, unit) - timedelta(1)
    return Span(first, last, f"aged {age.value:g} {age.unit or age.code}")


def between_ages(born: Span | None, ages: Range | None) -> Span | None:
    """The days between two ages."""
    low = at_age(born, ages.low) if ages else None
    high = at_age(born, ages.high) if ages else None
    if low is None or high is None:
        return low or high
    return Span(low.first, high.last, f"{low.text} to {high.text}")


def years_between(born: Span | None, on: date) -> Amount | None:
    """The age in completed years (UCUM a), a range for a partial birth date; None for a birth after `on`."""
    if born is None or born.first > on:
        return None
    return Amount(float(_years(min(born.last, on), on)), float(_years(born.first, on)), "a")


def _aged(birthday: date, age: int, unit: str) -> date:
    """The day on which somebody born on `birthday` reaches the age (on 28 February if born on the 29th)."""
    if unit in _DAYS:
        return birthday + timedelta(age * _DAYS[unit])
    year, month = divmod(birthday.year * 12 + birthday.month - 1 + age * _MONTHS[unit], 12)
    return date(year, month + 1, min(birthday.day, monthrange(year, month + 1)[1]))


def _years(birthday: date, on: date) -> int:
    before = (on.month, on.day) < (birthday.month, birthday.day)
    return on.year - birthday.year - before
