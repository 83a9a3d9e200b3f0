"""Facts in, assessment out: what the findings mean for this patient on this day."""

from __future__ import annotations

from service.assessment import Assessment, Disposition, Finding
from service.facts import Facts
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules import motor, red_flags, respiratory, same_day
from service.rules.contributors import contributors
from service.rules.disposition import finding_of, greatest, referral
from service.rules.known import KNOWN_MND
from service.rules.proposals.case import Case
from service.rules.proposals.considerations import considerations
from service.rules.proposals.investigations import suggested_tests
from service.rules.proposals.lifestyle import lifestyle_steps
from service.rules.questions import open_questions, unclear
from service.rules.rule import RULES, Rule
from service.rules.tell import whom_to_tell

__all__ = ["RULES", "evaluate", "motor", "red_flags", "respiratory", "same_day"]


def evaluate(facts: Facts, knowledge: Knowledge, pathway: str) -> Assessment:
    """The assessment of one patient; the same facts, knowledge and pathway give the same assessment."""
    nothing = Assessment(
        facts.on, pathway, knowledge.version, Disposition.NO_ACTION, facts.patient, facts.twitch
    )
    asked = _asked(facts, knowledge)
    if not asked:
        return nothing
    findings = tuple([finding_of(rule, facts, knowledge, pathway) for rule in asked])
    found = contributors(facts, knowledge, pathway)
    disposition = greatest(facts, findings, found)
    referred = referral(facts, findings, disposition, knowledge)
    case = Case(facts, knowledge, disposition, findings, found, referred)
    known = facts.silence_is_no(KNOWN_MND).yes
    advised = not known and not unclear(findings)
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
        lifestyle=lifestyle_steps(facts, knowledge, disposition, found) if advised else (),
        considerations=considerations(case),
        open_questions=() if known else open_questions(facts, findings, disposition, knowledge, pathway),
        notes=_notes(facts, findings, knowledge),
        tell=whom_to_tell(facts, disposition, findings, found, knowledge),
    )


def _asked(facts: Facts, knowledge: Knowledge) -> list[Rule]:
    """All rules while the twitch is present; those of a recent twitch while it is recent; else none."""
    if facts.patient.deceased is Truth.YES:
        return []
    if facts.twitch.present.yes:
        return list(RULES.values())
    if facts.twitch.recent(knowledge.thresholds.twitch_recent).yes:
        return [rule for rule in RULES.values() if knowledge.rules[rule.id].kind.of_recent_twitch]
    return []


def _notes(facts: Facts, findings: tuple[Finding, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """What the card must say of the evidence itself."""
    notes: list[str] = []
    if facts.younger_than(knowledge.thresholds.adult) is Truth.YES:
        notes.append("The evidence is from adults; questions go to paediatric neurology.")
    explaining = dict.fromkeys(f.explained_by for f in findings if f.explained_by in knowledge.diagnoses)
    notes += [knowledge.diagnoses[name].says for name in explaining if name]
    return tuple(notes)
