"""FHIR dates as ranges of days; a date that no calendar has sets its resource aside."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.amounts import Amount, Span
from service.fhir.read.dates import at_age, between_ages, end, moment, span, start, years_between
from service.fhir.read.views import NotReadable, Period, Quantity, Range
from tests.fhir.resources import A_TWITCH, Json, concept, condition, quantity, read, resource

ON = date(2026, 11, 23)
BORN = Span.of(date(1970, 6, 1))
IMPOSSIBLE = "2026-02-30"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-11-23", ON, ON),
        ("2026-11-23T23:59:59+14:00", ON, ON),
        ("2026-11-23T00:00:00Z", ON, ON),
    ],
)
def test_a_date_means_the_days_that_it_writes(text: str, first: date, last: date) -> None:
    assert span(text) == Span(first, last, text[:10])


def test_no_date_is_no_span() -> None:
    assert span(None) is None
    assert start(None) is None
    assert end(None) is None


def test_a_period_has_a_start_and_an_end() -> None:
    period = Period(start="2026-10", end="2026-11-23")

    assert start(period) == span("2026-10")
    assert end(period) == span("2026-11-23")
    assert end(Period(start="2026")) is None


@pytest.mark.parametrize("text", ["2026-02-30", "2025-02-29", "2026-04-31"])
def test_a_day_that_no_calendar_has_is_not_readable(text: str) -> None:
    with pytest.raises(NotReadable, match="no-such-date"):
        span(text)


@given(st.dates(date(1000, 1, 1)))
def test_every_day_of_the_calendar_reads_as_itself(day: date) -> None:
    assert span(day.isoformat()) == Span.of(day)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T01:00:10+01:00", 10),
        ("1970-01-01T00:00:60Z", 59),
        ("1970-01-01T00:00:10.5Z", 10.5),
        ("1970-01-01", None),
        ("1970", None),
        (None, None),
        ("1970-02-30T00:00:10Z", None),
    ],
)
def test_a_moment_needs_a_time(text: str | None, seconds: float | None) -> None:
    assert moment(text) == seconds


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (Quantity(value=50, code="a", unit="years"), "aged 50 years"),
        (Quantity(value=50, code="a"), "aged 50 a"),
        (Quantity(value=50, unit="a"), "aged 50 a"),
    ],
)
def test_an_age_is_a_year_of_days(age: Quantity, text: str) -> None:
    at = at_age(BORN, age)

    assert at is not None
    assert abs((at.first - date(2020, 6, 1)).days) <= 1
    assert abs((at.last - date(2021, 5, 31)).days) <= 1
    assert at.text == text


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (None, Quantity(value=50, code="a")),
        (BORN, None),
        (BORN, Quantity(code="a")),
        (BORN, Quantity(value=50)),
        (BORN, Quantity(value=50, code="lightyears")),
    ],
)
def test_an_age_needs_a_birth_date_a_number_and_a_unit_of_time(
    born: Span | None, age: Quantity | None
) -> None:
    assert at_age(born, age) is None


def test_a_range_of_ages_spans_both() -> None:
    low, high = Quantity(value=50, code="a"), Quantity(value=52, code="a")

    both = between_ages(BORN, Range(low, high))

    assert both is not None
    assert (both.first.year, both.last.year) == (2020, 2023)
    assert between_ages(BORN, Range(low)) == at_age(BORN, low)
    assert between_ages(BORN, Range(None, high)) == at_age(BORN, high)
    assert between_ages(BORN, None) is None


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (Span.of(date(2008, 11, 23)), Amount(18, 18, "a")),
        (Span.of(date(2008, 11, 24)), Amount(17, 17, "a")),
        (Span(date(2008, 1, 1), date(2008, 12, 31), "2008"), Amount(17, 18, "a")),
        (Span(date(2026, 1, 1), date(2026, 12, 31), "2026"), Amount(0, 0, "a")),
        (Span.of(date(2027, 1, 1)), None),
        (None, None),
    ],
)
def test_an_age_is_a_range_for_a_partial_birth_date(born: Span | None, age: Amount | None) -> None:
    assert years_between(born, ON) == age


# --- A bad date is the fault of one resource, never of the answer ---------------------------------

EMG = concept("snomed", "42803009")
LITHIUM = {"medicationCodeableConcept": concept("rxnorm", "6448")}
BAD_DATES: list[tuple[str, Json]] = [
    ("Condition.recordedDate", condition(A_TWITCH["code"], "bad", recordedDate=IMPOSSIBLE)),
    ("Condition.onsetDateTime", condition(A_TWITCH["code"], "bad", onsetDateTime=IMPOSSIBLE)),
    ("Condition.abatementPeriod", condition(A_TWITCH["code"], "bad", abatementPeriod={"end": IMPOSSIBLE})),
    (
        "Observation.effectiveDateTime",
        resource("Observation", "bad", status="final", code=A_TWITCH["code"], effectiveDateTime=IMPOSSIBLE),
    ),
    ("Patient.birthDate", {"resourceType": "Patient", "id": "p1", "birthDate": IMPOSSIBLE}),
    ("Patient.deceasedDateTime", {"resourceType": "Patient", "id": "p1", "deceasedDateTime": IMPOSSIBLE}),
    (
        "Procedure.performedDateTime",
        resource("Procedure", "bad", status="completed", code=EMG, performedDateTime=IMPOSSIBLE),
    ),
    (
        "Procedure.performedPeriod",
        resource("Procedure", "bad", status="completed", code=EMG, performedPeriod={"start": IMPOSSIBLE}),
    ),
    (
        "DiagnosticReport.effectivePeriod",
        resource("DiagnosticReport", "bad", status="final", code=EMG, effectivePeriod={"start": IMPOSSIBLE}),
    ),
    (
        "ServiceRequest.occurrencePeriod",
        resource(
            "ServiceRequest",
            "bad",
            status="active",
            intent="order",
            code=EMG,
            occurrencePeriod={"start": IMPOSSIBLE},
        ),
    ),
    (
        "MedicationRequest.authoredOn",
        resource(
            "MedicationRequest", "bad", status="active", intent="order", authoredOn=IMPOSSIBLE, **LITHIUM
        ),
    ),
    (
        "MedicationStatement.effectiveDateTime",
        resource("MedicationStatement", "bad", status="active", effectiveDateTime=IMPOSSIBLE, **LITHIUM),
    ),
    (
        "QuestionnaireResponse.authored",
        resource("QuestionnaireResponse", "bad", status="completed", authored=IMPOSSIBLE),
    ),
]


@pytest.mark.parametrize("bad", [pytest.param(bad, id=where) for where, bad in BAD_DATES])
def test_an_impossible_date_sets_its_resource_aside_and_the_rest_is_read(bad: Json) -> None:
    found = read(A_TWITCH, bad)

    assert [u.resource for u in found.unreadable] == [f"{bad['resourceType']}/{bad['id']}"]
    assert found.facts.twitch.present.yes


@pytest.mark.parametrize("value", [100_000, -5_000, 1e308])
def test_an_age_beyond_the_calendar_sets_its_resource_aside(value: float) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1970"}
    old: dict[str, Any] = condition(A_TWITCH["code"], "bad", onsetAge=quantity(value, "a"))

    found = read(patient, A_TWITCH, old)

    assert found.facts.twitch.present.yes
