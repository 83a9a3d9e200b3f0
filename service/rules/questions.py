"""What to ask next: the unknowns that would raise the disposition if the answer were yes.

A rule that is UNKNOWN says what it lacks. A question is worth asking when a YES to
it alone would make the rule ask for more; that is tried out, with the statement supposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.assessment import Disposition, Finding, OpenQuestion, RuleKind
from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis, Gap
from service.facts.reasons import Reason
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.disposition import EYELID, OVER_90_DAYS, finding_of, most_asked_for
from service.rules.known import PROGRESSIVE, explained_by
from service.rules.rule import RULES

SECOND_SITE = "spreading"
# Questions about a deficit that is on record: an answer says more of it, and states nothing by itself.
OF_A_DEFICIT = ("sudden-onset", PROGRESSIVE)
# The questions of a twitch that is of the eyelid alone and no two weeks old.
OF_THE_EYELID = ("vision-interference", "blepharospasm", "ocular-weakness", SECOND_SITE)
# What comes before all else, whatever it could raise: reasons in the order of their questions.
FIRST = (
    ("suddenness-not-recorded",),
    ("weakness-undated", "weakness-date-too-vague"),
    ("course-not-recorded", "explained"),
    ("level-not-known", "heart-or-lung", "still-active"),
    ("code-too-wide",),
    ("denial-expired",),
)
# Reasons that say that nothing is unclear: it is known, or judged elsewhere.
CLEAR = {"heart-or-lung", "long-standing"}


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
    best: dict[str, tuple[OpenQuestion, bool]] = {}
    for gap, could in _worth_asking(facts, findings, disposition, knowledge, pathway):
        asked = best.get(gap.fact)
        better = asked is None or (could, gap.recorded) > (asked[0].could_raise, asked[1])
        if could > disposition and better:
            why = asked[0].why if asked and asked[1] and not gap.recorded else gap.why
            ask = knowledge.questions.get(gap.fact, f"{knowledge.words(gap.fact)}?")
            best[gap.fact] = (
                OpenQuestion(gap.fact, why, ask, could),
                gap.recorded or bool(asked and asked[1]),
            )
    if _of_the_eyelid_alone(facts, findings, knowledge):
        best = {fact: asked for fact, asked in best.items() if fact in OF_THE_EYELID or asked[1]}
    ranked = sorted(best.values(), key=lambda asked: _importance(asked[0], asked[1], knowledge))
    return tuple(question for question, _ in ranked)


def unclear(findings: Iterable[Finding]) -> bool:
    """Whether a motor sign is recorded in a way that leaves it open: it is asked about before any advice."""
    return any(
        gap.recorded and gap.why.id not in CLEAR
        for finding in findings
        if finding.kind is RuleKind.MOTOR and finding.truth is Truth.UNKNOWN
        for gap in finding.answer.gaps
    )


def _worth_asking(
    facts: Facts,
    findings: Iterable[Finding],
    disposition: Disposition,
    knowledge: Knowledge,
    pathway: str,
) -> Iterator[tuple[Gap, Disposition]]:
    """The gaps, with what they could raise; nothing is tried out of a rule that can never ask for more."""
    for finding in findings:
        if finding.truth is Truth.UNKNOWN and most_asked_for(finding.rule, knowledge, pathway) > disposition:
            yield from _lacking(finding, facts, knowledge, pathway)
        elif finding.truth is Truth.YES:
            yield from _getting_worse(finding, facts, knowledge, pathway)
            yield from _eyelid_onset(finding, facts, knowledge, pathway)


def _lacking(
    finding: Finding, facts: Facts, knowledge: Knowledge, pathway: str
) -> Iterator[tuple[Gap, Disposition]]:
    """What an UNKNOWN rule lacks, and what it would ask for if that were so."""
    gaps = {gap.fact: gap for gap in finding.answer.gaps}
    for gap in finding.answer.gaps:
        gaps[gap.fact] = gap if gap.recorded else gaps[gap.fact]
    for fact, gap in gaps.items():
        if fact not in knowledge.questions and not gap.recorded:
            continue
        if fact in knowledge.concepts:
            yield gap, _would_ask(finding, gap, facts, knowledge, pathway)
        elif (len(gaps) == 1 or gap.recorded) and not _would_be_explained(finding.rule, facts, knowledge):
            yield gap, finding.could


def _would_ask(finding: Finding, gap: Gap, facts: Facts, knowledge: Knowledge, pathway: str) -> Disposition:
    """What the rule would ask for if this alone were so, today."""
    if gap.fact in OF_A_DEFICIT and gap.recorded:
        return finding.could
    kind = knowledge.concepts[gap.fact].kind
    supposed = Statement(
        gap.fact, Truth.YES, "", Form.CONDITION, kind, stated=Span.of(facts.on), examined=True
    )
    imagined = finding_of(RULES[finding.rule], facts.supposing(supposed), knowledge, pathway)
    return imagined.disposition or Disposition.NO_ACTION


def _would_be_explained(rule: str, facts: Facts, knowledge: Knowledge) -> bool:
    """Whether a known diagnosis would explain it, were it so today."""
    today = Basis("", date=facts.on.isoformat(), stated=Span.of(facts.on))
    return explained_by(rule, Answer(Truth.YES, (today,)), facts, knowledge) is not None


def _getting_worse(
    finding: Finding, facts: Facts, knowledge: Knowledge, pathway: str
) -> Iterator[tuple[Gap, Disposition]]:
    """Of a deficit that is old, or of a weakness that a diagnosis explains, whether it is getting worse."""
    explained = finding.rule == "muscle-weakness" and finding.explained_by in knowledge.diagnoses
    if not ((finding.long_standing and finding.kind is RuleKind.MOTOR and finding.in_force) or explained):
        return
    if facts.stated(PROGRESSIVE).truth is Truth.UNKNOWN:
        why = Reason("explained" if explained else "long-standing")
        yield Gap(PROGRESSIVE, why, recorded=True), knowledge.disposition(finding.rule, pathway)


def _eyelid_onset(
    finding: Finding, facts: Facts, knowledge: Knowledge, pathway: str
) -> Iterator[tuple[Gap, Disposition]]:
    """Since when an eyelid twitches, where a recorded date alone leaves open whether it is three months."""
    lasting = facts.twitch.lasted_longer_than(knowledge.thresholds.eyelid_very_long)
    if finding.rule == EYELID and lasting.truth is Truth.UNKNOWN:
        yield lasting.gaps[0], knowledge.disposition(OVER_90_DAYS, pathway)


def _of_the_eyelid_alone(facts: Facts, findings: Iterable[Finding], knowledge: Knowledge) -> bool:
    """Whether only the eyelid is known to twitch, for two weeks at most, and no motor sign is unclear."""
    lasting = facts.twitch.lasted_longer_than(knowledge.thresholds.twitch_long)
    alone = facts.twitch.confined_to_eyelid.yes and lasting.truth is Truth.NO
    return alone and not unclear(findings)


def _importance(
    question: OpenQuestion, recorded: bool, knowledge: Knowledge
) -> tuple[bool, int, int, bool, int]:
    """What the model puts first; then by what it could raise; then what the record left open."""
    order = list(knowledge.questions)
    rank = order.index(question.fact) if question.fact in order else len(order)
    first = next((i for i, ids in enumerate(FIRST) if question.why.id in ids), len(FIRST))
    return question.fact == SECOND_SITE, first, -question.could_raise, not recorded, rank
