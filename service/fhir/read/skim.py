"""A Bundle's entries without the ones that no rule asks about, which are most of a record.

The codes of an entry are read straight from its raw JSON, and only where one of them may
concern a rule is the entry parsed. Of the others nothing is kept but whom they are about,
because somebody else's resources are counted. What decides is still `record_of`: skimming
only spares it what it would pass over.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec
import orjson
from msgspec import UNSET, Raw, Struct, UnsetType

from service.fhir.read.record import CODED, TAKEN
from service.knowledge import Knowledge


class _Coding(Struct):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class _Concept(Struct):
    coding: list[_Coding] | UnsetType = UNSET
    text: str | None = None


class _Reference(Struct):
    reference: str | None = None


class _Part(Struct, rename="camel"):
    """An Observation's component."""

    code: _Concept | None = None
    value_codeable_concept: _Concept | None = None


class _Resource(_Part, rename="camel"):
    """What tells whether a rule may ask about a resource, and whom it is about."""

    resource_type: str = ""
    component: list[_Part] | UnsetType = UNSET
    performer_type: _Concept | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None


class _Search(Struct):
    mode: str | None = None


class _Entry(Struct):
    resource: _Resource | UnsetType = UNSET
    search: _Search | None = None


# Parsed as well: no type at all is wrong, and an outcome has a say of its own.
WITHOUT_TYPE = ("", "OperationOutcome")


class Skimmed(NamedTuple):
    """What is left of a Bundle's `entry`, and how many were passed over, by whom they are about.

    A member is None where no parser takes it: a number beyond a double.
    """

    members: list[Any]
    passed_over: Counter[str | None]


_heads = msgspec.json.Decoder(list[_Entry]).decode
_items = msgspec.json.Decoder(list[Raw]).decode


def skimmed(array: Raw, knowledge: Knowledge) -> Skimmed:
    """The members of a Bundle's `entry`, parsed, but for those that no rule asks about; none without it.

    An array in which something has not the shape of FHIR is parsed whole, so that what is wrong can be said.
    """
    if bytes(memoryview(array)[:5]) in (b"", b"null"):
        return Skimmed([], Counter())
    try:
        heads = _heads(array)
    except (msgspec.ValidationError, RecursionError):
        return Skimmed(parsed_items(array), Counter())
    members: list[Any] = []
    whom: list[str | None] = []
    for head, raw in zip(heads, _items(array), strict=True):
        if _may_matter(head, knowledge):
            members.append(parsed(raw))
        else:
            whom.append(_whom(head.resource))
    return Skimmed(members, Counter(whom))


def about(array: Raw) -> frozenset[str | None]:
    """The references to whom the resources of a Bundle's `entry` are about, None for one that does not say.

    Empty where there is none, or something in it has not the shape of FHIR.
    """
    try:
        heads = _heads(array)
    except (msgspec.DecodeError, RecursionError):
        return frozenset()
    return frozenset(_whom(head.resource) for head in heads)


def parsed(raw: Raw) -> Any:
    """The value of a piece of raw JSON; None where orjson does not take it."""
    try:
        return orjson.loads(memoryview(raw))
    except orjson.JSONDecodeError:
        return None


def parsed_items(array: Raw) -> list[Any]:
    """The members of an array, each parsed; None for one that orjson does not take."""
    whole = parsed(array)
    return whole if isinstance(whole, list) else [parsed(item) for item in _items(array)]


def _may_matter(entry: _Entry, knowledge: Knowledge) -> bool:
    """False only where `record_of` would pass the resource over for its type or its codes."""
    resource = entry.resource
    if resource is UNSET or (entry.search and entry.search.mode == "outcome"):
        return True
    if resource.resource_type not in CODED:
        return resource.resource_type in TAKEN or resource.resource_type in WITHOUT_TYPE
    if resource.resource_type == "Condition" and resource.code and _mentions(resource.code, knowledge):
        return True
    parts = (resource, *resource.component) if resource.component else (resource,)
    return any(_may_speak(part, knowledge) for part in parts) or _speaks(resource.performer_type, knowledge)


def _may_speak(part: _Part, knowledge: Knowledge) -> bool:
    """Whether a rule may ask about its code or its value; whoever has no code is for `record_of` to judge."""
    code = part.code
    return code is None or _speaks(code, knowledge) or _speaks(part.value_codeable_concept, knowledge)


def _speaks(concept: _Concept | None, knowledge: Knowledge) -> bool:
    if concept is None or not concept.coding:
        return False
    for coding in concept.coding:
        system = knowledge.systems.get(coding.system or "")
        if system is not None and coding.code is not None and knowledge.speaks(system, coding.code):
            return True
    return False


def _mentions(concept: _Concept, knowledge: Knowledge) -> bool:
    """Whether it may name a twitch in words."""
    displays = [coding.display for coding in concept.coding or ()]
    return any(text and knowledge.twitch_words.name_one(text) for text in (concept.text, *displays))


def _whom(resource: _Resource | UnsetType) -> str | None:
    """The reference to whom it is about; None where it does not say."""
    subject = (resource.subject or resource.patient) if resource is not UNSET else None
    return subject.reference if subject else None
