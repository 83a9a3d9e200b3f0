"""The emergencies of decision-model §4; nothing suppresses them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.facts import Facts
from service.facts.answers import NO, Answer, any_of, not_recorded, unknown
from service.facts.statements import Statement
from service.facts.truth import Truth
from service.knowledge.advice import Thresholds
from service.rules.red_flags import muscle_weakness, speech_difficulty, swallowing_difficulty
from service.rules.rule import same_day

WEAKNESS = "muscle-weakness"


@same_day("respiratory-compromise")
def respiratory_compromise(facts: Facts, threshold: Thresholds) -> Answer:
    """Weakness, bulbar symptoms or known MND with a sign of failing breathing; no normal sign clears it."""
    motor = (
        muscle_weakness(facts, threshold)
        | speech_difficulty(facts, threshold)
        | swallowing_difficulty(facts, threshold)
        | facts.silence_is_no("motor-neuron-disease")
    )
    return motor & _breathing_fails(facts, threshold)


@same_day("critical-electrolytes")
def critical_electrolytes(facts: Facts, threshold: Thresholds) -> Answer:
    """The latest value of the last week at or beyond the limit at which laboratories telephone."""
    potassium = facts.latest("potassium", within=threshold.critical_recent)
    sodium = facts.latest("sodium", within=threshold.critical_recent)
    calcium = facts.latest("calcium-adjusted", within=threshold.critical_recent)
    magnesium = facts.latest("magnesium", within=threshold.critical_recent)
    return any_of(
        (
            potassium.at_most(threshold.potassium_critically_low),
            potassium.at_least(threshold.potassium_critically_high),
            sodium.at_most(threshold.sodium_critically_low),
            sodium.at_least(threshold.sodium_critically_high),
            calcium.at_most(threshold.calcium_critically_low),
            calcium.at_least(threshold.calcium_critically_high),
            magnesium.at_most(threshold.magnesium_critically_low),
        )
    )


@same_day("lithium-toxicity")
def lithium_toxicity(facts: Facts, threshold: Thresholds) -> Answer:
    """A toxic level, or lithium with slurred speech or unsteady gait: toxic until a level says otherwise."""
    level = facts.latest("lithium", within=threshold.lithium_recent).at_least(threshold.lithium_toxic)
    signs = speech_difficulty(facts, threshold) | facts.stated("gait-disturbance")
    return level | (facts.takes("lithium") & signs)


@same_day("rapid-weakness")
def rapid_weakness(facts: Facts, threshold: Thresholds) -> Answer:
    """Weakness that began within four weeks and progresses, or Guillain-Barré syndrome."""
    progressing = facts.stated("weakness-progressive", within=threshold.progression_recent)
    recent = _weakness_began_within(facts, threshold.weakness_rapid)
    return (recent & progressing) | facts.silence_is_no("guillain-barre")


@same_day("sudden-deficit")
def sudden_deficit(facts: Facts, threshold: Thresholds) -> Answer:
    """Weakness or speech difficulty with a stated onset today or yesterday."""
    return any_of(
        _sudden(facts, concept, threshold.deficit_sudden) for concept in (WEAKNESS, "speech-difficulty")
    )


@same_day("saddle-numbness")
def saddle_numbness(facts: Facts, threshold: Thresholds) -> Answer:
    """Numbness of the saddle area, active."""
    return facts.stated("saddle-numbness")


def _breathing_fails(facts: Facts, threshold: Thresholds) -> Answer:
    days = threshold.respiratory_recent
    stated = (
        facts.stated(c, within=days) for c in ("orthopnoea", "dyspnoea-at-rest", "acute-respiratory-failure")
    )
    oxygen = facts.during("oxygen-saturation", within=days).less_than(threshold.oxygen_saturation_low)
    vital_capacity = facts.during("fvc-percent", within=threshold.fvc_recent).less_than(threshold.fvc_low)
    return any_of(stated) | oxygen | _breathes_fast(facts, threshold) | vital_capacity


def _breathes_fast(facts: Facts, threshold: Thresholds) -> Answer:
    if facts.younger_than(threshold.adult_norms) is Truth.YES:
        return unknown("respiratory-rate", "adult-norms")
    rate = facts.during("respiratory-rate", within=threshold.respiratory_recent)
    return rate.at_least(threshold.respiratory_rate_high)


def _weakness_began_within(facts: Facts, days: float) -> Answer:
    """By its stated onset; where that is unknown, by the first record of any weakness that has not ended.

    A recorded onset within the days decides by itself: new weakness can come on top of old, and an
    episode that is over does not age a new one.
    """
    standing = facts.standing(WEAKNESS)
    if not standing:
        return facts.stated(WEAKNESS)
    new = [s.basis for s in standing if s.onset and s.onset.within(days, facts.on) is Truth.YES]
    if new:
        return Answer(Truth.YES, tuple(new))
    earlier = [s for s in facts.ever(WEAKNESS) if not s.ended]
    return _first_record(facts, (*standing, *earlier), days)


def _first_record(facts: Facts, said: Iterable[Statement], days: float) -> Answer:
    dated = [(s.onset or s.stated, s) for s in said]
    known = [(day, s) for day, s in dated if day is not None]
    if len(known) < len(dated) or not known:
        return unknown("weakness-onset", "weakness-undated")
    day, first = min(known, key=lambda pair: (pair[0].first, pair[0].last))
    truth = day.within(days, facts.on)
    if truth is Truth.UNKNOWN:
        return unknown("weakness-onset", "weakness-date-too-vague", basis=(first.basis,))
    return Answer(truth, (first.basis,))


def _sudden(facts: Facts, concept: str, days: float) -> Answer:
    """By the stated onset; what was recorded before those days began before them."""
    standing = facts.standing(concept)
    if not standing:
        stated = facts.stated(concept)
        return stated if stated.truth is Truth.NO else not_recorded(concept)
    began = [(s, _began_within(s, days, facts.on)) for s in standing]
    sudden = [s.basis for s, truth in began if truth is Truth.YES]
    if sudden:
        return Answer(Truth.YES, tuple(sudden))
    if any(truth is Truth.UNKNOWN for _, truth in began):
        new = not any(truth is Truth.NO for _, truth in began)
        return unknown("sudden-onset", "onset-not-exact", recorded=new)
    return NO


def _began_within(statement: Statement, days: float, on: date) -> Truth:
    if statement.onset:
        return statement.onset.within(days, on)
    recorded_before = statement.stated and statement.stated.within(days, on) is Truth.NO
    return Truth.NO if recorded_before else Truth.UNKNOWN
