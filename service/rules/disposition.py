"""Findings -> how soon the patient should be seen (decision-model §6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.assessment import Contributor, Disposition, Finding, Referral, RuleKind
from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Diagnosis
from service.rules.rule import Rule

KNOWN_MND = "motor-neuron-disease"
SUSPICION = "clinical suspicion of motor neuron disease"
PRIORITY = {
    Disposition.ROUTINE_REFERRAL: "routine",
    Disposition.URGENT_REFERRAL: "urgent",
    Disposition.SAME_DAY: "stat",
}
BULBAR = "bulbar"
NOT_NEUROLOGICAL = {"critical-electrolytes", "lithium-toxicity"}


def explained_by(rule: Rule, answer: Answer, facts: Facts, knowledge: Knowledge) -> str | None:
    """The known diagnosis that explains a rule's YES; a same-day rule is explained by none."""
    if answer.truth is not Truth.YES or rule.kind is RuleKind.SAME_DAY:
        return None
    if facts.silence_is_no(KNOWN_MND).yes:
        return KNOWN_MND
    known = (d for d in knowledge.diagnoses.values() if d.id in facts.statements and rule.id in d.explains)
    return next((d.id for d in known if _explains(d, rule.id, answer, facts, knowledge)), None)


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
    emergencies = {f.rule for f in findings if f.disposition is Disposition.SAME_DAY}
    if emergencies:
        suggest = bool(emergencies - NOT_NEUROLOGICAL)
        priority = PRIORITY[disposition] if suggest else None
        return Referral(suggest, specialty, priority, in_place, note=_note(findings) if suggest else None)
    if since:
        return Referral(False, specialty, None, in_place, _expedite(findings, since), None)
    return Referral(True, specialty, PRIORITY[disposition], None, note=_note(findings))


def referred_since(facts: Facts, days: float) -> Span | None:
    """The day of the newest neurology referral that is in place."""
    placed = [p.when for p in facts.past if p.id == "neurology-referral" and p.when]
    recent = [day for day in placed if day.within(days, facts.on) is Truth.YES]
    return max(recent, key=lambda day: day.last, default=None)


def _explains(diagnosis: Diagnosis, rule: str, answer: Answer, facts: Facts, knowledge: Knowledge) -> bool:
    since = _known_since(diagnosis.id, facts)
    if since is None or _progressed(rule, facts, since) or _of_head_or_neck(rule, facts):
        return False
    return all(_covered(b, diagnosis, since, knowledge) for b in answer.basis)


def _known_since(diagnosis: str, facts: Facts) -> Span | None:
    """The earliest day spoken of by the confirmed, active diagnosis; the earlier, the less it explains."""
    days = [day for s in facts.standing(diagnosis) for day in (s.onset, s.stated) if day]
    return min(days, key=lambda day: day.first, default=None)


def _covered(basis: Basis, diagnosis: Diagnosis, since: Span, knowledge: Knowledge) -> bool:
    day = basis.earliest
    if day is None:
        return False
    last = (
        _years_after(since.last, int(knowledge.thresholds.benign_fasciculation_settled))
        if diagnosis.settles
        else since.last
    )
    return day.last <= last


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _progressed(rule: str, facts: Facts, since: Span) -> bool:
    """Weakness stated as progressing after the diagnosis counts again."""
    if rule != "muscle-weakness":
        return False
    return any(s.day and s.day.first > since.last for s in facts.standing("weakness-progressive"))


def _of_head_or_neck(rule: str, facts: Facts) -> bool:
    """Weakness or wasting of face, throat, tongue or neck, which with a twitch no diagnosis explains."""
    if rule not in ("muscle-weakness", "muscle-atrophy"):
        return False
    return any(
        s.aspect == BULBAR or (s.place and (s.place.region == BULBAR or s.place.site == "neck"))
        for s in facts.standing(rule)
    )


def _expedite(findings: tuple[Finding, ...], since: Span) -> bool:
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


def _note(findings: tuple[Finding, ...]) -> str | None:
    """Guidelines ask to name the suspicion; only a motor flag without sensory change raises it."""
    motor = any(f.kind is RuleKind.MOTOR and f.in_force for f in findings)
    sensory = any(f.rule == "sensory-change" and f.truth is Truth.YES for f in findings)
    return SUSPICION if motor and not sensory else None
