"""When one statement replaces, covers or contradicts another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from service.facts.amounts import Span
from service.facts.answers import Basis, Denial, How
from service.facts.places import Place
from service.facts.reasons import Reason
from service.facts.statements import DISAGREES, GRADE, End, Form, Statement, basis_among, gathered, noted
from service.facts.truth import Truth

ON = date(2026, 11, 23)
NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
HAND, LEFT, RIGHT = (Place("hand", "cervical", side) for side in (None, "left", "right"))
FOREARM = Place("forearm", "cervical")
ARM, LEG = Place(None, "cervical"), Place(None, "lumbosacral")

PRELIMINARY = (Reason("preliminary"),)


def said(truth: Truth = YES, ago: int | None = None, **more: Any) -> Statement:
    day = None if ago is None else Span.of(ON - timedelta(ago))
    form = more.pop("form", Form.CONDITION)
    return Statement("muscle-weakness", truth, "Condition/w", form, stated=day, **more)


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        (HAND, LEFT, True),
        (LEFT, HAND, True),
        (LEFT, LEFT, True),
        (LEFT, RIGHT, False),
        (HAND, FOREARM, False),
        (ARM, ARM, True),
        (ARM, HAND, True),
        (HAND, ARM, True),
        (ARM, LEG, False),
        (LEG, HAND, False),
    ],
)
def test_a_place_covers_what_it_may_mean(one: Place, other: Place, covers: bool) -> None:
    assert one.covers(other) is covers


def test_a_place_is_named_with_its_side_and_equal_whatever_its_area() -> None:
    assert (HAND.name, LEFT.name) == ("hand", "hand-left")
    assert Place("hand", "cervical", area="upper-limb") == HAND


def test_an_end_closes_observations_at_every_site_and_no_other_problem() -> None:
    over = said(NO, ago=5, end=End.OVER)

    assert over.overrules(said(ago=6, form=Form.OBSERVATION, place=LEFT))
    assert over.overrules(said(ago=6, form=Form.ANSWER))
    assert not over.overrules(said(ago=6))
    assert not over.overrules(said(ago=5, form=Form.OBSERVATION))
    assert not over.overrules(said(ago=6, form=Form.OBSERVATION, aspect=GRADE, place=LEFT))


def test_an_end_at_a_site_closes_the_grade_of_that_site() -> None:
    over = said(NO, ago=5, end=End.OVER, place=LEFT)

    assert over.overrules(said(ago=6, form=Form.OBSERVATION, aspect=GRADE, place=LEFT))
    assert not over.overrules(said(ago=6, form=Form.OBSERVATION, aspect=GRADE, place=RIGHT))


@pytest.mark.parametrize(
    ("graded", "other", "clears"),
    [
        *((LEFT, LEFT, True), (LEFT, HAND, False), (HAND, LEFT, False), (LEFT, RIGHT, False)),
        *((LEFT, ARM, False), (LEFT, None, False), (None, None, False), (None, LEFT, False)),
    ],
)
def test_full_strength_speaks_for_its_own_place_only(
    graded: Place | None, other: Place | None, clears: bool
) -> None:
    full = said(NO, ago=1, form=Form.OBSERVATION, aspect=GRADE, place=graded, examined=True)

    assert full.overrules(said(ago=9, place=other)) is clears
    assert full.overrules(said(ago=9, form=Form.OBSERVATION, aspect=GRADE, place=other)) is clears


@pytest.mark.parametrize(
    ("end", "silent"),
    [(None, False), (End.OVER, False), (End.PERHAPS, False), (End.VISIT, True), (End.SILENT, True)],
)
def test_a_closed_visit_and_an_end_without_a_day_say_nothing_of_now(end: End | None, silent: bool) -> None:
    assert said(UNKNOWN, end=end).says_nothing_of_now is silent


def test_a_newer_statement_overrules_an_older_one() -> None:
    assert said(NO, ago=5).overrules(said(ago=6))


def test_a_symptom_without_a_day_may_be_the_newer_one_and_a_diagnosis_is_taken_for_the_older() -> None:
    assert not said(NO, ago=5).overrules(said())
    assert said(NO, ago=5, kind="diagnosis").overrules(said(kind="diagnosis"))


def test_a_statement_of_the_same_day_or_without_a_day_overrules_nothing() -> None:
    assert not said(NO, ago=5).overrules(said(ago=5))
    assert not said(NO, ago=5).overrules(said(ago=4))
    assert not said(NO).overrules(said(ago=5))
    assert not said(NO).overrules(said())


def test_a_vague_day_overrules_only_what_is_certainly_older() -> None:
    november = Span(date(2026, 11, 1), ON, "2026-11")
    denial = Statement("muscle-weakness", NO, "Condition/n", Form.CONDITION, stated=november)

    assert denial.overrules(said(ago=23))
    assert not denial.overrules(said(ago=22))


def test_a_statement_overrules_only_its_own_aspect_and_place() -> None:
    older = said(ago=9, aspect="foot-drop")

    assert not said(NO, ago=1).overrules(older)
    assert said(NO, ago=1, aspect="foot-drop").overrules(older)
    assert said(NO, ago=1, place=LEFT).overrules(said(ago=9, place=HAND))
    assert not said(NO, ago=1, place=LEFT).overrules(said(ago=9, place=RIGHT))
    assert not said(NO, ago=1, place=LEFT).overrules(said(ago=9))


def test_an_examination_without_a_site_speaks_for_all_sites_and_a_problem_does_not() -> None:
    older = said(ago=9, place=LEFT)

    assert said(NO, ago=1, form=Form.OBSERVATION, examined=True).overrules(older)
    assert not said(NO, ago=1, form=Form.CONDITION, examined=True).overrules(older)


@pytest.mark.parametrize("form", [Form.OBSERVATION, Form.ANSWER])
def test_what_a_patient_denies_without_a_site_speaks_for_no_site(form: Form) -> None:
    assert not said(NO, ago=1, form=form).overrules(said(ago=9, place=LEFT))
    assert said(NO, ago=1, form=form).overrules(said(ago=9))


def test_yes_and_no_of_one_day_contradict() -> None:
    assert said(YES, ago=5).contradicts(said(NO, ago=5))
    assert said(NO, ago=5).contradicts(said(YES, ago=5))
    assert said(YES).contradicts(said(NO))


def test_what_is_settled_or_about_something_else_does_not_contradict() -> None:
    assert not said(YES, ago=4).contradicts(said(NO, ago=5))
    assert not said(YES, ago=5).contradicts(said(YES, ago=5))
    assert not said(YES, ago=5).contradicts(said(UNKNOWN, ago=5))
    assert not said(YES, ago=5, place=LEFT).contradicts(said(NO, ago=5))
    assert not said(YES, ago=5, aspect="foot-drop").contradicts(said(NO, ago=5))


@pytest.mark.parametrize(
    ("statement", "days", "counts"),
    [
        (said(ago=900), None, YES),
        (said(ago=90, counts_days=90), None, YES),
        (said(ago=91, counts_days=90), None, NO),
        (said(ago=91, counts_days=90), 100, YES),
        (said(ago=8, counts_days=90), 7, NO),
        (said(counts_days=90), None, YES),
    ],
)
def test_a_statement_counts_for_its_days(statement: Statement, days: float | None, counts: Truth) -> None:
    assert statement.counts(ON, days) is counts


def test_a_vague_day_may_or_may_not_count() -> None:
    year = Span(date(2026, 1, 1), ON, "2026")
    statement = Statement("cramp", YES, "", Form.OBSERVATION, stated=year, counts_days=90)

    assert statement.counts(ON, None) is UNKNOWN


def test_the_day_of_a_statement_is_when_it_was_recorded_else_its_onset() -> None:
    onset = Span.of(ON - timedelta(30))

    assert said(ago=5, onset=onset).day == Span.of(ON - timedelta(5))
    assert said(onset=onset).day == onset
    assert said().day is None


def test_a_statement_is_a_reason_with_its_source_and_date() -> None:
    stated, onset = Span.of(ON - timedelta(5)), Span.of(ON - timedelta(30))

    basis = said(ago=5, onset=onset, notes=PRELIMINARY).basis

    assert basis == Basis(
        "muscle-weakness", "Condition/w", "2026-11-18", PRELIMINARY, stated, onset, how=How.REPORTED
    )
    assert said().basis == Basis("muscle-weakness", "Condition/w", how=How.REPORTED)


def test_a_reason_holds_what_was_said_where_and_how_it_is_known() -> None:
    code = ("icd-10-cm", "M21.37")
    statement = said(aspect="foot-drop", place=LEFT, value="worsening", examined=True, code=code)

    basis = statement.basis

    assert (basis.aspect, basis.place, basis.value) == ("foot-drop", LEFT, "worsening")
    assert (basis.how, basis.denial, basis.code) == (How.EXAMINED, None, code)


@pytest.mark.parametrize(
    ("more", "denial"),
    [({}, Denial.DENIED), ({"refuted": True}, Denial.REFUTED), ({"end": End.OVER}, Denial.OVER)],
)
def test_a_reason_says_in_which_way_it_was_denied(more: dict[str, Any], denial: Denial) -> None:
    assert said(NO, **more).basis.denial is denial


def test_a_reason_notes_that_the_record_disagrees_beside_what_it_noted() -> None:
    denied = [said(NO, ago=5)]

    assert basis_among(said(ago=5), denied) == replace(said(ago=5).basis, notes=(DISAGREES,))
    preliminary = said(ago=5, notes=PRELIMINARY)
    assert basis_among(preliminary, denied).notes == (*PRELIMINARY, DISAGREES)
    assert noted(None, DISAGREES, None, DISAGREES) == (DISAGREES,)
    assert basis_among(said(ago=4), denied) == said(ago=4).basis


def test_statements_are_gathered_by_concept_in_their_order() -> None:
    first, second = said(ago=9), said(ago=1)
    cramp = Statement("cramp", YES, "Condition/c", Form.CONDITION)

    assert gathered([first, cramp, second]) == {"muscle-weakness": (first, second), "cramp": (cramp,)}
