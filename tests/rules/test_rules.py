"""Every rule by its cases: what it answers to given facts, a sentence each."""

from __future__ import annotations

import pytest

from service.rules import RULES
from service.rules.contributors import TRIGGERS, high_alcohol
from service.truth import Truth
from tests.rules.case_files import Case, cases
from tests.rules.given import facts, packaged


@pytest.mark.parametrize("case", cases("red_flags", "same_day"))
def test_a_rule_answers_as_its_case_says(case: Case) -> None:
    given = facts(case.given)

    answer = RULES[case.of].ask(given, packaged().thresholds)

    assert answer.truth is Truth[case.expect]


@pytest.mark.parametrize("case", cases("red_flags", "same_day"))
def test_an_answer_carries_its_reasons(case: Case) -> None:
    given = facts(case.given)

    answer = RULES[case.of].ask(given, packaged().thresholds)

    assert bool(answer.gaps) is (answer.truth is Truth.UNKNOWN)
    assert answer.basis or answer.truth is not Truth.YES


@pytest.mark.parametrize("case", cases("triggers"))
def test_a_trigger_answers_as_its_case_says(case: Case) -> None:
    given = facts(case.given)
    triggers = {**TRIGGERS, "alcohol": high_alcohol}

    answer = triggers[case.of](given, packaged().thresholds)

    assert answer.truth is Truth[case.expect]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case_of_yes_of_no_and_of_unknown(rule: str) -> None:
    answers = {c.expect for c in map(_case, cases("red_flags", "same_day")) if c.of == rule}

    assert answers == {"YES", "NO", "UNKNOWN"}


@pytest.mark.parametrize("trigger", [*TRIGGERS, "alcohol"])
def test_every_trigger_has_a_case_of_yes_and_of_unknown(trigger: str) -> None:
    answers = {c.expect for c in map(_case, cases("triggers")) if c.of == trigger}

    assert {"YES", "UNKNOWN"} <= answers


def test_no_two_cases_have_the_same_words() -> None:
    files = ("red_flags", "same_day", "triggers", "contributors", "dispositions", "tests", "lifestyle")
    named = [param.id for file in files for param in cases(file)]

    twice = {name for name in named if named.count(name) > 1}

    assert not twice


def _case(param: object) -> Case:
    return param.values[0]  # type: ignore[attr-defined]
