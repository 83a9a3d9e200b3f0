"""What the clinician can accept with one click: draft orders, in the order in which one would act."""

from __future__ import annotations

from collections.abc import Iterator

from service.cards.card import Action, Suggestion, identifier
from service.fhir.orders import BLOOD_PANEL, Occasion, occasion, orders_for, referral_order
from service.findings import Assessment, Disposition, Referral, SuggestedTest
from service.knowledge import Knowledge

SEQUENCE = ("emg", "ncs", "mri-brain", "mri-cervical-spine", "respiratory-function", BLOOD_PANEL)


def suggestions_of(
    assessment: Assessment, knowledge: Knowledge, *, seed: str, patient: str | None, encounter: str | None
) -> tuple[Suggestion, ...]:
    """The referral first, then the tests; what was withheld is not among them.

    Recommended are the referral, the blood panel, and at urgent or same-day everything:
    below that the neurologist may well choose the other tests.
    """
    if not assessment.referral.suggest and not suggested(assessment):
        return ()
    when = occasion(assessment, patient=patient, encounter=encounter)
    return tuple(_suggestions(assessment, knowledge, when, seed))


def suggested(assessment: Assessment) -> list[SuggestedTest]:
    """The tests that are suggested, in sequence."""
    wanted = [test for test in assessment.tests if test.withheld is None and _orders_something(test)]
    return sorted(wanted, key=_place)


def referral_label(referral: Referral) -> str:
    """What accepting the referral does, in a few words."""
    specialty = referral.specialty.replace("-", " ")
    if referral.priority == "stat":
        return f"Acute assessment by {specialty} today"
    return f"Refer to {specialty} ({referral.priority or 'routine'})"


def label_of(test: SuggestedTest, knowledge: Knowledge) -> str:
    """What accepting the test orders, in a few words."""
    if test.id != BLOOD_PANEL:
        return knowledge.tests[test.id].order_text
    names = [knowledge.analytes[name].words for name in test.analytes]
    return f"Blood test: {names[0]}" if len(names) == 1 else f"Blood panel ({len(names)} tests)"


def _suggestions(
    assessment: Assessment, knowledge: Knowledge, when: Occasion, seed: str
) -> Iterator[Suggestion]:
    pressing = assessment.disposition >= Disposition.URGENT_REFERRAL
    if assessment.referral.suggest:
        label = referral_label(assessment.referral)
        order = referral_order(assessment.referral, knowledge, when)
        yield Suggestion(identifier(seed, "referral"), label, True, (_create(label, order),), "referral")
    for test in suggested(assessment):
        uuid = identifier(seed, test.id)
        orders = orders_for(test, knowledge, when, requisition=f"urn:uuid:{identifier(uuid, 'requisition')}")
        actions = tuple(_create(f"Order {order['code']['text']}", order) for order in orders)
        recommended = pressing or test.id == BLOOD_PANEL
        yield Suggestion(uuid, label_of(test, knowledge), recommended, actions, test.id)


def _create(description: str, order: dict[str, object]) -> Action:
    return Action("create", description, order)


def _orders_something(test: SuggestedTest) -> bool:
    return test.id != BLOOD_PANEL or bool(test.analytes)


def _place(test: SuggestedTest) -> int:
    return SEQUENCE.index(test.id) if test.id in SEQUENCE else len(SEQUENCE)
