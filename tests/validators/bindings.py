"""What fhircraft does not look at: required bindings, and the types of references.

A code is good if the value set lists it; a value set that this checker cannot
expand (a filter, a code system that is not ours) counts as unknown, not as a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Found = tuple[str, str]
LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")


class Checker:
    """Knows the artefacts of one folder."""

    def __init__(self, artefacts: Path) -> None:
        read = [json.loads(file.read_text()) for file in sorted(artefacts.glob("*.json"))]
        self.artefacts = {resource["url"]: resource for resource in read}
        self.expanded = cache(self._expanded)

    def faults(self, resource: Mapping[str, Any]) -> Iterator[Found]:
        """The (place, message) pairs of a resource, against each of our profiles that it names."""
        for profile in resource.get("meta", {}).get("profile", ()):
            definition = self.artefacts.get(profile)
            for element in definition["differential"]["element"] if definition else ():
                yield from self._element(element, resource)

    def _element(self, element: Mapping[str, Any], resource: Mapping[str, Any]) -> Iterator[Found]:
        path = element["path"].partition(".")[2]
        targets = [t for kind in element.get("type", ()) for t in kind.get("targetProfile", ())]
        binding = element.get("binding", {})
        for value in _values(resource, path):
            if targets:
                yield from _reference(path, value, {target.rpartition("/")[2] for target in targets})
            if binding.get("strength") == "required":
                yield from self._binding(path, value, binding["valueSet"])

    def _binding(self, path: str, value: Any, value_set: str) -> Iterator[Found]:
        codes = self.expanded(value_set.partition("|")[0])
        if codes is None or not isinstance(value, dict):
            return
        said = {(c.get("system"), c.get("code")) for c in value.get("coding", [value])}
        if not said & codes:
            yield path, f"none of its codes is in {value_set} (binding: required)"

    def _expanded(self, url: str) -> frozenset[Found] | None:
        found: set[Any] = set()
        if url not in self.artefacts:
            return None
        compose = self.artefacts[url]["compose"]
        for sign, parts in ((1, compose["include"]), (-1, compose.get("exclude", ()))):
            for part in parts:
                codes = self._part(part)
                if codes is None:
                    return None
                found = found | codes if sign > 0 else found - codes
        return frozenset(found)

    def _part(self, part: Mapping[str, Any]) -> set[Any] | None:
        if "valueSet" in part:
            below = [self.expanded(url) for url in part["valueSet"]]
            return None if None in below else set().union(*below)
        if "filter" in part:
            return None
        if "concept" in part:
            return {(part["system"], concept["code"]) for concept in part["concept"]}
        system = self.artefacts.get(part["system"])
        return {(part["system"], c["code"]) for c in system["concept"]} if system else None


def _reference(path: str, value: Any, allowed: set[str]) -> Iterator[Found]:
    literal = LITERAL.fullmatch(value.get("reference", "")) if isinstance(value, dict) else None
    if literal and literal[1] not in allowed:
        yield path, f"refers to a {literal[1]}, where only {', '.join(sorted(allowed))} may stand"


def _values(resource: Any, path: str) -> list[Any]:
    """The values at a path; "value[x]" is whatever type is there."""
    found = [resource]
    for name in path.split("."):
        stem = name.removesuffix("[x]")
        below = [
            value
            for one in found
            if isinstance(one, dict)
            for key, value in one.items()
            if (key == name or (stem != name and re.fullmatch(f"{stem}[A-Z].*", key)))
        ]
        found = [item for value in below for item in (value if isinstance(value, list) else [value])]
    return found
