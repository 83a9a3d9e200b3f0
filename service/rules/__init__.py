"""Facts in, assessment out: what the findings mean for this patient on this day."""

from __future__ import annotations

from service.assessment import Assessment, Disposition, Finding, RuleKind
from service.facts import Facts
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules import red_flags, same_day
from service.rules.contributors import contributors
from service.rules.disposition import KNOWN_MND, explained_by, greatest, referral
from service.rules.investigations import Case, suggested_tests
from service.rules.lifestyle import lifestyle_steps
from service.rules.questions import EYELID, OVER_90_DAYS, open_questions
from service.rules.rule import RULES, Rule

__all__ = ["RULES", "evaluate", "red_flags", "same_day"]


def evaluate(facts: Facts, knowledge: Knowledge, pathway: str) -> Assessment:
    """The assessment of one patient; the same facts, knowledge and pathway give the same assessment."""
    nothing = Assessment(
        facts.on, pathway, knowledge.version, Disposition.NO_ACTION, facts.patient, facts.twitch
    )
    asked = _asked(facts, knowledge)
    if not asked:
        return nothing
    findings = tuple([_finding(rule, facts, knowledge, pathway) for rule in asked])
    found = contributors(facts, knowledge, pathway)
    disposition = greatest(facts, findings, found)
    referred = referral(facts, findings, disposition, knowledge)
    case = Case(facts, knowledge, disposition, findings, found, referred)
    known = facts.silence_is_no(KNOWN_MND).yes
    return Assessment(
        on=facts.on,
        pathway=pathway,
        knowledge_version=knowledge.version,
        disposition=disposition,
        patient=facts.patient,
        twitch=facts.twitch,
        findings=findings,
        referral=referred,
        contributors=found,
        tests=suggested_tests(case),
        lifestyle=() if known else lifestyle_steps(facts, knowledge, disposition, found),
        open_questions=() if known else open_questions(facts, findings, disposition, knowledge, pathway),
        notes=_notes(facts, findings, knowledge),
    )


def _asked(facts: Facts, knowledge: Knowledge) -> list[Rule]:
    """All rules while the twitch is present; motor and same-day rules while it is recent; else none."""
    if facts.patient.deceased is Truth.YES:
        return []
    if facts.twitch.present.yes:
        return list(RULES.values())
    if facts.twitch.recent(knowledge.thresholds.twitch_recent).yes:
        return [rule for rule in RULES.values() if rule.kind is not RuleKind.OTHER]
    return []


def _finding(rule: Rule, facts: Facts, knowledge: Knowledge, pathway: str) -> Finding:
    words = knowledge.rules[rule.id]
    answer = rule.ask(facts, knowledge.thresholds)
    could = knowledge.disposition(_cell(rule, facts, knowledge), pathway)
    by = explained_by(rule, answer, facts, knowledge)
    asks = could if answer.yes and not by else None
    return Finding(rule.id, rule.kind, answer, words.says, words.why, words.evidence, could, asks, by)


def _cell(rule: Rule, facts: Facts, knowledge: Knowledge) -> str:
    """The cell of the pathway's table; an eyelid twitch known to have lasted 90 days has one of its own."""
    if rule.id != EYELID:
        return rule.id
    very_long = facts.twitch.lasted_longer_than(knowledge.thresholds.eyelid_very_long)
    return OVER_90_DAYS if very_long.yes else EYELID


def _notes(facts: Facts, findings: tuple[Finding, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """What the card must say of the evidence itself."""
    notes: list[str] = []
    if facts.younger_than(knowledge.thresholds.adult) is Truth.YES:
        notes.append("The evidence is from adults; questions go to paediatric neurology.")
    explaining = dict.fromkeys(f.explained_by for f in findings if f.explained_by in knowledge.diagnoses)
    notes += [knowledge.diagnoses[name].says for name in explaining if name]
    return tuple(notes)
