"""The other red flags of decision-model §4, one function each: asked while the twitch is present.

A function reads like the sentence of the table. Its kind, words, evidence and disposition
are data, under the same id.
"""

from __future__ import annotations

from service.facts import Facts
from service.facts.answers import NO, Answer, Basis, any_of, at_least, certain, not_recorded, unknown
from service.facts.reasons import reason
from service.facts.statements import Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.contributors import TRIGGERS, stated_trigger
from service.rules.known import OCULAR, explained_by
from service.rules.rule import Question, rule
from service.rules.weight import measured_weight_loss, pregnant_within

CRAMPING = "cramping"
EMG, NERVE_STUDY = "emg", "nerve-study"


@rule("twitch-over-two-weeks")
def twitch_over_two_weeks(facts: Facts, knowledge: Knowledge) -> Answer:
    """Longer than 14 days, not improving (nobody saying so does not block it), not of the eyelid alone."""
    lasting = facts.twitch.lasted_longer_than(knowledge.thresholds.twitch_long)
    return lasting & ~_improving(facts, knowledge) & ~facts.twitch.confined_to_eyelid


@rule("eyelid-twitch-persisting")
def eyelid_twitch_persisting(facts: Facts, knowledge: Knowledge) -> Answer:
    """Of the eyelid alone, longer than 14 days, not improving."""
    lasting = facts.twitch.lasted_longer_than(knowledge.thresholds.twitch_long)
    return facts.twitch.confined_to_eyelid & lasting & ~_improving(facts, knowledge)


@rule("spreading-twitch")
def spreading_twitch(facts: Facts, knowledge: Knowledge) -> Answer:
    """A further site at least a day after the first; several at once are widespread, not spreading."""
    return facts.twitch.spreading


@rule(OCULAR)
def ocular_weakness(facts: Facts, knowledge: Knowledge) -> Answer:
    """A drooping eyelid or double vision: towards myasthenia, and no motor flag."""
    return stated_or_both_denied(facts, OCULAR, ("ptosis", "diplopia"))


@rule("abnormal-emg")
def abnormal_emg(facts: Facts, knowledge: Knowledge) -> Answer:
    """An abnormal electromyogram or nerve study of the last year; a newer normal one takes it back."""
    days = knowledge.thresholds.emg_counts
    said = facts.statements.get("abnormal-emg", ())
    normal = [s for s in said if s.truth is Truth.NO]
    abnormal = [s for s in said if s.truth is Truth.YES and not any(_takes_back(n, s) for n in normal)]
    counting = [(s, s.day.within(days, facts.on) if s.day else Truth.UNKNOWN) for s in abnormal]
    recent = [s.basis for s, truth in counting if truth is Truth.YES]
    if recent:
        return Answer(Truth.YES, tuple(recent))
    open_still = [s for s, truth in counting if truth is Truth.UNKNOWN]
    if open_still:
        vague = reason("date-too-vague", source=open_still[0].source)
        return unknown("abnormal-emg", vague, basis=[s.basis for s in open_still], recorded=True)
    denied = [s.basis for s in normal if s.aspect != NERVE_STUDY]
    return Answer(Truth.NO, tuple(denied)) if denied else not_recorded("abnormal-emg")


@rule("unexplained-weight-loss")
def unexplained_weight_loss(facts: Facts, knowledge: Knowledge) -> Answer:
    """Coded, or 5 % of the weight within a year; not intended, not of a pregnancy, not judged under 18."""
    threshold = knowledge.thresholds
    if facts.younger_than(threshold.adult) is Truth.YES:
        return unknown("weight-loss", "weight-under-18")
    expected = facts.silence_is_no("weight-loss-intended") | pregnant_within(facts, threshold.after_pregnancy)
    if expected.yes:
        return ~expected
    coded, measured = facts.stated("weight-loss"), measured_weight_loss(facts, threshold)
    return coded if coded.truth is Truth.NO and not measured.yes else coded | measured


@rule("blepharospasm")
def blepharospasm(facts: Facts, knowledge: Knowledge) -> Answer:
    """Blepharospasm, hemifacial spasm, or an eyelid twitch that interferes with vision."""
    eyelid = facts.twitch.at("eyelid") & facts.stated("vision-interference")
    return facts.stated("blepharospasm") | facts.silence_is_no("hemifacial-spasm") | eyelid


@rule("sensory-change")
def sensory_change(facts: Facts, knowledge: Knowledge) -> Answer:
    """Numbness or paraesthesia: towards neuropathy or multiple sclerosis; both denied is NO."""
    return stated_or_both_denied(facts, "sensory-change", ("numbness", "paraesthesia"))


@rule(CRAMPING)
def cramping(facts: Facts, knowledge: Knowledge) -> Answer:
    """Muscle cramps with the twitch."""
    return facts.stated("cramp")


@rule("persists-despite-lifestyle")
def persists_despite_lifestyle(facts: Facts, knowledge: Knowledge) -> Answer:
    """Only where it is stated."""
    return facts.stated("twitch-persists-despite-lifestyle")


@rule("twitch-at-rest-without-trigger")
def twitch_at_rest_without_trigger(facts: Facts, knowledge: Knowledge) -> Answer:
    """Stated at rest, stated without a trigger, and nothing recorded that triggers twitches."""
    triggered = any_of(trigger(facts, knowledge) for trigger in TRIGGERS.values())
    untriggered = ~triggered if triggered.yes else certain(True)
    return facts.stated("twitch-at-rest") & stated_trigger(facts, "none") & untriggered


@rule("family-history-of-mnd")
def family_history_of_mnd(facts: Facts, knowledge: Knowledge) -> Answer:
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


@rule("red-flag-cluster")
def red_flag_cluster(facts: Facts, knowledge: Knowledge) -> Answer:
    """Three lesser signs, one of them duration, spread or weight loss; sensory change is not among them.

    What a known diagnosis explains, and cramps of a twitch that is no two weeks old, do not count.
    """
    core = {
        "twitch-over-two-weeks": twitch_over_two_weeks,
        "spreading-twitch": spreading_twitch,
        "unexplained-weight-loss": unexplained_weight_loss,
    }
    others: dict[str, Question] = {
        "persists-despite-lifestyle": persists_despite_lifestyle,
        CRAMPING: cramping,
        "twitch-at-rest-without-trigger": twitch_at_rest_without_trigger,
    }
    counted = {name: _in_force(name, ask, facts, knowledge) for name, ask in {**core, **others}.items()}
    threshold = knowledge.thresholds
    enough = at_least(int(threshold.cluster_size), counted.values())
    return enough & at_least(int(threshold.cluster_core), [counted[name] for name in core])


def only_named(rule_id: str, facts: Facts, knowledge: Knowledge) -> bool:
    """Whether a flag asks for nothing yet: cramps, while the twitch is known to be no two weeks old."""
    if rule_id != CRAMPING:
        return False
    return facts.twitch.lasted_longer_than(knowledge.thresholds.twitch_long).truth is Truth.NO


def stated_or_both_denied(facts: Facts, concept: str, kinds: tuple[str, ...]) -> Answer:
    """What is stated of a concept; NO too where every kind of it is denied by itself."""
    answer = facts.stated(concept)
    if answer.truth is not Truth.UNKNOWN or any(gap.recorded for gap in answer.gaps):
        return answer
    denied: list[Basis] = []
    for kind in kinds:
        said = [s for s in facts.statements.get(concept, ()) if s.aspect == kind and s.place is None]
        counting = [s for s in said if s.truth is Truth.NO and s.counts(facts.on, None) is Truth.YES]
        if not counting:
            return answer
        denied += [s.basis for s in counting]
    return Answer(Truth.NO, tuple(denied))


def _in_force(name: str, ask: Question, facts: Facts, knowledge: Knowledge) -> Answer:
    answer = ask(facts, knowledge)
    if answer.yes and (only_named(name, facts, knowledge) or explained_by(name, answer, facts, knowledge)):
        return NO
    return answer


def _takes_back(normal: Statement, abnormal: Statement) -> bool:
    """A newer normal electromyogram takes back both; a normal nerve study an abnormal nerve study only."""
    if normal.aspect == NERVE_STUDY and abnormal.aspect != NERVE_STUDY:
        return False
    return normal.later_than(abnormal)


def _improving(facts: Facts, knowledge: Knowledge) -> Answer:
    """Improving by statement alone: where nobody said so, the flag stands."""
    stated = facts.twitch.improving(knowledge.thresholds.course_counts)
    return stated if stated.yes else NO
