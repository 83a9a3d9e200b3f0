"""Breathlessness: the flag, what may explain it, and the emergency (decision-model §4).

A heart or lung diagnosis may explain breathlessness; then it counts only together with a sign of the
muscles. In known motor neuron disease the emergency is what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from service.facts import Facts
from service.facts.amounts import Amount, Span
from service.facts.answers import Answer, any_of, unknown
from service.facts.results import Result
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import KNOWN_MND, as_motor, explained_by, long_standing, not_new, statements_of
from service.rules.motor import (
    muscle_atrophy,
    muscle_weakness,
    speech_difficulty,
    suspected_mnd,
    swallowing_difficulty,
    tongue_fasciculation,
    upper_motor_neuron_signs,
)
from service.rules.rule import Question, rule

BREATHING = "breathing-difficulty"
MAY_BE_EXPLAINED = f"{BREATHING}.may-be-explained"
EXPLAINED = "heart-or-lung"
STAIRS, PROGRESSIVE = "difficulty-climbing-stairs", "progressive"
SEVERE = ("orthopnoea", "dyspnoea-at-rest", "respiratory-failure")
FAILING = ("orthopnoea", "dyspnoea-at-rest", "acute-respiratory-failure")
# What may explain breathlessness lying flat or at rest; heart disease without failure only that on exertion.
HEART_OR_LUNG = ("heart-failure", "cardiomyopathy", "lung-disease")
ANY_HEART_OR_LUNG = (*HEART_OR_LUNG, "heart-disease")
SATURATION, RATE, CAPACITY = "oxygen-saturation", "respiratory-rate", "fvc-percent"


@rule(BREATHING)
def breathing_difficulty(facts: Facts, knowledge: Knowledge) -> Answer:
    """Breathlessness that no heart or lung diagnosis may explain, or beside a sign of the muscles."""
    severe, effort = _severe(facts), facts.stated("dyspnoea")
    if effort.truth is Truth.NO and not severe.yes:
        return effort
    if not (severe.yes or effort.yes):
        return severe | effort
    known, widely = _diagnosed(facts, HEART_OR_LUNG), _diagnosed(facts, ANY_HEART_OR_LUNG)
    unexplained = [answer for answer, by in ((severe, known), (effort, widely)) if answer.yes and not by.yes]
    stated = any_of(answer for answer in (severe, effort) if answer.yes)
    if unexplained or motor_half(facts, knowledge).yes:
        return any_of(unexplained) if unexplained else stated
    return unknown(BREATHING, EXPLAINED, basis=(*stated.basis, *widely.basis), recorded=True)


def may_be_explained(facts: Facts, answer: Answer) -> bool:
    """Whether the flag's answer is UNKNOWN because a heart or lung diagnosis may explain it."""
    return any(gap.fact == BREATHING and gap.why.id == EXPLAINED for gap in answer.gaps)


def asks_for_review(facts: Facts, answer: Answer) -> bool:
    """Breathlessness lying flat or at rest that may be explained is looked at, while a twitch is present."""
    return facts.twitch.present.yes and may_be_explained(facts, answer) and _severe(facts).yes


def motor_half(facts: Facts, knowledge: Knowledge) -> Answer:
    """Any sign of the muscles beside breathlessness, neither long-standing nor explained by a diagnosis."""
    flags: dict[str, Question] = {
        "muscle-atrophy": muscle_atrophy,
        "speech-difficulty": speech_difficulty,
        "swallowing-difficulty": swallowing_difficulty,
        "upper-motor-neuron-signs": upper_motor_neuron_signs,
        "tongue-fasciculation": tongue_fasciculation,
    }
    signs = {flag: as_motor(flag, ask(facts, knowledge), facts, knowledge) for flag, ask in flags.items()}
    signs["muscle-weakness"] = weakness_but_stairs(facts, knowledge)
    counting = [_unexplained(flag, sign, facts, knowledge) for flag, sign in signs.items()]
    return any_of((*counting, suspected_mnd(facts, knowledge)))


def weakness_but_stairs(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness other than trouble on stairs alone, which breathlessness, joints and the heart make too."""
    weakness = muscle_weakness(facts, knowledge)
    if not weakness.yes:
        return weakness
    kept = [s for s in facts.standing("muscle-weakness") if s.aspect not in (STAIRS, PROGRESSIVE)]
    if not kept:
        return unknown("muscle-weakness", "stairs-alone", basis=weakness.basis)
    if not_new(kept, facts, knowledge):
        return unknown("weakness-progressive", "long-standing", basis=weakness.basis)
    return Answer(Truth.YES, tuple(s.basis for s in kept))


# ---- The emergency -------------------------------------------------------------------------------


class Side(NamedTuple):
    """What a sign of the muscles answers, and what it answers where a diagnosis explains it."""

    answer: Answer
    unexplained: Answer


@rule("respiratory-compromise")
def respiratory_compromise(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness or bulbar signs with a sign of failing breathing; in known MND the sign must be new."""
    if facts.silence_is_no(KNOWN_MND).yes:
        return facts.silence_is_no(KNOWN_MND) & any_of(_new_signs(facts, knowledge))
    sides = _motor_sides(facts, knowledge)
    motor = any_of(side.answer for side in sides)
    if not _diagnosed(facts, HEART_OR_LUNG).yes:
        return motor & any_of((*_stated_signs(facts, knowledge), *_measured_signs(facts, knowledge)))
    unexplained = any_of(side.unexplained for side in sides)
    listed = any_of(_signs_on_the_list(facts, knowledge))
    seen = any_of((*_seen_signs(facts, knowledge), *_measured_signs(facts, knowledge)))
    return (motor & seen) | (unexplained & listed)


def _motor_sides(facts: Facts, knowledge: Knowledge) -> list[Side]:
    """Weakness, speech, swallowing, tongue; wasting elsewhere and reflexes do not make this emergency."""
    beside = _diagnosed(facts, ANY_HEART_OR_LUNG).yes
    weakness = muscle_weakness(facts, knowledge)
    signs = {
        "muscle-weakness": weakness_but_stairs(facts, knowledge)
        if beside
        else as_motor("muscle-weakness", weakness, facts, knowledge),
        **{
            flag: as_motor(flag, ask(facts, knowledge), facts, knowledge)
            for flag, ask in (
                ("speech-difficulty", speech_difficulty),
                ("swallowing-difficulty", swallowing_difficulty),
                ("tongue-fasciculation", tongue_fasciculation),
            )
        },
    }
    return [Side(sign, _unexplained(flag, sign, facts, knowledge)) for flag, sign in signs.items()]


def _unexplained(flag: str, sign: Answer, facts: Facts, knowledge: Knowledge) -> Answer:
    by = explained_by(flag, sign, facts, knowledge)
    return unknown(flag, "explained", basis=sign.basis) if by else sign


def _stated_signs(facts: Facts, knowledge: Knowledge) -> list[Answer]:
    days = knowledge.thresholds.respiratory_recent
    return [facts.stated(concept, within=days) for concept in FAILING]


def _seen_signs(facts: Facts, knowledge: Knowledge) -> list[Answer]:
    """What was observed in the last days; an entry of the problem list is judged apart."""
    days = knowledge.thresholds.respiratory_recent
    answers = []
    for concept, stated in zip(FAILING, _stated_signs(facts, knowledge), strict=True):
        seen = [s.basis for s in facts.standing(concept, within=days) if s.form is not Form.CONDITION]
        only_listed = stated.yes and not seen
        answers.append(
            unknown(concept, EXPLAINED, basis=stated.basis)
            if only_listed
            else Answer(Truth.YES, tuple(seen))
            if seen
            else stated
        )
    return answers


def _signs_on_the_list(facts: Facts, knowledge: Knowledge) -> list[Answer]:
    """Entries of the problem list; one older than every sign of the muscles may be the heart's or lung's."""
    answers = []
    for concept, stated in zip(FAILING, _stated_signs(facts, knowledge), strict=True):
        listed = [s for s in facts.standing(concept) if s.form is Form.CONDITION]
        newer = [s.basis for s in listed if _older_than_weakness(s, listed, facts, knowledge) is Truth.NO]
        if newer:
            answers.append(Answer(Truth.YES, tuple(newer)))
        elif listed:
            answers.append(unknown(concept, "before-the-weakness", basis=stated.basis))
        else:
            answers.append(stated)
    return answers


def _older_than_weakness(
    sign: Statement, listed: Iterable[Statement], facts: Facts, knowledge: Knowledge
) -> Truth:
    """Whether it began, or was first recorded, before every sign of the muscles did; NO without a date."""
    began = sign.onset or _earliest([s.stated for s in listed if s.stated])
    flags = ("muscle-weakness", "speech-difficulty", "swallowing-difficulty", "tongue-fasciculation")
    said = [
        s
        for flag in flags
        if not long_standing(flag, facts, knowledge)
        for s in statements_of(flag, facts)
        if s.aspect != STAIRS
    ]
    days = [s.onset or s.stated for s in said]
    if began is None or any(day is None for day in days):
        return Truth.NO
    before = Truth.YES
    for day in days:
        before &= began.before(day) if day else Truth.NO
    return before


def _measured_signs(facts: Facts, knowledge: Knowledge) -> list[Answer]:
    threshold = knowledge.thresholds
    days = threshold.respiratory_recent
    saturation = facts.during(SATURATION, within=days).less_than(_saturation_limit(facts, knowledge))
    capacity = facts.during(CAPACITY, within=threshold.fvc_recent).less_than(threshold.fvc_low)
    return [saturation, _breathes_fast(facts, knowledge), capacity]


def _saturation_limit(facts: Facts, knowledge: Knowledge) -> float:
    """Per cent; lower with a lung disease in which a low saturation may be the patient's own."""
    threshold = knowledge.thresholds
    if facts.silence_is_no("low-saturation-disease").yes:
        return threshold.oxygen_saturation_low_in_lung_disease
    return threshold.oxygen_saturation_low


def _breathes_fast(facts: Facts, knowledge: Knowledge) -> Answer:
    threshold = knowledge.thresholds
    if facts.younger_than(threshold.adult_norms) is Truth.YES:
        return unknown(RATE, "adult-norms")
    return facts.during(RATE, within=threshold.respiratory_recent).at_least(threshold.respiratory_rate_high)


# ---- In known motor neuron disease ---------------------------------------------------------------


def _new_signs(facts: Facts, knowledge: Knowledge) -> list[Answer]:
    """Each kind of sign by itself: in the last days, and begun within four weeks."""
    threshold = knowledge.thresholds
    limit = _saturation_limit(facts, knowledge)
    at_once = facts.during(SATURATION, within=threshold.respiratory_recent).less_than(
        threshold.oxygen_saturation_low_in_lung_disease
    )
    stated = [_new_symptom(concept, facts, knowledge) for concept in FAILING]
    saturation, rate, capacity = _measured_signs(facts, knowledge)
    return [
        *stated,
        at_once
        if at_once.yes
        else _new_value(
            saturation,
            SATURATION,
            lambda amount: amount.less_than(limit),
            lambda amount: amount.at_least(limit + threshold.episode_saturation),
            facts,
            knowledge,
        ),
        _new_value(
            rate,
            RATE,
            lambda amount: amount.at_least(threshold.respiratory_rate_high),
            lambda amount: amount.at_most(threshold.respiratory_rate_high - threshold.episode_rate),
            facts,
            knowledge,
        ),
        _new_value(
            capacity,
            CAPACITY,
            lambda amount: amount.less_than(threshold.fvc_low),
            lambda amount: amount.at_least(threshold.fvc_low + threshold.episode_fvc),
            facts,
            knowledge,
        ),
    ]


def _new_symptom(concept: str, facts: Facts, knowledge: Knowledge) -> Answer:
    threshold = knowledge.thresholds
    stated = facts.stated(concept, within=threshold.respiratory_recent)
    if not stated.yes:
        return stated
    episode = _episode(concept, facts)
    if concept == "acute-respiratory-failure" and any(
        day.within(threshold.respiratory_recent, facts.on) is Truth.YES
        for s in facts.standing(concept)
        if (day := s.onset or s.stated)
    ):
        return stated
    began = _earliest([s.onset for s in episode if s.onset]) or _earliest(
        [s.stated for s in episode if s.stated]
    )
    return _within_four_weeks(concept, stated, began, facts, knowledge)


def _episode(concept: str, facts: Facts) -> list[Statement]:
    """The statements of the present episode: those that no denial parts from the latest."""
    said = [s for s in facts.statements[concept] if s.truth is Truth.YES]
    denials = [s for s in facts.statements[concept] if s.truth is Truth.NO]
    standing = facts.standing(concept)
    return [
        s
        for s in said
        if not any(d.later_than(s) and any(now.later_than(d) for now in standing) for d in denials)
    ]


def _new_value(
    beyond: Answer,
    analyte: str,
    is_beyond: Callable[[Amount], Truth],
    is_over: Callable[[Amount], Truth],
    facts: Facts,
    knowledge: Knowledge,
) -> Answer:
    """The answer where the first value beyond the threshold of this episode is new; else NO."""
    if not beyond.yes:
        return beyond
    began: Result | None = None
    values = sorted(
        (r for r in facts.results[analyte] if r.amount and r.when),
        key=lambda r: (_day(r).last, r.moment or 0),
    )
    for value in values:
        if value.amount and is_over(value.amount) is Truth.YES and value is not values[-1]:
            began = None
        elif value.amount and began is None and is_beyond(value.amount) is Truth.YES:
            began = value
    return _within_four_weeks(analyte, beyond, began.when if began else None, facts, knowledge)


def _within_four_weeks(
    fact: str, stated: Answer, began: Span | None, facts: Facts, knowledge: Knowledge
) -> Answer:
    new = began.within(knowledge.thresholds.breathing_new, facts.on) if began else Truth.UNKNOWN
    if new is Truth.UNKNOWN:
        return unknown(fact, "new-or-not", basis=stated.basis, recorded=True)
    return Answer(new, stated.basis)


def _day(result: Result) -> Span:
    assert result.when is not None  # noqa: S101 - results without a day were left out
    return result.when


def _earliest(days: Iterable[Span]) -> Span | None:
    return min(days, key=lambda day: (day.first, day.last), default=None)


def _severe(facts: Facts) -> Answer:
    return any_of(facts.stated(concept) for concept in SEVERE)


def _diagnosed(facts: Facts, diagnoses: Iterable[str]) -> Answer:
    return any_of(facts.silence_is_no(diagnosis) for diagnosis in diagnoses)
