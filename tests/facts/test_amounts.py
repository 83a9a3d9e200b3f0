"""Ranges of quantities and of days: what a threshold inside a range answers."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.facts.amounts import Amount, Span
from service.facts.truth import Truth

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
EXACT = Amount.exactly(5, "mmol/L")
BELOW = Amount(-inf, 5, "mmol/L", below=True)  # <5
AT_MOST = Amount(-inf, 5, "mmol/L")  # <=5
ABOVE = Amount(5, inf, "mmol/L", above=True)  # >5
AT_LEAST = Amount(5, inf, "mmol/L")  # >=5
BETWEEN = Amount(3, 5, "mmol/L")

QUESTIONS = ("less_than", "at_most", "more_than", "at_least")


@pytest.mark.parametrize(
    ("amount", "limit", "less_than", "at_most", "more_than", "at_least"),
    [
        (EXACT, 4.9, NO, NO, YES, YES),
        (EXACT, 5, NO, YES, NO, YES),
        (EXACT, 5.1, YES, YES, NO, NO),
        (BELOW, 4.9, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (BELOW, 5, YES, YES, NO, NO),
        (AT_MOST, 5, UNKNOWN, YES, NO, UNKNOWN),
        (AT_MOST, 5.1, YES, YES, NO, NO),
        (ABOVE, 4.9, NO, NO, YES, YES),
        (ABOVE, 5, NO, NO, YES, YES),
        (AT_LEAST, 5, NO, UNKNOWN, UNKNOWN, YES),
        (AT_LEAST, 5.1, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (BETWEEN, 3, NO, UNKNOWN, UNKNOWN, YES),
        (BETWEEN, 4, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (BETWEEN, 5, UNKNOWN, YES, NO, UNKNOWN),
        (BETWEEN, 2, NO, NO, YES, YES),
        (BETWEEN, 6, YES, YES, NO, NO),
    ],
)
def test_a_threshold_inside_a_range_is_unknown(
    amount: Amount, limit: float, less_than: Truth, at_most: Truth, more_than: Truth, at_least: Truth
) -> None:
    answers = [getattr(amount, question)(limit) for question in QUESTIONS]

    assert answers == [less_than, at_most, more_than, at_least]


NUMBERS = st.integers(-1000, 1000).map(lambda n: n / 10)


@st.composite
def ranges(draw: st.DrawFn) -> Amount:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    assume(low < high)
    return Amount(low, high, "1", draw(st.booleans()), draw(st.booleans()))


@given(ranges(), NUMBERS, st.sampled_from(QUESTIONS), st.floats(0, 1))
def test_what_a_range_answers_holds_for_every_value_in_it(
    amount: Amount, limit: float, question: str, part: float
) -> None:
    value = min(amount.high, amount.low + part * (amount.high - amount.low))
    assume(not (amount.above and value == amount.low) and not (amount.below and value == amount.high))

    of_range = getattr(amount, question)(limit)
    of_value = getattr(Amount.exactly(value, "1"), question)(limit)

    assert of_range in (UNKNOWN, of_value)


@given(ranges(), NUMBERS)
def test_more_than_is_the_mirror_of_at_most(amount: Amount, limit: float) -> None:
    assert amount.more_than(limit) is ~amount.at_most(limit)
    assert amount.at_least(limit) is ~amount.less_than(limit)


def test_conversion_moves_both_ends() -> None:
    assert BETWEEN.times(2, "g") == Amount(6, 10, "g")


def test_conversion_keeps_nine_decimals() -> None:
    assert Amount.exactly(0.0000000014, "g").times(1, "g") == Amount.exactly(0.000000001, "g")


def test_conversion_keeps_open_ends_and_drops_binary_noise() -> None:
    converted = Amount(-inf, 0.1, "g", below=True).times(3, "kg")

    assert converted == Amount(-inf, 0.3, "kg", below=True)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount.exactly(2.5, "mmol/L"), "2.5 mmol/L"),
        (Amount.exactly(7, "{score}"), "7"),
        (Amount.exactly(3, "1"), "3"),
        (BELOW, "<5 mmol/L"),
        (AT_MOST, "≤5 mmol/L"),
        (ABOVE, ">5 mmol/L"),
        (AT_LEAST, "≥5 mmol/L"),
        (BETWEEN, "3 to 5 mmol/L"),
        (Amount.exactly(999999, "U/L"), "999999 U/L"),
        (Amount.exactly(1000000, "U/L"), "1000000 U/L"),
        (Amount.exactly(1234567, "U/L"), "1234567 U/L"),
        (Amount.exactly(0.12345, "mmol/L"), "0.1235 mmol/L"),
    ],
)
def test_an_amount_is_written_as_a_clinician_would(amount: Amount, text: str) -> None:
    assert str(amount) == text


def test_only_one_value_is_exact() -> None:
    assert EXACT.exact
    assert not BETWEEN.exact


# --- Days -----------------------------------------------------------------------------------------

ON = date(2026, 11, 23)
TODAY = Span.of(ON)
NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30), "2026-11")
BEFORE = Span(date.min, date(2026, 11, 1), "before November")


def test_a_span_of_a_day_is_exact_and_writes_it() -> None:
    assert TODAY.exact
    assert TODAY.text == "2026-11-23"
    assert not NOVEMBER.exact


def test_a_record_of_a_day_cannot_mean_the_days_after_it() -> None:
    assert NOVEMBER.until(ON) == Span(date(2026, 11, 1), ON, "2026-11")
    assert NOVEMBER.until(date(2026, 10, 1)) == Span(date(2026, 10, 1), date(2026, 10, 1), "2026-11")
    assert NOVEMBER.until(date(2026, 12, 1)) is NOVEMBER


@pytest.mark.parametrize(
    ("span", "ago"),
    [
        (TODAY, Amount(0, 0, "d")),
        (Span.of(date(2026, 11, 9)), Amount(14, 14, "d")),
        (Span(date(2026, 11, 1), ON, "2026-11"), Amount(0, 22, "d")),
        (BEFORE, Amount(22, inf, "d")),
    ],
)
def test_how_long_ago_is_a_range_of_days(span: Span, ago: Amount) -> None:
    assert span.days_before(ON) == ago


@pytest.mark.parametrize(
    ("span", "days", "within"),
    [
        (Span.of(ON - timedelta(14)), 14, YES),
        (Span.of(ON - timedelta(15)), 14, NO),
        (Span(date(2026, 11, 1), ON, "2026-11"), 14, UNKNOWN),
        (BEFORE, 365, UNKNOWN),
        (BEFORE, 20, NO),
        (Span(date(2026, 11, 1), date(2026, 11, 9), "early November"), 14, UNKNOWN),
        (Span(date(2026, 11, 1), date(2026, 11, 8), "early November"), 14, NO),
        (BEFORE, 10_000_000, UNKNOWN),
    ],
)
def test_windows_are_inclusive(span: Span, days: float, within: Truth) -> None:
    assert span.within(days, ON) is within


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        (Span.of(date(2026, 10, 31)), NOVEMBER, YES),
        (Span.of(date(2026, 11, 1)), NOVEMBER, UNKNOWN),
        (Span.of(date(2026, 11, 30)), NOVEMBER, NO),
        (TODAY, TODAY, NO),
        (NOVEMBER, NOVEMBER, UNKNOWN),
    ],
)
def test_a_day_comes_before_another_only_when_that_is_certain(one: Span, other: Span, before: Truth) -> None:
    assert one.before(other) is before
