"""MedicationRequest and MedicationStatement -> medicines in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.facts import MedicineUse
from service.facts.amounts import Span
from service.facts.answers import Basis, Denial, Kind
from service.facts.reasons import Reason
from service.facts.truth import Truth
from service.fhir.read.dates import end, span, start
from service.fhir.read.reading import Reading
from service.fhir.read.record import Record
from service.fhir.read.views import (
    CodeableConcept,
    Medication,
    MedicationRequest,
    MedicationStatement,
    one_of,
    view,
)
from service.fhir.references import normal

ENDED = ("completed", "stopped")
NOT_MEANT = ("proposal", "option")
DISPLAY = 60


def medicines(record: Record, reading: Reading) -> Iterator[MedicineUse]:
    """The medicines of known classes in use on the day, or until a few weeks before."""

    def requested(source: str, request: MedicationRequest) -> Iterator[MedicineUse]:
        asked, ended = span(request.authored_on), _request_end(request)
        meant = not request.do_not_perform and request.intent not in NOT_MEANT
        if meant and _counts(request.status, asked, ended, reading):
            yield from _uses(source, request, Truth.YES, asked or ended, record, reading)

    def stated(source: str, said: MedicationStatement) -> Iterator[MedicineUse]:
        began = span(said.effective_date_time) or start(said.effective_period) or span(said.date_asserted)
        ended = end(said.effective_period)
        if said.status == "not-taken" and not _future(began, reading):
            yield from _uses(source, said, Truth.NO, began, record, reading)
        elif _counts(said.status, began, ended, reading):
            yield from _uses(source, said, Truth.YES, began or ended, record, reading)

    yield from reading.each(record.of("MedicationRequest"), MedicationRequest, requested)
    yield from reading.each(record.of("MedicationStatement"), MedicationStatement, stated)


def _counts(status: str, began: Span | None, ended: Span | None, reading: Reading) -> bool:
    """Active, or ended within the last weeks; one that ended on an unknown day counts if it began in them."""
    if _future(began, reading):
        return False
    if status == "active":
        return True
    last = ended or began
    weeks = reading.knowledge.thresholds.medicines_count
    return status in ENDED and last is not None and last.within(weeks, reading.on) is Truth.YES


def _future(day: Span | None, reading: Reading) -> bool:
    return day is not None and day.first > reading.on


def _request_end(request: MedicationRequest) -> Span | None:
    bounds = [
        d.timing.repeat.bounds_period
        for d in request.dosage_instruction or ()
        if d.timing and d.timing.repeat
    ]
    ends = [end(period) for period in bounds]
    if request.dispense_request:
        ends.append(end(request.dispense_request.validity_period))
    return max((e for e in ends if e), key=lambda e: e.last, default=None)


def _uses(
    source: str,
    taken: MedicationRequest | MedicationStatement,
    truth: Truth,
    day: Span | None,
    record: Record,
    reading: Reading,
) -> Iterator[MedicineUse]:
    one_of(taken, "medication_codeable_concept", "medication_reference")
    codes = list(_codes(taken, record))
    if not any(c.coding for c in codes):
        reading.set_aside(source, Reason("medicine-without-code"))
    known = (coded for concept in codes for coded in reading.known(concept))
    find = reading.knowledge.medicine_codes.find
    found = [(name, code) for system, code in known for name in find(system, code)]
    displays = {coding.code: coding.display for concept in codes for coding in concept.coding or ()}
    for name, code in dict(reversed(found)).items():
        basis = Basis(
            name,
            source,
            day.text if day else None,
            stated=day,
            kind=Kind.MEDICINE,
            value=(displays[code] or "")[:DISPLAY] or None,
            denial=Denial.DENIED if truth is Truth.NO else None,
        )
        yield MedicineUse(name, truth, basis)


def _codes(taken: MedicationRequest | MedicationStatement, record: Record) -> Iterator[CodeableConcept]:
    """The codes of the medicine: its own, or those of the contained or bundled Medication."""
    if taken.medication_codeable_concept:
        yield taken.medication_codeable_concept
    reference = taken.medication_reference.reference if taken.medication_reference else None
    raw = _medication(reference, taken.contained or (), record) if reference else None
    if raw is None:
        return
    medication = view(Medication, raw)
    if medication.code:
        yield medication.code
    yield from (i.item_codeable_concept for i in medication.ingredient or () if i.item_codeable_concept)


def _medication(
    reference: str, contained: tuple[Mapping[str, Any], ...], record: Record
) -> Mapping[str, Any] | None:
    if reference.startswith("#"):
        return next((c for c in contained if c.get("id") == reference[1:]), None)
    return record.medications.get(reference) or record.medications.get(normal(reference))
