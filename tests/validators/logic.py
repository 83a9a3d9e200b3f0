"""Whether the FHIRPath of the plans says of each evaluation what the service decided.

A condition of a PlanDefinition asks the answer of $evaluate. So for every record that was
evaluated and to which the plan was applied, the actions that apply are: the rules that are
YES and what contributes, the disposition, and the orders of the CarePlan; and the dynamic
values of an ActivityDefinition are those of its orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]
# Of an artefact: by the id of an action or the path of a dynamic value, what its expression gave.
Said = dict[str, dict[str, list[Any]]]


def said_of(lines: Iterable[str]) -> Mapping[Path, Said]:
    """The output of logic.cjs by the evaluation that it speaks of."""
    found: dict[Path, Said] = {}
    for line in lines:
        file, artefact, name, values = line.split("\t")
        found.setdefault(Path(file), {}).setdefault(artefact, {})[name] = json.loads(values)
    return found


def faults(evaluation: Json, plan: Json, said: Said, artefacts: Mapping[str, Json]) -> Iterator[str]:
    """Where the expressions and the service disagree about one record."""
    orders = list(_orders(plan))
    for name, definition in artefacts.items():
        if name.startswith("PlanDefinition/"):
            expected = _applicable(evaluation, orders) & {*_ids(definition["action"]), ""}
            if said.get(name, {}).keys() != expected:
                yield f"{name} applies {sorted(said.get(name, {}))}, and the service {sorted(expected)}"
    for activity, order in orders:
        values = said.get(f"ActivityDefinition/{activity}", {})
        for path in ("status", "priority"):
            if values.get(path) != [order[path]]:
                yield f"ActivityDefinition/{activity} says {path} {values.get(path)}, not {order[path]}"
    analytes = said.get("ActivityDefinition/blood-panel", {}).get("code", [])
    if len(analytes) != sum(activity == "blood-panel" for activity, _ in orders):
        yield f"ActivityDefinition/blood-panel names {analytes}, which are not the orders"


def _applicable(evaluation: Json, orders: list[tuple[str, Json]]) -> set[str]:
    found = {activity for activity, _ in orders}
    for parameter in evaluation["parameter"]:
        if parameter["name"] == "disposition":
            found |= {parameter["valueCode"]} | ({""} if parameter["valueCode"] != "no-action" else set())
        parts = {part["name"]: part.get("valueCode") for part in parameter.get("part", ())}
        if parameter["name"] == "contributor":
            found.add(parts["id"])
        if parameter["name"] == "finding" and parts["truth"] == "YES":
            found.add(parts["rule"])
    return found


def _orders(plan: Json) -> Iterator[tuple[str, Json]]:
    """The orders of a CarePlan, each with the id of its ActivityDefinition."""
    for resource in plan.get("contained", ()):
        if resource["resourceType"] == "ServiceRequest":
            address, _, _ = resource["instantiatesCanonical"][0].partition("|")
            yield address.rpartition("/")[2], resource


def _ids(actions: Iterable[Json]) -> Iterator[str]:
    for action in actions:
        yield from filter(None, [action.get("id")])
        yield from _ids(action.get("action", ()))
