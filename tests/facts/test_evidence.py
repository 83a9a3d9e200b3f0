"""The digest of what advice rests on: it changes with new evidence and with nothing else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from service.assessment import (
    Assessment,
    Contributor,
    Disposition,
    Finding,
    OpenQuestion,
    RuleKind,
    Unreadable,
    fingerprint_of,
)
from service.facts import Patient
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis
from service.facts.reasons import Reason
from service.facts.truth import Truth
from service.facts.twitch import Twitch

ON = date(2026, 11, 23)
DAY = Span(ON, ON, "2026-11-23")
BASIS = Basis("muscle weakness", "Condition/w1", "2026-11-01", onset=DAY)
CAFFEINE = Contributor(
    "caffeine", "High caffeine intake", (Basis("caffeine", "Observation/c1", "2026-11-01"),)
)


def finding(rule: str = "muscle-weakness", *basis: Basis, truth: Truth = Truth.YES) -> Finding:
    urgent = Disposition.URGENT_REFERRAL
    answer = Answer(truth, basis or (BASIS,))
    in_force = urgent if truth is Truth.YES else None
    return Finding(rule, RuleKind.MOTOR, answer, "Weakness", "…", ("claim",), urgent, in_force)


BEFORE = Assessment(
    ON,
    "early-referral",
    "v1",
    Disposition.URGENT_REFERRAL,
    Patient(),
    Twitch({}, ON),
    findings=(finding(),),
    contributors=(CAFFEINE,),
)


@pytest.mark.parametrize(
    "news",
    [
        {"findings": (finding(), finding("spreading"))},
        {"findings": ()},
        {"findings": (finding("muscle-weakness", replace(BASIS, source="Condition/w2")),)},
        {"findings": (finding("muscle-weakness", replace(BASIS, date="2026-11-20")),)},
        {"findings": (finding("muscle-weakness", replace(BASIS, onset=Span(ON, ON, "2026-11"))),)},
        {"findings": (finding("muscle-weakness", BASIS, Basis("weak", "Observation/m1", "2026-11-20")),)},
        {"disposition": Disposition.SAME_DAY},
        {"contributors": ()},
        {"unreadable": (Unreadable("Condition/x", Reason("no-code")),)},
    ],
    ids=str,
)
def test_news_changes_it(news: dict[str, object]) -> None:
    assert fingerprint_of(replace(BEFORE, **news)) != fingerprint_of(BEFORE)


@pytest.mark.parametrize(
    "no_news",
    [
        {},
        {"on": ON + timedelta(days=1)},
        {"knowledge_version": "v2"},
        {"findings": (finding(), finding("spreading", truth=Truth.UNKNOWN))},
        {"findings": (finding("muscle-weakness", replace(BASIS, concept="weakness of the hand")),)},
        {"contributors": (replace(CAFFEINE, basis=(Basis("caffeine", "Observation/c2", "2026-11-20"),)),)},
        {"open_questions": (OpenQuestion("x", Reason("y"), "z", Disposition.SAME_DAY),)},
        {"incomplete": ("medications",)},
    ],
    ids=str,
)
def test_what_is_no_news_leaves_it(no_news: dict[str, object]) -> None:
    assert fingerprint_of(replace(BEFORE, **no_news)) == fingerprint_of(BEFORE)


def test_the_order_of_what_a_finding_rests_on_is_no_news() -> None:
    other = Basis("weak", "Observation/m1", "2026-11-20")
    one = replace(BEFORE, findings=(finding("muscle-weakness", BASIS, other),))
    two = replace(BEFORE, findings=(finding("muscle-weakness", other, BASIS),))

    assert fingerprint_of(one) == fingerprint_of(two)


def test_nothing_of_the_record_can_be_read_from_it() -> None:
    assert len(fingerprint_of(BEFORE)) == 64
    assert int(fingerprint_of(BEFORE), 16)
