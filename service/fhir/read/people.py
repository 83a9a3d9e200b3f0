"""Patient -> whom the record is about: age and whether alive."""

from __future__ import annotations

from datetime import date

from service.facts import Patient as Person
from service.facts.amounts import Span
from service.facts.truth import Truth
from service.fhir.read.dates import span, years_between
from service.fhir.read.reading import Reading
from service.fhir.read.record import Record
from service.fhir.read.views import NotReadable, Patient, one_of


def person(record: Record, reading: Reading) -> Person:
    """The patient on the day; a death after the day has not happened yet."""
    for source, patient in reading.views(record.of("Patient"), Patient):
        try:
            one_of(patient, "deceased_boolean", "deceased_date_time")
            reading.born = span(patient.birth_date)
            age = years_between(reading.born, reading.on)
            return Person(record.patient or source, age, _deceased(patient, reading.on))
        except NotReadable as fault:
            reading.set_aside(source, fault.why)
    return Person(record.patient)


def _deceased(patient: Patient, on: date) -> Truth:
    if patient.deceased_boolean is not None:
        return Truth.YES if patient.deceased_boolean else Truth.NO
    died: Span | None = span(patient.deceased_date_time)
    if died is None:
        return Truth.UNKNOWN
    return Truth.YES if died.first <= on else Truth.NO
