"""Prefetch: templates out, derived from the knowledge; the resources that come back in.

What a missing, null, empty, failed or cut-off value means is the table of the CDS
Hooks specification ("Providing FHIR resources to a CDS service"). Values stay raw
JSON until a code in them makes it worth the while to parse them. What was not sent,
or only its first pages, is asked for where the call allows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import msgspec

from service.errors import NotJson, RecordNotAvailable
from service.fhir.record import Entry, entries
from service.fhir.skim import parsed, parsed_items, skimmed
from service.hooks.access import NO_ACCESS, Access, Fetched
from service.hooks.templates import SOURCES, Source, templates
from service.knowledge import Knowledge

__all__ = ["SOURCES", "Prefetched", "Source", "gather", "templates"]


class Arrival(Enum):
    """In what state the value of a prefetch key arrived; the value says so in words."""

    WHOLE = ""
    NOTHING = "none on record"
    FIRST_PAGES = "all pages of it"
    PARTIAL = "all of it: the client met an error"
    FAILED = "the client could not read it"
    ABSENT = "not sent"


WITH_RESOURCES = (Arrival.WHOLE, Arrival.FIRST_PAGES, Arrival.PARTIAL)
IN_PART = (Arrival.FIRST_PAGES, Arrival.PARTIAL)
UNUSABLE = (Arrival.FAILED, Arrival.ABSENT)
# Not what the client tried and failed to read: it would fail again.
WORTH_ASKING = (Arrival.ABSENT, Arrival.FIRST_PAGES)


class _Head(msgspec.Struct, rename="camel"):
    """The members of a resource that tell what it is; what it holds stays raw."""

    resource_type: str = ""
    link: msgspec.Raw = msgspec.Raw()
    entry: msgspec.Raw = msgspec.Raw()


_head = msgspec.json.Decoder(_Head | None).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ANY_OUTCOME = b"OperationOutcome"


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came for one key, still raw; `why` says why asking for more did not help."""

    source: Source
    how: Arrival
    raw: msgspec.Raw | None = None
    why: str | None = None
    head: _Head | None = None

    def __str__(self) -> str:
        """The key, and in brackets what is the matter with it."""
        return f"{self.source.key} ({'; '.join(filter(None, (self.how.value, self.why)))})"


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What came for every key that we ask for."""

    arrived: tuple[Arrived, ...]

    @property
    def values(self) -> Mapping[str, msgspec.Raw]:
        """The values that hold resources."""
        return {a.source.key: a.raw for a in self.arrived if a.raw is not None and a.how in WITH_RESOURCES}

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The keys that could not be had in full."""
        return tuple(a.source.key for a in self.arrived if a.how in IN_PART or a.how in UNUSABLE)

    def insist_on_whole(self) -> None:
        """Raise `RecordNotAvailable` if a required key came only in part."""
        partial = [str(a) for a in self.arrived if a.source.required and a.how in IN_PART]
        if partial:
            raise RecordNotAvailable(partial)

    def with_the_rest(self, access: Access) -> Prefetched:
        """The same with what else can be had; for a record that is worth it."""
        return Prefetched(_asked_for(self.arrived, access, lambda source: not source.required))

    def resources(self, knowledge: Knowledge) -> tuple[list[Entry], Counter[str | None]]:
        """The resources of all values, and how many no rule asks about, by whom they are about.

        One that no parser takes is None, for the record to set aside.
        """
        found: list[Entry] = []
        passed_over: Counter[str | None] = Counter()
        for each in self.arrived:
            if each.head is None or each.raw is None or each.how not in WITH_RESOURCES:
                continue
            if each.head.resource_type == "Bundle":
                bundle = skimmed(each.head.entry, knowledge)
                found += _resources(bundle.members)
                passed_over += bundle.passed_over
            else:
                found.append(Entry(parsed(each.raw)))
        return found, passed_over


def gather(
    prefetch: Mapping[str, msgspec.Raw], sources: Sequence[Source], access: Access = NO_ACCESS
) -> Prefetched:
    """What came of what we ask for; other keys are passed over. Required keys are fetched if need be.

    Raises:
        RecordNotAvailable: a required key is absent, failed or no FHIR; names every such key.
    """
    arrived = tuple([_arrived(source, prefetch.get(source.key)) for source in sources])
    if any(a.source.required and a.how in WORTH_ASKING for a in arrived):
        arrived = _asked_for(arrived, access, lambda source: source.required)
    missing = [str(a) for a in arrived if a.source.required and a.how in UNUSABLE]
    if missing:
        raise RecordNotAvailable(missing)
    return Prefetched(arrived)


def _asked_for(
    arrived: tuple[Arrived, ...], access: Access, wanted: Callable[[Source], bool]
) -> tuple[Arrived, ...]:
    """The same, with what the FHIR server gave in the place of what was not sent or was cut off.

    What was cut off is read on from its next link, and asked for anew where that leads nowhere.
    """
    lacking = [a for a in arrived if wanted(a.source) and a.how in WORTH_ASKING]
    begun = {a.source.key: a.raw for a in lacking if a.raw is not None and a.how is Arrival.FIRST_PAGES}
    had = access.fetch([a.source for a in lacking], begun) if lacking else {}
    return tuple([_better(a, had.get(a.source.key)) for a in arrived])


def _better(before: Arrived, fetched: Fetched | None) -> Arrived:
    if fetched is None:
        return before
    why = fetched.why.value if fetched.why else None
    return replace(_arrived(before.source, fetched.value) if fetched.value else before, why=why)


def _arrived(source: Source, raw: msgspec.Raw | None) -> Arrived:
    if raw is None:
        return Arrived(source, Arrival.ABSENT)
    try:
        head = _head(raw)
    except msgspec.ValidationError:
        return Arrived(source, Arrival.ABSENT, raw)
    except RecursionError as cause:
        raise too_deep() from cause
    return Arrived(source, _arrival(source, head), raw, head=head)


def _arrival(source: Source, head: _Head | None) -> Arrival:
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
    return Arrival.FIRST_PAGES if _has_next(head.link) and arrival not in UNUSABLE else arrival


def _by_outcomes(entry: msgspec.Raw) -> Arrival:
    """What OperationOutcomes among the entries mean: an error among resources, that some are missing."""
    listed = parsed_items(entry)
    outcomes = [item for item in listed if _is_outcome(item)]
    failed = any(map(_failed, outcomes))
    if len(outcomes) == len(listed):
        return Arrival.FAILED if failed else Arrival.NOTHING
    return Arrival.PARTIAL if failed else Arrival.WHOLE


def _has_next(link: msgspec.Raw) -> bool:
    links = parsed(link) if link else None
    return isinstance(links, list) and any(isinstance(n, dict) and n.get("relation") == "next" for n in links)


def _resources(members: Iterable[Any]) -> list[Entry]:
    kept = [item for item in members if not _is_outcome(item)]
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


def too_deep() -> NotJson:
    """The error for JSON that is nested deeper than FHIR ever is."""
    return NotJson(
        "The body is nested too deeply to be FHIR. Send the resources as the FHIR server gives them."
    )
