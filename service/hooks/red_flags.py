"""fasciculation-red-flags: when a chart is opened, whether a recorded twitch needs a specialist."""

from __future__ import annotations

from service.assess import assess
from service.cards import build
from service.fhir.record import record_of
from service.hooks.cds_service import SILENCE, CdsService, Circumstances, Reply
from service.hooks.prefetch import SOURCES, Prefetched, gather
from service.hooks.request import HookRequest


def respond(request: HookRequest, given: Circumstances) -> Reply:
    """Cards for a patient who twitches, nothing for everybody else.

    Most patients never twitched. Their raw JSON holds no code of a twitch, and no
    object is built for them.

    Raises:
        RecordNotAvailable: required resources did not come; or only a part of them did, and that part
            does not show a twitch. Silence would then say more than we know.
    """
    if not request.by_clinician:
        return SILENCE
    prefetched = gather(request.prefetch, SOURCES)
    if not any(given.sieve.may_twitch(memoryview(raw)) for raw in prefetched.values.values()):
        prefetched.insist_on_whole()
        return SILENCE
    return _assessed(prefetched, request.patient, given)


def _assessed(prefetched: Prefetched, patient: str, given: Circumstances) -> Reply:
    record = record_of(
        prefetched.resources(),
        given.knowledge,
        patient=f"Patient/{patient}",
        incomplete=prefetched.incomplete,
    )
    assessment = assess(record, given.on, knowledge=given.knowledge, pathway=given.pathway)
    cards = build(assessment, given.knowledge)
    if not cards:
        prefetched.insist_on_whole()
    return Reply(cards, assessment)


SERVICE = CdsService(
    id="fasciculation-red-flags",
    hooks=("patient-view",),
    title="Muscle twitching: red flags",
    description=(
        "For a patient with muscle twitching on record: which warning signs are documented and which are not,"
        " how soon a neurologist should see the patient, which tests belong to it, and what may explain or"
        " calm the twitching. Silent for patients without it."
    ),
    usage_requirements=(
        "Needs the prefetch keys conditions and observations; what else is missing is named on the card."
        " Decision support for clinicians, not a diagnosis; it does not triage poisoning."
    ),
    version="2.0.1",
    sources=SOURCES,
    respond=respond,
)
