"""The emergencies of decision-model §4 but that of breathing; nothing suppresses them but their own row."""

from __future__ import annotations

from collections.abc import Iterable

from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import NO, Answer, Basis, any_of, not_recorded, unknown
from service.facts.statements import End, Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import same_finding
from service.rules.motor import active
from service.rules.rule import rule

WEAKNESS, ONSET, PROGRESSING = "muscle-weakness", "weakness-onset", "weakness-progressive"
SUDDEN, GUILLAIN_BARRE = "sudden-onset", "guillain-barre"
# A word on the course of a weakness says also that there is one, and nothing of where or since when.
COURSE = "progressive"


@rule("critical-electrolytes")
def critical_electrolytes(facts: Facts, knowledge: Knowledge) -> Answer:
    """The latest value of the last week at or beyond the limit at which laboratories telephone."""
    threshold = knowledge.thresholds
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


@rule("lithium-toxicity")
def lithium_toxicity(facts: Facts, knowledge: Knowledge) -> Answer:
    """A toxic level, or lithium with slurred speech or unsteady gait that is not known to be old."""
    threshold = knowledge.thresholds
    level = facts.latest("lithium", within=threshold.lithium_recent).at_least(threshold.lithium_toxic)
    signs = any_of(
        _new_sign(concept, facts, knowledge) for concept in ("speech-difficulty", "gait-disturbance")
    )
    return level | (facts.takes("lithium") & signs)


@rule("rapid-weakness")
def rapid_weakness(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness that began within four weeks and progresses, or (suspected) Guillain-Barré syndrome."""
    recent = _recent_weakness(facts, knowledge)
    progressing = facts.stated(PROGRESSING, within=knowledge.thresholds.progression_recent)
    if recent.truth is not Truth.NO and facts.standing(WEAKNESS) and progressing.truth is Truth.UNKNOWN:
        progressing = unknown(PROGRESSING, "course-not-recorded", recorded=True)
    return (recent & progressing) | _guillain_barre(facts, knowledge)


@rule("sudden-deficit")
def sudden_deficit(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness or speech difficulty with a stated onset today or yesterday."""
    return any_of(_sudden(concept, facts, knowledge) for concept in (WEAKNESS, "speech-difficulty"))


@rule("saddle-numbness")
def saddle_numbness(facts: Facts, knowledge: Knowledge) -> Answer:
    """Numbness of the saddle area, active."""
    return facts.stated("saddle-numbness")


def _new_sign(concept: str, facts: Facts, knowledge: Knowledge) -> Answer:
    """A sign of lithium toxicity; one that is known to have begun more than four weeks ago needs a level."""
    days = knowledge.thresholds.lithium_signs_new
    standing = facts.standing(concept)
    if not standing:
        return facts.stated(concept)
    old = [s for s in standing if s.onset and s.onset.within(days, facts.on) is not Truth.YES]
    new = [
        s.basis
        for s in standing
        if not any(s is o for o in old) and not (s.onset is None and any(same_finding(s, o) for o in old))
    ]
    if new:
        return Answer(Truth.YES, tuple(new))
    return unknown("lithium", "level-not-known", basis=[s.basis for s in old], recorded=True)


def _recent_weakness(facts: Facts, knowledge: Knowledge) -> Answer:
    """By its stated onset; examined weakness without one by its first record; reported one is asked about.

    A recorded onset within the days decides by itself: new weakness can come on top of old, and an
    episode that is over does not age a new one.
    """
    days, on = knowledge.thresholds.weakness_rapid, facts.on
    standing = _weaknesses(facts)
    if not standing:
        return facts.stated(WEAKNESS)
    begun = [(s, s.onset.within(days, on)) for s in standing if s.onset]
    if new := [s.basis for s, truth in begun if truth is Truth.YES]:
        return Answer(Truth.YES, tuple(new))
    vague = [s.basis for s, truth in begun if truth is Truth.UNKNOWN]
    undated = [s for s in standing if not s.onset and not _dated_by_another(s, standing)]
    recorded = _first_recorded_within(days, facts) if undated else Truth.NO
    if recorded is Truth.YES and (seen := [s.basis for s in undated if s.examined and s.stated]):
        return Answer(Truth.YES, tuple(seen))
    if recorded is not Truth.NO:
        return unknown(ONSET, "weakness-undated", basis=[s.basis for s in undated], recorded=True)
    if vague:
        return unknown(ONSET, "weakness-date-too-vague", basis=vague, recorded=True)
    old = [s for s in _on_record(facts) if (day := s.onset or s.stated) and day.within(days, on) is Truth.NO]
    return Answer(Truth.NO, tuple(dict.fromkeys(s.basis for s in old)))


def _dated_by_another(statement: Statement, standing: Iterable[Statement]) -> bool:
    """Whether another statement says since when: of the same finding, or of the same place."""
    here = statement.place
    return any(
        s.onset and (same_finding(statement, s) or (s.place and here and s.place.covers(here)))
        for s in standing
    )


def _weaknesses(facts: Facts) -> tuple[Statement, ...]:
    """The statements of weakness on the day; a mere word on its course only where there is no other."""
    standing = facts.standing(WEAKNESS)
    return tuple(s for s in standing if s.aspect != COURSE) or standing


def _first_recorded_within(days: float, facts: Facts) -> Truth:
    """Whether no statement of weakness was recorded longer ago; UNKNOWN where one has no date at all."""
    truth = Truth.YES
    for s in _on_record(facts):
        if s.stated or not s.onset:
            truth &= s.stated.within(days, facts.on) if s.stated else Truth.UNKNOWN
    return truth


def _on_record(facts: Facts) -> list[Statement]:
    """What was said of weakness, however old, but for an episode that is over."""
    return [*facts.standing(WEAKNESS), *(s for s in facts.ever(WEAKNESS) if s.end in (None, End.VISIT))]


def _guillain_barre(facts: Facts, knowledge: Knowledge) -> Answer:
    """Known or suspected; one that began more than eight weeks ago and is still active is asked about."""
    said = active(GUILLAIN_BARRE, facts)
    if not said:
        return NO
    basis = tuple(s.basis for s in said)
    recorded = min((s.stated for s in said if s.stated), key=_order, default=None)
    days = [s.onset or recorded for s in said]
    new = [
        day is None or day.within(knowledge.thresholds.guillain_barre_counts, facts.on) is Truth.YES
        for day in days
    ]
    if any(new):
        return Answer(Truth.YES, basis)
    return unknown(GUILLAIN_BARRE, "still-active", basis=basis, recorded=True)


def _sudden(concept: str, facts: Facts, knowledge: Knowledge) -> Answer:
    """By the stated onset; what was recorded before those days began before them."""
    standing = _weaknesses(facts) if concept == WEAKNESS else facts.standing(concept)
    if not standing:
        stated = facts.stated(concept)
        return stated if stated.truth is Truth.NO else not_recorded(concept)
    days, on = knowledge.thresholds.deficit_sudden, facts.on
    begun = [(s, s.onset.within(days, on)) for s in standing if s.onset]
    by_question = [s for s, truth in begun if truth is Truth.YES and _asked_for(s)]
    if new := [s.basis for s, truth in begun if truth is Truth.YES and not _asked_for(s)]:
        return Answer(Truth.YES, tuple(new))
    if by_question:
        return _suddenly(tuple(s.basis for s in by_question), facts)
    vague = [s for s, truth in begun if truth is Truth.UNKNOWN]
    undated = [s for s in standing if not s.onset and not _before(s, days, facts)]
    if not vague and not undated:
        return NO
    alone = not any(truth is Truth.NO for _, truth in begun) and not any(
        _before(s, days, facts) for s in standing
    )
    basis = [s.basis for s in (*vague, *undated)]
    return unknown(ONSET if concept == WEAKNESS else SUDDEN, "onset-not-exact", basis=basis, recorded=alone)


def _asked_for(statement: Statement) -> bool:
    """Whether only a questionnaire, or our own question for the onset, dates it."""
    return statement.form is Form.ANSWER or statement.onset_source is not None


def _suddenly(basis: tuple[Basis, ...], facts: Facts) -> Answer:
    """Where only a questionnaire dates it to these days, it must be said that it came suddenly."""
    sudden = facts.stated(SUDDEN)
    if sudden.truth is Truth.UNKNOWN:
        return unknown(SUDDEN, "suddenness-not-recorded", basis=basis, recorded=True)
    return Answer(sudden.truth, (*basis, *sudden.basis))


def _before(statement: Statement, days: float, facts: Facts) -> bool:
    """Whether it was recorded before those days, and began before them."""
    return statement.stated is not None and statement.stated.within(days, facts.on) is Truth.NO


def _order(day: Span) -> tuple[object, object]:
    return day.first, day.last
