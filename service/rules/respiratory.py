"""The emergency of breathing (decision-model §4): the muscles and the breath fail together.

With a heart or lung diagnosis an entry of the problem list counts only where it is not older than the signs
of the muscles. In known motor neuron disease the emergency is what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from service.facts import Facts
from service.facts.amounts import Amount, Span
from service.facts.answers import Answer, any_of, unknown
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import KNOWN_MND, as_motor, long_standing, statements_of
from service.rules.motor import (
    ANY_HEART_OR_LUNG,
    HEART_OR_LUNG,
    STAIRS,
    diagnosed,
    muscle_weakness,
    speech_difficulty,
    swallowing_difficulty,
    tongue_fasciculation,
    unexplained_sign,
    weakness_but_stairs,
)
from service.rules.rule import Question, rule

FAILING = ("orthopnoea", "dyspnoea-at-rest", "acute-respiratory-failure")
SIDES: Mapping[str, Question] = MappingProxyType(
    {
        "muscle-weakness": muscle_weakness,
        "speech-difficulty": speech_difficulty,
        "swallowing-difficulty": swallowing_difficulty,
        "tongue-fasciculation": tongue_fasciculation,
    }
)
SATURATION, RATE, CAPACITY = "oxygen-saturation", "respiratory-rate", "fvc-percent"


class Side(NamedTuple):
    """What a sign of the muscles answers, and what it answers where a diagnosis explains it."""

    answer: Answer
    unexplained: Answer


class Episode(NamedTuple):
    """When a value is beyond its threshold, and when it is so far back that an episode is over."""

    analyte: str
    is_beyond: Callable[[Amount], Truth]
    is_over: Callable[[Amount], Truth]


@rule("respiratory-compromise")
def respiratory_compromise(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness or bulbar signs with a sign of failing breathing; in known MND the sign must be new."""
    if facts.silence_is_no(KNOWN_MND).yes:
        return facts.silence_is_no(KNOWN_MND) & any_of(_new_signs(facts, knowledge))
    sides = _motor_sides(facts, knowledge)
    motor = any_of(side.answer for side in sides)
    if not diagnosed(facts, HEART_OR_LUNG).yes:
        return motor & any_of((*_stated_signs(facts, knowledge), *_measured_signs(facts, knowledge)))
    unexplained = any_of(side.unexplained for side in sides)
    listed = any_of(_signs_on_the_list(facts, knowledge))
    seen = any_of((*_seen_signs(facts, knowledge), *_measured_signs(facts, knowledge)))
    return (motor & seen) | (unexplained & listed)


def _motor_sides(facts: Facts, knowledge: Knowledge) -> list[Side]:
    """Weakness, speech, swallowing, tongue; wasting elsewhere and reflexes do not make this emergency."""
    beside = diagnosed(facts, ANY_HEART_OR_LUNG).yes
    signs = {flag: as_motor(flag, ask(facts, knowledge), facts, knowledge) for flag, ask in SIDES.items()}
    if beside:
        signs["muscle-weakness"] = weakness_but_stairs(facts, knowledge)
    return [Side(sign, unexplained_sign(flag, sign, facts, knowledge)) for flag, sign in signs.items()]


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
            unknown(concept, "heart-or-lung", basis=stated.basis)
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
    said = [
        s
        for flag in SIDES
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
    threshold, limit = knowledge.thresholds, _saturation_limit(facts, knowledge)
    fast, low = threshold.respiratory_rate_high, threshold.fvc_low
    episodes = (
        Episode(
            SATURATION,
            lambda a: a.less_than(limit),
            lambda a: a.at_least(limit + threshold.episode_saturation),
        ),
        Episode(RATE, lambda a: a.at_least(fast), lambda a: a.at_most(fast - threshold.episode_rate)),
        Episode(CAPACITY, lambda a: a.less_than(low), lambda a: a.at_least(low + threshold.episode_fvc)),
    )
    signs = [_new_symptom(concept, facts, knowledge) for concept in FAILING]
    for episode, beyond in zip(episodes, _measured_signs(facts, knowledge), strict=True):
        signs.append(_new_value(beyond, episode, facts, knowledge))
    at_once = threshold.oxygen_saturation_low_in_lung_disease
    return [*signs, facts.during(SATURATION, within=threshold.respiratory_recent).less_than(at_once)]


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


def _new_value(beyond: Answer, episode: Episode, facts: Facts, knowledge: Knowledge) -> Answer:
    """The answer where the first value beyond the threshold of this episode is new; else NO.

    The latest value ends no episode: the worst of the days decides.
    """
    if not beyond.yes:
        return beyond
    began: Span | None = None
    dated = [(r.when, r.moment or 0, r.amount) for r in facts.results[episode.analyte] if r.amount and r.when]
    values = sorted(dated, key=lambda value: (value[0].last, value[1]))
    latest = [(when.last, moment) for when, moment, _ in values[-1:]]
    for when, moment, amount in values:
        if (when.last, moment) not in latest and episode.is_over(amount) is Truth.YES:
            began = None
        elif began is None and episode.is_beyond(amount) is Truth.YES:
            began = when
    return _within_four_weeks(episode.analyte, beyond, began, facts, knowledge)


def _within_four_weeks(
    fact: str, stated: Answer, began: Span | None, facts: Facts, knowledge: Knowledge
) -> Answer:
    new = began.within(knowledge.thresholds.breathing_new, facts.on) if began else Truth.UNKNOWN
    if new is Truth.UNKNOWN:
        return unknown(fact, "new-or-not", basis=stated.basis, recorded=True)
    return Answer(new, stated.basis)


def _earliest(days: Iterable[Span]) -> Span | None:
    return min(days, key=lambda day: (day.first, day.last), default=None)
