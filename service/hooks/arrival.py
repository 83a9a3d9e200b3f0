"""In what state the value of one prefetch key arrived: whole, in part, about others, or not at all.

What a missing, null, empty, failed or cut-off value means is the table of the CDS Hooks
specification ("Providing FHIR resources to a CDS service"). A value is told by its outermost
members, and its entries stay raw JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from service.ehr.paging import Why, matches
from service.errors import Missing, NotJson
from service.fhir.read.skim import about, parsed, parsed_items
from service.fhir.references import normal
from service.hooks.templates import PrefetchTemplate


class Arrival(Enum):
    """In what state the value of a prefetch key arrived."""

    WHOLE = "whole"
    NOTHING = "nothing"
    FIRST_PAGES = "first-pages"
    PARTIAL = "partial"
    UNSUITED = "unsuited"
    OTHERS = "others"
    FAILED = "failed"
    ABSENT = "absent"


WITH_RESOURCES = (Arrival.WHOLE, Arrival.FIRST_PAGES, Arrival.PARTIAL)
IN_PART = (Arrival.FIRST_PAGES, Arrival.PARTIAL)
UNUSABLE = (Arrival.FAILED, Arrival.ABSENT, Arrival.UNSUITED, Arrival.OTHERS)
# Not what the client tried and failed to read: it would fail again.
WORTH_ASKING = (Arrival.ABSENT, Arrival.UNSUITED, Arrival.OTHERS, Arrival.FIRST_PAGES)


class _Head(msgspec.Struct, rename="camel"):
    """The members of a resource that tell what it is; what it holds stays raw."""

    resource_type: str = ""
    total: msgspec.Raw = msgspec.Raw()
    link: msgspec.Raw = msgspec.Raw()
    entry: msgspec.Raw = msgspec.Raw()


_head = msgspec.json.Decoder(_Head | None).decode
_ANY_OUTCOME = b"OperationOutcome"


@dataclass(frozen=True, slots=True)
class PrefetchValue:
    """What came for one key, still raw; `why` says why asking for more did not help."""

    template: PrefetchTemplate
    how: Arrival
    raw: msgspec.Raw | None = None
    why: Why | None = None
    head: _Head | None = None

    @property
    def missing(self) -> Missing:
        """The same as what an error carries."""
        return Missing(self.template.key, self.how.value, self.why.value if self.why else None)


def arrived_as(
    template: PrefetchTemplate, raw: msgspec.Raw | None, *, patient: str | None = None
) -> PrefetchValue:
    """What came for a key, told by its outermost members; NotJson where it is nested too deeply.

    `patient` is the id of the one whom it should be about, where that is to be looked at.
    """
    if raw is None:
        return PrefetchValue(template, Arrival.ABSENT)
    try:
        head = _head(raw)
    except msgspec.ValidationError:
        return PrefetchValue(template, Arrival.ABSENT, raw)
    except RecursionError as cause:
        raise too_deep() from cause
    return PrefetchValue(template, _arrival(template, head, patient), raw, head=head)


def _arrival(template: PrefetchTemplate, head: _Head | None, patient: str | None) -> Arrival:
    if head is None:
        return Arrival.NOTHING
    if head.resource_type == "OperationOutcome":
        return Arrival.FAILED
    if head.resource_type == "Bundle":
        return _of_bundle(head, template, patient)
    is_it = template.reads_one and head.resource_type == template.resource_type
    return Arrival.WHOLE if is_it else Arrival.ABSENT


def _of_bundle(head: _Head, template: PrefetchTemplate, patient: str | None) -> Arrival:
    entry, whose = bytes(head.entry), patient if template.required else None
    if entry in (b"", b"null", b"[]"):
        arrival = Arrival.NOTHING
    elif not entry.startswith(b"["):
        arrival = Arrival.ABSENT
    else:
        arrival = _by_outcomes(head.entry) if _ANY_OUTCOME in entry else Arrival.WHOLE
        if arrival in WITH_RESOURCES and not _names(template.resource_type, entry):
            arrival = Arrival.UNSUITED
        elif arrival in WITH_RESOURCES and whose and _is_about_others(head.entry, entry, whose):
            arrival = Arrival.OTHERS
    more = arrival not in UNUSABLE and (_has_next(head.link) or _counts_more(head.total, entry))
    return Arrival.FIRST_PAGES if more else arrival


def _names(resource_type: str, entry: bytes) -> bool:
    """Whether a resource of the type may be among the entries; an escape might hide its name."""
    return f'"{resource_type}"'.encode() in entry or b"\\u" in entry


def _is_about_others(array: msgspec.Raw, entry: bytes, patient: str) -> bool:
    """Whether all of it says that it is about others: then nothing is known of the patient.

    The patient's id among the bytes is the rule, and spares the look at every subject.
    """
    if patient.encode() in entry:
        return False
    subjects, whom = about(array), f"Patient/{patient}"
    return bool(subjects) and all(subject and normal(subject) != whom for subject in subjects)


def _counts_more(total: msgspec.Raw, entry: bytes) -> bool:
    """Whether the Bundle counts more matches than it holds: a page whose next link got lost."""
    stated = parsed(total) if total else None
    if not isinstance(stated, int) or isinstance(stated, bool) or stated <= 0:
        return False
    return stated > (matches(entry) if entry.startswith(b"[") else 0)


def _by_outcomes(entry: msgspec.Raw) -> Arrival:
    """What OperationOutcomes among the entries mean: an error among resources, that some are missing."""
    listed = parsed_items(entry)
    outcomes = [item for item in listed if is_outcome(item)]
    failed = any(map(_failed, outcomes))
    if len(outcomes) == len(listed):
        return Arrival.FAILED if failed else Arrival.NOTHING
    return Arrival.PARTIAL if failed else Arrival.WHOLE


def _has_next(link: msgspec.Raw) -> bool:
    links = parsed(link) if link else None
    return isinstance(links, list) and any(isinstance(n, dict) and n.get("relation") == "next" for n in links)


def is_outcome(item: Any) -> bool:
    """Whether an entry says how the search went, and is no resource of the patient."""
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
