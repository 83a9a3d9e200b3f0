"""An assessment -> the Parameters resource that the operation $evaluate answers with.

The parts mirror the JSON of POST /evaluate; what has no value has no part. The
OperationDefinition `evaluate` says what each may hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

from service.assessment import (
    Assessment,
    Contributor,
    Finding,
    FollowUp,
    Referral,
    Step,
    SuggestedTest,
)
from service.facts.amounts import Amount
from service.facts.answers import Basis
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.knowledge import Knowledge
from service.knowledge.words import (
    advice_words,
    because_words,
    fact_words,
    finding_words,
    grounds_words,
    held_words,
    left_out_words,
    notes_words,
    reason_words,
)

Part = dict[str, Any]
UCUM = "http://unitsofmeasure.org"


def evaluation(assessment: Assessment, knowledge: Knowledge, *, every_rule: bool = False) -> dict[str, Any]:
    """The assessment as Parameters; `every_rule` adds the findings that are NO."""
    return {
        "resourceType": "Parameters",
        "parameter": list(_parameters(assessment, knowledge, every_rule=every_rule)),
    }


def _parameters(assessment: Assessment, knowledge: Knowledge, *, every_rule: bool) -> Iterator[Part]:
    yield {"name": "on", "valueDate": assessment.on.isoformat()}
    yield from _code("pathway", assessment.pathway)
    yield from _text("knowledgeVersion", assessment.knowledge_version)
    yield from _code("disposition", str(assessment.disposition))
    yield _parts("twitch", _twitch(assessment.twitch))
    for finding in assessment.findings:
        if every_rule or finding.truth is not Truth.NO:
            yield _parts("finding", _finding(finding, knowledge))
    yield _parts("referral", _referral(assessment.referral))
    for contributor in assessment.contributors:
        yield _parts("contributor", _contributor(contributor, knowledge))
    yield from _proposals(assessment, knowledge)
    for question in assessment.open_questions:
        why = reason_words(question.why, knowledge)
        asked = [*_text("fact", question.fact), *_text("ask", question.ask), *_text("why", why)]
        yield _parts("openQuestion", [*asked, *_code("couldRaise", str(question.could_raise))])
    for mention in assessment.mentions:
        yield _dated("mention", mention.source, mention.date)
    for unread in assessment.unread_medicines:
        yield _dated("unreadMedicine", unread.source, unread.date)
    yield {"name": "otherSubjects", "valueInteger": assessment.other_subjects}
    for lost in assessment.unreadable:
        yield _parts(
            "unreadable",
            [*_text("resource", lost.resource), *_text("reason", reason_words(lost.reason, knowledge))],
        )


def _proposals(assessment: Assessment, knowledge: Knowledge) -> Iterator[Part]:
    """What follows from the findings: tests, steps, and what the findings fit."""
    for test in assessment.tests:
        yield _parts("test", _test(test, knowledge))
    for step in assessment.lifestyle:
        yield _parts("lifestyle", _step(step, knowledge))
    for one in assessment.considerations:
        because = [part for rule in one.because for part in _code("because", rule)]
        known = {"name": "known", "valueBoolean": one.known}
        yield _parts("consideration", [*_code("id", one.id), *because, known])


def _dated(name: str, source: str, date: str | None) -> Part:
    """A resource and its day."""
    return _parts(name, [{"name": "source", "valueReference": _reference(source)}, *_text("date", date)])


def _twitch(twitch: Twitch) -> Iterator[Part]:
    yield from _code("present", twitch.present.truth.name)
    yield from _text("onset", twitch.onset.text if twitch.onset else None)
    if twitch.duration:
        yield {"name": "duration", "valueRange": _range(twitch.duration)}
    for site in twitch.sites:
        yield from _code("site", site)
    for region in twitch.regions:
        yield from _code("region", region)
    yield from _code("spreading", twitch.spreading.truth.name)


def _range(days: Amount) -> Part:
    """In days; an end that is not known is absent."""
    ends = (("low", days.low), ("high", days.high))
    return {
        end: {"value": value, "unit": days.unit, "system": UCUM, "code": days.unit}
        for end, value in ends
        if isfinite(value)
    }


def _finding(finding: Finding, knowledge: Knowledge) -> Iterator[Part]:
    yield from _code("rule", finding.rule)
    yield from _code("truth", finding.truth.name)
    yield from _code("disposition", None if finding.disposition is None else str(finding.disposition))
    yield from _text("says", finding_words(finding, knowledge))
    yield from _text("explainedBy", finding.explained_by)
    yield from _texts("evidence", finding.evidence)
    yield from _bases(finding.answer.basis, knowledge)


def _bases(basis: Iterable[Basis], knowledge: Knowledge) -> Iterator[Part]:
    for one in basis:
        source = [{"name": "source", "valueReference": _reference(one.source)}] if one.source else []
        named = [*_text("fact", one.concept), *_text("says", fact_words(one, knowledge))]
        note = _text("note", notes_words(one.notes, knowledge))
        yield _parts("basis", [*named, *source, *_text("date", one.date), *note])


def _reference(source: str) -> Part:
    """A reference, or in words the entry of a Bundle that has no id to refer to."""
    return {"display": source} if " " in source else {"reference": source}


def _referral(referral: Referral) -> Iterator[Part]:
    yield {"name": "suggest", "valueBoolean": referral.suggest}
    yield from _code("specialty", referral.specialty)
    yield from _code("priority", referral.priority)
    yield from _text("inPlaceSince", referral.in_place_since)
    yield {"name": "expedite", "valueBoolean": referral.expedite}
    yield from _text("note", referral.note)


def _contributor(contributor: Contributor, knowledge: Knowledge) -> Iterator[Part]:
    yield from _code("id", contributor.id)
    yield from _bases(contributor.basis, knowledge)


def _test(test: SuggestedTest, knowledge: Knowledge) -> Iterator[Part]:
    yield from _code("id", test.id)
    yield from _text("reason", grounds_words(test, knowledge))
    yield {"name": "recommended", "valueBoolean": test.recommended}
    yield from _text("withheld", held_words(test.withheld, knowledge) if test.withheld else None)
    for analyte in test.analytes:
        yield from _code("analyte", analyte)
    held = (test.withheld_analytes or {}).items()
    yield from _texts("withheldAnalyte", (f"{name}: {held_words(why, knowledge)}" for name, why in held))
    for analyte, one in (test.follow_up or {}).items():
        yield _parts("followUp", _follow_up(analyte, one))


def _follow_up(analyte: str, one: FollowUp) -> Iterator[Part]:
    yield from _code("analyte", analyte)
    yield from _text("value", None if one.value is None else str(one.value))
    yield from _text("date", one.on)
    yield from _text("within", one.within)


def _step(step: Step, knowledge: Knowledge) -> Iterator[Part]:
    yield from _code("id", step.id)
    yield from _texts("withheld", left_out_words(step, knowledge))
    yield from _text("says", advice_words(step, knowledge))
    yield from _texts("why", because_words(step, knowledge))


def _parts(name: str, parts: Iterable[Part]) -> Part:
    return {"name": name, "part": list(parts)}


def _code(name: str, value: str | None) -> Iterator[Part]:
    if value:
        yield {"name": name, "valueCode": value}


def _text(name: str, value: str | None) -> Iterator[Part]:
    if value:
        yield {"name": name, "valueString": value}


def _texts(name: str, values: Iterable[str]) -> Iterator[Part]:
    for value in values:
        yield from _text(name, value)
