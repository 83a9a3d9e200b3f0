"""The signs of the motor system (decision-model §4): also asked of a recent twitch, never reassured away.

A function reads like the sentence of the table. Its kind, words, evidence and disposition
are data, under the same id. A heart or lung diagnosis may explain breathlessness; then it counts
only together with another sign of the muscles.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.facts import Facts
from service.facts.answers import NO, Answer, any_of, not_recorded, unknown
from service.facts.reasons import reason
from service.facts.statements import Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import KNOWN_MND, as_motor, explained_by, not_new
from service.rules.rule import Question, rule

BREATHING = "breathing-difficulty"
MAY_BE_EXPLAINED = f"{BREATHING}.may-be-explained"
STAIRS, PROGRESSIVE_KIND = "difficulty-climbing-stairs", "progressive"
SEVERE = ("orthopnoea", "dyspnoea-at-rest", "respiratory-failure")
# What may explain breathlessness lying flat or at rest; heart disease without failure only that on exertion.
HEART_OR_LUNG = ("heart-failure", "cardiomyopathy", "lung-disease")
ANY_HEART_OR_LUNG = (*HEART_OR_LUNG, "heart-disease")


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
    seen = facts.twitch.at("tongue") | facts.silence_is_no("tongue-wasting")
    return stated_or_denied_where_it_is(facts, "tongue-fasciculation") | seen


@rule(BREATHING)
def breathing_difficulty(facts: Facts, knowledge: Knowledge) -> Answer:
    """Breathlessness that no heart or lung diagnosis may explain, or beside a sign of the muscles."""
    severe, effort = _severe(facts), facts.stated("dyspnoea")
    if effort.truth is Truth.NO and not severe.yes:
        return effort
    if not (severe.yes or effort.yes):
        return severe | effort
    known, widely = diagnosed(facts, HEART_OR_LUNG), diagnosed(facts, ANY_HEART_OR_LUNG)
    unexplained = [answer for answer, by in ((severe, known), (effort, widely)) if answer.yes and not by.yes]
    stated = any_of(answer for answer in (severe, effort) if answer.yes)
    if unexplained or motor_half(facts, knowledge).yes:
        return any_of(unexplained) if unexplained else stated
    return unknown(BREATHING, "heart-or-lung", basis=(*stated.basis, *widely.basis), recorded=True)


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


def may_be_explained(facts: Facts, answer: Answer) -> bool:
    """Whether the flag's answer is UNKNOWN because a heart or lung diagnosis may explain it."""
    return any(gap.fact == BREATHING and gap.why.id == "heart-or-lung" for gap in answer.gaps)


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
    counting = [unexplained_sign(flag, sign, facts, knowledge) for flag, sign in signs.items()]
    return any_of((*counting, suspected_mnd(facts, knowledge)))


def weakness_but_stairs(facts: Facts, knowledge: Knowledge) -> Answer:
    """Weakness other than trouble on stairs alone, which breathlessness, joints and the heart make too."""
    weakness = muscle_weakness(facts, knowledge)
    if not weakness.yes:
        return weakness
    kept = [s for s in facts.standing("muscle-weakness") if s.aspect not in (STAIRS, PROGRESSIVE_KIND)]
    if not kept:
        return unknown("muscle-weakness", "stairs-alone", basis=weakness.basis)
    if not_new(kept, facts, knowledge):
        return unknown("weakness-progressive", "long-standing", basis=weakness.basis)
    return Answer(Truth.YES, tuple(s.basis for s in kept))


def stated_or_denied_where_it_is(facts: Facts, concept: str) -> Answer:
    """What is stated of a concept that its own name places: its denial is no narrower for the place."""
    answer = facts.stated(concept)
    if answer.truth is not Truth.UNKNOWN or any(gap.recorded for gap in answer.gaps):
        return answer
    said = [s for s in facts.statements.get(concept, ()) if s.truth is Truth.NO and not s.aspect]
    denied = [s.basis for s in said if s.counts(facts.on, None) is Truth.YES and not s.ended]
    return Answer(Truth.NO, tuple(denied)) if denied else answer


def active(concept: str, facts: Facts) -> list[Statement]:
    """What is stated and not taken back, be it known or only suspected."""
    said = facts.statements.get(concept, ())
    denials = [s for s in said if s.truth is Truth.NO]
    return [s for s in said if s.truth is Truth.YES and not any(d.overrules(s) for d in denials)]


def diagnosed(facts: Facts, diagnoses: Iterable[str]) -> Answer:
    """Whether the record holds any of the diagnoses."""
    return any_of(facts.silence_is_no(diagnosis) for diagnosis in diagnoses)


def unexplained_sign(flag: str, sign: Answer, facts: Facts, knowledge: Knowledge) -> Answer:
    """The answer of a flag; UNKNOWN where a known diagnosis explains it."""
    by = explained_by(flag, sign, facts, knowledge)
    return unknown(flag, "explained", basis=sign.basis) if by else sign


def _severe(facts: Facts) -> Answer:
    return any_of(facts.stated(concept) for concept in SEVERE)
