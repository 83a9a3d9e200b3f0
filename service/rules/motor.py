"""The signs of the motor system (decision-model §4): also asked of a recent twitch, never reassured away.

A function reads like the sentence of the table. Its kind, words, evidence and disposition
are data, under the same id. Breathing has a chapter of its own.
"""

from __future__ import annotations

from service.facts import Facts
from service.facts.answers import NO, Answer, not_recorded, unknown
from service.facts.reasons import reason
from service.facts.statements import Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import KNOWN_MND
from service.rules.rule import rule


@rule("muscle-weakness")
def muscle_weakness(facts: Facts, knowledge: Knowledge) -> Answer:
    """Reported weakness counts as much as examined weakness; the basis says which it was."""
    return facts.stated("muscle-weakness")


@rule("muscle-atrophy")
def muscle_atrophy(facts: Facts, knowledge: Knowledge) -> Answer:
    """Wasting anywhere, the split hand and the tongue among it; wasting from disuse is not coded here."""
    return facts.stated("muscle-atrophy") | facts.silence_is_no("tongue-wasting")


@rule("speech-difficulty")
def speech_difficulty(facts: Facts, knowledge: Knowledge) -> Answer:
    """Dysarthria or slurred speech; hoarseness is not."""
    return facts.stated("speech-difficulty")


@rule("swallowing-difficulty")
def swallowing_difficulty(facts: Facts, knowledge: Knowledge) -> Answer:
    """Dysphagia or choking; a disease of the oesophagus is not."""
    return facts.stated("swallowing-difficulty")


@rule("upper-motor-neuron-signs")
def upper_motor_neuron_signs(facts: Facts, knowledge: Knowledge) -> Answer:
    """Hyperreflexia, spasticity, Babinski, Hoffmann, clonus."""
    return facts.stated("upper-motor-neuron-signs")


@rule("tongue-fasciculation")
def tongue_fasciculation(facts: Facts, knowledge: Knowledge) -> Answer:
    """The tongue twitches or is wasted."""
    wasted = facts.silence_is_no("tongue-wasting")
    return facts.stated("tongue-fasciculation") | facts.twitch.at("tongue") | wasted


@rule("suspected-mnd")
def suspected_mnd(facts: Facts, knowledge: Knowledge) -> Answer:
    """Motor neuron disease that somebody suspects, recorded within a year, not refuted later nor known."""
    if facts.silence_is_no(KNOWN_MND).yes:
        return NO
    suspicions = [s for s in active(KNOWN_MND, facts) if not s.confirmed]
    if not suspicions:
        stated = facts.stated(KNOWN_MND)
        return stated if stated.truth is Truth.NO else not_recorded("suspected-mnd")
    days = knowledge.thresholds.suspicion_counts
    counting = [(s, s.day.within(days, facts.on) if s.day else Truth.YES) for s in suspicions]
    recent = [s.basis for s, truth in counting if truth is Truth.YES]
    if recent:
        return Answer(Truth.YES, tuple(recent))
    latest = max((s.day for s in suspicions if s.day), key=lambda day: (day.last, day.first))
    basis = tuple(s.basis for s, _ in counting)
    return unknown("suspected-mnd", reason("too-long-ago", day=latest), basis=basis)


def active(concept: str, facts: Facts) -> list[Statement]:
    """What is stated and not taken back, be it known or only suspected."""
    said = facts.statements.get(concept, ())
    denials = [s for s in said if s.truth is Truth.NO]
    return [s for s in said if s.truth is Truth.YES and not any(d.overrules(s) for d in denials)]
