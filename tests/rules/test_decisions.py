"""What follows from the findings, by cases: disposition, contributors, tests, lifestyle."""

from __future__ import annotations

from typing import Any

import pytest

from service.findings import Assessment, Disposition
from service.rules import evaluate
from service.rules.contributors import contributors
from tests.rules.case_files import Case, cases
from tests.rules.given import facts, packaged

STEPS = ["caffeine", "sleep", "hydration", "nutrients", "stress", "stretching"]


def assessed(given: dict[str, Any], pathway: str = "early-referral") -> Assessment:
    return evaluate(facts(given), packaged(), pathway)


@pytest.mark.parametrize("case", cases("dispositions"))
def test_the_disposition_is_as_the_case_says(case: Case) -> None:
    assessment = assessed(case.given, case.pathway)

    assert str(assessment.disposition) == case.expect


@pytest.mark.parametrize("case", cases("contributors"))
def test_a_contributor_is_named_or_lifts_as_the_case_says(case: Case) -> None:
    given = facts(case.given)

    found = {c.id: c for c in contributors(given, packaged(), case.pathway)}

    named = found.get(case.of)
    assert ("none" if named is None else str(named.disposition or "named")) == case.expect


@pytest.mark.parametrize("case", cases("tests"))
def test_tests_are_suggested_as_the_case_says(case: Case) -> None:
    assessment = assessed(case.given, case.pathway)

    told = {t.id: t.withheld or " ".join(t.analytes) or "suggested" for t in assessment.tests}
    assert told == case.expect


@pytest.mark.parametrize("case", cases("lifestyle"))
def test_lifestyle_is_withheld_as_the_case_says(case: Case) -> None:
    assessment = assessed(case.given, case.pathway)

    if case.expect == "no steps":
        assert assessment.lifestyle == ()
    else:
        assert [step.id for step in assessment.lifestyle] == STEPS
        assert {s.id: list(s.withheld) for s in assessment.lifestyle if s.withheld} == case.expect


def test_a_withheld_part_leaves_the_other_parts_of_its_step() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "heart-failure": "YES"})

    hydration = next(step for step in assessment.lifestyle if step.id == "hydration")
    assert hydration.parts == ("electrolyte-rich-foods",)


def test_a_step_says_why_it_matters_for_a_contributor() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "caffeine-intake": "900"})

    because = {step.id: step.because for step in assessment.lifestyle if step.because}
    assert because == {
        "caffeine": ("Caffeine intake is high, and caffeine is a known trigger of twitching.",)
    }


def test_the_same_facts_give_the_same_assessment() -> None:
    given = {"twitch_onset": "30 days ago", "muscle-weakness": "YES", "takes": ["lithium"], "potassium": "3"}

    first, second = assessed(given), assessed(given)

    assert (first.findings, first.tests, first.open_questions) == (
        second.findings,
        second.tests,
        second.open_questions,
    )


def test_raised_findings_come_with_the_most_urgent_first() -> None:
    assessment = assessed(
        {"twitch_onset": "30 days ago", "cramp": "YES", "muscle-weakness": "YES", "potassium": "2.4"}
    )

    assert [f.rule for f in assessment.raised] == [
        "critical-electrolytes",
        "muscle-weakness",
        "twitch-over-two-weeks",
        "cramping",
    ]


def test_an_explained_flag_stays_yes_without_a_disposition_and_the_diagnosis_is_quoted() -> None:
    assessment = assessed(
        {
            "fasciculation": {"onset": "300 days ago"},
            "benign-fasciculation-syndrome": {"stated": "100 days ago"},
        }
    )

    flag = next(f for f in assessment.findings if f.rule == "twitch-over-two-weeks")
    assert flag.answer.yes
    assert (flag.disposition, flag.explained_by) == (None, "benign-fasciculation-syndrome")
    assert assessment.notes == (packaged().diagnoses["benign-fasciculation-syndrome"].says,)


def test_motor_neuron_disease_explains_without_a_quotation_and_leaves_no_questions() -> None:
    assessment = assessed({"twitch_onset": "300 days ago", "motor-neuron-disease": "YES", "cramp": "YES"})

    assert {f.explained_by for f in assessment.findings if f.answer.yes} == {"motor-neuron-disease"}
    assert (assessment.notes, assessment.open_questions) == ((), ())


@pytest.mark.parametrize(("age", "specialty"), [(17, "paediatric-neurology"), (18, "neurology")])
def test_a_child_is_referred_to_paediatric_neurology(age: int, specialty: str) -> None:
    assessment = assessed({"age": age, "twitch_onset": "30 days ago"})

    assert assessment.referral.specialty == specialty
    assert bool(assessment.notes) is (age < 18)


# --- Referral -------------------------------------------------------------------------------------

PLACED = {"id": "neurology-referral", "done": False}


@pytest.mark.parametrize(
    ("given", "priority", "note"),
    [
        ({"twitch_onset": "30 days ago"}, "routine", None),
        ({"muscle-weakness": "YES"}, "urgent", "clinical suspicion of motor neuron disease"),
        ({"muscle-weakness": "YES", "sensory-change": "YES"}, "urgent", None),
        ({"muscle-weakness": {"onset": "today"}}, "stat", "clinical suspicion of motor neuron disease"),
        ({"saddle-numbness": "YES"}, "stat", None),
    ],
)
def test_a_referral_has_its_priority_and_names_the_suspicion(
    given: dict[str, Any], priority: str, note: str | None
) -> None:
    assessment = assessed({"twitch_onset": "3 days ago", **given})

    proposed = assessment.referral
    assert (proposed.suggest, proposed.priority, proposed.note) == (True, priority, note)


@pytest.mark.parametrize("given", [{"potassium": "2.4"}, {"lithium": "1.9"}])
def test_electrolytes_and_lithium_are_no_matter_for_a_neurologist(given: dict[str, Any]) -> None:
    assessment = assessed({"twitch_onset": "3 days ago", **given})

    assert assessment.disposition is Disposition.SAME_DAY
    assert (assessment.referral.suggest, assessment.referral.priority) == (False, None)


@pytest.mark.parametrize(("when", "in_place"), [("180 days ago", True), ("181 days ago", False)])
def test_a_referral_in_place_is_not_proposed_again(when: str, in_place: bool) -> None:
    assessment = assessed({"twitch_onset": "300 days ago", "past": [{**PLACED, "when": when}]})

    assert assessment.referral.suggest is not in_place
    assert (assessment.referral.in_place_since is not None) is in_place
    assert assessment.disposition is Disposition.ROUTINE_REFERRAL


def test_the_newest_referral_counts_and_an_undated_one_does_not() -> None:
    placed = [{**PLACED, "when": "2026-10-01"}, {**PLACED, "when": "2026-09-01"}, PLACED]

    assessment = assessed({"twitch_onset": "300 days ago", "past": placed})

    assert assessment.referral.in_place_since == "2026-10-01"


@pytest.mark.parametrize(
    ("weakness", "expedite"),
    [
        ({"stated": "5 days ago"}, True),
        ({"stated": "60 days ago"}, False),
        ({}, False),
    ],
)
def test_a_newer_and_greater_flag_expedites_a_referral_in_place(weakness: dict, expedite: bool) -> None:
    given = {"twitch_onset": "300 days ago", "past": [{**PLACED, "when": "30 days ago"}]}

    assessment = assessed({**given, "muscle-weakness": {"truth": "YES", **weakness}})

    assert assessment.referral.expedite is expedite
    assert not assessment.referral.suggest


def test_a_referral_in_place_is_named_where_none_is_needed() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "past": [{**PLACED, "when": "2026-11-01"}]})

    assert (assessment.referral.suggest, assessment.referral.in_place_since) == (False, "2026-11-01")


# --- Open questions -------------------------------------------------------------------------------


def test_open_questions_ask_what_could_raise_the_disposition() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "twitch_site": "foot"})

    asked = [q.fact for q in assessment.open_questions]
    assert asked[:3] == ["muscle-weakness", "muscle-atrophy", "speech-difficulty"]
    assert asked[-1] == "spreading"
    assert all(q.could_raise > assessment.disposition for q in assessment.open_questions)


def test_what_the_record_left_open_is_asked_first() -> None:
    vague = {"truth": "UNKNOWN", "stated": "today", "note": "recorded only as “weakness”"}

    assessment = assessed({"twitch_onset": "3 days ago", "speech-difficulty": vague})

    first = assessment.open_questions[0]
    assert (first.fact, first.why) == ("speech-difficulty", "recorded only as “weakness”")


def test_a_measurement_that_cannot_be_read_is_a_question_in_the_analytes_words() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "potassium": "unreadable"})

    asked = {q.fact: q.ask for q in assessment.open_questions}
    assert asked["potassium"] == "potassium?"


def test_a_question_that_alone_decides_nothing_is_not_asked() -> None:
    assessment = assessed({"twitch_onset": "3 days ago"})

    asked = {q.fact for q in assessment.open_questions}
    assert "orthopnoea" in asked
    assert "gait-disturbance" not in asked


def test_on_lithium_the_gait_is_asked_for() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "takes": ["lithium"]})

    asked = {q.fact: q.could_raise for q in assessment.open_questions}
    assert asked["gait-disturbance"] is Disposition.SAME_DAY


def test_an_emergency_asks_nothing() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "potassium": "2.4"})

    assert assessment.open_questions == ()
