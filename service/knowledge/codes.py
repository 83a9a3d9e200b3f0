"""What a code means here: named sets of codes, body sites, and their index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.facts.places import Place

ICD = ("icd-10-cm", "icd-10")
PREFIX_SYSTEMS = (*ICD, "atc")
UNSPECIFIC = "unspecific"
CODE_SYSTEMS = ("snomed", "icd-10-cm", "icd-10", "hpo", "loinc", "rxnorm", "atc", "icd-10-pcs", "own")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one code says: a concept, or a narrower aspect of it, perhaps at a place.

    `unspecific` codes leave the concept UNKNOWN: they are too wide to say it. A `sign` is seen by whoever
    records it; what is not `examined` is only ever told.
    """

    concept: str
    aspect: str
    kind: str
    place: Place | None = None
    examined: bool = True
    sign: bool = False
    unspecific: bool = False
    code: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Aspect:
    """A concept, or a narrower thing within it, in words, and the place that its codes name."""

    words: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """A named set of codes; `ask` is the question to a patient where one makes sense.

    `aspects` holds the concept itself under "" and each narrower thing under its name, `displays` what
    each code is called.
    """

    id: str
    words: str
    kind: str
    ask: str | None
    counts_days: float | None
    codes: tuple[tuple[str, str, Meaning | None], ...]
    aspects: Mapping[str, Aspect]
    displays: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Index:
    """From (system, code) to what it stands for: exact, or by the longest prefix for ICD and ATC.

    `entries` maps a system to code to the values that hold it. A None value is an exception: it stops
    shorter prefixes of the same `key` from matching.
    """

    entries: Mapping[str, Mapping[str, tuple[tuple[str, Any], ...]]] = field(default_factory=dict)

    def find(self, system: str, code: str) -> tuple[Any, ...]:
        """Everything that the code stands for, in the order of the files; empty for an unknown code."""
        codes = self.entries.get(system)
        if codes is None:
            return ()
        if system in PREFIX_SYSTEMS:
            return self._by_prefix(codes, plain(system, code))
        listed = codes.get(code)
        return tuple([value for _, value in listed if value is not None]) if listed else ()

    @staticmethod
    def _by_prefix(codes: Mapping[str, tuple[tuple[str, Any], ...]], code: str) -> tuple[Any, ...]:
        found: dict[str, list[Any]] = {}
        for length in range(len(code), 0, -1):
            longest = codes.get(code[:length], ())
            for key in dict.fromkeys(key for key, _ in longest if key not in found):
                found[key] = [value for k, value in longest if k == key and value is not None]
        return tuple(value for values in found.values() for value in values)

    def codes(self, system: str) -> Iterable[str]:
        """The codes (or prefixes) of a system that stand for anything."""
        return self.entries.get(system, {}).keys()


def indexed(items: Iterable[tuple[str, str, str, Any]]) -> Index:
    """An index from (system, code, key, value) rows; a `key` groups rows that compete by prefix length."""
    entries: dict[str, dict[str, list[tuple[str, Any]]]] = {}
    for system, code, key, value in items:
        entries.setdefault(system, {}).setdefault(plain(system, code), []).append((key, value))
    return Index({s: {c: tuple(v) for c, v in codes.items()} for s, codes in entries.items()})


def plain(system: str, code: str) -> str:
    """The code as it is compared: ICD without its dot and in capitals."""
    return code.replace(".", "").upper() if system in PREFIX_SYSTEMS else code


def code_tables(table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The (system, code, display) rows of a TOML table that holds one sub-table a code system."""
    for system in CODE_SYSTEMS:
        for code, display in table.get(system, {}).items():
            yield system, code, display


def read_concept(concept_id: str, table: Mapping[str, Any], places: Mapping[str, Place]) -> Concept:
    """One concept of codes.toml. KeyError and ValueError name what the table lacks or has wrong."""
    kind = table["kind"]
    rows: list[tuple[str, str, Meaning | None]] = []
    parts = [("", table), *table.get("narrower", {}).items(), (UNSPECIFIC, table.get(UNSPECIFIC, {}))]
    for aspect, part in parts:
        place = _place(part, places)
        examined = bool(part.get("examined", table.get("examined", True)))
        sign = bool(part.get("sign", False))
        for system, code, _ in code_tables(part):
            wide = aspect == UNSPECIFIC
            meaning = Meaning(concept_id, aspect, kind, place, examined, sign, wide, (system, code))
            rows.append((system, code, meaning))
    rows += [(system, code, None) for system, code, _ in code_tables(table.get("except", {}))]
    return Concept(
        concept_id,
        table["words"],
        kind,
        table.get("ask"),
        table.get("counts_days"),
        tuple(rows),
        {a: Aspect(part.get("words", table["words"]), _place(part, places)) for a, part in parts},
        {(system, code): display for _, part in parts for system, code, display in code_tables(part)},
    )


def read_places(sites: Mapping[str, Any]) -> dict[str, Place]:
    """Site and area ids of sites.toml to their places, without a side."""
    places = {s: Place(s, table.get("region") or None) for s, table in sites["sites"].items()}
    return places | {area: Place(None, t["region"], None, area) for area, t in sites["areas"].items()}


def place_rows(sites: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Place]]:
    """The (system, code, key, place) rows of sites.toml, sides pre-coordinated where the code has one."""
    places = read_places(sites)
    for group in ("sites", "areas"):
        for name, table in sites[group].items():
            place = places[name]
            yield from ((system, code, name, place) for system, code, _ in code_tables(table))
            for side in ("left", "right"):
                sided = on_side(place, side)
                yield from (("snomed", code, name, sided) for code in table.get(side, {}))


def _place(table: Mapping[str, Any], places: Mapping[str, Place]) -> Place | None:
    if "site" not in table:
        return None
    place = places[table["site"]]
    return on_side(place, table["side"]) if "side" in table else place


def on_side(place: Place, side: str) -> Place:
    """The same place on one side of the body."""
    return Place(place.site, place.region, side, place.area)
