"""What is measured, what is taken, and what is ordered: analytes, medicine classes, tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from service.knowledge.codes import Index, code_tables, indexed


@dataclass(frozen=True, slots=True)
class Coding:
    """A code to emit: system key, code, display."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Analyte:
    """Something measured: its unit (UCUM), the factors that convert other units into it, how long it counts.

    `low` and `high` are the reference range where a result brings none; a number above `most` is a slip.
    """

    id: str
    words: str
    kind: str
    unit: str
    units: Mapping[str, float]
    counts_days: float
    low: float | None
    high: float | None
    most: float
    order: tuple[Coding, ...]
    also_done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MedicineClass:
    """Medicines that can make muscles twitch, and the analytes that they disturb.

    `inhaled`: whether they count where they are inhaled. `also_a_habit`: the contributor of this id is no
    medicine to review but something that people take in otherwise too (caffeine).
    """

    id: str
    words: str
    why: str
    evidence: tuple[str, ...]
    disturbs: tuple[str, ...]
    inhaled: bool = True
    also_a_habit: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """A test or referral that can be ordered: how to code it, and when not to repeat it (days)."""

    id: str
    words: str
    order: tuple[Coding, ...]
    order_text: str
    again_days: float


def read_analyte(
    analyte_id: str, table: Mapping[str, Any], windows: Mapping[str, float], units: Mapping[str, Any]
) -> Analyte:
    """One analyte of analytes.toml.

    `windows` says how long results of a kind count, in days; `units` is units.toml.
    """
    reference = table.get("reference", {})
    kind = table["kind"]
    return Analyte(
        analyte_id,
        table["words"],
        kind,
        table["unit"],
        _conversions(table, units),
        float(table.get("counts_days", windows[kind])),
        reference.get("low"),
        reference.get("high"),
        float(table.get("plausible", {}).get("most", inf)),
        _order(table),
        tuple(table.get("also_done", ())),
    )


def read_medicine(medicine_id: str, table: Mapping[str, Any]) -> MedicineClass:
    """One class of medicines.toml."""
    evidence = table["evidence"]
    claims = (evidence,) if isinstance(evidence, str) else tuple(evidence)
    return MedicineClass(
        medicine_id,
        table["words"],
        table["why"],
        claims,
        tuple(table.get("disturbs", ())),
        table.get("inhaled", True),
        table.get("also_a_habit", False),
    )


def read_test(test_id: str, table: Mapping[str, Any], again_days: float) -> Test:
    """One test of tests.toml; `again_days` is how long one that was done or ordered lasts."""
    order = table.get("order", {})
    return Test(test_id, table["words"], _order(table), order.get("text", table["words"]), again_days)


def rows(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The (system, code) pairs of a table that holds code tables."""
    yield from ((system, code) for system, code, _ in code_tables(table))


def named_rows(tables: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """The rows of an index from codes to the names of the tables that hold them."""
    return ((system, code, name, name) for name, table in tables.items() for system, code in rows(table))


def index_of(tables: Mapping[str, Any]) -> Index:
    """From (system, code) to the names of the tables that hold the code."""
    return indexed(named_rows(tables))


def factor_of(written: float | str) -> float:
    """A factor as it is written: a number, or a fraction ("1/60") that no decimal number meets."""
    return float(Fraction(written) if isinstance(written, str) else written)


def _conversions(table: Mapping[str, Any], units: Mapping[str, Any]) -> dict[str, float]:
    """The factor of every accepted unit; what is listed goes before what is worked out for concentrations."""
    own, per_mole = table["unit"], table.get("molar_mass")
    listed = {unit: factor_of(factor) for unit, factor in table["units"].items()}
    tables = {name: units[name] for name in ("molar", "mass")}
    kind = next((name for name, factors in tables.items() if own in factors), None)
    if kind is None or not listed:
        return listed
    # What one mol/L and one g/L are in the own unit.
    worth = {kind: 1 / tables[kind][own]}
    if per_mole and kind == "molar":
        worth["mass"] = worth["molar"] / per_mole
    elif per_mole:
        worth["molar"] = worth["mass"] * per_mole
    worked_out = {
        unit: float(f"{factor * worth[name]:.12g}") for name in worth for unit, factor in tables[name].items()
    }
    return worked_out | listed


def _order(table: Mapping[str, Any]) -> tuple[Coding, ...]:
    displays = {(system, code): display for system, code, display in code_tables(table)}
    order = table.get("order", {})
    codings = [(system, order[system]) for system in ("snomed", "loinc") if order.get(system)]
    return tuple(Coding(system, code, displays.get((system, code), "")) for system, code in codings)
