"""What the statements of twitching say together."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import Any

import pytest

from service.facts.amounts import Amount, Span
from service.facts.answers import Answer, Gap
from service.facts.places import Place
from service.facts.reasons import NOT_RECORDED, Reason, reason
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from tests.rules.given import facts

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES


def twitch(*said: dict[str, Any] | str, **more: Any) -> Twitch:
    """Statements of fasciculation; `more` holds other concepts with underscores for hyphens."""
    other = {name.replace("_", "-"): value for name, value in more.items()}
    return facts({"fasciculation": list(said), **other}).twitch


# --- Present and recent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "concept",
    [
        "fasciculation",
        "eyelid-twitch",
        "facial-myokymia",
        "tongue-fasciculation",
        "benign-fasciculation-syndrome",
        "twitch-course",
        "twitch-frequency",
        "blepharospasm",
        "hemifacial-spasm",
    ],
)
def test_any_statement_of_twitching_makes_it_present(concept: str) -> None:
    assert facts({concept: "YES"}).twitch.present.yes


@pytest.mark.parametrize("concept", ["cramp", "muscle-weakness", "twitch-at-rest", "twitch-trigger"])
def test_what_is_no_twitch_does_not(concept: str) -> None:
    assert facts({concept: "YES"}).twitch.present.gaps == (Gap("twitch", NOT_RECORDED),)


def test_a_denied_twitch_is_not_present() -> None:
    assert twitch("NO").present.truth is NO


@pytest.mark.parametrize(
    "said",
    [
        {"truth": "NO", "site": "hand"},
        {"truth": "NO", "aspect": "myokymia"},
        {"truth": "UNKNOWN"},
    ],
)
def test_a_narrower_denial_or_a_vain_question_leaves_it_open(said: dict[str, Any]) -> None:
    assert twitch(said).present.truth is UNKNOWN


def test_a_statement_that_may_still_count_keeps_a_denial_from_being_the_last_word() -> None:
    vague = {"form": "observation", "stated": "2026"}

    assert twitch(vague, {"truth": "NO", "stated": "2025"}).present.truth is UNKNOWN


def test_the_newer_statement_decides() -> None:
    assert twitch({"stated": "9 days ago"}, {"truth": "NO", "stated": "5 days ago"}).present.truth is NO
    assert twitch({"stated": "5 days ago"}, {"truth": "NO", "stated": "9 days ago"}).present.yes


def test_a_denied_forearm_does_not_refute_the_calf() -> None:
    calf, forearm = {"site": "lower-leg", "stated": "9 days ago"}, {"site": "forearm", "stated": "today"}

    assert twitch(calf, {"truth": "NO", **forearm}).present.yes


def test_an_observed_twitch_counts_for_ninety_days() -> None:
    assert twitch({"form": "observation", "stated": "90 days ago"}).present.yes
    assert twitch({"form": "observation", "stated": "91 days ago"}).present.truth is UNKNOWN


@pytest.mark.parametrize(
    ("said", "recent"),
    [
        ({"form": "observation", "stated": "365 days ago"}, True),
        ({"form": "observation", "stated": "366 days ago"}, False),
        ({"truth": "NO", "ended": True, "stated": "100 days ago"}, True),
        ({"truth": "NO", "stated": "100 days ago"}, False),
        ({"form": "observation"}, True),
        ({"truth": "UNKNOWN", "end": "silent"}, True),
        ({"truth": "UNKNOWN", "end": "visit", "stated": "366 days ago"}, False),
    ],
)
def test_recent_is_a_twitch_of_the_last_year(said: dict[str, Any], recent: bool) -> None:
    assert twitch(said).recent(365).yes is recent


def test_a_refuted_twitch_is_not_recent() -> None:
    refuted = {"truth": "NO", "refuted": True, "stated": "50 days ago"}

    assert not twitch({"form": "observation", "stated": "100 days ago"}, refuted).recent(365).yes


def sources(answer: Answer) -> list[str]:
    return [str(b.source).removeprefix("Condition/fasciculation-") for b in answer.basis]


def test_a_twitch_is_present_by_all_that_stands() -> None:
    gone = [{"site": "foot", "stated": "9 days ago"}, {"truth": "NO", "site": "foot", "stated": "5 days ago"}]

    spoken = twitch({"site": "hand"}, *gone, {"stated": "3 days ago"})

    assert sources(spoken.present) == ["3", "0"]
    assert sources(twitch("NO", {"truth": "NO", "site": "hand"}).present) == ["0"]


def test_a_recent_twitch_rests_on_what_was_said_and_not_refuted() -> None:
    ended = {"truth": "NO", "ended": True, "stated": "100 days ago"}
    refuted = [
        {"site": "hand", "form": "observation", "stated": "200 days ago"},
        {"truth": "NO", "refuted": True, "site": "hand", "stated": "100 days ago"},
    ]

    assert sources(twitch(ended, *refuted).recent(365)) == ["0"]


def test_a_denial_of_one_day_is_noted_and_one_of_something_else_is_not() -> None:
    said, denied = {"stated": "5 days ago"}, {"truth": "NO", "stated": "5 days ago"}

    assert twitch(said, denied).present.basis[0].notes == (Reason("record-disagrees"),)
    assert twitch(said, denied).at("hand").truth is NO
    assert twitch(said, eyelid_twitch=denied).present.basis[0].notes == ()


# --- Onset and duration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        ([{"onset": "14 days ago"}], Amount(14, 14, "d")),
        ([{"onset": "14 days ago", "stated": "3 days ago"}], Amount(14, 14, "d")),
        ([{"onset": "14 days ago", "stated": "14 days ago"}], Amount(14, 14, "d")),
        ([{"stated": "20 days ago"}], Amount(20, inf, "d")),
        ([{"stated": "20 days ago"}, {"stated": "3 days ago"}], Amount(20, inf, "d")),
        ([{"onset": "2026-11"}], Amount(0, 22, "d")),
        ([{"onset": "2026-11", "stated": "10 days ago"}], Amount(10, 22, "d")),
        ([{"onset": "5 days ago"}, {"onset": "40 days ago"}], Amount(40, 40, "d")),
        ([{"onset": "2026-11"}, {"onset": "15 days ago"}], Amount(15, 22, "d")),
        ([{"onset": "5 days ago"}, {"stated": "40 days ago"}], Amount(40, inf, "d")),
        (["YES"], None),
        (["NO"], None),
    ],
)
def test_the_duration_is_a_range(said: list[Any], duration: Amount | None) -> None:
    assert twitch(*said).duration == duration


def test_the_onset_is_the_earliest_day_spoken_of() -> None:
    spoken = twitch({"onset": "5 days ago", "stated": "3 days ago"}, {"stated": "40 days ago"})

    assert spoken.onset == Span.of(date(2026, 10, 14))
    assert twitch("YES").onset is None


def test_a_look_alike_and_a_gone_twitch_count_neither_for_onset_nor_sites() -> None:
    spoken = twitch(
        {"onset": "5 days ago", "site": "hand"},
        {"truth": "NO", "ended": True, "onset": "400 days ago", "site": "foot"},
        blepharospasm={"onset": "300 days ago", "site": "eyelid"},
    )

    assert spoken.onset == Span.of(date(2026, 11, 18))
    assert spoken.sites == ("hand",)


@pytest.mark.parametrize(
    ("said", "longer"),
    [({"onset": "15 days ago"}, YES), ({"onset": "14 days ago"}, NO), ({"stated": "14 days ago"}, UNKNOWN)],
)
def test_longer_than_two_weeks_is_more_than_fourteen_days(said: dict[str, Any], longer: Truth) -> None:
    assert twitch(said).lasted_longer_than(14).truth is longer


def test_a_duration_that_is_bounded_from_below_says_so() -> None:
    answer = twitch({"stated": "14 days ago"}).lasted_longer_than(14)

    assert answer.gaps == (Gap("twitch-onset", reason("lasted", duration=Amount(14, inf, "d"))),)
    assert answer.basis[0].date == "2026-11-09"


def test_without_a_date_nothing_is_known_of_the_duration() -> None:
    assert twitch("YES").lasted_longer_than(14).gaps == (Gap("twitch-onset", Reason("no-date")),)


# --- Improving ------------------------------------------------------------------------------------


def course(*said: dict[str, Any]) -> list[dict[str, Any]]:
    return list(said)


@pytest.mark.parametrize(
    ("statements", "improving"),
    [
        (course({"value": "improving", "stated": "30 days ago"}), YES),
        (course({"value": "improving", "stated": "31 days ago"}), UNKNOWN),
        (course({"value": "worsening", "stated": "today"}), NO),
        (course({"value": "improving"}), UNKNOWN),
        (course({"truth": "UNKNOWN", "stated": "today"}), UNKNOWN),
        (
            course({"value": "improving", "stated": "9 days ago"}, {"value": "unchanged", "stated": "today"}),
            NO,
        ),
    ],
)
def test_improving_is_what_the_newest_course_says(statements: list[Any], improving: Truth) -> None:
    spoken = twitch({"onset": "60 days ago"}, twitch_course=statements)

    assert spoken.improving(30).truth is improving


def test_improving_rests_on_the_course_and_its_lack_is_named() -> None:
    improving = {"value": "improving", "stated": "today"}

    answer = twitch("YES", twitch_course=improving).improving(30)

    assert [b.source for b in answer.basis] == ["Condition/twitch-course-0"]
    assert twitch("YES").improving(30).gaps == (Gap("twitch-course", NOT_RECORDED),)


def test_a_course_from_before_the_newest_twitch_does_not_count() -> None:
    spoken = twitch({"stated": "5 days ago"}, twitch_course={"value": "improving", "stated": "6 days ago"})

    assert spoken.improving(30).truth is UNKNOWN


def test_a_later_frequency_is_no_later_twitch() -> None:
    spoken = twitch(
        {"stated": "60 days ago"},
        twitch_course={"value": "improving", "stated": "6 days ago"},
        twitch_frequency={"value": "rare", "stated": "5 days ago"},
    )

    assert spoken.improving(30).yes


def test_a_course_whose_day_is_vague_does_not_take_the_flag_away() -> None:
    spoken = twitch({"onset": "200 days ago"}, twitch_course={"value": "improving", "stated": "2026"})

    assert not spoken.improving(30).yes


# --- Where ----------------------------------------------------------------------------------------


def test_places_come_in_the_order_of_first_appearance_each_once() -> None:
    spoken = twitch(
        {"site": "foot", "onset": "5 days ago"},
        {"site": "hand-right", "onset": "9 days ago"},
        {"site": "foot", "onset": "2 days ago"},
        {"site": "region thoracic"},
    )

    assert spoken.sites == ("hand-right", "foot")
    assert spoken.regions == ("cervical", "lumbosacral", "thoracic")
    assert spoken.places[-1] == Place(None, "thoracic")


def test_the_eyelid_has_no_region() -> None:
    assert twitch({"site": "eyelid"}).regions == ()


def test_whether_the_record_states_a_site_is_never_unknown() -> None:
    spoken = twitch({"site": "tongue"})

    assert sources(spoken.at("tongue")) == ["0"]
    assert spoken.at("eyelid").truth is NO


@pytest.mark.parametrize(
    ("sites", "confined"),
    [(["eyelid-left", "eyelid"], True), (["eyelid", "face"], False), ([], False)],
)
def test_confined_to_the_eyelid_needs_a_site_and_no_other(sites: list[str], confined: bool) -> None:
    said = [{"site": site} for site in sites] or ["YES"]

    answer = twitch(*said).confined_to_eyelid
    assert answer.yes is confined
    assert len(answer.basis) == (len(sites) if confined else 0)


@pytest.mark.parametrize(
    ("said", "spreading", "widespread"),
    [
        ([("hand", "9 days ago"), ("forearm", "8 days ago")], YES, False),
        ([("hand", "9 days ago"), ("forearm", "9 days ago")], NO, True),
        ([("hand", "2026-11"), ("forearm", "9 days ago")], UNKNOWN, True),
        ([("hand", "9 days ago")], UNKNOWN, False),
        ([("hand-left", "9 days ago"), ("hand", "5 days ago")], UNKNOWN, False),
        ([("eyelid", "9 days ago"), ("hand", "5 days ago")], YES, False),
        ([("hand", "9 days ago"), ("eyelid", "5 days ago")], NO, True),
        ([("eyelid-left", "9 days ago"), ("eyelid-right", "5 days ago")], NO, True),
    ],
)
def test_spreading_is_a_further_site_that_appears_later(
    said: list[tuple[str, str]], spreading: Truth, widespread: bool
) -> None:
    spoken = twitch(*({"site": site, "onset": onset} for site, onset in said))

    assert spoken.spreading.truth is spreading
    assert spoken.widespread is widespread


@pytest.mark.parametrize(("unplaced", "confined"), [("21 days ago", False), ("20 days ago", True)])
def test_a_twitch_without_a_site_that_is_older_than_the_eyelids_may_be_elsewhere(
    unplaced: str, confined: bool
) -> None:
    spoken = twitch({"onset": unplaced}, {"site": "eyelid", "onset": "20 days ago"})

    assert spoken.confined_to_eyelid.yes is confined


def test_a_newer_normal_result_is_not_hidden_by_one_beside_it_that_cannot_be_read() -> None:
    results = [{"value": "2.3", "when": "2 days ago"}, {"value": "4"}, {"value": "unreadable"}]

    assert facts({"potassium": results}).latest("potassium", within=7).at_most(2.5).truth is UNKNOWN


def test_not_spreading_rests_on_all_sites() -> None:
    spoken = twitch(*({"site": site, "onset": "5 days ago"} for site in ("hand", "foot", "hand")))

    assert sources(spoken.spreading) == ["1", "0"]


def test_spreading_rests_on_the_sites_that_show_it_in_their_order() -> None:
    spoken = twitch({"site": "forearm", "onset": "5 days ago"}, {"site": "hand", "onset": "9 days ago"})

    assert [b.date for b in spoken.spreading.basis] == ["2026-11-14", "2026-11-18"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["YES"], "no-site"),
        ([{"site": "hand"}], "one-site"),
        ([{"site": "hand"}, {"site": "foot"}], "sites-undated"),
        (
            [{"site": "hand", "onset": "5 days ago"}, {"site": "foot"}],
            "sites-undated",
        ),
    ],
)
def test_an_unknown_spread_says_why(said: list[Any], why: str) -> None:
    recorded = why == "sites-undated"
    assert twitch(*said).spreading.gaps == (Gap("spreading", Reason(why), recorded),)


def test_a_closed_visit_for_a_twitch_that_stands_is_a_day_on_which_it_was_recorded() -> None:
    visit = {"truth": "UNKNOWN", "end": "visit", "stated": "40 days ago"}
    over = {"truth": "NO", "ended": True, "stated": "40 days ago"}
    today = {"stated": "0 days ago"}

    assert twitch(visit, today).lasted_longer_than(14).yes
    assert twitch(over, today).lasted_longer_than(14).truth is UNKNOWN
    assert twitch(visit).duration is None


def test_a_closed_visit_keeps_no_denial_open() -> None:
    visit = {"truth": "UNKNOWN", "end": "visit", "stated": "40 days ago"}
    denied = {"truth": "NO", "form": "observation", "stated": "5 days ago"}

    assert twitch(visit, denied).present.truth is Truth.NO
