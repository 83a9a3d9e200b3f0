"""What was done and what it showed, what is ordered, and what runs in the family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.facts import Past, Relative
from service.facts.amounts import Span
from service.facts.answers import Basis, Kind
from service.facts.reasons import Reason
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.fhir.read.dates import end, span, start
from service.fhir.read.reading import Codes, Observed, Reading
from service.fhir.read.record import Record
from service.fhir.read.symptoms import FULL_STATUS, Testimony, meanings, stated, status_notes
from service.fhir.read.views import (
    CodeableConcept,
    DiagnosticReport,
    FamilyMemberHistory,
    Procedure,
    ServiceRequest,
)

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
DIALYSIS = "dialysis"
EMG_RESULT = "abnormal-emg"
# The test that was done -> the aspect of the concept that its result speaks of.
STUDIES = {"emg": "emg", "ncs": "nerve-study"}


def past(record: Record, seen: Iterable[Observed], reading: Reading) -> Iterator[Past]:
    """Tests and referrals that were done or ordered on or before the day."""

    def done(source: str, procedure: Procedure) -> Iterator[Past]:
        tests = _tests(reading.known(procedure.code), reading)
        return _past(source, procedure.status, "Procedure", tests, _performed(procedure), reading)

    def reported(source: str, report: DiagnosticReport) -> Iterator[Past]:
        day = span(report.effective_date_time or report.issued) or start(report.effective_period)
        tests = _tests(reading.known(report.code), reading)
        return _past(source, report.status, "DiagnosticReport", tests, day, reading)

    def requested(source: str, request: ServiceRequest) -> Iterator[Past]:
        return _request(source, request, reading)

    yield from reading.each(record.of("Procedure"), Procedure, done)
    yield from reading.each(record.of("DiagnosticReport"), DiagnosticReport, reported)
    yield from reading.each(record.of("ServiceRequest"), ServiceRequest, requested)
    yield from _shown(seen, reading)


def treatments(record: Record, reading: Reading) -> Iterator[Statement]:
    """What a treatment that was given says of the patient: who is dialysed has advanced kidney disease."""

    def given(source: str, procedure: Procedure) -> Iterator[Statement]:
        day = _performed(procedure)
        if procedure.status not in DONE["Procedure"] or (day and day.first > reading.on):
            return
        for meaning in meanings(reading.known(procedure.code), reading):
            if meaning.aspect == DIALYSIS:
                when = day.until(reading.on) if day else None
                counts = reading.knowledge.thresholds.symptoms_count
                said = Testimony(source, Form.OBSERVATION, stated=when, examined=True, counts_days=counts)
                yield from stated(said, meaning, ())

    return reading.each(record.of("Procedure"), Procedure, given)


def _performed(procedure: Procedure) -> Span | None:
    period = procedure.performed_period
    return span(procedure.performed_date_time) or end(period) or start(period)


def relatives(record: Record, reading: Reading) -> Iterator[Relative]:
    """Motor neuron disease and frontotemporal dementia among relatives, and of what degree they are."""

    def familial(source: str, history: FamilyMemberHistory) -> Iterator[Relative]:
        day = span(history.date)
        if history.status not in ("completed", "partial") or (day and day.first > reading.on):
            return
        degree = _first_degree(history.relationship, reading)
        if degree is Truth.NO:
            # Of a distant relative nothing follows for the near ones, of whom nobody spoke.
            return
        for condition in history.condition or ():
            for meaning in meanings(reading.known(condition.code), reading):
                if meaning.concept in FAMILIAL:
                    written = day.text if day else None
                    basis = Basis(
                        meaning.concept,
                        source,
                        written,
                        stated=day,
                        kind=Kind.RELATIVE,
                        aspect=meaning.aspect,
                        code=meaning.code if meaning.unspecific else None,
                    )
                    yield Relative(meaning.concept, degree, basis)

    return reading.each(record.of("FamilyMemberHistory"), FamilyMemberHistory, familial)


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
    if not aspects or EMG_RESULT not in knows.concepts:
        return
    values = [known for concept in found for known in reading.known(concept)]
    for meaning in meanings(values, reading):
        if meaning.concept == EMG_RESULT:
            yield said.of(EMG_RESULT, kind=meaning.kind, aspect=meaning.aspect, place=None)
    # Of a study that is called both, the abnormal part is what matters.
    called = {knows.conclusions[value] for value in values if value in knows.conclusions}
    truth = Truth.YES if True in called else Truth.NO
    for aspect in sorted(aspects) if called else ():
        yield said.of(EMG_RESULT, aspect=aspect, place=None, truth=truth)


def _testimony(source: str, day: Span | None, notes: tuple[Reason, ...], reading: Reading) -> Testimony:
    stated = day.until(reading.on) if day else None
    return Testimony(source, Form.OBSERVATION, stated=stated, examined=True, notes=notes)


def _request(source: str, request: ServiceRequest, reading: Reading) -> Iterator[Past]:
    if request.do_not_perform:
        return
    day = span(request.authored_on or request.occurrence_date_time) or start(request.occurrence_period)
    tests = [*_tests(reading.known(request.code), reading)]
    if _is_generic_referral(request, reading):
        tests.append(REFERRAL)
    fresh = reading.knowledge.thresholds.drafts_count
    drafted = request.status == "draft" and day is not None and day.within(fresh, reading.on) is Truth.YES
    yield from _past(source, "active" if drafted else request.status, "ServiceRequest", tests, day, reading)


def _shown(seen: Iterable[Observed], reading: Reading) -> Iterator[Past]:
    """Results show that their test was done, whatever they say; one without a value says why it was not."""
    for source, observation, day, parts in seen:
        if observation.status not in (*FULL_STATUS, "preliminary"):
            continue
        for part in parts:
            if part.valued.data_absent_reason is None:
                yield from (Past(test, True, day, source) for test in _tests(part.codes, reading))


def _past(
    source: str, status: str, kind: str, tests: Iterable[str], day: Span | None, reading: Reading
) -> Iterator[Past]:
    if day and day.first > reading.on:
        return
    done = status in DONE[kind]
    if done or status in ORDERED[kind]:
        yield from (Past(test, done, day, source) for test in tests)


def _tests(codes: Codes, reading: Reading) -> Iterable[str]:
    """The tests and analytes that the codes stand for, each once."""
    knows = reading.knowledge
    indexes = (knows.test_codes, knows.analyte_codes, knows.panel_codes)
    found = [test for system, code in codes for index in indexes for test in index.find(system, code)]
    also = [name for test in found if test in knows.analytes for name in knows.analytes[test].also_done]
    return dict.fromkeys([*found, *also])


def _is_generic_referral(request: ServiceRequest, reading: Reading) -> bool:
    """A referral whose code leaves the specialty to `performerType`."""
    knows = reading.knowledge
    generic = not knows.generic_referrals.isdisjoint(reading.known(request.code))
    return generic and not knows.neurology.isdisjoint(reading.known(request.performer_type))


def _first_degree(relationship: CodeableConcept, reading: Reading) -> Truth:
    table = reading.knowledge.relatives
    systems = (table["system"], *table["also"])
    codes = [c.code for c in relationship.coding or () if c.system in systems]
    if any(code in table["first_degree"] for code in codes):
        return Truth.YES
    return Truth.NO if any(code and code not in table["open"] for code in codes) else Truth.UNKNOWN
