"""Prefetch: templates out, derived from the knowledge; the resources that come back in.

What a missing, null, empty, failed or cut-off value means is the table of the CDS
Hooks specification ("Providing FHIR resources to a CDS service"). Values stay raw
JSON until a code in them makes it worth the while to parse them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
import orjson

from service.errors import NotJson, RecordNotAvailable
from service.fhir.record import Entry, entries
from service.hooks.templates import SOURCES, Source, templates

__all__ = ["SOURCES", "Prefetched", "Source", "gather", "templates"]


class Arrival(Enum):
    """In what state the value of a prefetch key arrived; the value says so in words."""

    WHOLE = ""
    NOTHING = "none on record"
    PARTIAL = "all pages of it"
    FAILED = "the client could not read it"
    ABSENT = "not sent"


WITH_RESOURCES = (Arrival.WHOLE, Arrival.PARTIAL)
UNUSABLE = (Arrival.FAILED, Arrival.ABSENT)


class _Head(msgspec.Struct, rename="camel"):
    """The members of a resource that tell what it is; what it holds stays raw."""

    resource_type: str = ""
    link: msgspec.Raw = msgspec.Raw()
    entry: msgspec.Raw = msgspec.Raw()


_head = msgspec.json.Decoder(_Head | None).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ANY_OUTCOME = b"OperationOutcome"


@dataclass(frozen=True, slots=True)
class Prefetched:
    """The usable values of a prefetch, still raw.

    `partial` names the required keys of which only a part came, `incomplete` all keys
    that could not be had in full.
    """

    values: Mapping[str, msgspec.Raw]
    partial: tuple[str, ...]
    incomplete: tuple[str, ...]

    def insist_on_whole(self) -> None:
        """Raise `RecordNotAvailable` if a required key brought only its first pages."""
        if self.partial:
            raise RecordNotAvailable([f"{key} ({Arrival.PARTIAL.value})" for key in self.partial])

    def resources(self) -> Iterator[Entry]:
        """The resources of all values. One that no parser takes is None, for the record to set aside."""
        for raw in self.values.values():
            head = _head(raw)
            if head is not None and head.resource_type == "Bundle":
                yield from _resources(head.entry)
            elif head is not None:
                yield Entry(_parsed(raw))


def gather(prefetch: Mapping[str, msgspec.Raw], sources: Sequence[Source]) -> Prefetched:
    """What came of what we ask for; other keys are passed over.

    Raises:
        RecordNotAvailable: a required key is absent, failed or no FHIR; names every such key.
    """
    arrived = [(source, _arrival(source, prefetch.get(source.key))) for source in sources]
    missing = [f"{s.key} ({how.value})" for s, how in arrived if s.required and how in UNUSABLE]
    if missing:
        raise RecordNotAvailable(missing)
    return Prefetched(
        values={s.key: prefetch[s.key] for s, how in arrived if how in WITH_RESOURCES},
        partial=tuple(s.key for s, how in arrived if s.required and how is Arrival.PARTIAL),
        incomplete=tuple(s.key for s, how in arrived if how is Arrival.PARTIAL or how in UNUSABLE),
    )


def _arrival(source: Source, raw: msgspec.Raw | None) -> Arrival:
    if raw is None:
        return Arrival.ABSENT
    try:
        head = _head(raw)
    except msgspec.ValidationError:
        return Arrival.ABSENT
    except RecursionError as cause:
        raise too_deep() from cause
    if head is None:
        return Arrival.NOTHING
    if head.resource_type == "OperationOutcome":
        return Arrival.FAILED
    if head.resource_type == "Bundle":
        return _of_bundle(head)
    is_it = source.reads_one and head.resource_type == source.resource_type
    return Arrival.WHOLE if is_it else Arrival.ABSENT


def _of_bundle(head: _Head) -> Arrival:
    entry = bytes(head.entry)
    if entry in (b"", b"null", b"[]"):
        arrival = Arrival.NOTHING
    elif not entry.startswith(b"["):
        arrival = Arrival.ABSENT
    else:
        arrival = _by_outcomes(head.entry) if _ANY_OUTCOME in entry else Arrival.WHOLE
    return Arrival.PARTIAL if _has_next(head.link) and arrival not in UNUSABLE else arrival


def _by_outcomes(entry: msgspec.Raw) -> Arrival:
    """What OperationOutcomes among the entries mean: an error among resources, that some are missing."""
    listed = _parsed_items(entry)
    outcomes = [item for item in listed if _is_outcome(item)]
    failed = any(map(_failed, outcomes))
    if len(outcomes) == len(listed):
        return Arrival.FAILED if failed else Arrival.NOTHING
    return Arrival.PARTIAL if failed else Arrival.WHOLE


def _has_next(link: msgspec.Raw) -> bool:
    links = _parsed(link) if link else None
    return isinstance(links, list) and any(isinstance(n, dict) and n.get("relation") == "next" for n in links)


def _resources(entry: msgspec.Raw) -> list[Entry]:
    listed = _parsed_items(entry) if entry else []
    kept = [item for item in listed if not _is_outcome(item)]
    return entries({"resourceType": "Bundle", "type": "searchset", "entry": kept})


def _is_outcome(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    resource, search = item.get("resource"), item.get("search")
    said = isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome"
    return said or (isinstance(search, dict) and search.get("mode") == "outcome")


def _failed(item: Any) -> bool:
    """An outcome that is an error; one that does not say is taken for one."""
    resource = item.get("resource")
    issues = resource.get("issue") if isinstance(resource, dict) else None
    if not isinstance(issues, list) or not issues:
        return True
    return any(not isinstance(i, dict) or i.get("severity") not in ("information", "warning") for i in issues)


def _parsed_items(raw: msgspec.Raw) -> list[Any]:
    """The members of an array; None for one that orjson refuses (a number beyond a double)."""
    whole = _parsed(raw)
    return whole if isinstance(whole, list) else [_parsed(item) for item in _items(raw)]


def _parsed(raw: msgspec.Raw) -> Any:
    try:
        return orjson.loads(memoryview(raw))
    except orjson.JSONDecodeError:
        return None


def too_deep() -> NotJson:
    """The error for JSON that is nested deeper than FHIR ever is."""
    return NotJson(
        "The body is nested too deeply to be FHIR. Send the resources as the FHIR server gives them."
    )
