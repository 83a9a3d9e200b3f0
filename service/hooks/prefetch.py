"""Prefetch: templates out, derived from the knowledge; the resources that come back in.

Values stay raw JSON until a code in them makes it worth the while to parse them. What was
not sent, or only its first pages, is asked for where the call allows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from service.ehr.access import NO_ACCESS, Access, Fetched, Why
from service.errors import Missing, RecordNotAvailable
from service.fhir.read.record import Entry, entries
from service.fhir.read.skim import parsed, skimmed
from service.hooks.arrival import (
    IN_PART,
    UNUSABLE,
    WITH_RESOURCES,
    WORTH_ASKING,
    Arrival,
    PrefetchValue,
    arrived_as,
    is_outcome,
)
from service.hooks.templates import TEMPLATES, PrefetchTemplate, templates
from service.knowledge import Knowledge

__all__ = ["TEMPLATES", "PrefetchTemplate", "Prefetched", "gather", "templates"]


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What came for every key that we ask for."""

    arrived: tuple[PrefetchValue, ...]

    @property
    def values(self) -> Mapping[str, msgspec.Raw]:
        """The values that hold resources."""
        return {a.template.key: a.raw for a in self.arrived if a.raw is not None and a.how in WITH_RESOURCES}

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The keys that could not be had in full."""
        return tuple(a.template.key for a in self.arrived if a.how in IN_PART or a.how in UNUSABLE)

    @property
    def not_fetched(self) -> Mapping[str, Why]:
        """Why each key that a FHIR server was asked for did not come, or not all of it."""
        return {a.template.key: a.why for a in self.arrived if a.why and a.why is not Why.UNASKED}

    def insist_on_whole(self) -> None:
        """Raise `RecordNotAvailable` if a required key came only in part."""
        self.insist_on_none([a.missing for a in self.arrived if a.template.required and a.how in IN_PART])

    def insist_on_none(self, missing: Sequence[Missing]) -> None:
        """Raise `RecordNotAvailable` if anything is missing that the decision needs."""
        if missing:
            raise RecordNotAvailable(missing, {key: why.name for key, why in self.not_fetched.items()})

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
    prefetch: Mapping[str, msgspec.Raw],
    templates: Sequence[PrefetchTemplate],
    access: Access = NO_ACCESS,
    *,
    patient: str | None = None,
) -> Prefetched:
    """What came of what we ask for; other keys are passed over. Required keys are fetched if need be.

    `patient` is the id of the one whom the call is about.

    Raises:
        RecordNotAvailable: a required key is absent, failed, no FHIR, or about others only; names every
            such key.
    """
    arrived = tuple(
        [arrived_as(template, prefetch.get(template.key), patient=patient) for template in templates]
    )
    if any(a.template.required and a.how in WORTH_ASKING for a in arrived):
        arrived = _asked_for(arrived, access, lambda template: template.required)
    prefetched = Prefetched(arrived)
    prefetched.insist_on_none([a.missing for a in arrived if a.template.required and a.how in UNUSABLE])
    return prefetched


def _asked_for(
    arrived: tuple[PrefetchValue, ...], access: Access, wanted: Callable[[PrefetchTemplate], bool]
) -> tuple[PrefetchValue, ...]:
    """The same, with what the FHIR server gave in the place of what was not sent or was cut off.

    What was cut off is read on from its next link, and asked for anew where that leads nowhere.
    """
    lacking = [a for a in arrived if wanted(a.template) and a.how in WORTH_ASKING]
    begun = {a.template.key: a.raw for a in lacking if a.raw is not None and a.how is Arrival.FIRST_PAGES}
    had = access.fetch([a.template.key for a in lacking], begun) if lacking else {}
    return tuple([_better(a, had.get(a.template.key)) for a in arrived])


def _better(before: PrefetchValue, fetched: Fetched | None) -> PrefetchValue:
    if fetched is None:
        return before
    return replace(arrived_as(before.template, fetched.value) if fetched.value else before, why=fetched.why)


def _resources(members: Iterable[Any]) -> list[Entry]:
    kept = [item for item in members if not is_outcome(item)]
    return entries({"resourceType": "Bundle", "type": "searchset", "entry": kept})
