"""input/invalid*.toml and the valid examples -> resources, and answers of hooks, that must be refused."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from fhir_profiles.scripts.artefact import EXAMPLES, HERE, HOOKS, INVALID, INVALID_HOOKS, RESOURCES, Json


def cases(folder: Path = INVALID) -> Mapping[str, Json]:
    """By profile or logical model: the example to start from, and how each rule is broken."""
    return tomllib.loads((HERE / "input" / f"{folder.name}.toml").read_text())


def artefacts() -> Iterator[tuple[Path, Json]]:
    """Everything that must be refused, with the path at which it is committed."""
    for examples, folder in ((EXAMPLES, INVALID), (HOOKS, INVALID_HOOKS)):
        for profile, listed in cases(folder).items():
            for rule, change in listed["rules"].items():
                start = json.loads((examples / f"{change.get('from', listed['from'])}.json").read_text())
                name = f"{profile}__{re.sub(r'[^A-Za-z0-9]+', '-', rule)}.json"
                yield folder / name, _broken(start, change)


def rules_of(profile: str) -> set[str]:
    """The rules that a profile adds to R4, in the words of invalid.toml; a logical model's types are none."""
    definition = json.loads((RESOURCES / f"StructureDefinition-{profile}.json").read_text())
    found: set[str] = set()
    for element in definition["differential"]["element"]:
        path = element["path"].partition(".")[2]
        found |= {constraint["key"] for constraint in element.get("constraint", ())}
        found |= {f"{path} {kind}" for kind in _kinds(element)}
    return {rule for rule in found if definition["kind"] == "resource" or not rule.endswith(" type")}


def _kinds(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("min", 0) > 0:
        yield "min"
    if element.get("max") == "0":
        yield "max"
    if "type" in element:
        yield "type"
    if element.get("binding", {}).get("strength") == "required":
        yield "binding"
    if any(name.startswith(("pattern", "fixed")) for name in element):
        yield "pattern"


def _broken(start: Json, change: Mapping[str, Any]) -> Json:
    made = deepcopy(start)
    for path in change.get("remove", ()):
        *above, last = path.split(".")
        del _at(made, above)[last]
    for path, value in change.get("set", {}).items():
        *above, last = path.split(".")
        _at(made, above)[last] = value
    return made


def _at(resource: Any, path: list[str]) -> Any:
    for name in path:
        resource = resource[int(name) if name.isdigit() else name]
    return resource
