"""Our own FHIR artefacts as the running service offers them: read by type and id, and searched.

They are the files of `fhir_profiles/resources`, which an installed package brings along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib.resources import files
from typing import Any

import orjson

from service.errors import NotFound, RequestNotUnderstood

Resource = Mapping[str, Any]

# The parameters of a search, with FHIR's type of each; every artefact has all four elements.
PARAMETERS = {"_id": "token", "url": "uri", "name": "string", "version": "token"}
# How a name may match, by the modifier; without one it begins so.
_NAMES: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda held, wanted: held.casefold().startswith(wanted.casefold()),
    "exact": lambda held, wanted: held == wanted,
    "contains": lambda held, wanted: wanted.casefold() in held.casefold(),
}
_COMMA, _ESCAPED = re.compile(r"(?<!\\),"), re.compile(r"\\([\\,$|])")


class Artefacts:
    """Every artefact by its type and id; the files are read when the first is asked for."""

    @cached_property
    def by_type(self) -> Mapping[str, Mapping[str, Resource]]:
        """The artefacts of each type by their ids, both in alphabetical order."""
        found: dict[str, dict[str, Resource]] = {}
        folder = files("fhir_profiles") / "resources"
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".json"):
                resource = orjson.loads(file.read_bytes())
                found.setdefault(resource["resourceType"], {})[resource["id"]] = resource
        return found

    def of(self, resource_type: str) -> Mapping[str, Resource]:
        """The artefacts of a type by their ids.

        Raises:
            NotFound: there are none of that type.
        """
        if resource_type not in self.by_type:
            raise NotFound(
                f"There are no resources of that type here. There are: {', '.join(self.by_type)};"
                " GET /fhir/metadata says more. Patients' records are not kept here."
            )
        return self.by_type[resource_type]

    def read(self, resource_type: str, artefact_id: str) -> Resource:
        """One artefact.

        Raises:
            NotFound: there is none of that type and id.
        """
        listed = self.of(resource_type)
        if artefact_id not in listed:
            raise NotFound(
                f"There is no {resource_type} of that id here. GET /fhir/{resource_type} lists them all."
            )
        return listed[artefact_id]

    def search(self, resource_type: str, criteria: Iterable[tuple[str, str]]) -> list[Resource]:
        """The artefacts of a type that meet all criteria: pairs of a parameter (name:exact) and a value.

        Values with commas between are alternatives. A criterion without a value is none.

        Raises:
            NotFound: there are no artefacts of that type.
            RequestNotUnderstood: a parameter or modifier that is not offered.
        """
        found = list(self.of(resource_type).values())
        for name, value in criteria:
            parameter, _, modifier = name.partition(":")
            _check(parameter, modifier)
            if value:
                wanted = [_ESCAPED.sub(r"\1", each) for each in _COMMA.split(value)]
                found = [each for each in found if _meets(each, parameter, modifier, wanted)]
        return found


def searchset(page: Iterable[Resource], *, total: int, links: Mapping[str, str], base: str) -> dict[str, Any]:
    """The Bundle that answers a search with one page of what was found.

    `links` are URLs by their relation, self among them; `base` is our FHIR base URL.
    """
    entry = [
        {
            "fullUrl": f"{base}/{each['resourceType']}/{each['id']}",
            "resource": each,
            "search": {"mode": "match"},
        }
        for each in page
    ]
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
    }
    return bundle | ({"entry": entry} if entry else {})


def capabilities(
    artefacts: Artefacts, *, base: str, version: str, cors: bool, closed: bool
) -> dict[str, Any]:
    """The CapabilityStatement of the service that runs at `base`: what the published one says, and more.

    `closed` says that the operations need a token.
    """
    asked_for = artefacts.read("CapabilityStatement", "twitch-cds-server")
    who = "a client with a token for the address" if closed else "whoever can reach this service"
    security = {"cors": cors, "description": f"Everybody may read; the operations answer {who}."}
    said = {name: value for name, value in asked_for.items() if name not in ("id", "url", "kind")}
    return said | {
        "kind": "instance",
        "instantiates": [asked_for["url"]],
        "software": {"name": "twitch-cds", "version": version},
        "implementation": {"description": "twitch-cds", "url": base},
        "rest": [asked_for["rest"][0] | {"security": security}],
    }


def _check(parameter: str, modifier: str) -> None:
    if parameter not in PARAMETERS:
        known = ", ".join(PARAMETERS)
        raise RequestNotUnderstood(f"A search here takes the parameters {known}, and _count.")
    if modifier not in (_NAMES if parameter == "name" else ("",)):
        raise RequestNotUnderstood(
            "Of the modifiers of a search only name:exact and name:contains are offered.",
            where=parameter,
        )


def _meets(resource: Resource, parameter: str, modifier: str, wanted: Iterable[str]) -> bool:
    held: str = resource[parameter.removeprefix("_")]
    if parameter != "name":
        return held in wanted
    return any(_NAMES[modifier](held, each) for each in wanted)
