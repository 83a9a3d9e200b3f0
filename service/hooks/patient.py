"""The record of the patient whom a call is about, put together only where a twitch may be in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import orjson

from service.errors import Missing
from service.fhir.read.drafts import reference_of
from service.fhir.read.record import Entry, Record, record_of
from service.hooks.arrival import Arrival
from service.hooks.hook import CallContext
from service.hooks.prefetch import TEMPLATES, Prefetched, gather
from service.hooks.request import HookRequest


def twitching_record(
    request: HookRequest, given: CallContext, *, new: Sequence[Entry] = (), without: Collection[str] = ()
) -> tuple[Record, Prefetched] | None:
    """The record, and what came for it; None for a patient who never twitched.

    Most patients are such. Their raw JSON holds no code of a twitch, no object is built for
    them, and no more than the required keys is fetched. `new` comes with the call itself and
    is in the place of what the record holds by that reference, like what is in `without`.

    Raises:
        RecordNotAvailable: required resources cannot be had; or only a part of them, and that part does
            not show a twitch; or what came is about other people only. Silence would then say more
            than we know.
    """
    prefetched = gather(request.prefetch, TEMPLATES, given.access, patient=request.patient)
    raws = prefetched.values.values()
    may_twitch = given.prefilter.may_twitch
    if not any(may_twitch(memoryview(raw)) for raw in raws) and not (new and may_twitch(_bytes(new))):
        prefetched.insist_on_whole()
        return None
    prefetched = prefetched.with_the_rest(given.access)
    replaced = {*without, *(reference_of(entry.resource) for entry in new)} - {None}
    held, passed_over = prefetched.resources(given.knowledge)
    if replaced:
        held = [entry for entry in held if _reference(entry) not in replaced]
    record = record_of(
        [*new, *held],
        given.knowledge,
        patient=f"Patient/{request.patient}",
        incomplete=prefetched.incomplete,
        passed_over=passed_over,
    )
    if record.is_about_others:
        prefetched.insist_on_none(
            [Missing(key, Arrival.OTHERS.value) for key in prefetched.values if key != "patient"]
        )
    return record, prefetched


def _bytes(new: Sequence[Entry]) -> bytes:
    return orjson.dumps([entry.resource for entry in new])


def _reference(entry: Entry) -> str | None:
    return reference_of(entry.resource) if isinstance(entry.resource, dict) else None
