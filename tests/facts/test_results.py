"""Questions to measurements: of several the worst answers, and none is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.facts.amounts import Amount, Span
from service.facts.answers import Basis, Gap, Kind
from service.facts.reasons import NOT_RECORDED, Reason, reason
from service.facts.results import Measured, Result
from service.facts.truth import Truth

EARLIER, LATER = Span.of(date(2026, 11, 1)), Span.of(date(2026, 11, 2))

PRELIMINARY = (Reason("preliminary"),)


def result(value: float | None, when: Span | None = LATER, **more: Any) -> Result:
    amount = None if value is None else Amount.exactly(value, "mmol/L")
    return Result("potassium", "Observation/k", amount, when, **more)


def measured(*results: Result, undecided: Gap | None = None) -> Measured:
    return Measured("potassium", results, undecided)


@pytest.mark.parametrize(
    ("question", "limit", "truth"),
    [
        ("at_most", 2.5, Truth.YES),
        ("at_most", 2.4, Truth.NO),
        ("less_than", 2.6, Truth.YES),
        ("less_than", 2.5, Truth.NO),
        ("at_least", 4.0, Truth.YES),
        ("at_least", 4.1, Truth.NO),
        ("more_than", 3.9, Truth.YES),
        ("more_than", 4.0, Truth.NO),
    ],
)
def test_the_worst_of_several_results_answers(question: str, limit: float, truth: Truth) -> None:
    two = measured(result(2.5), result(4.0))

    assert getattr(two, question)(limit).truth is truth


def test_no_result_is_unknown() -> None:
    answer = measured().at_most(2.5)

    assert answer.gaps == (Gap("potassium", NOT_RECORDED),)


def test_a_result_without_an_amount_is_unknown_and_says_why() -> None:
    answer = measured(result(None, why=Reason("no-unit"))).at_most(2.5)

    assert answer.gaps == (Gap("potassium", Reason("no-unit"), recorded=True),)
    assert answer.basis == (result(None).basis,)
    assert measured(result(None)).at_most(2.5).gaps[0].why == Reason("not-readable")


def test_a_range_around_the_limit_is_unknown_and_quotes_the_result() -> None:
    vague = Result("potassium", "Observation/k", Amount(2, 3, "mmol/L"), LATER)

    answer = measured(vague).at_most(2.5)

    why = reason("does-not-settle", amount=Amount(2, 3, "mmol/L"))
    assert answer.gaps == (Gap("potassium", why, recorded=True),)
    assert answer.basis == (vague.basis,)


def test_a_result_whose_date_is_too_vague_leaves_a_normal_one_open() -> None:
    gap = Gap("potassium", Reason("result-undated"), recorded=True)

    assert measured(result(4), undecided=gap).at_most(2.5).gaps == (gap,)
    assert measured(undecided=gap).at_most(2.5).gaps == (gap,)
    assert measured(result(2), undecided=gap).at_most(2.5).truth is Truth.YES


def test_a_result_is_a_reason_with_its_value_source_day_and_note() -> None:
    said = Basis("potassium", "Observation/k", "2026-11-02", PRELIMINARY, stated=LATER, kind=Kind.RESULT)

    assert result(2.5, notes=PRELIMINARY).basis == replace(said, value=Amount.exactly(2.5, "mmol/L"))
    assert result(2.5, measured="calcium").basis.concept == "calcium"


def test_a_reason_has_no_value_and_no_day_where_there_is_none() -> None:
    assert result(None, when=None).basis.concept == "potassium"
    assert result(None, when=None).basis.date is None


def test_a_result_is_later_by_its_day_then_by_its_moment() -> None:
    assert result(1, LATER).later_than(result(1, EARLIER))
    assert not result(1, EARLIER).later_than(result(1, LATER))
    assert result(1, moment=2.0).later_than(result(1, moment=1.0))
    assert not result(1, moment=2.0).later_than(result(1))
    assert not result(1).later_than(result(1, moment=1.0))


def test_a_result_without_a_day_is_neither_later_nor_earlier() -> None:
    assert not result(1, None).later_than(result(1))
    assert not result(1).later_than(result(1, None))
