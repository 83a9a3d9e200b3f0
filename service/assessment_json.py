"""The JSON of an assessment, as decision-model §9 lays it down."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

from service.assessment import Assessment, Contributor, Finding, FollowUp, Referral, Step, SuggestedTest
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


def assessment_json(
    assessment: Assessment, knowledge: Knowledge, *, every_rule: bool = False
) -> dict[str, Any]:
    """The answer to POST /evaluate, decision-model §9; `every_rule` adds the findings that are NO."""
    return {
        "on": assessment.on.isoformat(),
        "pathway": assessment.pathway,
        "knowledgeVersion": assessment.knowledge_version,
        "disposition": str(assessment.disposition),
        "twitch": _twitch(assessment.twitch),
        "findings": [
            _finding(f, knowledge) for f in assessment.findings if every_rule or f.truth is not Truth.NO
        ],
        "referral": _referral(assessment.referral),
        "contributors": [_contributor(c, knowledge) for c in assessment.contributors],
        "tests": [_test(test, knowledge) for test in assessment.tests],
        "lifestyle": [_step(step, knowledge) for step in assessment.lifestyle],
        "considerations": [
            {"id": c.id, "because": list(c.because), "known": c.known} for c in assessment.considerations
        ],
        "mentions": [{"source": m.source, "date": m.date} for m in assessment.mentions],
        "openQuestions": [
            {
                "fact": q.fact,
                "ask": q.ask,
                "why": reason_words(q.why, knowledge),
                "couldRaise": str(q.could_raise),
            }
            for q in assessment.open_questions
        ],
        "unreadMedicines": [{"source": u.source, "date": u.date} for u in assessment.unread_medicines],
        "otherSubjects": assessment.other_subjects,
        "unreadable": [
            {"resource": u.resource, "reason": reason_words(u.reason, knowledge)}
            for u in assessment.unreadable
        ],
    }


def _twitch(twitch: Twitch) -> dict[str, Any]:
    return {
        "present": twitch.present.truth.name,
        "onset": twitch.onset.text if twitch.onset else None,
        "durationDays": _range(twitch.duration) if twitch.duration else None,
        "sites": list(twitch.sites),
        "regions": list(twitch.regions),
        "spreading": twitch.spreading.truth.name,
    }


def _finding(finding: Finding, knowledge: Knowledge) -> dict[str, Any]:
    explained = {"explainedBy": finding.explained_by} if finding.explained_by else {}
    return {
        "rule": finding.rule,
        "truth": finding.truth.name,
        "disposition": None if finding.disposition is None else str(finding.disposition),
        "says": finding_words(finding, knowledge),
        "basis": _bases(finding.answer.basis, knowledge),
        "evidence": list(finding.evidence),
        **explained,
    }


def _bases(basis: Iterable[Basis], knowledge: Knowledge) -> list[dict[str, Any]]:
    """`fact` is an id of the knowledge, `says` the same in words."""
    said = []
    for one in basis:
        note = notes_words(one.notes, knowledge)
        says = fact_words(one, knowledge)
        notes: dict[str, Any] = {"note": note} if note else {}
        said.append({"fact": one.concept, "says": says, "source": one.source, "date": one.date, **notes})
    return said


def _referral(referral: Referral) -> dict[str, Any]:
    return {
        "suggest": referral.suggest,
        "specialty": referral.specialty,
        "priority": referral.priority,
        "inPlaceSince": referral.in_place_since,
        "expedite": referral.expedite,
        "note": referral.note,
    }


def _contributor(contributor: Contributor, knowledge: Knowledge) -> dict[str, Any]:
    return {"id": contributor.id, "basis": _bases(contributor.basis, knowledge)}


def _test(test: SuggestedTest, knowledge: Knowledge) -> dict[str, Any]:
    said: dict[str, Any] = {"id": test.id}
    if test.reason:
        said["reason"] = grounds_words(test, knowledge)
    said["recommended"] = test.recommended
    said["withheld"] = held_words(test.withheld, knowledge) if test.withheld else None
    if test.analytes or test.withheld_analytes:
        said["analytes"] = list(test.analytes)
        held = (test.withheld_analytes or {}).items()
        said["withheldAnalytes"] = {name: held_words(why, knowledge) for name, why in held}
    if test.follow_up:
        said["followUp"] = {name: _follow_up(one) for name, one in test.follow_up.items()}
    return said


def _follow_up(one: FollowUp) -> dict[str, Any]:
    value = None if one.value is None else str(one.value)
    return {"value": value, "date": one.on, "within": one.within}


def _step(step: Step, knowledge: Knowledge) -> dict[str, Any]:
    """In words too, for a caller that shows no cards of ours: what to do, and why for this patient."""
    return {
        "id": step.id,
        "withheld": left_out_words(step, knowledge),
        "says": advice_words(step, knowledge) or None,
        "why": because_words(step, knowledge),
    }


def _range(amount: Amount) -> dict[str, Any]:
    return {"low": _number(amount.low), "high": _number(amount.high)}


def _number(value: float) -> float | int | None:
    """Without a digit too many, and null for no end."""
    if not isfinite(value):
        return None
    return int(value) if value == int(value) else value
