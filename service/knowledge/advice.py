"""What we decide by and say: thresholds, pathways, the words of rules, lifestyle steps, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.assessment import Disposition, RuleKind


class Thresholds:
    """The numbers of thresholds.toml by name: `threshold.potassium_critically_low`.

    Each is in the unit that its block names, which is the unit of what it is compared with.
    """

    def __init__(self, values: Mapping[str, float], units: Mapping[str, str] | None = None) -> None:
        self.__dict__.update(values)
        self._units = units or {}

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Thresholds:
        """The thresholds of a TOML table, one block a number."""
        values = {name: float(block["value"]) for name, block in table.items()}
        return cls(values, {name: block["unit"] for name, block in table.items()})

    def unit_of(self, name: str) -> str:
        """The unit (UCUM) of a threshold."""
        return self._units[name]

    def __getattr__(self, name: str) -> float:
        raise AttributeError(f"thresholds.toml has no {name}")


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the literature (or, honestly, we) say, and how it was checked."""

    id: str
    cite: str
    identifier: str
    says: str
    checked: str
    due: date
    kind: str


@dataclass(frozen=True, slots=True)
class Pathway:
    """Which disposition each rule asks for."""

    id: str
    describes: str
    dispositions: Mapping[str, Disposition]


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule in words: its title, why it matters, and the claims it rests on."""

    kind: RuleKind
    says: str
    why: str
    evidence: tuple[str, ...]
    disturbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A known diagnosis and the rules that the disease itself explains, and until when.

    `results` are rules of a result that it rests on; `kinds` are the rules that one kind of it explains too.
    """

    id: str
    words: str
    says: str
    explains: frozenset[str]
    until: str
    results: frozenset[str]
    kinds: Mapping[str, frozenset[str]]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a step that can be withheld where it harms: condition -> the words that say why."""

    id: str
    label: str
    advice: str
    withheld_when: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LifestyleStep:
    """One of the six steps: its figure, its advice as a whole, its parts, and why for a contributor."""

    id: str
    title: str
    figure: str
    advice: str
    parts: tuple[Part, ...]
    because: Mapping[str, str]
    evidence: tuple[str, ...]


def read_claim(claim_id: str, table: Mapping[str, Any]) -> Claim:
    """One block of evidence.toml."""
    return Claim(
        claim_id, **{name: table[name] for name in ("cite", "identifier", "says", "checked", "due", "kind")}
    )


def read_pathway(pathway_id: str, table: Mapping[str, Any]) -> Pathway:
    """One table of pathways.toml."""
    cells = {rule: Disposition.named(text) for rule, text in table.items() if rule != "describes"}
    return Pathway(pathway_id, table["describes"], cells)


def read_rule_words(table: Mapping[str, Any]) -> RuleWords:
    """One table of rules.toml."""
    disturbs = tuple(table.get("disturbs", ()))
    return RuleWords(
        RuleKind.named(table["kind"]), table["says"], table["why"], tuple(table["evidence"]), disturbs
    )


def read_diagnosis(diagnosis_id: str, table: Mapping[str, Any]) -> Diagnosis:
    """One table of diagnoses.toml."""
    return Diagnosis(
        diagnosis_id,
        table["words"],
        table["says"],
        frozenset(table["explains"]),
        table["explains_until"],
        frozenset(table.get("explains_results", ())),
        {kind: frozenset(rules) for kind, rules in table.get("kinds", {}).items()},
        tuple(table["evidence"]),
    )


def read_step(step_id: str, table: Mapping[str, Any]) -> LifestyleStep:
    """One step of lifestyle.toml."""
    parts = tuple(
        Part(name, part["label"], part["advice"], part.get("withheld_when", {}))
        for name, part in table.get("parts", {}).items()
    )
    return LifestyleStep(
        step_id,
        table["title"],
        table["figure"],
        table["advice"],
        parts,
        table.get("because", {}),
        tuple(table["evidence"]),
    )
