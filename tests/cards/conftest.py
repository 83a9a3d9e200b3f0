"""Assessments by hand: what a card says is tested without reading a record."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from service.assessment import (
    Assessment,
    Contributor,
    Disposition,
    Done,
    Finding,
    Referral,
    Step,
    SuggestedTest,
    Withheld,
)
from service.facts import Patient
from service.facts.amounts import Amount, Span
from service.facts.answers import Answer, Basis
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.knowledge import Knowledge, load

ON = date(2026, 11, 23)
TWITCHING = Basis("muscle twitching", "Condition/t1", "2026-11-01")
PRIORITY = {
    Disposition.ROUTINE_REFERRAL: "routine",
    Disposition.URGENT_REFERRAL: "urgent",
    Disposition.SAME_DAY: "stat",
}
PANEL = SuggestedTest(
    "blood-panel", ("muscle-weakness",), None, ("magnesium", "tsh"), {"b12": Done("2026-10-02")}
)


def twitch(*statements: Statement) -> Twitch:
    said = {s.concept: (s,) for s in statements}
    return Twitch(said, ON)


def a_twitch(concept: str = "fasciculation", **changes: Any) -> Statement:
    day = Span.of(date(2026, 11, 1))
    return Statement(
        concept,
        Truth.YES,
        "Condition/t1",
        Form.CONDITION,
        "twitch",
        stated=day,
        **changes,
    )


def finding(knowledge: Knowledge, rule: str, disposition: Disposition | None, *basis: Basis) -> Finding:
    words = knowledge.rules[rule]
    answer = Answer(Truth.YES, basis or (Basis(f"fact of {rule}", f"Condition/{rule}", "2026-11-01"),))
    kind = words.kind
    could = disposition or Disposition.ROUTINE_REFERRAL
    return Finding(rule, kind, answer, words.says, words.why, words.evidence, could, disposition)


def steps(knowledge: Knowledge, **withheld: tuple[Withheld, ...]) -> tuple[Step, ...]:
    return tuple(
        Step(step.id, held, tuple(p.id for p in step.parts if p.id not in {w.part for w in held}))
        for step in knowledge.lifestyle
        for held in (withheld.get(step.id, ()),)
    )


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture(scope="session")
def assessed(knowledge: Knowledge) -> Callable[..., Assessment]:
    """An assessment of this disposition with these rules in force; keywords replace what it holds."""

    def make(disposition: Disposition, *rules: str, **holds: Any) -> Assessment:
        suggest = disposition.is_referral
        held: dict[str, Any] = {
            "patient": Patient("Patient/p1", Amount.exactly(50, "a")),
            "twitch": twitch(a_twitch()),
            "findings": tuple(finding(knowledge, rule, disposition) for rule in rules),
            "referral": Referral(suggest, priority=PRIORITY.get(disposition)),
            "lifestyle": steps(knowledge) if disposition in range(1, 4) else (),
        }
        return Assessment(ON, "early-referral", knowledge.version, disposition, **(held | holds))

    return make


@pytest.fixture(scope="session")
def medicine(knowledge: Knowledge) -> Callable[[str, str], Contributor]:
    """A contributor that is a class of medicines, taken as the named one."""

    def make(name: str, taken: str) -> Contributor:
        return Contributor(name, knowledge.rules[name].says, (Basis(taken, "MedicationRequest/m1"),))

    return make
