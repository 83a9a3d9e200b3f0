"""The golden patients, and what our service says about each.

The stories and their records belong to the playground (`service/web/pages/patients`); here stands what is
golden of them, one folder a story.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from service.assess import assess
from service.assessment import Assessment
from service.assessment_json import assessment_json
from service.cards import Card, build
from service.fhir.read.record import entries, record_of
from service.knowledge import Knowledge, load
from service.web.pages.patients import golden_patients

FOLDER = Path(__file__).parent
PATHWAYS = ("early-referral", "nice-ng127")


@dataclass(frozen=True)
class Story:
    """A vignette: its day and, by the hand of its author, the disposition of each pathway."""

    name: str
    title: str
    on: date
    dispositions: dict[str, str]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def bundle(self) -> dict[str, Any]:
        bundle: dict[str, Any] = orjson.loads(golden_patients()[self.name].record)
        return bundle

    def assessment(self, pathway: str = "early-referral") -> Assessment:
        record = record_of(entries(self.bundle), knowledge())
        return assess(record, self.on, knowledge=knowledge(), pathway=pathway)

    def cards(self) -> tuple[Card, ...]:
        return build(self.assessment(), knowledge())


@cache
def knowledge() -> Knowledge:
    return load()


def stories() -> list[Story]:
    """Every story, in the order of the names."""
    astray = [path.parent.name for path in FOLDER.glob("*/bundle.json")]
    assert not astray, f"these belong into service/web/pages/patients: {astray}"
    return [Story(p.name, p.title, p.on, p.dispositions) for p in golden_patients().values()]


def golden_assessment(assessment: Assessment) -> str:
    """The answer of /evaluate without the version of the knowledge, which changes when no meaning does."""
    answer = assessment_json(assessment, knowledge()) | {"knowledgeVersion": "*"}
    return orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n"


def golden_cards(cards: tuple[Card, ...]) -> str:
    """The cards as a clinician sees them, without their UUIDs."""
    return "\n\n---\n\n".join(_text(card) for card in cards) + "\n" if cards else "No card.\n"


def _text(card: Card) -> str:
    head = f"# [{card.indicator}] {card.summary}\n\n{card.detail}"
    buttons = [
        _button(s.label, s.is_recommended, [a.description for a in s.actions]) for s in card.suggestions
    ]
    return "\n\n".join([head, "\n".join(buttons)] if buttons else [head])


def _button(label: str, recommended: bool, actions: list[str]) -> str:
    orders = f": {'; '.join(a.removeprefix('Order ') for a in actions)}" if len(actions) > 1 else ""
    return f"[{label}]{' (recommended)' if recommended else ''}{orders}"
