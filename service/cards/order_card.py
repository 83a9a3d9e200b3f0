"""The card of an order check: what belongs to the orders at hand, how soon, and what was done lately.

It speaks only where one of these is so, and proposes no more than belongs to what is being
ordered: the whole of what an assessment suggests stands on the card of the opened chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.assessment import Assessment, Disposition, SuggestedTest
from service.cards.card import (
    ABOUT_URL,
    LABEL,
    OVERRIDE_REASONS,
    TOPICS,
    Action,
    Card,
    Coding,
    Kind,
    Source,
    Suggestion,
    identifier,
    kind_of,
    rules_of,
)
from service.cards.detail import why_of
from service.cards.markdown import bullets, capital, escaped, own, section
from service.cards.phrases import dated, listed
from service.cards.suggestions import suggestions_of
from service.cards.summary import LONGEST, summary_of
from service.fhir.read.drafts import PRIORITIES, Draft
from service.knowledge import BLOOD_PANEL, REFERRAL, Knowledge

TOPIC = Coding(TOPICS, "TwitchOrderCheck", "Muscle twitching: order check")
TOGETHER = {"emg": "ncs", "ncs": "emg"}
# Either of two tests stands for the other.
INSTEAD = {"glucose": "hba1c", "hba1c": "glucose"}
SHORT = {"emg": "EMG", "ncs": "nerve conduction studies"}
_PRIORITY = {Disposition.URGENT_REFERRAL: "urgent", Disposition.SAME_DAY: "stat"}


@dataclass(frozen=True, slots=True)
class Check:
    """What is being ordered: the orders `at_hand`, and all that they are `among`.

    `recent` says of a test what was done or ordered so lately that it need not be repeated.
    """

    at_hand: tuple[Draft, ...]
    among: tuple[Draft, ...]
    recent: Mapping[str, str] = field(default_factory=dict)

    @property
    def tests(self) -> tuple[str, ...]:
        """The ids of what is at hand, each once."""
        return tuple(dict.fromkeys(test for draft in self.at_hand for test in draft.tests))

    def has(self, test: str) -> bool:
        """Whether a test is among the orders, or stands in for one that is."""
        return any({test, INSTEAD.get(test)} & set(draft.tests) for draft in self.among)

    def knowing(self, recent: Mapping[str, str]) -> Check:
        """The same with what was done lately."""
        return replace(self, recent=recent)


def order_card(
    assessment: Assessment,
    knowledge: Knowledge,
    check: Check,
    *,
    seed: str,
    about_url: str = ABOUT_URL,
    patient: str | None = None,
    encounter: str | None = None,
) -> Card | None:
    """The card about the orders of a patient who twitches; None where they are right as they are."""
    uuid = identifier(seed, TOPIC.code, assessment.on.isoformat(), assessment.knowledge_version)
    lacking = _lacking(assessment, knowledge, check)
    added = suggestions_of(lacking, knowledge, seed=uuid, patient=patient, encounter=encounter)
    sooner = tuple(_sooner(assessment, knowledge, check, uuid))
    lately = tuple(_lately(knowledge, check, assessment.on.year))
    if not (added or sooner or lately):
        return None
    urgent = assessment.disposition is Disposition.SAME_DAY and bool(added or sooner)
    return Card(
        uuid,
        _summary(assessment, knowledge, check, lacking, lately=lately, sooner=sooner),
        _indicator(assessment, lacking, sooner),
        Source(LABEL, about_url, Kind.SAME_DAY.topic if urgent else TOPIC),
        _detail(assessment, knowledge, check, (*sooner, *added), lately),
        (*sooner, *added),
        OVERRIDE_REASONS,
        "any" if added or sooner else None,
        rules=rules_of(assessment),
    )


def _lately(knowledge: Knowledge, check: Check, year: int) -> Iterator[str]:
    """What was done or ordered lately; a blood test may well be repeated, and needs no word."""
    for test in check.tests:
        if test in knowledge.tests and test in check.recent:
            yield f"{_words(test, knowledge)} {dated(check.recent[test], year)}"


def _lacking(assessment: Assessment, knowledge: Knowledge, check: Check) -> Assessment:
    """The assessment with those suggestions only that belong to the orders and are not among them."""
    referral = assessment.referral
    wanted = [*_companions(assessment, knowledge, check), *_rest_of_panel(assessment, check)]
    if assessment.disposition is Disposition.SAME_DAY:
        wanted = [test for test in wanted if test.id == BLOOD_PANEL]
    suggest = referral.suggest and not check.has(REFERRAL)
    return replace(assessment, tests=tuple(wanted), referral=replace(referral, suggest=suggest))


def _companions(assessment: Assessment, knowledge: Knowledge, check: Check) -> Iterator[SuggestedTest]:
    """EMG belongs to nerve conduction studies and the reverse, whatever else waits for the neurologist."""
    for test in check.tests:
        other = TOGETHER.get(test)
        if other and not check.has(other) and other not in check.recent:
            reasons = [known.reason for known in assessment.tests if known.id == other and known.reason]
            yield SuggestedTest(other, reasons[0] if reasons else (test,))


def _rest_of_panel(assessment: Assessment, check: Check) -> Iterator[SuggestedTest]:
    """The analytes that are suggested beside those being ordered."""
    for test in assessment.tests:
        if test.id == BLOOD_PANEL and set(check.tests) & {*test.analytes, *(test.withheld_analytes or ())}:
            yield replace(test, analytes=tuple(name for name in test.analytes if not check.has(name)))


def _sooner(assessment: Assessment, knowledge: Knowledge, check: Check, seed: str) -> Iterator[Suggestion]:
    """For each order that the warning signs want sooner, the same order with a higher priority."""
    for draft in check.at_hand:
        wanted = _wanted_priority(assessment, draft)
        if wanted is None or draft.priority is None or not draft.can_be_changed:
            continue
        if PRIORITIES.index(wanted) > PRIORITIES.index(draft.priority):
            label = f"Change to {wanted}: {_named(draft, knowledge)}"
            action = Action("update", label, {**draft.resource, "priority": wanted})
            yield Suggestion(identifier(seed, "priority", *draft.names), label, True, (action,), "priority")


def _wanted_priority(assessment: Assessment, draft: Draft) -> str | None:
    """How soon an order is to be, where the assessment asks for it and for more than routine."""
    priority = _PRIORITY.get(assessment.disposition)
    referral = assessment.referral
    if REFERRAL in draft.tests and (referral.suggest or referral.expedite):
        return priority
    asked = {test.id for test in assessment.tests}
    asked |= {name for test in assessment.tests for name in (*test.analytes, *(test.withheld_analytes or ()))}
    return priority if asked & set(draft.tests) else None


def _indicator(assessment: Assessment, lacking: Assessment, sooner: Sequence[Suggestion]) -> str:
    """As loud as the assessment where it asks for something; a companion or a repetition is no warning."""
    if not sooner and not lacking.referral.suggest:
        return "info"
    return Kind.SAME_DAY.indicator if assessment.disposition is Disposition.SAME_DAY else "warning"


def _summary(
    assessment: Assessment,
    knowledge: Knowledge,
    check: Check,
    lacking: Assessment,
    *,
    lately: Sequence[str],
    sooner: Sequence[Suggestion],
) -> str:
    """The most pressing of what the card says, in one sentence."""
    kind = kind_of(assessment)
    to_act_today = kind is Kind.SAME_DAY and (sooner or lacking.tests)
    if kind and (lacking.referral.suggest or to_act_today):
        return summary_of(kind, assessment, knowledge)
    if sooner:
        what = listed([suggestion.label.partition(": ")[2] for suggestion in sooner])
        sentence = f"Muscle twitching with warning signs: ask for {_PRIORITY[assessment.disposition]} {what}"
        return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1].rstrip() + "…"
    alone = [test.id for test in lacking.tests if test.id != BLOOD_PANEL]
    if alone:
        first = TOGETHER[alone[0]]
        return f"{capital(SHORT[first])} without {SHORT[alone[0]]}: they belong together"
    if lacking.tests and lacking.tests[0].analytes:
        return f"Blood tests for muscle twitching: {len(lacking.tests[0].analytes)} more belong to the panel"
    return _repeated(lately)


def _repeated(lately: Sequence[str]) -> str:
    sentence = f"Already there: {lately[0]}"
    more = f" and {len(lately) - 1} more" if len(lately) > 1 else ""
    return f"{sentence}{more}; is it needed again?"


def _detail(
    assessment: Assessment,
    knowledge: Knowledge,
    check: Check,
    suggestions: Sequence[Suggestion],
    lately: Sequence[str],
) -> str:
    ordered = listed([_words(test, knowledge) for test in check.tests])
    parts = [section("Being ordered", escaped(ordered, 300))]
    if lately:
        parts.append(section("Done or ordered lately", bullets(escaped(each) for each in lately)))
    if suggestions:
        parts.append(section("Suggested", bullets(own(each.label) for each in suggestions)))
    # Only what decides: beside a motor sign the words of a lesser one would sound like reassurance.
    if assessment.raised and suggestions:
        parts.append(section("Why", why_of(assessment.raised[0].rule, knowledge)))
    if assessment.incomplete:
        parts.append(f"Not received in full: {escaped(', '.join(assessment.incomplete))}.")
    return "\n\n".join(parts)


def _named(draft: Draft, knowledge: Knowledge) -> str:
    return listed([_words(test, knowledge) for test in draft.tests[:3]])


def _words(test: str, knowledge: Knowledge) -> str:
    known = knowledge.tests.get(test)
    return known.words if known else knowledge.words(test)
