"""fasciculation-red-flags: whether a recorded twitch, or one just entered, needs a specialist."""

from __future__ import annotations

from service.assess import assess
from service.cards import build
from service.fhir.read.drafts import carried
from service.hooks.hook import SILENCE, CallContext, Carried, CdsResponse, CdsService, Hook
from service.hooks.patient import twitching_record
from service.hooks.prefetch import TEMPLATES
from service.hooks.request import HookRequest


def respond(request: HookRequest, given: CallContext) -> CdsResponse:
    """Cards for a patient who twitches, nothing for everybody else.

    Raises:
        RecordNotAvailable: what `twitching_record` raises; or a required key came only in part and
            that part calls for no card.
    """
    if not request.by_clinician:
        return SILENCE
    new = carried(request.context.get("conditions")) if request.hook == "problem-list-item-create" else ()
    found = twitching_record(request, given, new=new)
    if found is None:
        return SILENCE
    record, prefetched = found
    assessment = assess(record, given.on, knowledge=given.knowledge, pathway=given.pathway)
    cards = build(
        assessment,
        given.knowledge,
        seed=f"{request.hook_instance} {SERVICE.id}",
        patient=f"Patient/{request.patient}",
        encounter=request.encounter_reference,
        about_url=given.about_url,
        questionnaire_url=given.questionnaire_url,
        ask_about_words=given.ask_about_words,
        known_mnd_card=given.known_mnd_card,
    )
    if not cards:
        prefetched.insist_on_whole()
    return CdsResponse(cards, assessment, prefetched.not_fetched)


SERVICE = CdsService(
    id="fasciculation-red-flags",
    # The hook that every client knows stands last: some keep only the last entry of an id.
    hooks=(
        Hook("problem-list-item-create", {"conditions": Carried.RESOURCES}),
        Hook("encounter-start"),
        Hook("patient-view"),
    ),
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
    templates=TEMPLATES,
    respond=respond,
)
