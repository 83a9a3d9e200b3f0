"""An onset that was told dates what has none of its own, and nothing that was recorded before it."""

from __future__ import annotations

from datetime import date

from service.facts.amounts import Span
from service.facts.onsets import Began, dated
from service.facts.statements import Form, Statement
from service.facts.truth import Truth

TOLD = [
    Began("weakness-onset", Span.of(date(2026, 11, 10)), "Observation/since", Span.of(date(2026, 11, 20)))
]


def weak(day: date) -> Statement:
    return Statement("muscle-weakness", Truth.YES, "Condition/w", Form.CONDITION, stated=Span.of(day))


def test_a_statement_recorded_after_the_onset_bears_it() -> None:
    (said,) = dated([weak(date(2026, 11, 15))], TOLD)

    assert said.onset == Span.of(date(2026, 11, 10))
    assert said.onset_source == "Observation/since"


def test_a_statement_recorded_before_the_onset_is_not_dated_by_it() -> None:
    (said,) = dated([weak(date(2026, 11, 1))], TOLD)

    assert said.onset is None
