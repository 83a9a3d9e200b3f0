"""A suggested test or referral -> a draft FHIR R4 ServiceRequest, as plain JSON.

An order is a proposal: `status` draft, `intent` proposal, nothing is sent anywhere
until a clinician signs it. It names the patient, what to do (verified codings, and
text for whoever reads it), why (the findings in words, the resources they rest on)
and how soon. It has no id, because the record it is created in gives it one.

Nothing is validated while a hook waits: `check_orders` validates every order that a
knowledge can lead to, once, when the program starts.

Left out on purpose: `category` (no verified code), `instantiatesCanonical` (an EHR need not
have our ActivityDefinitions; only $apply names them), `requester` (who signs is not ours to say).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from service.assessment import Assessment, Disposition, Referral, SuggestedTest
from service.errors import KnowledgeInvalid
from service.facts.answers import Basis
from service.knowledge import BLOOD_PANEL, REFERRAL, Knowledge
from service.knowledge.measures import Coding
from service.knowledge.words import grounds_words

Order = dict[str, Any]

# The specialty of tests.toml's [neurology-referral.specialty]; for children only the text is sure.
NEUROLOGY = {"system": "http://snomed.info/sct", "code": "394591006", "display": "Neurology"}

_PRIORITY = {Disposition.URGENT_REFERRAL: "urgent", Disposition.SAME_DAY: "stat"}
_LITERAL = re.compile(r"[A-Z][A-Za-z]{2,40}/[A-Za-z0-9\-.]{1,64}")
_REASONS = frozenset(("Condition", "Observation", "DiagnosticReport", "DocumentReference"))
_MOST_REFERENCES = 12


@dataclass(frozen=True, slots=True)
class Occasion:
    """What all orders of one assessment share: for whom, when, and because of what.

    Several orders share the lists in `shared`: copy before changing one of them.
    """

    on: date
    priority: str
    shared: Order
    says: tuple[str, ...]


def occasion(assessment: Assessment, *, patient: str | None = None, encounter: str | None = None) -> Occasion:
    """The occasion for which an assessment's orders are drafted.

    `patient` and `encounter` are references from the hook ("Patient/p1"); the record's own
    patient comes first. R4 wants a subject: without any reference it is named in words.
    """
    whom = assessment.patient.reference or patient
    shared: Order = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": whom} if whom else {"display": "The patient whose chart is open"},
    }
    if encounter:
        shared["encounter"] = {"reference": encounter}
    shared["authoredOn"] = assessment.on.isoformat()
    shared |= _evidence(_reasons(assessment), (b for c in assessment.contributors for b in c.basis))
    says = tuple(finding.says for finding in assessment.raised)
    return Occasion(assessment.on, _PRIORITY.get(assessment.disposition, "routine"), shared, says)


def referral_order(referral: Referral, knowledge: Knowledge, when: Occasion) -> Order:
    """A draft referral to neurology, or for a child to paediatric neurology.

    The note names the suspicion, which is what gets a letter read in time (NICE NG42, 1.1.4).
    """
    neurology = knowledge.tests[REFERRAL]
    adult = referral.specialty == "neurology"
    specialty = "Neurology" if adult else "Paediatric neurology"
    priority = referral.priority or when.priority
    order = when.shared | {
        "priority": priority,
        "code": _concept(neurology.order, _referral_text(specialty, priority), knowledge),
        "performerType": {"coding": [dict(NEUROLOGY)], "text": specialty} if adult else {"text": specialty},
    }
    order |= _occurrence(priority, when.on, knowledge.thresholds.urgent_within)
    if when.says:
        order["reasonCode"] = [{"text": says} for says in when.says]
    if referral.note:
        order["note"] = [{"text": _capital(referral.note) + "."}]
    return order


def orders_for(test: SuggestedTest, knowledge: Knowledge, when: Occasion, *, requisition: str) -> list[Order]:
    """The draft orders of one suggested test: one, or for a blood panel one an analyte.

    The orders of a panel share `requisition` (a URI), so that a laboratory draws blood once.
    """
    if test.id != BLOOD_PANEL:
        known = knowledge.tests[test.id]
        return [_test_order(_concept(known.order, known.order_text, knowledge), test, when, knowledge)]
    together = {"requisition": {"system": "urn:ietf:rfc:3986", "value": requisition}}
    again = test.follow_up or {}
    return [
        _test_order(_analyte(name, knowledge), test, when, knowledge)
        | together
        | (_within(again[name].within_days, when.on) if name in again else {})
        for name in test.analytes
    ]


def check_orders(knowledge: Knowledge) -> None:
    """Build every order that the knowledge can lead to, and validate each as an R4 ServiceRequest.

    Raises:
        KnowledgeInvalid: names each test or analyte whose order is not valid, or has no system to its code.
    """
    # Half a second to import, and nothing but this check needs it.
    from fhir.resources.R4B.servicerequest import ServiceRequest

    problems: list[str] = []
    for name, suggestion in _everything(knowledge):
        try:
            for order in _sample(suggestion, knowledge):
                ServiceRequest.model_validate(order)
        except (KeyError, ValueError) as cause:
            problems.append(f"the draft order for {name} is not a valid ServiceRequest: {cause}")
    if problems:
        raise KnowledgeInvalid(problems)


def _within(days: float, on: date) -> Order:
    """By when it is to be done, counted from the day of the assessment."""
    return {"occurrencePeriod": {"start": on.isoformat(), "end": (on + timedelta(days=days)).isoformat()}}


def _test_order(code: Order, test: SuggestedTest, when: Occasion, knowledge: Knowledge) -> Order:
    order = when.shared | {"priority": when.priority, "code": code}
    reasons = [grounds_words(test, knowledge)] if test.reason else list(when.says)
    if reasons:
        order["reasonCode"] = [{"text": _capital(reason)} for reason in reasons]
    return order


def _analyte(name: str, knowledge: Knowledge) -> Order:
    analyte = knowledge.analytes[name]
    return _concept(analyte.order, _capital(analyte.words), knowledge)


def _concept(codings: tuple[Coding, ...], text: str, knowledge: Knowledge) -> Order:
    """A CodeableConcept with the codings in order of preference; without a verified code, the text alone."""
    if not codings:
        return {"text": text}
    return {"coding": [_coding(coding, knowledge.uris) for coding in codings], "text": text}


def _coding(coding: Coding, uris: Mapping[str, str]) -> dict[str, str]:
    emitted = {"system": uris[coding.system], "code": coding.code}
    return emitted | {"display": coding.display} if coding.display else emitted


def _referral_text(specialty: str, priority: str) -> str:
    if priority == "stat":
        return f"Acute assessment by {specialty.lower()}, today"
    return f"Referral to {specialty.lower()}"


def _occurrence(priority: str, on: date, urgent_within: float) -> Order:
    """By when the patient is to be seen; a routine referral leaves it to the waiting list."""
    if priority == "stat":
        return {"occurrenceDateTime": on.isoformat()}
    if priority == "urgent":
        return _within(urgent_within, on)
    return {}


def _reasons(assessment: Assessment) -> Iterable[Basis]:
    """What the findings in force rest on, the most urgent first, and then the twitch itself."""
    for finding in assessment.raised:
        yield from finding.answer.basis
    yield from assessment.twitch.present.basis


def _evidence(reasons: Iterable[Basis], background: Iterable[Basis]) -> Order:
    """The types that R4 allows in `reasonReference`; the rest and the background are `supportingInfo`."""
    reason = list(dict.fromkeys(_literals(reasons)))
    triggers = [r for r in reason if r.partition("/")[0] in _REASONS]
    known = frozenset(triggers)
    support = [r for r in dict.fromkeys((*reason, *_literals(background))) if r not in known]
    named = {"reasonReference": triggers, "supportingInfo": support}
    return {
        name: [{"reference": r} for r in found[:_MOST_REFERENCES]] for name, found in named.items() if found
    }


def _literals(sources: Iterable[Basis]) -> Iterable[str]:
    """The sources that can be referred to: an entry of a Bundle without an id cannot."""
    return (s.source for s in sources if s.source and _LITERAL.fullmatch(s.source))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _everything(knowledge: Knowledge) -> Iterable[tuple[str, Referral | SuggestedTest]]:
    for specialty in ("neurology", "paediatric-neurology"):
        for priority in ("routine", "urgent", "asap", "stat"):
            note = "clinical suspicion of motor neuron disease"
            yield f"the referral to {specialty}", Referral(True, specialty, priority, note=note)
    for name in knowledge.tests:
        yield name, SuggestedTest(name, ("sample",))
    for name, analyte in knowledge.analytes.items():
        if analyte.order:
            yield name, SuggestedTest(BLOOD_PANEL, ("sample",), analytes=(name,))


def _sample(suggestion: Referral | SuggestedTest, knowledge: Knowledge) -> list[Order]:
    shared: Order = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": "Patient/sample"},
        "encounter": {"reference": "Encounter/sample"},
        "authoredOn": "2026-01-01",
    }
    shared |= _evidence(
        (Basis("sample", "Condition/sample"),), (Basis("sample", "MedicationRequest/sample"),)
    )
    when = Occasion(date(2026, 1, 1), "routine", shared, ("sample",))
    if isinstance(suggestion, Referral):
        return [referral_order(suggestion, knowledge, when)]
    return orders_for(
        suggestion, knowledge, when, requisition="urn:uuid:00000000-0000-5000-8000-000000000000"
    )
