"""Two properties of every rule: learning more never overturns an answer, and a red flag never lowers.

A topic is what one question is about: a concept, an analyte, a class of medicines, the twitch as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.facts.truth import Truth
from service.rules import RULES, evaluate
from tests.budget import tries
from tests.rules.case_files import Case, cases
from tests.rules.given import TWITCH, facts, packaged

TWITCHES = {c.id for c in packaged().concepts.values() if c.kind in ("twitch", "look-alike")}
TWITCHES -= {"twitch-course"}
TRIGGERS = {"anxiety", "stress", "gad-7", "caffeine-excess", "caffeine-intake", "insomnia", "sleep-duration"}
TRIGGERS |= {"dehydration", "fluid-intake", "recent-exertion", "overexertion", "takes"}
LASTING = {"twitch-over-two-weeks", "eyelid-twitch-persisting", "red-flag-cluster"}
AT_REST = {"twitch-at-rest-without-trigger", "red-flag-cluster"}
WEIGHT = {"unexplained-weight-loss", "red-flag-cluster"}

HEART_AND_LUNG = {"heart-disease", "heart-failure", "cardiomyopathy", "lung-disease"}


class Excuse(NamedTuple):
    """A topic that may overturn the answers of some rules, to which answer, and why that is meant."""

    topics: set[str]
    rules: set[str]
    to: set[str]
    why: str


# Where silence is read as no on purpose: the question is put to the record and not to the patient.
CLOSED_WORLD = [
    Excuse(
        {"twitch"},
        {"eyelid-twitch-persisting"},
        {"YES", "UNKNOWN"},
        "confined to the eyelid is a question about the record: without a twitch in it, NO (§3)",
    ),
    Excuse({"twitch-course"}, LASTING, {"NO"}, "improving counts only where it is stated (§3)"),
    Excuse(
        {"twitch-course"},
        LASTING,
        {"YES", "UNKNOWN"},
        "a stated course says that it twitched on that day, and may age the twitch (§3)",
    ),
    Excuse(
        HEART_AND_LUNG,
        {"breathing-difficulty"},
        {"UNKNOWN"},
        "breathlessness counts while no heart or lung diagnosis is recorded (§4)",
    ),
    Excuse(
        {*HEART_AND_LUNG, "low-saturation-disease"},
        {"respiratory-compromise"},
        {"UNKNOWN", "NO"},
        "they may explain an older breathlessness, and have a lower limit of the saturation (§4)",
    ),
    Excuse(
        {*packaged().diagnoses, "motor-neuron-disease"},
        {"breathing-difficulty", "respiratory-compromise", "red-flag-cluster"},
        {"UNKNOWN", "NO"},
        "what a known diagnosis explains is no sign of the muscles there, and does not count (§4)",
    ),
    Excuse({"twitch"}, {"red-flag-cluster"}, {"UNKNOWN", "NO"}, "cramps of a new twitch do not count (§4)"),
    Excuse(TRIGGERS, AT_REST, {"NO", "UNKNOWN"}, "a contributor that is YES makes it NO (§4)"),
    Excuse({"weight-loss-intended"}, WEIGHT, {"NO", "UNKNOWN"}, "intended only where stated (§4)"),
    Excuse({"pregnancy"}, WEIGHT, {"NO", "UNKNOWN"}, "pregnancy only where recorded (§4)"),
    Excuse({"pregnancy", "body-weight"}, AT_REST, {"NO", "UNKNOWN"}, "they set the caffeine limit (§5)"),
    Excuse(
        {"guillain-barre"}, {"rapid-weakness"}, {"YES", "UNKNOWN"}, "a diagnosis; an old one is asked about"
    ),
    Excuse(
        {"motor-neuron-disease"}, {"respiratory-compromise"}, {"YES", "UNKNOWN"}, "a known diagnosis (§4)"
    ),
]
# A denial of the root concept answers for all of it until something narrower is YES (§1).
ROOTS = [
    Excuse(
        {"orthopnoea", "dyspnoea-at-rest", "respiratory-failure"},
        {"breathing-difficulty"},
        {"YES"},
        "narrower than dyspnoea",
    ),
    Excuse({"tongue-wasting"}, {"muscle-atrophy", "tongue-fasciculation"}, {"YES"}, "narrower than wasting"),
    Excuse({"body-weight"}, WEIGHT, {"YES", "UNKNOWN"}, "the scales overrule a denial of weight loss"),
]

DAYS = st.sampled_from(["today", "yesterday", "5 days ago", "14 days ago", "20 days ago", "29 days ago"])
LONG_AGO = st.sampled_from(["95 days ago", "200 days ago", "400 days ago", "2026", "2026-11", "2026-08"])
WHEN = DAYS | LONG_AGO
SITES = st.sampled_from(["eyelid", "eyelid-left", "hand-right", "hand", "tongue", "lower-leg", "foot-left"])


def dated(**also: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={"stated": WHEN, "onset": WHEN, "form": st.sampled_from(["observation"]), **also}
    )


TRUTHS = st.sampled_from(["YES", "YES", "NO", "UNKNOWN"])
SAID = st.lists(dated(truth=TRUTHS, aspect=st.sampled_from(["", "narrower"])), min_size=1, max_size=2)
A_TWITCH = st.dictionaries(
    st.sampled_from(
        ["fasciculation", "eyelid-twitch", "facial-myokymia", "blepharospasm", "hemifacial-spasm"]
    ),
    st.lists(dated(truth=TRUTHS, site=SITES), min_size=1, max_size=3),
    min_size=1,
    max_size=2,
)
STANDING_TWITCH = st.fixed_dictionaries(
    {"fasciculation": st.lists(dated(site=SITES), min_size=1, max_size=3)}
)
VALUES = {
    "potassium": ["2.5", "4", "<3", "6.5", "unreadable"],
    "sodium": ["120", "140"],
    "calcium-adjusted": ["1.7", "2.3"],
    "magnesium": ["0.4", "0.8"],
    "lithium": ["1.5", "0.7"],
    "oxygen-saturation": ["91", "98"],
    "respiratory-rate": ["25", "14"],
    "fvc-percent": ["49", "90"],
    "gad-7": ["10", "3"],
    "caffeine-intake": ["500", "100"],
    "sleep-duration": ["5", "8"],
    "fluid-intake": ["0.5", "2"],
}
WEIGHTS = st.sampled_from(
    [
        [{"value": "80", "when": "100 days ago"}, {"value": "70", "when": "today"}],
        [{"value": "80", "when": "100 days ago"}, {"value": "80", "when": "today"}],
        [{"value": "60", "when": "3 days ago"}],
    ]
)
MEASURED = {
    name: st.lists(st.fixed_dictionaries({"value": st.sampled_from(v), "when": WHEN}), min_size=1, max_size=2)
    for name, v in VALUES.items()
}
COURSE = st.lists(dated(value=st.sampled_from(["improving", "worsening"])), min_size=1, max_size=2)
TRIGGER = st.lists(dated(value=st.sampled_from(["none", "stress"])), min_size=1, max_size=2)
DEGREES = st.lists(st.fixed_dictionaries({"first_degree": TRUTHS}), min_size=1, max_size=2)
TOPICS: dict[str, st.SearchStrategy[Any]] = {
    **{c.id: SAID for c in packaged().concepts.values() if c.kind in ("symptom", "diagnosis")},
    **MEASURED,
    "twitch": A_TWITCH,
    "twitch-course": COURSE,
    "twitch-trigger": TRIGGER,
    "body-weight": WEIGHTS,
    "relatives": DEGREES,
    "takes": st.sampled_from([["lithium"], ["statin"]]),
    "age": st.sampled_from(["15", "17", "40", "15 to 16"]),
}
FEW_TOPICS = st.lists(st.sampled_from(sorted(TOPICS)), max_size=5, unique=True)


@st.composite
def records(
    draw: st.DrawFn, but: frozenset[str] = frozenset(), likely: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What a record says about a few topics, some of them `likely`, none of them among `but`."""
    wanted = sorted((likely & TOPICS.keys()) - but)
    some = draw(st.lists(st.sampled_from(wanted), min_size=1, max_size=3, unique=True)) if wanted else []
    chosen = dict.fromkeys([*some, *(topic for topic in draw(FEW_TOPICS) if topic not in but)])
    return {topic: draw(TOPICS[topic]) for topic in chosen}


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """The words of given.py: the topic "twitch" spelled out."""
    rest = {topic: value for topic, value in record.items() if topic != "twitch"}
    return {**rest, **record.get("twitch", {})}


def excused(rule: str, added: set[str], to: Truth) -> bool:
    lists = [*CLOSED_WORLD, *ROOTS]
    return any(rule in e.rules and to.name in e.to and added & e.topics for e in lists)


def answered(known: Mapping[str, Any]) -> set[str]:
    """The topics that need no further answer; "takes" and "takes_not" are one topic."""
    medicines = {"takes", "takes_not"}
    return {*known, *(medicines if medicines & known.keys() else ())}


# --- Learning more never overturns an answer ------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
@tries(30)
@given(data=st.data())
def test_learning_more_never_overturns_an_answer(rule: str, data: st.DataObject) -> None:
    known = data.draw(about(rule))
    more = data.draw(records(frozenset({*answered(known), "age"}), concerning(rule)))

    before = RULES[rule].ask(facts(plain(known)), packaged()).truth
    after = RULES[rule].ask(facts(plain({**known, **more})), packaged()).truth

    assert before in (Truth.UNKNOWN, after) or excused(rule, set(more), after)


@cache
def about(rule: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any record, or what a case of the rule gives: chance would hardly answer rules that need much."""
    told = [_topics(c.given) for c in _cases("red_flags", "same_day") if c.of == rule]
    return records() | st.sampled_from(told)


@cache
def concerning(rule: str) -> frozenset[str]:
    """The topics that the rule's own cases, and the exceptions, say something about."""
    told = {topic for c in _cases("red_flags", "same_day") if c.of == rule for topic in _topics(c.given)}
    return frozenset(told.union(*(e.topics for e in [*CLOSED_WORLD, *ROOTS] if rule in e.rules)))


def _topics(case: Mapping[str, Any]) -> dict[str, Any]:
    twitch = {k: v for k, v in case.items() if k in TWITCHES or k in TWITCH}
    rest = {k: v for k, v in case.items() if k not in twitch}
    return {**rest, **({"twitch": twitch} if twitch else {})}


@pytest.mark.parametrize(
    ("known", "more", "rule", "to"),
    [
        ({"twitch_onset": "40 days ago"}, {"twitch-course": {"value": "improving"}}, LASTING, Truth.NO),
        ({"dyspnoea": "YES"}, {"lung-disease": "YES"}, {"breathing-difficulty"}, Truth.UNKNOWN),
        ({"weight-loss": "YES"}, {"weight-loss-intended": "YES"}, WEIGHT, Truth.NO),
        (
            {"twitch-at-rest": "YES", "twitch-trigger": {"value": "none"}},
            {"anxiety": "YES"},
            AT_REST,
            Truth.NO,
        ),
        ({"muscle-weakness": "NO"}, {"guillain-barre": "YES"}, {"rapid-weakness"}, Truth.YES),
        ({"dyspnoea": "NO"}, {"orthopnoea": "YES"}, {"breathing-difficulty"}, Truth.YES),
        ({"weight-loss": "NO"}, {"body-weight": "LOSS"}, {"unexplained-weight-loss"}, Truth.YES),
        ({"muscle-atrophy": "NO"}, {"tongue-wasting": "YES"}, {"muscle-atrophy"}, Truth.YES),
    ],
)
def test_the_declared_exceptions_do_overturn(
    known: dict[str, Any], more: dict[str, Any], rule: set[str], to: Truth
) -> None:
    loss = [{"value": "80", "when": "100 days ago"}, {"value": "70", "when": "today"}]
    more = {topic: loss if value == "LOSS" else value for topic, value in more.items()}
    name = sorted(rule - {"red-flag-cluster", "eyelid-twitch-persisting"})[0]
    if "twitch-course" in more:
        more = {"twitch-course": {**more["twitch-course"], "stated": "today"}}

    after = RULES[name].ask(facts({**known, **more}), packaged()).truth
    before = RULES[name].ask(facts(known), packaged()).truth

    assert before not in (Truth.UNKNOWN, after)
    assert after is to
    assert excused(name, set(more), after)


# --- Adding a red flag never lowers the disposition -----------------------------------------------

# A diagnosis may explain flags, a course or a pregnancy quieten them: none of these is a red flag.
NO_RED_FLAG = {topic for e in CLOSED_WORLD for topic in e.topics} | {"age", "takes_not", "pregnancy"}


@cache
def _cases(*files: str) -> list[Case]:
    return [param.values[0] for param in cases(*files)]


def _denies(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_denies, value))
    return value in ("NO", "UNKNOWN") or (isinstance(value, dict) and value.get("truth", "YES") != "YES")


def _suspected(case: Case) -> set[str]:
    """What the case gives as a suspicion, which explains nothing."""
    return {
        topic
        for topic, value in case.given.items()
        if isinstance(value, dict) and not value.get("confirmed", True)
    }


FLAGS = [
    case
    for case in _cases("red_flags", "same_day")
    if case.expect == "YES"
    and not (set(case.given) - {"takes", *_suspected(case)}) & NO_RED_FLAG
    and not any(_denies(value) for value in case.given.values())
]


def joined(record: Mapping[str, Any], flag: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the statements and results of the flag beside its own."""
    both = dict(record)
    words = {"onset": "twitch_onset", "stated": "twitch_recorded", "site": "twitch_site"}
    twitch = {name: flag[word] for name, word in words.items() if word in flag}
    flag = {k: v for k, v in flag.items() if k not in words.values()}
    if twitch:
        flag = {**flag, "fasciculation": [*_listed(flag.get("fasciculation", [])), twitch]}
    for topic, value in flag.items():
        both[topic] = [*_listed(both.get(topic, [])), *_listed(value)]
    return both


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_rule_has_a_red_flag_to_add() -> None:
    assert {case.of for case in FLAGS} == RULES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("pathway", packaged().pathways)
@tries(60)
@given(
    twitch=STANDING_TWITCH,
    record=records(frozenset({"twitch"})),
    flag=st.sampled_from(FLAGS),
)
def test_adding_a_red_flag_never_lowers_the_disposition(
    pathway: str, twitch: dict[str, Any], record: dict[str, Any], flag: Case
) -> None:
    known = {**record, **twitch}
    assume(not any(topic in packaged().analytes and topic in known for topic in flag.given))
    assume(not _becomes_the_eyelids(known, flag))

    before = evaluate(facts(known), packaged(), pathway).disposition
    after = evaluate(facts(joined(known, flag.given)), packaged(), pathway).disposition

    assert after >= before


def _becomes_the_eyelids(known: Mapping[str, Any], flag: Case) -> bool:
    """Which flag counts changes with the stated sites, as the model defines it: tested below."""
    twitches = bool({*flag.given} & {*TWITCHES, *TWITCH})
    both = joined(known, flag.given)
    return twitches and any(facts(given).twitch.confined_to_eyelid.yes for given in (known, both))


@pytest.mark.parametrize(
    ("before", "more", "pathway", "becomes"),
    [
        (
            {"onset": "100 days ago", "site": "eyelid"},
            {"onset": "10 days ago", "site": "foot"},
            "nice-ng127",
            "primary-care-review",
        ),
        ({"onset": "15 days ago"}, {"onset": "15 days ago", "site": "eyelid"}, "nice-ng127", "lifestyle"),
        (
            {"onset": "15 days ago"},
            {"onset": "15 days ago", "site": "eyelid"},
            "early-referral",
            "primary-care-review",
        ),
    ],
)
def test_the_eyelids_own_flag_comes_and_goes_with_the_stated_sites(
    before: dict[str, str], more: dict[str, str], pathway: str, becomes: str
) -> None:
    """A twitch is no red flag: "confined" means every *stated* site, so one more can change the flag."""
    both = facts({"fasciculation": [before, more]})

    assert str(evaluate(both, packaged(), pathway).disposition) == becomes


# --- Open questions list only what could raise ----------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("pathway", packaged().pathways)
@tries(60)
@given(twitch=STANDING_TWITCH, record=records(frozenset({"twitch"})))
def test_open_questions_list_only_what_could_raise_the_disposition(
    pathway: str, twitch: dict[str, Any], record: dict[str, Any]
) -> None:
    assessment = evaluate(facts({**record, **twitch}), packaged(), pathway)

    asked = [question.fact for question in assessment.open_questions]

    assert len(asked) == len(set(asked))
    assert all(q.could_raise > assessment.disposition for q in assessment.open_questions)
