"""Answers carry their reasons: what a YES or NO rests on, and what an UNKNOWN lacks."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.amounts import Span
from service.facts.answers import (
    NO,
    YES,
    Answer,
    Basis,
    Gap,
    any_of,
    at_least,
    certain,
    not_recorded,
    unknown,
)
from service.facts.reasons import NOT_RECORDED, Reason
from service.facts.truth import Truth

WEAK, SLURRED, NUMB = Basis("weakness", "Condition/w"), Basis("slurred", "Condition/s"), Basis("numb")
ONSET, STATED = Span.of(date(2026, 1, 1)), Span.of(date(2026, 2, 1))
A_YES = Answer(Truth.YES, (WEAK,))
ANOTHER_YES = Answer(Truth.YES, (SLURRED,))
A_NO = Answer(Truth.NO, (NUMB,))
OPEN = unknown("speech", Reason("not-asked"), basis=(SLURRED,))
KINDS = [A_YES, A_NO, OPEN]


@pytest.mark.parametrize(("one", "other"), list(product(KINDS, KINDS)))
def test_answers_combine_as_their_truths_do(one: Answer, other: Answer) -> None:
    assert (one & other).truth is (one.truth & other.truth)
    assert (one | other).truth is (one.truth | other.truth)
    assert (~one).truth is ~one.truth


def test_a_yes_of_both_rests_on_both() -> None:
    assert (A_YES & ANOTHER_YES).basis == (WEAK, SLURRED)


def test_a_no_of_both_rests_on_the_side_that_is_no() -> None:
    assert (A_YES & A_NO).basis == (NUMB,)
    assert (A_NO & OPEN).basis == (NUMB,)


def test_a_yes_of_either_rests_on_the_side_that_is_yes() -> None:
    assert (A_YES | A_NO).basis == (WEAK,)
    assert (OPEN | A_YES).basis == (WEAK,)


def test_a_no_of_either_rests_on_both() -> None:
    assert (A_NO | Answer(Truth.NO, (WEAK,))).basis == (NUMB, WEAK)


def test_an_unknown_keeps_what_is_known_so_far_and_what_is_lacking() -> None:
    answer = A_YES & OPEN

    assert answer.basis == (WEAK, SLURRED)
    assert answer.gaps == (Gap("speech", Reason("not-asked")),)


def test_a_decided_answer_lacks_nothing() -> None:
    assert (A_YES | OPEN).gaps == ()
    assert (A_NO & OPEN).gaps == ()


def test_each_reason_is_named_once() -> None:
    answer = (A_YES & ANOTHER_YES) & A_YES

    assert answer.basis == (WEAK, SLURRED)


def test_the_mirror_keeps_the_reasons() -> None:
    assert Answer(Truth.NO, (WEAK,)) == (~A_YES)
    assert (~OPEN) == OPEN


def test_only_a_certain_yes_is_yes() -> None:
    assert [answer.yes for answer in KINDS] == [True, False, False]


def test_answers_are_equal_by_what_they_say() -> None:
    combined = A_YES & ANOTHER_YES

    assert combined == Answer(Truth.YES, (WEAK, SLURRED))
    assert hash(combined) == hash(Answer(Truth.YES, (WEAK, SLURRED)))
    assert combined != A_YES
    assert combined != "YES"
    assert len({hash(answer) for answer in KINDS}) == len(KINDS)


def test_an_answer_shows_its_truth_and_reasons() -> None:
    assert repr(Answer(Truth.NO)) == "Answer(NO, basis=(), gaps=())"


def test_an_answer_has_no_bool_by_its_truth() -> None:
    with pytest.raises(TypeError):
        bool(A_YES.truth)


def test_a_claim_about_the_record_is_certain() -> None:
    assert certain(True) is YES
    assert certain(False) is NO


def test_silence_names_the_fact() -> None:
    assert not_recorded("speech").gaps == (Gap("speech", NOT_RECORDED),)


def test_any_of_nothing_is_no() -> None:
    assert any_of([]).truth is Truth.NO


@given(st.lists(st.sampled_from(KINDS)))
def test_any_of_is_or(answers: list[Answer]) -> None:
    folded = NO
    for answer in answers:
        folded = folded | answer

    assert any_of(answers).truth is folded.truth
    assert set(any_of(answers).basis) == set(folded.basis)


@given(st.integers(0, 4), st.lists(st.sampled_from(KINDS), max_size=5))
def test_at_least_is_what_every_filling_of_the_unknowns_agrees_on(count: int, answers: list[Answer]) -> None:
    yes = sum(a.truth is Truth.YES for a in answers)
    unsure = sum(a.truth is Truth.UNKNOWN for a in answers)

    truth = at_least(count, answers).truth

    possible = {(yes + more) >= count for more in range(unsure + 1)}
    assert truth is {(True,): Truth.YES, (False,): Truth.NO}.get(tuple(possible), Truth.UNKNOWN)


def test_at_least_rests_on_what_decides() -> None:
    three = [A_YES, ANOTHER_YES, A_NO, OPEN]

    assert at_least(2, three).basis == (WEAK, SLURRED)
    assert at_least(4, three).basis == (NUMB,)
    assert at_least(3, three).gaps == (Gap("speech", Reason("not-asked")),)


def test_the_first_day_of_a_reason_is_its_onset_else_when_it_was_stated() -> None:
    from_onset = Basis("weak", onset=ONSET, stated=STATED)

    assert from_onset.earliest == ONSET
    assert Basis("weak", stated=STATED).earliest == STATED
    assert WEAK.earliest is None
