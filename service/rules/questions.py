"""What to ask next: the unknowns that would raise the disposition if the answer were yes.

A rule that is UNKNOWN says what it lacks. A question is worth asking when a YES to
it alone would make the rule YES; that is tried out, with the statement supposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.assessment import Disposition, Finding, OpenQuestion
from service.facts import Facts
from service.facts.answers import Gap
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.rule import RULES

LAST = ("lithium", "spreading")
EYELID = "eyelid-twitch-persisting"
OVER_90_DAYS = f"{EYELID}.over-90-days"


def open_questions(
    facts: Facts,
    findings: tuple[Finding, ...],
    disposition: Disposition,
    knowledge: Knowledge,
    pathway: str,
) -> tuple[OpenQuestion, ...]:
    """What is unknown and could raise the disposition above the present one, the most important first."""
    if disposition is Disposition.SAME_DAY:
        return ()
    unknown = [f for f in findings if f.truth is Truth.UNKNOWN and f.could > disposition]
    best: dict[str, OpenQuestion] = {}
    for finding, gap in _worth_asking(facts, unknown, knowledge):
        asked = best.get(gap.fact)
        if asked is None or finding.could > asked.could_raise:
            ask = knowledge.questions.get(gap.fact, f"{knowledge.words(gap.fact)}?")
            best[gap.fact] = OpenQuestion(gap.fact, gap.why, ask, finding.could)
    for question in _eyelid_question(facts, findings, disposition, knowledge, pathway):
        best.setdefault(question.fact, question)
    recorded = {gap.fact for f in unknown for gap in f.answer.gaps if gap.recorded}
    return tuple(sorted(best.values(), key=lambda q: _importance(q, recorded, knowledge)))


def _eyelid_question(
    facts: Facts, findings: Iterable[Finding], disposition: Disposition, knowledge: Knowledge, pathway: str
) -> Iterator[OpenQuestion]:
    """Since when an eyelid twitches, where a recorded date alone leaves open whether it is three months."""
    could = knowledge.disposition(OVER_90_DAYS, pathway)
    lasting = facts.twitch.lasted_longer_than(knowledge.thresholds.eyelid_very_long)
    persisting = any(f.rule == EYELID and f.truth is Truth.YES for f in findings)
    if persisting and could > disposition and lasting.truth is Truth.UNKNOWN:
        gap = lasting.gaps[0]
        yield OpenQuestion(gap.fact, gap.why, knowledge.questions[gap.fact], could)


def _worth_asking(
    facts: Facts, findings: Iterable[Finding], knowledge: Knowledge
) -> Iterator[tuple[Finding, Gap]]:
    for finding in findings:
        gaps = {gap.fact: gap for gap in finding.answer.gaps}
        for fact, gap in gaps.items():
            if fact not in knowledge.questions and not gap.recorded:
                continue
            if len(gaps) == 1 or gap.recorded or _would_decide(fact, finding, facts, knowledge):
                yield finding, gap


def _would_decide(fact: str, finding: Finding, facts: Facts, knowledge: Knowledge) -> bool:
    """Whether the rule were YES if this alone were so."""
    if fact not in knowledge.concepts:
        return False
    imagined = facts.supposing(Statement(fact, Truth.YES, "", Form.CONDITION))
    return RULES[finding.rule].ask(imagined, knowledge.thresholds).yes


def _importance(
    question: OpenQuestion, recorded: set[str], knowledge: Knowledge
) -> tuple[int, bool, int, int]:
    """What the record itself raised comes first, then what could change most, by questions.toml."""
    order = list(knowledge.questions)
    rank = order.index(question.fact) if question.fact in order else len(order)
    last = LAST.index(question.fact) + 1 if question.fact in LAST else 0
    return last, question.fact not in recorded, -question.could_raise, rank
