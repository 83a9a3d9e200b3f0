"""A deployment's own TOML file: checked before it is laid over ours, and told in words.

deploy/README.md has an example. Whoever signs off an overlay has to be able to trust that each line of it
does what it says: what nothing reads, and what would silently mean something else, is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from typing import Any

from service.assessment import Disposition
from service.knowledge.codes import CODE_SYSTEMS

Table = Mapping[str, Any]
Keys = tuple[str, ...]

# Below these a deployment names its blocks itself: a concept, an analyte, a pathway, a unit, a code.
NAMED_FREELY = (
    *("analytes", "codes", "diagnoses", "evidence", "medicines", "own", "pathways", "systems", "tests"),
    *("aliases", "answers", "because", "narrower", "parts", "steps", "units", "withheld_when", "system"),
    *("by_form", "names", "other"),
    *(
        "areas",
        "both",
        "daily_parts",
        "first_degree",
        "interpretation",
        "left",
        "right",
        "sites",
        "mass",
        "molar",
    ),
)
# Files of these names hold a table of the same name, or tables of ours only.
OURS_ON_TOP = (["answers"], ["sites"], ["units"])
# Read where they stand, though no packaged block has them.
ALSO_READ = (("codes", "*", "counts_days"),)
# What the program, or a number elsewhere, relies on; the value is what to do instead.
FIXED = {
    ("thresholds", "unit"): "write the value in that unit and leave the line out",
    ("analytes", "unit"): "thresholds are compared in it; add other units under `units`",
    ("own", "unit"): "leave the line out",
    ("own", "value"): "leave the line out",
    ("rules", "kind"): "leave the line out; what a rule asks for stands in pathways",
}
ASKS_TOO_LITTLE = Disposition.PRIMARY_CARE_REVIEW
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Changes:
    """What an overlay does to the packaged knowledge; `warnings` is what somebody should look at twice."""

    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def lay_over(below: dict[str, Any], above: Table) -> None:
    """Tables merge, everything else is replaced."""
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = value


def problems_of(overlay: Table, packaged: Table) -> Iterator[str]:
    """Every line of the overlay that would do nothing, or something else than it says."""
    known = _shape(packaged)
    for path, value in _walk(overlay):
        name = f"overlay: {_dotted(path)}"
        if _kind(path) not in known:
            # Its parent is named instead, if that is unknown as well.
            if _kind(path[:-1]) in known:
                yield f"{name} is read by nothing; {_instead(path, known)}"
            continue
        there = _at(packaged, path)
        if isinstance(there, Mapping) and not isinstance(value, Mapping):
            yield f"{name} must be a table; write [{_dotted(path)}] and below it what changes"
        if isinstance(value, float | int) and not isinstance(value, bool) and not 0 <= value < inf:
            yield f"{name} is {value}; write a number that is finite and not negative"
        fixed = FIXED.get((path[0], path[-1])) if len(path) == 3 else None
        if fixed and there is not None and value != there:
            yield f"{name} is {there!r} and cannot be {value!r}: {fixed}"


def changes_of(overlay: Table, packaged: Table) -> Changes:
    """What the overlay changes, a line each: thresholds and dispositions one by one, the rest counted."""
    rules = packaged["rules"]
    lines = (*_thresholds(overlay, packaged), *_pathways(overlay, packaged), *_others(overlay, packaged))
    warnings = [
        f"pathways.{pathway}.{rule} is {asked}: a {rules[rule]['kind']} sign that asks for less than"
        f" {ASKS_TOO_LITTLE}"
        for pathway, cells in overlay.get("pathways", {}).items()
        for rule, asked in cells.items()
        if rules.get(rule, {}).get("kind") in ("motor", "same-day")
        and Disposition.named(asked) < ASKS_TOO_LITTLE
    ]
    return Changes(lines, tuple(warnings))


def _thresholds(overlay: Table, packaged: Table) -> Iterator[str]:
    for name, block in overlay.get("thresholds", {}).items():
        there = packaged["thresholds"][name]
        value = block.get("value", there["value"])
        if value != there["value"]:
            yield f"{name} {there['value']:g} {there['unit']} → {value:g} {there['unit']}"


def _pathways(overlay: Table, packaged: Table) -> Iterator[str]:
    for pathway, cells in overlay.get("pathways", {}).items():
        there = packaged["pathways"].get(pathway)
        if there is None:
            yield f"new pathway {pathway}"
            continue
        yield from (
            f"{pathway}: {rule} {there.get(rule, 'nothing')} → {asked}"
            for rule, asked in cells.items()
            if rule != "describes" and there.get(rule) != asked
        )


def _others(overlay: Table, packaged: Table) -> Iterator[str]:
    """Words, codes and lists: how many values of each block are new or changed."""
    counts: Counter[str] = Counter()
    for path, value in _walk(overlay):
        told = path[0] == "pathways" and path[2:] != ("describes",)
        told = told or (path[0] == "thresholds" and path[-1] == "value")
        if not told and not isinstance(value, Mapping) and value != _at(packaged, path):
            counts[_dotted(path[:2])] += 1
    for block, count in counts.items():
        yield f"{block}: {count} value{'s' * (count > 1)} new or changed"


def _shape(packaged: Table) -> frozenset[Keys]:
    return frozenset((*ALSO_READ, *((name,) for name in packaged), *(_kind(p) for p, _ in _walk(packaged))))


def _kind(path: Keys) -> Keys:
    """The path with names that are free replaced: what a block of this kind may have."""
    kind: list[str] = []
    for name in path:
        if kind and kind[-1] in NAMED_FREELY and kind not in OURS_ON_TOP:
            kind.append("*")
        else:
            kind.append("system" if kind and name in CODE_SYSTEMS else name)
    return tuple(kind)


def _instead(path: Keys, known: frozenset[Keys]) -> str:
    parent = _kind(path[:-1])
    there = sorted({p[-1] for p in known if p[:-1] == parent and p[-1] not in ("*", "system")})
    near = get_close_matches(path[-1], there, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if len(there) > MOST_NAMED:
        return f"{path[0]}.toml lists what there is"
    return f"known there are {', '.join(there)}"


def _walk(table: Table, above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for name, value in table.items():
        yield (*above, name), value
        if isinstance(value, Mapping):
            yield from _walk(value, (*above, name))


def _at(table: Table, path: Keys) -> Any:
    found: Any = table
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _dotted(path: Keys) -> str:
    return ".".join(path)
