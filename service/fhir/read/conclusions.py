"""What an electromyogram or a nerve study concluded: by a report's conclusion, or an Observation's value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.facts.amounts import Span
from service.facts.reasons import Reason
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.fhir.read.dates import span, start
from service.fhir.read.history import DONE
from service.fhir.read.reading import Codes, Observed, Reading
from service.fhir.read.record import Record
from service.fhir.read.symptoms import FULL_STATUS, Testimony, meanings, status_notes
from service.fhir.read.views import CodeableConcept, DiagnosticReport

CONCEPT = "abnormal-emg"
# The test that was done -> the aspect of the concept that its result speaks of.
STUDIES = {"emg": "emg", "ncs": "nerve-study"}


def conclusions(record: Record, seen: Iterable[Observed], reading: Reading) -> Iterator[Statement]:
    """Abnormal or normal studies, on or before the day; what is not coded says nothing."""

    def reported(source: str, report: DiagnosticReport) -> Iterator[Statement]:
        day = span(report.effective_date_time) or start(report.effective_period) or span(report.issued)
        if report.status in DONE["DiagnosticReport"] and not (day and day.first > reading.on):
            notes = status_notes("preliminary") if report.status in ("preliminary", "partial") else ()
            said = _testimony(source, day, notes, reading)
            yield from _concluded(said, reading.known(report.code), report.conclusion_code or (), reading)

    yield from reading.each(record.of("DiagnosticReport"), DiagnosticReport, reported)
    for one in seen:
        said = _testimony(one.source, one.day, status_notes(one.observation.status), reading)
        for part in one.parts:
            value = part.valued.value_codeable_concept
            found = (*((value,) if value else ()), *(part.valued.interpretation or ()))
            if one.observation.status in (*FULL_STATUS, "preliminary"):
                yield from _concluded(said, part.codes, found, reading)


def _concluded(
    said: Testimony, codes: Codes, found: Iterable[CodeableConcept], reading: Reading
) -> Iterator[Statement]:
    knows = reading.knowledge
    tests = {test for system, code in codes for test in knows.test_codes.find(system, code)}
    aspects = {STUDIES[test] for test in tests if test in STUDIES}
    if not aspects or CONCEPT not in knows.concepts:
        return
    values = [known for concept in found for known in reading.known(concept)]
    for meaning in meanings(values, reading):
        if meaning.concept == CONCEPT:
            yield said.of(CONCEPT, kind=meaning.kind, aspect=meaning.aspect, place=None)
    # Of a study that is called both, the abnormal part is what matters.
    called = {knows.conclusions[value] for value in values if value in knows.conclusions}
    truth = Truth.YES if True in called else Truth.NO
    for aspect in sorted(aspects) if called else ():
        yield said.of(CONCEPT, aspect=aspect, place=None, truth=truth)


def _testimony(source: str, day: Span | None, notes: tuple[Reason, ...], reading: Reading) -> Testimony:
    stated = day.until(reading.on) if day else None
    return Testimony(source, Form.OBSERVATION, stated=stated, examined=True, notes=notes)
