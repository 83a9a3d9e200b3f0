"""The golden patients: whole stories with their record, for the playground and for the tests.

One folder a story under `patients/`: `story.md` (a title, the day, the disposition that its author expects
by each pathway, the vignette) and `bundle.json` (the record as FHIR R4). What the service says about each is
golden in the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("patients")
_SAID = re.compile(r"^- ([\w-]+): (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GoldenPatient:
    """A vignette: its day, and by the hand of its author the disposition by each pathway."""

    name: str
    title: str
    on: date
    dispositions: dict[str, str]
    words: str

    @property
    def record(self) -> bytes:
        """The record, a FHIR Bundle as JSON."""
        return (FOLDER / self.name / "bundle.json").read_bytes()


@cache
def golden_patients() -> dict[str, GoldenPatient]:
    """Every golden patient by name, in the order of the names."""
    return {path.parent.name: _read(path) for path in sorted(FOLDER.glob("*/story.md"))}


def _read(path: Path) -> GoldenPatient:
    head, _, rest = path.read_text(encoding="utf-8").partition("\n")
    said = dict(_SAID.findall(rest))
    on = date.fromisoformat(said.pop("Day"))
    words = " ".join(_SAID.sub("", rest).split())
    return GoldenPatient(path.parent.name, head.removeprefix("# "), on, said, words)
