"""What the clinician can accept with one click: draft orders, in the order in which one would act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.assessment import Assessment, Referral, SuggestedTest
from service.cards.card import Action, Suggestion, identifier
from service.cards.markdown import small
from service.fhir.write.orders import Occasion, occasion, orders_for, referral_order
from service.knowledge import BLOOD_PANEL, Knowledge

# Breath first, then what can be taken today, then the picture that shows what others than a neurologist
# treat (a compressed cord, a stroke), then what the neurologist does.
SEQUENCE = (
    "respiratory-function",
    "blood-gas",
    "ecg",
    BLOOD_PANEL,
    "mri-brain",
    "mri-cervical-spine",
    "emg",
    "ncs",
)
# How many blood tests, groups counting as one, a button names.
_MOST_NAMED = 4
# What a clinician says for short.
SPOKEN: Mapping[str, str] = {
    "emg": "EMG",
    "mri-brain": "brain MRI",
    "mri-cervical-spine": "neck MRI",
    "respiratory-function": "FVC, sitting and lying",
    "calcium": "calcium",
    "b12": "B12",
    "vitamin-d": "vitamin D",
    "ck": "CK",
    "ecg": "ECG",
    "blood-count": "blood count",
    "ana": "ANA",
    "anti-gm1": "anti-GM1",
}


def suggestions_of(
    assessment: Assessment, knowledge: Knowledge, *, seed: str, patient: str | None, encounter: str | None
) -> tuple[Suggestion, ...]:
    """The referral first, then the tests; what was withheld is not among them.

    Recommended are the referral and what the pathway asks for now; what is only offered is for the
    clinician, or the neurologist, to choose.
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
        return f"Request acute assessment by {specialty} today"
    suspicion = f": {referral.note}" if referral.note else ""
    return f"Refer to {specialty} ({referral.priority or 'routine'}){suspicion}"


def label_of(test: SuggestedTest, knowledge: Knowledge) -> str:
    """What accepting the test orders, in a few words."""
    if test.id != BLOOD_PANEL:
        return f"Order {small(knowledge.tests[test.id].order_text)}"
    names = spoken(test.analytes, knowledge)
    if len(names) <= _MOST_NAMED:
        return f"Order blood test{'s' if len(names) > 1 else ''}: {', '.join(names)}"
    return f"Order blood panel: {', '.join(names[:3])} and {len(names) - 3} more"


def spoken(analytes: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Blood tests as a clinician says them: electrolytes are two, and calcium brings the albumin it needs."""
    asked = set(analytes)
    together = {"sodium", "potassium"} <= asked
    unsaid = {"sodium", "potassium"} if together else set()
    unsaid |= {"albumin"} if "calcium" in asked else set()
    names = [SPOKEN.get(name) or knowledge.analytes[name].words for name in analytes if name not in unsaid]
    return ["electrolytes", *names] if together else names


def _suggestions(
    assessment: Assessment, knowledge: Knowledge, when: Occasion, seed: str
) -> Iterator[Suggestion]:
    if assessment.referral.suggest:
        label = referral_label(assessment.referral)
        order = referral_order(assessment.referral, knowledge, when)
        yield Suggestion(identifier(seed, "referral"), label, True, (_create(label, order),), "referral")
    for test in suggested(assessment):
        uuid = identifier(seed, test.id)
        orders = orders_for(test, knowledge, when, requisition=f"urn:uuid:{identifier(uuid, 'requisition')}")
        actions = tuple(_create(f"Order {small(order['code']['text'])}", order) for order in orders)
        yield Suggestion(uuid, label_of(test, knowledge), test.recommended, actions, test.id)


def _create(description: str, order: dict[str, object]) -> Action:
    return Action("create", description, order)


def _orders_something(test: SuggestedTest) -> bool:
    return test.id != BLOOD_PANEL or bool(test.analytes)


def _place(test: SuggestedTest) -> int:
    return SEQUENCE.index(test.id) if test.id in SEQUENCE else len(SEQUENCE)
