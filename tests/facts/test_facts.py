"""Questions to the record: what it states, what stands, what is newest, what was measured and taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.facts import Facts, MedicineUse
from service.facts.amounts import Span
from service.facts.answers import NO, Basis, Gap
from service.facts.reasons import NOT_RECORDED, Reason, reason
from service.facts.results import Result
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from tests.rules.given import ON, amount, day, facts

WEAK = "muscle-weakness"
TOO_VAGUE = reason("date-too-vague", source=f"Observation/{WEAK}-0")


def weakness(*said: dict[str, Any] | str) -> Any:
    return facts({WEAK: list(said)})


# --- stated ---------------------------------------------------------------------------------------


def test_what_nobody_recorded_is_unknown_and_says_so() -> None:
    assert facts({}).stated(WEAK).gaps == (Gap(WEAK, NOT_RECORDED),)


def test_a_statement_is_the_reason_of_the_answer() -> None:
    answer = weakness({"stated": "5 days ago"}).stated(WEAK)

    assert [(b.source, b.date) for b in answer.basis] == [("Condition/muscle-weakness-0", "2026-11-18")]


def test_all_standing_statements_are_reasons() -> None:
    answer = weakness({"site": "hand"}, {"site": "foot"}, {"truth": "NO", "site": "thigh"}).stated(WEAK)

    assert [b.source for b in answer.basis] == [f"Condition/{WEAK}-0", f"Condition/{WEAK}-1"]


def test_a_denial_is_the_reason_of_a_no() -> None:
    answer = weakness("NO").stated(WEAK)

    assert answer.truth is Truth.NO
    assert [b.source for b in answer.basis] == [f"Condition/{WEAK}-0"]


def test_a_newer_denial_silences_an_older_statement() -> None:
    answer = weakness({"stated": "9 days ago"}, {"truth": "NO", "stated": "5 days ago"}).stated(WEAK)

    assert answer.truth is Truth.NO
    assert [b.date for b in answer.basis] == ["2026-11-18"]


def test_an_old_denial_no_longer_counts() -> None:
    old = {"truth": "NO", "form": "observation", "stated": "91 days ago"}

    assert weakness(old).stated(WEAK).gaps == (Gap(WEAK, NOT_RECORDED),)


def test_on_one_day_yes_wins_and_the_disagreement_is_noted() -> None:
    answer = weakness({"stated": "5 days ago"}, {"truth": "NO", "stated": "5 days ago"}).stated(WEAK)

    assert answer.yes
    assert answer.basis[0].notes == (Reason("record-disagrees"),)


def test_a_settled_disagreement_is_not_noted() -> None:
    answer = weakness({"stated": "4 days ago"}, {"truth": "NO", "stated": "5 days ago"}).stated(WEAK)

    assert answer.basis[0].notes == ()


def test_a_window_narrows_observations_and_not_the_problem_list() -> None:
    observed = weakness({"form": "observation", "stated": "8 days ago"})
    listed = weakness({"stated": "8 days ago"})

    assert observed.stated(WEAK, within=8).yes
    assert not observed.stated(WEAK, within=7).yes
    assert listed.stated(WEAK, within=7).yes


def test_a_denial_from_before_the_window_does_not_deny() -> None:
    denied = weakness({"truth": "NO", "form": "observation", "stated": "8 days ago"})

    assert denied.stated(WEAK).truth is Truth.NO
    assert denied.stated(WEAK, within=8).truth is Truth.NO
    assert denied.stated(WEAK, within=7).gaps == (Gap(WEAK, NOT_RECORDED),)


def test_a_statement_from_before_the_window_is_named_with_its_day() -> None:
    answer = weakness({"form": "observation", "stated": "8 days ago"}).stated(WEAK, within=7)

    assert answer.gaps == (Gap(WEAK, reason("too-long-ago", day=day("8 days ago"))),)


def test_a_statement_that_may_lie_in_the_window_keeps_a_denial_from_being_the_last_word() -> None:
    denied = {"truth": "NO", "form": "observation", "stated": "3 days ago"}
    vague = {"form": "observation", "stated": "2026-11"}

    answer = weakness(vague, denied).stated(WEAK, within=7)

    assert answer.gaps == (Gap(WEAK, TOO_VAGUE, recorded=True),)


def test_an_unspecific_statement_leaves_a_denial_open_only_within_the_window() -> None:
    denied = {"truth": "NO", "form": "observation", "stated": "30 days ago"}
    unspecific = {"truth": "UNKNOWN", "aspect": "unspecific", "form": "observation", "stated": "30 days ago"}

    assert weakness(denied, unspecific).stated(WEAK).truth is Truth.UNKNOWN
    assert weakness(denied | {"stated": "29 days ago"}, unspecific).stated(WEAK).truth is Truth.NO
    assert weakness(denied | {"stated": "today"}, unspecific).stated(WEAK, within=7).truth is Truth.NO


def test_an_answer_that_cannot_be_read_leaves_only_an_older_denial_open() -> None:
    denied = {"truth": "NO", "form": "observation", "stated": "5 days ago"}
    unread = {"truth": "UNKNOWN", "form": "observation", "note": "not-a-grade"}

    assert weakness(denied, unread | {"stated": "4 days ago"}).stated(WEAK).truth is Truth.UNKNOWN
    assert weakness(denied, unread | {"stated": "5 days ago"}).stated(WEAK).truth is Truth.NO
    assert weakness(denied, unread | {"stated": "6 days ago"}).stated(WEAK).truth is Truth.NO


def test_what_nobody_answered_leaves_every_answer_as_it_is() -> None:
    denied = {"truth": "NO", "form": "observation", "stated": "5 days ago"}
    silent = {"truth": "UNKNOWN", "form": "observation", "stated": "today", "silent": True, "note": "absent"}

    assert weakness(denied, silent).stated(WEAK).truth is Truth.NO
    assert weakness({"stated": "5 days ago"}, silent).stated(WEAK).yes
    assert weakness(silent).stated(WEAK).gaps == (Gap(WEAK, Reason("absent"), recorded=False),)


# --- Denials that no longer count -----------------------------------------------------------------

DENIED = {"truth": "NO", "form": "observation", "examined": True}


def test_an_expired_denial_of_an_active_problem_is_neither_yes_nor_no_and_names_both() -> None:
    answer = weakness({"stated": "200 days ago"}, DENIED | {"stated": "91 days ago"}).stated(WEAK)

    assert answer.truth is Truth.UNKNOWN
    assert [b.source for b in answer.basis] == [f"Condition/{WEAK}-0", f"Observation/{WEAK}-1"]
    assert (answer.gaps[0].why.id, answer.gaps[0].recorded) == ("denial-expired", True)


@pytest.mark.parametrize(
    ("problem", "denial", "truth"),
    [
        ({"stated": "200 days ago"}, {"stated": "90 days ago"}, Truth.NO),
        ({"stated": "91 days ago"}, {"stated": "91 days ago"}, Truth.YES),
        ({"stated": "90 days ago"}, {"stated": "91 days ago"}, Truth.YES),
        ({"stated": "200 days ago", "aspect": "foot-drop"}, {"stated": "91 days ago"}, Truth.YES),
        ({"stated": "200 days ago", "site": "hand"}, {"stated": "91 days ago", "site": "foot"}, Truth.YES),
        ({"onset": "200 days ago"}, {"stated": "91 days ago"}, Truth.UNKNOWN),
    ],
)
def test_a_denial_is_in_dispute_only_where_it_would_have_answered(
    problem: dict[str, Any], denial: dict[str, Any], truth: Truth
) -> None:
    assert weakness(problem, DENIED | denial).stated(WEAK).truth is truth


def test_of_several_expired_denials_the_newest_is_named() -> None:
    denials = (DENIED | {"stated": day} for day in ("92 days ago", "100 days ago"))

    answer = weakness({"stated": "200 days ago"}, *denials).stated(WEAK)

    assert dict(answer.gaps[0].why.values)["denial"] == f"Observation/{WEAK}-1"


def test_a_denial_that_counts_outweighs_an_expired_one() -> None:
    expired, counting = DENIED | {"stated": "91 days ago"}, DENIED | {"stated": "5 days ago"}

    assert weakness({"stated": "200 days ago"}, expired, counting).stated(WEAK).truth is Truth.NO


def test_a_narrower_thing_that_is_over_is_not_called_suspected() -> None:
    over = {"truth": "NO", "aspect": "foot-drop", "stated": "5 days ago"}

    answer = weakness({"aspect": "foot-drop", "stated": "9 days ago"}, over).stated(WEAK)

    assert answer.gaps == (Gap(WEAK, NOT_RECORDED),)


@pytest.mark.parametrize(
    ("said", "why", "recorded"),
    [
        ({"truth": "UNKNOWN", "note": "no-value"}, Reason("no-value"), True),
        ({"truth": "UNKNOWN"}, reason("no-answer", source=f"Condition/{WEAK}-0"), True),
        (
            {"form": "observation", "stated": "2026"},
            reason("date-too-vague", source=f"Observation/{WEAK}-0"),
            True,
        ),
        (
            {"form": "observation", "stated": "91 days ago"},
            reason("too-long-ago", day=day("2026-08-24")),
            False,
        ),
        ({"confirmed": False}, reason("only-suspected", source=f"Condition/{WEAK}-0"), True),
        ({"truth": "NO", "aspect": "foot-drop"}, NOT_RECORDED, False),
    ],
)
def test_every_unknown_says_why(said: dict[str, Any], why: Reason, recorded: bool) -> None:
    answer = weakness(said).stated(WEAK)

    assert answer.truth is Truth.UNKNOWN
    assert answer.gaps == (Gap(WEAK, why, recorded),)


def test_an_old_vain_question_is_forgotten() -> None:
    old = {"truth": "UNKNOWN", "form": "observation", "stated": "91 days ago"}

    assert weakness(old).stated(WEAK).gaps == (Gap(WEAK, NOT_RECORDED),)


def test_a_denied_narrower_thing_leaves_a_standing_denial_of_the_whole() -> None:
    answer = weakness("NO", {"truth": "NO", "aspect": "foot-drop"}).stated(WEAK)

    assert answer.truth is Truth.NO


def test_the_same_question_gets_the_same_answer() -> None:
    asked = weakness("YES")

    assert asked.stated(WEAK) is asked.stated(WEAK)


# --- standing, ever, recorded, suspected, newest --------------------------------------------------


def test_a_suspected_diagnosis_does_not_stand_and_is_suspected() -> None:
    known = facts({"multiple-sclerosis": {"confirmed": False}})

    assert known.standing("multiple-sclerosis") == ()
    assert known.suspected("multiple-sclerosis").yes
    assert [b.source for b in known.suspected("multiple-sclerosis").basis] == [
        "Condition/multiple-sclerosis-0"
    ]
    assert facts({"multiple-sclerosis": "YES"}).suspected("multiple-sclerosis") == NO
    assert facts({}).suspected("multiple-sclerosis") == NO


@pytest.mark.parametrize("later", [{"truth": "NO", "refuted": True, "stated": "5 days ago"}, "YES"])
def test_a_suspicion_that_was_settled_is_none(later: Any) -> None:
    suspicion = {"confirmed": False, "stated": "9 days ago"}

    assert facts({"multiple-sclerosis": [suspicion, later]}).suspected("multiple-sclerosis") == NO


def test_whether_the_record_holds_something_is_never_unknown() -> None:
    assert facts({}).silence_is_no("heart-disease") is NO
    assert facts({"heart-disease": "UNKNOWN"}).silence_is_no("heart-disease") is NO
    assert facts({"heart-disease": "YES"}).silence_is_no("heart-disease").yes


def test_what_was_once_so_is_remembered_unless_refuted() -> None:
    ended = {"truth": "NO", "ended": True, "stated": "300 days ago"}
    old = {"form": "observation", "stated": "200 days ago"}
    refuted = {"truth": "NO", "refuted": True, "stated": "100 days ago"}

    assert len(weakness(ended, old).ever(WEAK)) == 2
    assert weakness(ended, old, refuted).ever(WEAK) == ()
    assert weakness("NO").ever(WEAK) == ()
    assert facts({}).ever(WEAK) == ()


def test_the_newest_statements_are_those_that_no_other_is_certainly_later_than() -> None:
    trigger = facts(
        {
            "twitch-trigger": [
                {"value": "stress", "stated": "9 days ago"},
                {"value": "caffeine", "stated": "5 days ago"},
                {"value": "none", "stated": "5 days ago"},
                {"value": "exercise"},
            ]
        }
    )

    assert [s.value for s in trigger.newest("twitch-trigger")] == ["caffeine", "none"]
    assert facts({}).newest("twitch-trigger") == ()


# --- Measurements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("newest", "earlier", "truth"),
    [
        ("unreadable", ["2.3"], Truth.YES),
        ("unreadable", ["4.0"], Truth.UNKNOWN),
        ("unreadable", ["unreadable", "2.3"], Truth.YES),
        ("unreadable", ["4.0", "2.3"], Truth.UNKNOWN),
        ("<3", ["2.3"], Truth.YES),
        ("<3", ["4.0"], Truth.UNKNOWN),
        ("4.0", ["2.3"], Truth.NO),
        ("2.3", ["unreadable"], Truth.YES),
        ("unreadable", ["unreadable"], Truth.UNKNOWN),
    ],
)
def test_a_result_that_does_not_tell_hides_no_older_one_that_does(
    newest: str, earlier: list[str], truth: Truth
) -> None:
    def result(value: str, ago: int) -> Result:
        told = None if value == "unreadable" else amount(value, "mmol/L")
        why = Reason("no-value-recorded") if told is None else None
        return Result("potassium", f"Observation/{ago}", told, Span.of(ON - timedelta(ago)), why=why)

    listed = tuple(result(value, ago) for ago, value in enumerate([newest, *earlier]))
    for order in (listed, listed[::-1]):
        measured = Facts(ON, results={"potassium": order}).latest("potassium", within=7)

        assert measured.at_most(2.5).truth is truth


def test_the_latest_result_is_of_the_newest_day() -> None:
    measured = facts({"potassium": [{"value": "3", "when": "5 days ago"}, {"value": "4", "when": "today"}]})

    latest = measured.latest("potassium", within=7)

    assert [r.amount.low for r in latest.results if r.amount] == [4.0]


def test_during_holds_every_result_of_the_days() -> None:
    measured = facts(
        {
            "potassium": [
                {"value": "3", "when": "8 days ago"},
                {"value": "4", "when": "7 days ago"},
                {"value": "5", "when": "today"},
            ]
        }
    )

    inside = measured.during("potassium", within=7).results

    assert [r.amount.low for r in inside if r.amount] == [4.0, 5.0]
    assert len(measured.during("potassium").results) == 3
    assert len(measured.latest("potassium").results) == 1


@pytest.mark.parametrize("when", ["2026", "never"])
def test_a_result_whose_day_is_vague_leaves_the_question_open(when: str) -> None:
    measured = facts({"potassium": {"value": "2", "when": when}})

    latest = measured.latest("potassium", within=7)

    assert latest.results == ()
    assert latest.undecided == Gap(
        "potassium", reason("result-undated", source="Observation/potassium-0"), recorded=True
    )
    assert measured.latest("potassium").undecided is None


def test_a_vague_result_leaves_the_question_open_beside_several_others() -> None:
    days = ("5 days ago", "today", "2026")
    measured = facts({"potassium": [{"value": "4", "when": when} for when in days]})

    assert measured.latest("potassium", within=7).at_most(2.5).truth is Truth.UNKNOWN


def test_what_was_not_measured_has_no_results() -> None:
    assert facts({}).latest("potassium", within=7).results == ()
    assert facts({}).latest("potassium").at_most(2.5).gaps == (Gap("potassium", NOT_RECORDED),)


UNREAD = {"value": "unreadable", "when": "today"}


def test_the_latest_result_is_the_latest_that_can_be_read() -> None:
    low = facts({"potassium": [{"value": "2.3", "when": "2 days ago"}, UNREAD]}).latest("potassium", within=7)

    assert low.at_most(2.5).yes
    assert [b.source for b in low.at_most(2.5).basis] == ["Observation/potassium-0"]


def test_a_no_beside_a_newer_result_that_cannot_be_read_is_unknown() -> None:
    normal = facts({"potassium": [{"value": "4", "when": "2 days ago"}, UNREAD]}).latest(
        "potassium", within=7
    )

    assert normal.at_most(2.5).gaps == (Gap("potassium", Reason("no-unit"), recorded=True),)
    assert normal.at_least(3).yes


def test_an_older_result_that_cannot_be_read_leaves_a_no() -> None:
    old = {"value": "unreadable", "when": "3 days ago"}

    assert facts({"potassium": [{"value": "4"}, old]}).latest("potassium").at_most(2.5).truth is Truth.NO


def test_results_of_which_none_can_be_read_say_why() -> None:
    unread = facts({"potassium": [UNREAD, UNREAD | {"when": "2 days ago"}]}).latest("potassium")

    assert unread.at_most(2.5).gaps == (Gap("potassium", Reason("no-unit"), recorded=True),)


@pytest.mark.parametrize(
    ("older", "truth"),
    [
        (["2.3"], Truth.YES),
        (["4"], Truth.UNKNOWN),
        (["<3"], Truth.UNKNOWN),
        (["<3", "2.3"], Truth.YES),
        (["4", "2.3"], Truth.UNKNOWN),
        (["<3", "4", "2.3"], Truth.UNKNOWN),
        ([], Truth.UNKNOWN),
    ],
)
def test_a_range_across_the_limit_does_not_hide_the_newest_older_result_that_tells(
    older: list[str], truth: Truth
) -> None:
    results = [{"value": "<3", "when": "today"}]
    results += [{"value": value, "when": f"{n + 1} days ago"} for n, value in enumerate(older)]

    assert facts({"potassium": results}).latest("potassium", within=7).at_most(2.5).truth is truth


# --- Supposing ------------------------------------------------------------------------------------


def test_supposing_changes_one_concept_and_keeps_the_rest() -> None:
    known = facts(
        {
            "age": 50,
            WEAK: "NO",
            "cramp": "YES",
            "potassium": "4",
            "takes": ["statin"],
            "relatives": [{"first_degree": "NO"}],
            "past": [{"id": "emg", "when": "today"}],
        }
    )
    answered = [known.stated(WEAK), known.stated("cramp")]
    supposed = Statement(WEAK, Truth.YES, "", Form.CONDITION)

    imagined = known.supposing(supposed)

    assert imagined == replace(known, statements={**known.statements, WEAK: (supposed,)})
    assert imagined.stated(WEAK).yes
    assert imagined.stated("cramp") is answered[1]
    assert known.stated(WEAK) is answered[0]


# --- Medicines and age ----------------------------------------------------------------------------


def test_a_medicine_is_taken_not_taken_or_not_recorded() -> None:
    taken = facts({"takes": ["lithium"], "takes_not": ["statin", "lithium"]})

    assert [b.source for b in taken.takes("lithium").basis] == ["MedicationStatement/lithium"]
    assert taken.takes("lithium").yes
    assert taken.takes("statin").truth is Truth.NO
    assert [b.source for b in taken.takes("statin").basis] == ["MedicationStatement/statin"]
    assert taken.takes("diuretic").gaps == (Gap("diuretic", NOT_RECORDED),)


def test_a_medicine_of_which_nobody_knows_whether_it_is_taken_is_not_recorded() -> None:
    open_use = MedicineUse("lithium", Truth.UNKNOWN, Basis("lithium"))

    assert replace(facts({}), medicines=(open_use,)).takes("lithium").gaps == (Gap("lithium", NOT_RECORDED),)


@pytest.mark.parametrize(
    ("age", "younger"),
    [("17", Truth.YES), ("18", Truth.NO), ("17 to 18", Truth.UNKNOWN)],
)
def test_an_age_may_be_a_range(age: str, younger: Truth) -> None:
    assert facts({"age": age}).younger_than(18) is younger


def test_without_a_birth_date_the_age_is_unknown() -> None:
    assert facts({}).younger_than(18) is Truth.UNKNOWN
