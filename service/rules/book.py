"""The rule book: what each rule looks at, by which numbers, on what evidence, and what it asks for.

What a rule looks at is noted while it is asked, in a record that says nothing, one that says yes to
everything and one that says no, so the book cannot fall behind the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from service.assessment import RuleKind
from service.facts import Facts, Patient
from service.facts.amounts import Span
from service.facts.answers import Answer
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.knowledge import Knowledge
from service.knowledge.advice import Thresholds
from service.rules.rule import RULES, Rule

KINDS = {
    RuleKind.SAME_DAY: "same-day",
    RuleKind.MOTOR: "motor flag",
    RuleKind.SUSPICION: "suspicion",
    RuleKind.RED_FLAG: "red flag",
}
PARTS = {"twitch": "the twitch", "relatives": "family history", "medicines": "medicines"}
ANY_DAY = date.max


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One rule of the book: `thresholds` as (name, value, unit), `asks_for` as pathway to disposition."""

    id: str
    kind: str
    says: str
    reads: str
    why: str
    looks_at: tuple[str, ...]
    thresholds: tuple[tuple[str, float, str], ...]
    evidence: tuple[str, ...]
    asks_for: dict[str, str]


def rule_book(knowledge: Knowledge) -> tuple[RuleEntry, ...]:
    """An entry for every rule, same-day rules first, then motor flags, then the others."""
    ordered = sorted(RULES.values(), key=lambda rule: knowledge.rules[rule.id].kind)
    return tuple(_entry(rule, knowledge) for rule in ordered)


def _entry(rule: Rule, knowledge: Knowledge) -> RuleEntry:
    words, threshold = knowledge.rules[rule.id], knowledge.thresholds
    asked, numbers = _looked_at(rule, knowledge)
    known = {*knowledge.concepts, *knowledge.analytes, *knowledge.medicines}
    return RuleEntry(
        rule.id,
        KINDS[words.kind],
        words.says,
        inspect.getdoc(inspect.unwrap(rule.ask)) or "",
        words.why,
        (*sorted(asked & set(PARTS.values())), *sorted(asked & known)),
        tuple((name, getattr(threshold, name), threshold.unit_of(name)) for name in sorted(numbers)),
        words.evidence,
        {name: str(pathway.dispositions[rule.id]) for name, pathway in knowledge.pathways.items()},
    )


def _looked_at(rule: Rule, knowledge: Knowledge) -> tuple[set[str], set[str]]:
    """What a rule asks of three records, and which thresholds it uses."""
    asked: set[str] = set()
    numbers: set[str] = set()
    for says in Truth:
        noting = replace(knowledge, thresholds=_NotedThresholds(knowledge.thresholds, numbers))
        rule.ask(_NotedFacts.saying(says, knowledge.concepts, asked), noting)
    return asked, numbers


class _NotedThresholds(Thresholds):
    """The thresholds; notes the name of each that is used."""

    def __init__(self, known: Thresholds, noted: set[str]) -> None:
        super().__init__({})
        self._known, self._noted = known, noted

    def __getattr__(self, name: str) -> float:
        self._noted.add(name)
        return float(getattr(self._known, name))


class _NotedStatements(dict[str, tuple[Statement, ...]]):
    """One statement of each concept, or none; notes each concept that is asked for."""

    def __init__(self, said: dict[str, tuple[Statement, ...]], noted: set[str]) -> None:
        super().__init__(said)
        self._noted = noted

    def __contains__(self, concept: object) -> bool:
        self._noted.add(str(concept))
        return super().__contains__(concept)

    def get(self, concept: str, default: Any = None) -> Any:
        """As of any mapping."""
        self._noted.add(concept)
        return super().get(concept, default)


@dataclass(frozen=True)
class _NotedFacts(Facts):
    """Facts that note what is asked of them."""

    noted: set[str] = field(default_factory=set)

    @classmethod
    def saying(cls, says: Truth, concepts: Iterable[str], noted: set[str]) -> _NotedFacts:
        """A record that says yes, or no, to everything; or nothing."""
        day = Span.of(ANY_DAY)
        said: dict[str, tuple[Statement, ...]] = {
            concept: (Statement(concept, says, "", Form.CONDITION, _kind(concept), stated=day, onset=day),)
            for concept in (concepts if says is not Truth.UNKNOWN else ())
        }
        return cls(
            ANY_DAY,
            Patient(),
            _NotedStatements(said, noted),
            _NotedResults(noted),
            noted=noted,
        )

    def __getattribute__(self, name: str) -> Any:
        if name in PARTS:
            object.__getattribute__(self, "noted").add(PARTS[name])
        return object.__getattribute__(self, name)

    @cached_property
    def twitch(self) -> Twitch:
        """The twitch is one part of the record: what it is made of is not noted one by one."""
        return Twitch(dict(self.statements), self.on)

    def takes(self, medicine: str) -> Answer:
        """Notes the class of medicines."""
        self.noted.add(medicine)
        return super().takes(medicine)


class _NotedResults(dict[str, tuple[Any, ...]]):
    """No results; notes each analyte that is asked for."""

    def __init__(self, noted: set[str]) -> None:
        super().__init__()
        self._noted = noted

    def __contains__(self, analyte: object) -> bool:
        self._noted.add(str(analyte))
        return False

    def get(self, analyte: str, default: Any = None) -> Any:
        """As of any mapping."""
        self._noted.add(analyte)
        return default


def _kind(concept: str) -> str:
    return "twitch" if concept == "fasciculation" else "symptom"
