"""Every rule by its cases: what it answers to given facts, a sentence each."""

from __future__ import annotations

import pytest

from service.assessment import RuleKind
from service.facts import Facts
from service.facts.answers import Answer, not_recorded
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.words import reason_words
from service.rules import RULES
from service.rules.contributors import TRIGGERS, high_alcohol
from service.rules.red_flags import cramping
from service.rules.rule import Rule, asked_once, rule
from tests.rules.case_files import Case, cases
from tests.rules.given import facts, packaged

ASKED = {name: rule.ask for name, rule in RULES.items()} | dict(TRIGGERS) | {"alcohol": high_alcohol}


def _case(param: object) -> Case:
    return param.values[0]  # type: ignore[attr-defined]


def _told(param: object) -> bool:
    """Whether the case says more than the truth of the answer."""
    return _case(param).rests_on is not None or _case(param).lacks is not None


@pytest.mark.parametrize("case", cases("red_flags", "same_day"))
def test_a_rule_answers_as_its_case_says(case: Case) -> None:
    given = facts(case.given)

    answer = RULES[case.of].ask(given, packaged())

    assert answer.truth is Truth[case.expect]


@pytest.mark.parametrize("case", cases("red_flags", "same_day"))
def test_an_answer_carries_its_reasons(case: Case) -> None:
    given = facts(case.given)

    answer = RULES[case.of].ask(given, packaged())

    assert bool(answer.gaps) is (answer.truth is Truth.UNKNOWN)
    assert answer.basis or answer.truth is not Truth.YES


@pytest.mark.parametrize("case", [c for c in cases("red_flags", "same_day", "triggers") if _told(c)])
def test_an_answer_rests_on_and_lacks_what_its_case_says(case: Case) -> None:
    given = facts(case.given)

    answer = ASKED[case.of](given, packaged())

    rests_on = [b.source for b in answer.basis]
    lacks = [f"{'!' * gap.recorded}{gap.fact}: {reason_words(gap.why, packaged())}" for gap in answer.gaps]
    assert (rests_on if case.rests_on is not None else None) == case.rests_on
    assert (lacks if case.lacks is not None else None) == case.lacks


@pytest.mark.parametrize("case", cases("triggers"))
def test_a_trigger_answers_as_its_case_says(case: Case) -> None:
    given = facts(case.given)

    answer = ASKED[case.of](given, packaged())

    assert answer.truth is Truth[case.expect]


@pytest.mark.parametrize("of", RULES)
def test_every_rule_has_a_case_of_yes_of_no_and_of_unknown(of: str) -> None:
    answers = {c.expect for c in map(_case, cases("red_flags", "same_day")) if c.of == of}

    assert answers == {"YES", "NO", "UNKNOWN"}


@pytest.mark.parametrize("trigger", [*TRIGGERS, "alcohol"])
def test_every_trigger_has_a_case_of_yes_and_of_unknown(trigger: str) -> None:
    answers = {c.expect for c in map(_case, cases("triggers")) if c.of == trigger}

    assert {"YES", "UNKNOWN"} <= answers


def test_motor_and_same_day_rules_are_known_as_such() -> None:
    kinds = {kind: {r for r in RULES if packaged().rules[r].kind is kind} for kind in RuleKind}

    assert " ".join(sorted(kinds[RuleKind.MOTOR])) == (
        "breathing-difficulty muscle-atrophy muscle-weakness speech-difficulty swallowing-difficulty"
        " tongue-fasciculation upper-motor-neuron-signs"
    )
    assert " ".join(sorted(kinds[RuleKind.SAME_DAY])) == (
        "critical-electrolytes lithium-toxicity rapid-weakness respiratory-compromise saddle-numbness"
        " sudden-deficit"
    )
    assert kinds[RuleKind.SUSPICION] == {"suspected-mnd"}
    assert not kinds[RuleKind.CONTRIBUTOR]
    assert {rule.id for rule in RULES.values()} == set(RULES)


def test_motor_flags_a_suspicion_and_emergencies_are_asked_of_a_recent_twitch_too() -> None:
    assert [kind for kind in RuleKind if kind.of_recent_twitch] == [
        RuleKind.SAME_DAY,
        RuleKind.MOTOR,
        RuleKind.SUSPICION,
    ]


def test_a_rule_is_registered_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: dict[str, Rule] = {}
    monkeypatch.setattr("service.rules.rule.RULES", registered)

    ask = rule("cramping")(cramping)

    assert registered == {"cramping": Rule("cramping", ask)}
    assert ask(facts({"cramp": "YES"}), packaged()).yes


def test_a_rule_is_asked_once_about_the_same_facts() -> None:
    asked = []

    @asked_once
    def question(facts: Facts, knowledge: Knowledge) -> Answer:
        """What is asked."""
        asked.append((facts, knowledge))
        return not_recorded("cramp")

    given, other, known = facts({}), facts({}), packaged()

    answers = [question(who, known) for who in (given, given, other)]

    assert [(who is given, numbers is known) for who, numbers in asked] == [(True, True), (False, True)]
    assert answers == [not_recorded("cramp")] * 3
    assert (question.__name__, question.__doc__) == ("question", "What is asked.")


def test_no_two_cases_have_the_same_words() -> None:
    files = ("red_flags", "same_day", "triggers", "contributors", "dispositions", "tests", "lifestyle")
    named = [param.id for file in files for param in cases(file)]

    twice = {name for name in named if named.count(name) > 1}

    assert not twice
