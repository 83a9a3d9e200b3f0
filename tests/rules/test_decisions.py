"""What follows from the findings, by cases: disposition, contributors, tests, lifestyle."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from service.assessment import Assessment, Disposition, Done, OpenQuestion, Referral, SuggestedTest
from service.facts.amounts import Amount
from service.facts.reasons import Reason, reason
from service.knowledge.words import fact_words, grounds_words, held_words, left_out_words
from service.rules import RULES, evaluate
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


def test_a_contributor_has_its_words_and_what_it_rests_on() -> None:
    (named,) = contributors(facts({"caffeine-intake": "900"}), packaged(), "early-referral")

    assert assessed({"twitch_onset": "3 days ago", "caffeine-intake": "900"}).contributors == (named,)
    assert (named.id, named.words) == ("caffeine", packaged().rules["caffeine"].says)
    assert [fact_words(b, packaged()) for b in named.basis] == ["caffeine intake 900 mg/d"]


def told_of(test: SuggestedTest) -> str:
    """Why it is withheld, or its analytes, or that it is suggested; before it, where it is only offered."""
    said = held_words(test.withheld, packaged()) if test.withheld else " ".join(test.analytes)
    if test.recommended:
        return said or "suggested"
    return f"offered: {said}" if said else "offered"


@pytest.mark.parametrize("case", cases("tests"))
def test_tests_are_suggested_as_the_case_says(case: Case) -> None:
    assessment = assessed(case.given, case.pathway)

    told = {t.id: told_of(t) for t in assessment.tests}
    assert told == case.expect


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (
            {"twitch_onset": "20 days ago", "twitch_site": "foot", "sensory-change": "YES"},
            dict.fromkeys(("blood-panel", "emg", "ncs"), "twitch over two weeks, sensory change"),
        ),
        ({"sensory-change": "YES"}, dict.fromkeys(("blood-panel", "ncs"), "sensory change")),
        (
            {"swallowing-difficulty": "YES"},
            dict.fromkeys(("blood-panel", "emg", "ncs", "mri-brain"), "difficulty swallowing"),
        ),
        ({"hemifacial-spasm": "YES"}, {"mri-brain": "hemifacial spasm"}),
        (
            {
                "twitch_onset": "20 days ago",
                "twitch_site": "eyelid",
                "multiple-sclerosis": {"confirmed": False},
                "cramp": "YES",
            },
            {
                "blood-panel": "eyelid twitch persisting, cramping",
                "mri-brain": "multiple sclerosis",
            },
        ),
        (
            {"muscle-weakness": {"site": "hand"}, "neck-pain": "YES"},
            {
                **dict.fromkeys(("blood-panel", "emg", "ncs"), "muscle weakness"),
                "mri-cervical-spine": "muscle weakness, neck pain",
            },
        ),
        (
            {"muscle-weakness": {"site": "hand"}, "upper-motor-neuron-signs": "YES", "neck-pain": "YES"},
            {
                **dict.fromkeys(("blood-panel", "emg", "ncs"), "muscle weakness, upper motor neuron signs"),
                "mri-brain": "upper motor neuron signs",
                "mri-cervical-spine": "upper motor neuron signs, muscle weakness, neck pain",
            },
        ),
        (
            {"orthopnoea": "YES"},
            dict.fromkeys(("blood-panel", "emg", "ncs", "respiratory-function"), "breathing difficulty"),
        ),
        ({"takes": ["diuretic", "statin"]}, {"blood-panel": "diuretics"}),
        (
            {"twitch_onset": "20 days ago", "twitch_site": "eyelid", "potassium": "3.2", "anxiety": "YES"},
            {"blood-panel": "eyelid twitch persisting, electrolyte imbalance"},
        ),
        (
            {"potassium": "2.4", "lithium": "1.9"},
            dict.fromkeys(("blood-panel", "ecg"), "critical electrolytes, lithium toxicity"),
        ),
        (
            {"muscle-weakness": "YES", "orthopnoea": "YES"},
            dict.fromkeys(("respiratory-function", "blood-gas"), "respiratory compromise"),
        ),
    ],
)
def test_a_test_says_why_it_is_suggested(given: dict[str, Any], reasons: dict[str, str]) -> None:
    assessment = assessed({"twitch_onset": "3 days ago", **given})

    assert {t.id: grounds_words(t, packaged()) for t in assessment.tests} == reasons


def test_a_panel_says_what_of_it_was_done_and_a_repeated_one_withholds_nothing() -> None:
    done = {"twitch_onset": "3 days ago", "past": [{"id": "sodium", "when": "2026-11-01"}]}

    (panel,) = assessed({**done, "takes": ["diuretic"]}).tests
    repeated = next(t for t in assessed({**done, "sodium": "119"}).tests if t.id == "blood-panel")

    assert panel.withheld_analytes == {"sodium": Done("2026-11-01")}
    assert (repeated.withheld, repeated.withheld_analytes) == (None, {})


@pytest.mark.parametrize("case", cases("lifestyle"))
def test_lifestyle_is_withheld_as_the_case_says(case: Case) -> None:
    assessment = assessed(case.given, case.pathway)

    if case.expect == "no steps":
        assert assessment.lifestyle == ()
    else:
        assert [step.id for step in assessment.lifestyle] == STEPS
        assert {
            s.id: left_out_words(s, packaged()) for s in assessment.lifestyle if s.withheld
        } == case.expect


def test_a_withheld_part_leaves_the_other_parts_of_its_step() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "heart-failure": "YES"})

    hydration = next(step for step in assessment.lifestyle if step.id == "hydration")
    assert hydration.parts == ("electrolyte-rich-foods",)


def test_a_step_says_why_it_matters_for_a_contributor() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "caffeine-intake": "900"})

    because = {step.id: step.because for step in assessment.lifestyle if step.because}
    assert because == {"caffeine": ("caffeine",)}


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
    adults = "The evidence is from adults; questions go to paediatric neurology."
    assert assessment.notes == ((adults,) if age < 18 else ())


@pytest.mark.parametrize("given", [{}, {"twitch_onset": "20 days ago", "muscle-weakness": "YES"}])
def test_an_assessment_says_for_whom_when_and_by_what_it_was_made(given: dict[str, Any]) -> None:
    asked = facts({**given, "age": 50})

    assessment = evaluate(asked, packaged(), "nice-ng127")

    said = (assessment.on, assessment.pathway, assessment.knowledge_version)
    assert said == (asked.on, "nice-ng127", packaged().version)
    assert (assessment.patient, assessment.twitch) == (asked.patient, asked.twitch)


def test_a_finding_speaks_in_the_words_of_the_knowledge() -> None:
    found = assessed({"twitch_onset": "20 days ago", "cramp": "YES", "sensory-change": "NO"}).findings

    for finding in found:
        words = packaged().rules[finding.rule]
        assert (finding.says, finding.why, finding.evidence) == (words.says, words.why, words.evidence)
        assert finding.kind is words.kind
        assert finding.could is packaged().disposition(finding.rule, "early-referral")
        assert finding.disposition is (finding.could if finding.answer.yes else None)
    assert [f.rule for f in found] == list(RULES)


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
        (
            {"motor-neuron-disease": {"confirmed": False}},
            "urgent",
            "clinical suspicion of motor neuron disease",
        ),
        ({"muscle-weakness": {"onset": "2010"}, "twitch_onset": "30 days ago"}, "routine", None),
    ],
)
def test_a_referral_has_its_priority_and_names_the_suspicion(
    given: dict[str, Any], priority: str, note: str | None
) -> None:
    assessment = assessed({"twitch_onset": "3 days ago", **given})

    proposed = assessment.referral
    assert (proposed.suggest, proposed.priority, proposed.note) == (True, priority, note)


def test_numbness_speaks_against_the_suspicion_also_of_a_recent_twitch() -> None:
    over = {"fasciculation": {"truth": "NO", "ended": True, "stated": "30 days ago"}}

    found = assessed({**over, "muscle-weakness": "YES", "sensory-change": "YES"})

    assert (found.referral.priority, found.referral.note) == ("urgent", None)
    assert "anti-gm1" not in [analyte for test in found.tests for analyte in test.analytes]


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


@pytest.mark.parametrize(
    ("flag", "expedite"),
    [
        ({"speech-difficulty": {"stated": "5 days ago"}}, True),
        ({"speech-difficulty": {"stated": "30 days ago"}}, False),
        ({"twitch-persists-despite-lifestyle": {"stated": "5 days ago"}}, False),
    ],
)
def test_neither_a_flag_of_the_referrals_day_nor_one_no_greater_expedites(flag: dict, expedite: bool) -> None:
    given = {"twitch_onset": "300 days ago", "past": [{**PLACED, "when": "30 days ago"}], **flag}

    referred = assessed(given).referral

    newer = ("speech-difficulty",) if expedite else ()
    assert referred == Referral(False, "neurology", None, "2026-10-24", expedite, None, newer)


def test_without_need_no_referral_is_proposed() -> None:
    assert assessed({"twitch_onset": "3 days ago"}).referral == Referral(False, "neurology")


def test_an_emergency_is_referred_at_once_whatever_is_in_place() -> None:
    given = {"saddle-numbness": "YES", "past": [{**PLACED, "when": "2026-11-01"}]}

    referred = assessed({"twitch_onset": "3 days ago", **given}).referral

    assert referred == Referral(True, "neurology", "stat", "2026-11-01")


def test_beside_critical_electrolytes_a_weakness_waits_and_no_suspicion_is_named() -> None:
    referred = assessed({"twitch_onset": "3 days ago", "potassium": "2.4", "muscle-weakness": "YES"}).referral

    assert referred == Referral(False, "neurology")


def test_a_referral_in_place_is_named_where_none_is_needed() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "past": [{**PLACED, "when": "2026-11-01"}]})

    assert (assessment.referral.suggest, assessment.referral.in_place_since) == (False, "2026-11-01")


# --- Open questions -------------------------------------------------------------------------------


def test_open_questions_ask_what_could_raise_the_disposition() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "twitch_site": "foot"})

    asked = " ".join(q.fact for q in assessment.open_questions)
    assert asked == (
        "muscle-weakness muscle-atrophy speech-difficulty swallowing-difficulty orthopnoea dyspnoea"
        " upper-motor-neuron-signs tongue-fasciculation weight-loss family-history-of-mnd blepharospasm"
        " ocular-weakness twitch-persists-despite-lifestyle sensory-change spreading"
    )
    assert all(q.could_raise > assessment.disposition for q in assessment.open_questions)


def test_what_the_record_left_open_is_asked_first() -> None:
    vague = {"truth": "UNKNOWN", "stated": "today", "note": "not-a-grade"}

    assessment = assessed({"twitch_onset": "3 days ago", "speech-difficulty": vague})

    first = assessment.open_questions[0]
    assert (first.fact, first.why) == ("speech-difficulty", Reason("not-a-grade"))


def test_a_question_keeps_the_reason_of_the_rule_that_asked_first_for_the_most() -> None:
    vague = {"truth": "UNKNOWN", "stated": "today", "note": "not-a-grade"}

    assessment = assessed({"twitch_onset": "3 days ago", "muscle-weakness": vague, "speech-difficulty": "NO"})

    ask = packaged().questions["muscle-weakness"]
    first = OpenQuestion("muscle-weakness", Reason("not-a-grade"), ask, Disposition.URGENT_REFERRAL)
    assert assessment.open_questions[0] == first


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


def test_questions_of_one_weight_come_in_the_order_of_the_knowledge() -> None:
    assessment = assessed(
        {"twitch_onset": "20 days ago", "takes": ["lithium"], "muscle-weakness": {"onset": "10 days ago"}}
    )

    asked = [q.fact for q in assessment.open_questions]
    assert asked == ["weakness-progressive", "speech-difficulty", "orthopnoea", "gait-disturbance"]


def test_what_could_raise_most_is_asked_first_and_whether_it_spreads_last() -> None:
    slurred = assessed({"twitch_onset": "3 days ago", "speech-difficulty": "YES"})
    unsteady = assessed({"twitch_onset": "3 days ago", "gait-disturbance": "YES"})

    assert [q.fact for q in slurred.open_questions] == ["sudden-onset", "orthopnoea", "lithium"]
    assert [q.fact for q in unsteady.open_questions][:1] == ["lithium"]
    assert unsteady.open_questions[-1].fact == "spreading"


EYELID = {"twitch_recorded": "20 days ago", "twitch_site": "eyelid"}


def test_an_eyelid_that_may_have_twitched_for_three_months_is_asked_since_when() -> None:
    assessment = assessed(EYELID)

    why = reason("lasted", duration=Amount(20, inf, "d"))
    ask = packaged().questions["twitch-onset"]
    asked = [q for q in assessment.open_questions if q.fact == "twitch-onset"]
    assert asked == [OpenQuestion("twitch-onset", why, ask, Disposition.ROUTINE_REFERRAL)]


@pytest.mark.parametrize(
    ("given", "pathway"),
    [
        ({**EYELID, "relatives": [{"first_degree": "YES"}]}, "early-referral"),
        ({"twitch_onset": "20 days ago", "twitch_site": "eyelid"}, "early-referral"),
        ({"twitch_recorded": "20 days ago", "twitch_site": "hand"}, "nice-ng127"),
    ],
)
def test_nobody_asks_since_when_where_it_would_change_nothing(given: dict[str, Any], pathway: str) -> None:
    assessment = assessed(given, pathway)

    assert "twitch-onset" not in {q.fact for q in assessment.open_questions}


def test_an_emergency_asks_nothing() -> None:
    assessment = assessed({"twitch_onset": "3 days ago", "potassium": "2.4"})

    assert assessment.open_questions == ()
