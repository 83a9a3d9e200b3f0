"""fasciculation-order-check: whether the orders for a twitch are complete and soon enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from service.assess import assess
from service.assessment import Assessment, Disposition
from service.cards import build
from service.cards.order_card import Check, order_card
from service.facts import Past
from service.facts.truth import Truth
from service.fhir.read.drafts import chosen_of, drafts_among
from service.fhir.read.record import Record
from service.hooks.hook import SILENCE, CallContext, Carried, CdsResponse, CdsService, Hook
from service.hooks.patient import twitching_record
from service.hooks.prefetch import TEMPLATES
from service.hooks.request import HookRequest
from service.knowledge import Knowledge


def respond(request: HookRequest, given: CallContext) -> CdsResponse:
    """A card where something is missing from the orders, should be sooner, or was done lately.

    Most orders are for something else; they are told by their codes, before anything of the
    prefetch is looked at.

    Raises:
        RecordNotAvailable: what `twitching_record` raises; or a required key came only in part and
            that part calls for no card.
    """
    if not request.by_clinician:
        return SILENCE
    orders = request.context.get("draftOrders")
    among = at_hand = drafts_among(orders, given.knowledge)
    if request.hook == "order-select":
        at_hand = chosen_of(among, orders, request.context.get("selections"))
    if not at_hand:
        return SILENCE
    names = [name for draft in among for name in draft.names]
    found = twitching_record(request, given, without=names)
    if found is None:
        return SILENCE
    record, prefetched = found
    reply = _checked(request, given, record, Check(at_hand, among))
    if not reply.cards:
        prefetched.insist_on_whole()
    return replace(reply, not_fetched=prefetched.not_fetched)


def _checked(request: HookRequest, given: CallContext, record: Record, check: Check) -> CdsResponse:
    assessment = assess(record, given.on, knowledge=given.knowledge, pathway=given.pathway)
    seed = f"{request.hook_instance} {SERVICE.id}"
    whom = f"Patient/{request.patient}"
    if assessment.disposition is Disposition.NO_ACTION:
        # Nothing, or the word that the twitch could not be evaluated.
        return CdsResponse(build(assessment, given.knowledge, seed=seed, patient=whom), assessment)
    card = order_card(
        assessment,
        given.knowledge,
        check.knowing(recent(assessment, given.knowledge)),
        seed=seed,
        patient=whom,
        encounter=request.encounter_reference,
        about_url=given.about_url,
    )
    return CdsResponse((card,) if card else (), assessment)


def recent(assessment: Assessment, knowledge: Knowledge) -> Mapping[str, str]:
    """What was done or ordered so lately that it need not be repeated: by test, "done 2026-09-01"."""
    on = assessment.on
    past = assessment.facts.past if assessment.facts else ()
    found: dict[str, Past] = {}
    for each in _by_age(past, on):
        if each.when and each.when.within(_again_days(each.id, knowledge), on) is Truth.YES:
            found[each.id] = each
    return {
        test: f"{'done' if each.done else 'ordered'} {each.when.text if each.when else ''}"
        for test, each in found.items()
    }


def _by_age(past: Iterable[Past], on: date) -> list[Past]:
    """The oldest first, and what was done after what was only ordered."""
    return sorted(past, key=lambda each: (each.done, each.when.last if each.when else on))


def _again_days(test: str, knowledge: Knowledge) -> float:
    known = knowledge.tests.get(test)
    return known.again_days if known else knowledge.thresholds.blood_panel_again


SERVICE = CdsService(
    id="fasciculation-order-check",
    hooks=(
        Hook("order-sign", {"draftOrders": Carried.RESOURCES}),
        Hook("order-select", {"draftOrders": Carried.RESOURCES, "selections": Carried.REFERENCES}),
    ),
    title="Muscle twitching: order check",
    description=(
        "For a patient with muscle twitching on record, when electromyography, nerve conduction studies, MRI"
        " of the brain or cervical spine, a neurology referral or one of the blood tests is ordered: adds"
        " what belongs to it, raises the priority where warning signs ask for it, says what was done lately."
        " Silent for all other orders and patients."
    ),
    usage_requirements=(
        "Needs ServiceRequests in context.draftOrders, and the prefetch keys conditions and observations;"
        " what else is missing is named on the card. Decision support for clinicians, not a diagnosis."
    ),
    version="2.0.1",
    templates=TEMPLATES,
    respond=respond,
)
