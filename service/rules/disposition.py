"""Findings -> how soon the patient should be seen (decision-model §6)."""

from __future__ import annotations

from collections.abc import Iterable

from service.assessment import Contributor, Disposition, Finding, Referral, RuleKind
from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import Answer
from service.facts.statements import End
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.known import KNOWN_MND, OCULAR, STATED_BY, explained_by, long_standing
from service.rules.motor import BREATHING, MAY_BE_EXPLAINED, asks_for_review
from service.rules.red_flags import only_named, sensory_change
from service.rules.rule import Rule

SUSPECTED_MND = "suspected-mnd"
SUSPICION = "clinical suspicion of motor neuron disease"
PRIORITY = {
    Disposition.ROUTINE_REFERRAL: "routine",
    Disposition.URGENT_REFERRAL: "urgent",
    Disposition.SAME_DAY: "stat",
}
NOT_NEUROLOGICAL = {"critical-electrolytes", "lithium-toxicity"}
EYELID = "eyelid-twitch-persisting"
OVER_90_DAYS = f"{EYELID}.over-90-days"


def finding_of(rule: Rule, facts: Facts, knowledge: Knowledge, pathway: str) -> Finding:
    """What a rule finds, and what it asks for by the pathway."""
    words, answer = knowledge.rules[rule.id], rule.ask(facts, knowledge)
    named = only_named(rule.id, facts, knowledge)
    old = answer.yes and _may_be_old(rule.id, words.kind) and long_standing(rule.id, facts, knowledge)
    cell = _cell(rule.id, facts, knowledge, old=old)
    could = Disposition.NO_ACTION if named else knowledge.disposition(cell, pathway)
    by = explained_by(rule.id, answer, facts, knowledge)
    asks = could if answer.yes and not (by or named) and (facts.twitch.present.yes or not old) else None
    if _to_be_looked_at(rule.id, answer, facts):
        asks = knowledge.disposition(MAY_BE_EXPLAINED, pathway)
    return Finding(
        rule.id,
        words.kind,
        answer,
        words.says,
        words.why,
        words.evidence,
        could,
        asks,
        by,
        long_standing=old,
        only_named=answer.yes and named,
    )


def most_asked_for(rule_id: str, knowledge: Knowledge, pathway: str) -> Disposition:
    """The most that a rule can ask for by the pathway, whatever the facts: the greatest of its cells."""
    cells = [rule_id]
    if _may_be_old(rule_id, knowledge.rules[rule_id].kind):
        cells.append(_old_cell(rule_id))
    cells += {EYELID: [OVER_90_DAYS], BREATHING: [MAY_BE_EXPLAINED]}.get(rule_id, [])
    return max(knowledge.disposition(cell, pathway) for cell in cells)


def greatest(facts: Facts, findings: Iterable[Finding], contributors: Iterable[Contributor]) -> Disposition:
    """The greatest of all flags in force and of the contributors; a present twitch is at least lifestyle."""
    flags = [f.disposition for f in findings if f.disposition is not None]
    if facts.silence_is_no(KNOWN_MND).yes or not facts.twitch.present.yes:
        return max(flags, default=Disposition.NO_ACTION)
    lifted = [c.disposition for c in contributors if c.disposition is not None]
    return max([*flags, *lifted, Disposition.LIFESTYLE])


def referral(
    facts: Facts, findings: tuple[Finding, ...], disposition: Disposition, knowledge: Knowledge
) -> Referral:
    """What to propose, and what is already under way."""
    threshold = knowledge.thresholds
    specialty = "paediatric-neurology" if facts.younger_than(threshold.adult) is Truth.YES else "neurology"
    since = referred_since(facts, threshold.referral_counts)
    in_place = since.text if since else None
    if not disposition.is_referral:
        return Referral(False, specialty, None, in_place)
    note = _note(findings, facts, knowledge)
    emergencies = {f.rule for f in findings if f.disposition is Disposition.SAME_DAY}
    if emergencies:
        suggest = bool(emergencies - NOT_NEUROLOGICAL)
        priority = PRIORITY[disposition] if suggest else None
        return Referral(suggest, specialty, priority, in_place, note=note if suggest else None)
    if since:
        newer = tuple(f.rule for f in findings if _recorded_after(f, since, facts))
        expedite = bool(newer) or _asks_for_more(findings, since)
        return Referral(False, specialty, None, in_place, expedite, None, newer)
    return Referral(True, specialty, PRIORITY[disposition], None, note=note)


def referred_since(facts: Facts, days: float) -> Span | None:
    """The day of the newest neurology referral that is in place."""
    placed = [p.when for p in facts.past if p.id == "neurology-referral" and p.when]
    recent = [day for day in placed if day.within(days, facts.on) is Truth.YES]
    return max(recent, key=lambda day: (day.last, day.first, day.text), default=None)


def _may_be_old(rule: str, kind: RuleKind) -> bool:
    return kind is RuleKind.MOTOR or rule == OCULAR


def _cell(rule: str, facts: Facts, knowledge: Knowledge, *, old: bool) -> str:
    """The cell of the pathway's table; what is long-standing, or an eyelid's beyond 90 days, has its own."""
    if old:
        return _old_cell(rule)
    if rule != EYELID:
        return rule
    very_long = facts.twitch.lasted_longer_than(knowledge.thresholds.eyelid_very_long)
    return OVER_90_DAYS if very_long.yes else EYELID


def _old_cell(rule: str) -> str:
    return f"{OCULAR}.long-standing" if rule == OCULAR else "long-standing"


def _to_be_looked_at(rule: str, answer: Answer, facts: Facts) -> bool:
    """Breathlessness that may be explained is the one UNKNOWN that asks for something."""
    if rule != BREATHING or facts.silence_is_no(KNOWN_MND).yes:
        return False
    return asks_for_review(facts, answer)


def _asks_for_more(findings: tuple[Finding, ...], since: Span) -> bool:
    """Whether a flag that is newer than the referral asks for more than all the older ones did."""
    newer: list[Disposition] = []
    older: list[Disposition] = [Disposition.NO_ACTION]
    for finding in findings:
        if finding.disposition is None:
            continue
        days = [b.earliest for b in finding.answer.basis if b.earliest]
        first = min((day.first for day in days), default=None)
        (newer if first and first > since.last else older).append(finding.disposition)
    return bool(newer) and max(newer) > max(older) and max(newer).is_referral


def _recorded_after(finding: Finding, since: Span, facts: Facts) -> bool:
    """A motor flag of which nothing was recorded by the day of the referral, whatever onset it states.

    Whoever waits for the patient does not know of it.
    """
    if not finding.is_motor:
        return False
    told = [
        s.day for concept in STATED_BY[finding.rule] for s in facts.ever(concept) if s.end is not End.OVER
    ]
    told += [b.stated or b.onset for b in finding.answer.basis]
    return all(day is not None and day.first > since.last for day in told)


def _note(findings: tuple[Finding, ...], facts: Facts, knowledge: Knowledge) -> str | None:
    """Guidelines ask to name the suspicion; only a motor sign or one without sensory change raises it.

    Numbness speaks against it also where the twitch is only recent, and its own flag is not raised.
    """
    suspected = any(f.is_motor or (f.rule == SUSPECTED_MND and f.in_force) for f in findings)
    return SUSPICION if suspected and not sensory_change(facts, knowledge).yes else None
