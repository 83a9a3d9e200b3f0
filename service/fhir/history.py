"""What was done, what is ordered, and what runs in the family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.amounts import Span
from service.answers import Basis
from service.facts import Past, Relative
from service.fhir.dates import end, span, start
from service.fhir.reading import Reading
from service.fhir.record import Record
from service.fhir.symptoms import FULL_STATUS, meanings, when
from service.fhir.views import (
    CodeableConcept,
    DiagnosticReport,
    FamilyMemberHistory,
    NotReadable,
    Observation,
    Procedure,
    ServiceRequest,
)
from service.truth import Truth

DONE = {
    "Procedure": {"completed", "in-progress"},
    "DiagnosticReport": {"final", "amended", "corrected", "appended", "preliminary", "partial"},
    "ServiceRequest": {"completed"},
}
ORDERED = {
    "Procedure": {"preparation"},
    "DiagnosticReport": {"registered"},
    "ServiceRequest": {"active", "on-hold"},
}
FAMILIAL = ("motor-neuron-disease", "frontotemporal-dementia")
REFERRAL = "neurology-referral"


def past(record: Record, reading: Reading) -> Iterator[Past]:
    """Tests and referrals that were done or ordered on or before the day."""
    for source, procedure in reading.views(record.of("Procedure"), Procedure):
        period = procedure.performed_period
        day = _day(
            reading, source, procedure.performed_date_time, end(period) or start(period) if period else None
        )
        yield from _past(source, procedure.status, "Procedure", _tests(procedure.code, reading), day, reading)
    for source, report in reading.views(record.of("DiagnosticReport"), DiagnosticReport):
        effective = report.effective_date_time or report.issued
        day = _day(reading, source, effective, start(report.effective_period))
        yield from _past(
            source, report.status, "DiagnosticReport", _tests(report.code, reading), day, reading
        )
    yield from _requests(record, reading)
    yield from _observed(record, reading)


def relatives(record: Record, reading: Reading) -> Iterator[Relative]:
    """Motor neuron disease and frontotemporal dementia among relatives, and of what degree they are."""
    for source, history in reading.views(record.of("FamilyMemberHistory"), FamilyMemberHistory):
        if history.status not in ("completed", "partial"):
            continue
        day = _day(reading, source, history.date, None)
        for condition in history.condition or ():
            for meaning in meanings(condition.code, reading):
                if meaning.concept in FAMILIAL and not (day and day.first > reading.on):
                    words = f"{meaning.words} in a relative"
                    basis = Basis(words, source, day.text if day else None, stated=day)
                    yield Relative(meaning.concept, _first_degree(history.relationship, reading), basis)


def _requests(record: Record, reading: Reading) -> Iterator[Past]:
    for source, request in reading.views(record.of("ServiceRequest"), ServiceRequest):
        if request.do_not_perform:
            continue
        period = request.occurrence_period
        occurs = request.occurrence_date_time
        day = _day(reading, source, request.authored_on or occurs, start(period))
        tests = _tests(request.code, reading)
        if _is_generic_referral(request, reading):
            tests = [*tests, REFERRAL]
        fresh = reading.knowledge.thresholds.drafts_count
        drafted = request.status == "draft" and day is not None and day.within(fresh, reading.on) is Truth.YES
        status = "active" if drafted else request.status
        yield from _past(source, status, "ServiceRequest", tests, day, reading)


def _observed(record: Record, reading: Reading) -> Iterator[Past]:
    """Results show that their test was done, whatever they say; one without a value says why it was not."""
    for source, observation in reading.views(record.of("Observation"), Observation):
        if observation.status not in (*FULL_STATUS, "preliminary"):
            continue
        try:
            day = when(observation)
        except NotReadable:
            continue
        for part in (observation, *(observation.component or ())):
            if part.data_absent_reason is None:
                yield from _past(source, "done", "Observation", _tests(part.code, reading), day, reading)


def _past(
    source: str, status: str, kind: str, tests: Iterable[str], day: Span | None, reading: Reading
) -> Iterator[Past]:
    if day and day.first > reading.on:
        return
    done = kind == "Observation" or status in DONE[kind]
    if done or status in ORDERED[kind]:
        yield from (Past(test, done, day, source) for test in tests)


def _tests(concept: CodeableConcept | None, reading: Reading) -> list[str]:
    """The tests and analytes that a code stands for."""
    knows = reading.knowledge
    found: dict[str, None] = {}
    for system, coding in reading.known(concept):
        code = coding.code or ""
        for index in (knows.test_codes, knows.analyte_codes, knows.panel_codes):
            found.update(dict.fromkeys(index.find(system, code)))
    also = [name for test in found if test in knows.analytes for name in knows.analytes[test].also_done]
    return list(dict.fromkeys([*found, *also]))


def _is_generic_referral(request: ServiceRequest, reading: Reading) -> bool:
    """A referral whose code leaves the specialty to `performerType`."""
    generic = any(
        (system, c.code) in reading.knowledge.generic_referrals for system, c in reading.known(request.code)
    )
    asked = {(system, c.code) for system, c in reading.known(request.performer_type)}
    return generic and bool(asked & reading.knowledge.neurology)


def _day(reading: Reading, source: str, text: str | None, other: Span | None) -> Span | None:
    try:
        return span(text) or other
    except NotReadable as reason:
        reading.set_aside(source, str(reason))
        return None


def _first_degree(relationship: CodeableConcept, reading: Reading) -> Truth:
    table = reading.knowledge.relatives
    systems = (table["system"], *table["also"])
    codes = [c.code for c in relationship.coding or () if c.system in systems]
    if any(code in table["first_degree"] for code in codes):
        return Truth.YES
    return Truth.NO if any(code and code not in table["open"] for code in codes) else Truth.UNKNOWN
