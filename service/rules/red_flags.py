"""The red flags of decision-model §4, one function each; motor flags first.

A function reads like the sentence of the table. Its words, evidence and disposition
are data, under the same id.
"""

from __future__ import annotations

from service.facts import Facts
from service.facts.answers import NO, Answer, any_of, at_least, certain, not_recorded, unknown
from service.facts.truth import Truth
from service.knowledge.advice import Thresholds
from service.rules.contributors import TRIGGERS, stated_trigger
from service.rules.rule import motor_flag, red_flag
from service.rules.weight import measured_weight_loss, pregnant_within


@motor_flag("muscle-weakness")
def muscle_weakness(facts: Facts, threshold: Thresholds) -> Answer:
    """Reported weakness counts as much as examined weakness; the basis says which it was."""
    return facts.stated("muscle-weakness")


@motor_flag("muscle-atrophy")
def muscle_atrophy(facts: Facts, threshold: Thresholds) -> Answer:
    """Wasting anywhere, the split hand and the tongue among it; wasting from disuse is not coded here."""
    return facts.stated("muscle-atrophy") | facts.silence_is_no("tongue-wasting")


@motor_flag("speech-difficulty")
def speech_difficulty(facts: Facts, threshold: Thresholds) -> Answer:
    """Dysarthria or slurred speech; hoarseness is not."""
    return facts.stated("speech-difficulty")


@motor_flag("swallowing-difficulty")
def swallowing_difficulty(facts: Facts, threshold: Thresholds) -> Answer:
    """Dysphagia or choking; a disease of the oesophagus is not."""
    return facts.stated("swallowing-difficulty")


@motor_flag("breathing-difficulty")
def breathing_difficulty(facts: Facts, threshold: Thresholds) -> Answer:
    """Orthopnoea, dyspnoea at rest, respiratory failure; other dyspnoea unless heart or lung explain it."""
    by_itself = any_of(facts.stated(c) for c in ("orthopnoea", "dyspnoea-at-rest", "respiratory-failure"))
    dyspnoea = facts.stated("dyspnoea")
    if dyspnoea.truth is Truth.NO and not by_itself.yes:
        return dyspnoea
    with_motor_sign = dyspnoea & _weak_or_bulbar(facts, threshold)
    unexplained = dyspnoea & _nothing_else_explains_dyspnoea(facts) if dyspnoea.yes else dyspnoea
    return by_itself | with_motor_sign | unexplained


@motor_flag("upper-motor-neuron-signs")
def upper_motor_neuron_signs(facts: Facts, threshold: Thresholds) -> Answer:
    """Hyperreflexia, spasticity, Babinski, Hoffmann, clonus."""
    return facts.stated("upper-motor-neuron-signs")


@motor_flag("tongue-fasciculation")
def tongue_fasciculation(facts: Facts, threshold: Thresholds) -> Answer:
    """The tongue twitches or is wasted."""
    wasted = facts.silence_is_no("tongue-wasting")
    return facts.stated("tongue-fasciculation") | facts.twitch.at("tongue") | wasted


@red_flag("twitch-over-two-weeks")
def twitch_over_two_weeks(facts: Facts, threshold: Thresholds) -> Answer:
    """Longer than 14 days, not improving (nobody saying so does not block it), not of the eyelid alone."""
    lasting = facts.twitch.lasted_longer_than(threshold.twitch_long)
    return lasting & ~_improving(facts, threshold) & ~facts.twitch.confined_to_eyelid


@red_flag("eyelid-twitch-persisting")
def eyelid_twitch_persisting(facts: Facts, threshold: Thresholds) -> Answer:
    """Of the eyelid alone, longer than 14 days, not improving."""
    lasting = facts.twitch.lasted_longer_than(threshold.twitch_long)
    return facts.twitch.confined_to_eyelid & lasting & ~_improving(facts, threshold)


@red_flag("spreading-twitch")
def spreading_twitch(facts: Facts, threshold: Thresholds) -> Answer:
    """A further site at least a day after the first; several at once are widespread, not spreading."""
    return facts.twitch.spreading


@red_flag("unexplained-weight-loss")
def unexplained_weight_loss(facts: Facts, threshold: Thresholds) -> Answer:
    """Coded, or 5 % of the weight within a year; not intended, not of a pregnancy, not judged under 18."""
    expected = facts.silence_is_no("weight-loss-intended") | pregnant_within(facts, threshold.after_pregnancy)
    if expected.yes:
        return ~expected
    if facts.younger_than(threshold.adult) is Truth.YES:
        return unknown("weight-loss", "weight-under-18")
    coded, measured = facts.stated("weight-loss"), measured_weight_loss(facts, threshold)
    return coded if coded.truth is Truth.NO and not measured.yes else coded | measured


@red_flag("blepharospasm")
def blepharospasm(facts: Facts, threshold: Thresholds) -> Answer:
    """Blepharospasm, hemifacial spasm, or an eyelid twitch that interferes with vision."""
    eyelid = facts.twitch.at("eyelid") & facts.stated("vision-interference")
    return facts.stated("blepharospasm") | facts.silence_is_no("hemifacial-spasm") | eyelid


@red_flag("sensory-change")
def sensory_change(facts: Facts, threshold: Thresholds) -> Answer:
    """Numbness or paraesthesia: away from ALS, towards neuropathy or multiple sclerosis."""
    return facts.stated("sensory-change")


@red_flag("cramping")
def cramping(facts: Facts, threshold: Thresholds) -> Answer:
    """Muscle cramps with the twitch."""
    return facts.stated("cramp")


@red_flag("persists-despite-lifestyle")
def persists_despite_lifestyle(facts: Facts, threshold: Thresholds) -> Answer:
    """Only where it is stated."""
    return facts.stated("twitch-persists-despite-lifestyle")


@red_flag("twitch-at-rest-without-trigger")
def twitch_at_rest_without_trigger(facts: Facts, threshold: Thresholds) -> Answer:
    """Stated at rest, stated without a trigger, and nothing recorded that triggers twitches."""
    triggered = any_of(trigger(facts, threshold) for trigger in TRIGGERS.values())
    untriggered = ~triggered if triggered.yes else certain(True)
    return facts.stated("twitch-at-rest") & stated_trigger(facts, "none") & untriggered


@red_flag("family-history-of-mnd")
def family_history_of_mnd(facts: Facts, threshold: Thresholds) -> Answer:
    """Motor neuron disease or frontotemporal dementia in a first-degree relative."""
    if not facts.relatives:
        return not_recorded("family-history-of-mnd")
    degrees = [
        unknown("family-history-of-mnd", "relationship-not-coded", basis=(r.basis,), recorded=True)
        if r.first_degree is Truth.UNKNOWN
        else Answer(r.first_degree, (r.basis,))
        for r in facts.relatives
    ]
    return any_of(degrees)


@red_flag("red-flag-cluster")
def red_flag_cluster(facts: Facts, threshold: Thresholds) -> Answer:
    """Three lesser signs, one of them duration, spread or weight loss; sensory change is not among them."""
    core = [
        rule(facts, threshold) for rule in (twitch_over_two_weeks, spreading_twitch, unexplained_weight_loss)
    ]
    others = (persists_despite_lifestyle, cramping, twitch_at_rest_without_trigger)
    lesser = [*core, *(rule(facts, threshold) for rule in others)]
    return at_least(int(threshold.cluster_size), lesser) & at_least(int(threshold.cluster_core), core)


def _weak_or_bulbar(facts: Facts, threshold: Thresholds) -> Answer:
    return (
        muscle_weakness(facts, threshold)
        | speech_difficulty(facts, threshold)
        | swallowing_difficulty(facts, threshold)
    )


def _nothing_else_explains_dyspnoea(facts: Facts) -> Answer:
    known = any_of(facts.silence_is_no(d) for d in ("heart-disease", "heart-failure", "lung-disease"))
    if not known.yes:
        return certain(True)
    return unknown("breathing-difficulty", "heart-or-lung", basis=known.basis, recorded=True)


def _improving(facts: Facts, threshold: Thresholds) -> Answer:
    """Improving by statement alone: where nobody said so, the flag stands."""
    stated = facts.twitch.improving(threshold.course_counts)
    return stated if stated.yes else NO
