"""Observations into results: units, comparators, ranges, and what cannot be read."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from service.facts.amounts import Amount
from service.facts.reasons import Reason
from service.facts.results import Result
from service.facts.truth import Truth
from service.knowledge.words import reason_words
from service.rules.same_day import critical_electrolytes
from tests.fhir.resources import Json, concept, facts, lab_code, observation, packaged, quantity, read

POTASSIUM = lab_code("potassium")


UNIT = "the unit is none that converts to mmol/L for potassium"
BEYOND = "the number is beyond what is possible for potassium: more than 100 mmol/L"


def result(code: Json = POTASSIUM, /, **elements: Any) -> Result:
    (only,) = [r for found in facts(observation(code, **elements)).results.values() for r in found]
    return only


def value(number: float, unit: str = "mmol/L", **more: Any) -> Json:
    return {"valueQuantity": quantity(number, unit, **more)}


@pytest.mark.parametrize(
    ("elements", "amount"),
    [
        (value(4.1), Amount(4.1, 4.1, "mmol/L")),
        (value(4.1, "meq/L"), Amount(4.1, 4.1, "mmol/L")),
        ({"valueQuantity": {"value": 4.1, "unit": "mEq/L"}}, Amount(4.1, 4.1, "mmol/L")),
        (value(1900, "umol/L"), Amount(1.9, 1.9, "mmol/L")),
        (value(0.0019, "mol/L"), Amount(1.9, 1.9, "mmol/L")),
        ({"valueQuantity": {"value": 1900, "unit": "µmol/l"}}, Amount(1.9, 1.9, "mmol/L")),
        (value(100), Amount(100, 100, "mmol/L")),
        (value(2.5, comparator="<"), Amount(-inf, 2.5, "mmol/L", below=True)),
        (value(2.5, comparator="<="), Amount(-inf, 2.5, "mmol/L")),
        (value(6.5, comparator=">"), Amount(6.5, inf, "mmol/L", above=True)),
        (value(6.5, comparator=">="), Amount(6.5, inf, "mmol/L")),
        ({"valueRange": {"low": quantity(3), "high": quantity(4)}}, Amount(3, 4, "mmol/L")),
        ({"valueRange": {"high": quantity(4)}}, Amount(-inf, 4, "mmol/L")),
        ({"valueRange": {"low": quantity(3)}}, Amount(3, inf, "mmol/L")),
    ],
)
def test_an_amount_is_read_in_the_analytes_unit(elements: Json, amount: Amount) -> None:
    assert result(**elements).amount == amount


@pytest.mark.parametrize(
    ("elements", "why"),
    [
        ({"valueQuantity": {"value": 4}}, "the result has no unit"),
        (value(4, "furlong"), UNIT),
        (value(1e300), BEYOND),
        (value(101), BEYOND),
        (value(0.2, "mol/L"), BEYOND),
        (value(1e300, comparator="<"), BEYOND),
        ({"valueRange": {"low": quantity(4), "high": quantity(1e300)}}, BEYOND),
        ({"valueQuantity": {"unit": "mmol/L"}}, "the result has no number"),
        (value(-4), "the number is negative"),
        ({"valueString": "4.1"}, "the value is not a quantity"),
        ({"valueInteger": 4}, "the value is not a quantity"),
        ({"dataAbsentReason": {"text": "lost"}}, "no value was recorded"),
        ({}, "the result has no value"),
        ({"valueRange": {}}, "the range is empty"),
        ({"valueRange": {"low": quantity(3, "ell")}}, UNIT),
    ],
)
def test_what_cannot_be_read_is_a_result_without_an_amount_that_says_why(elements: Json, why: str) -> None:
    unread = result(**elements)

    assert unread.amount is None
    assert unread.why and reason_words(unread.why, packaged()) == why


def test_a_code_of_a_foreign_unit_system_is_not_taken_for_ucum() -> None:
    foreign = {"valueQuantity": {"value": 4, "unit": "mmol/L", "code": "X", "system": "urn:x"}}

    assert result(**foreign).amount == Amount(4, 4, "mmol/L")


@pytest.mark.parametrize("elements", [{"valueInteger": 12}, {"valueQuantity": {"value": 12}}])
def test_a_score_needs_no_unit(elements: Json) -> None:
    assert result(lab_code("gad-7"), **elements).amount == Amount(12, 12, "{score}")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (22, "the number is beyond what is possible for GAD-7 score: more than 21"),
        (-1, "the number is negative"),
    ],
)
def test_a_score_that_its_scale_does_not_have_is_not_read(number: int, why: str) -> None:
    found = result(lab_code("gad-7"), valueInteger=number)

    assert found.amount is None
    assert found.why and reason_words(found.why, packaged()) == why


def test_a_number_that_no_body_can_have_is_unknown_and_no_critical_result() -> None:
    def critical(number: float) -> Truth:
        given = facts(observation(POTASSIUM, **value(number)))
        return critical_electrolytes(given, packaged()).truth

    assert critical(1.9) is Truth.YES
    assert critical(1e300) is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("ranges", "low", "high"),
    [
        ([{"low": quantity(3.4), "high": quantity(5.2)}], 3.4, 5.2),
        ([{"low": {"value": 3.4}}], 3.4, None),
        ([{"high": quantity(5.2, "furlong")}], None, None),
        ([{"type": {"coding": [{"code": "treatment"}]}, "low": quantity(1)}], None, None),
        ([{"type": {"coding": [{"code": "normal"}]}, "low": quantity(3.4)}], 3.4, None),
        ([{"text": "3.4 to 5.2"}], None, None),
        ([], None, None),
    ],
)
def test_the_normal_range_given_with_the_result_is_kept(
    ranges: list[Json], low: float | None, high: float | None
) -> None:
    found = result(**value(4), referenceRange=ranges)

    assert (found.low, found.high) == (low, high)


def test_a_range_without_a_unit_beside_no_value_is_not_guessed() -> None:
    found = result(valueString="4", referenceRange=[{"low": {"value": 3.4}}])

    assert found.low is None


def test_a_preliminary_result_is_marked_and_a_cancelled_one_is_none() -> None:
    assert result(**value(4), status="preliminary").notes == (Reason("preliminary"),)
    assert facts(observation(POTASSIUM, **value(4), status="cancelled")).results == {}


def test_a_result_after_the_day_is_ignored_and_one_without_a_day_is_kept() -> None:
    assert facts(observation(POTASSIUM, **value(4), effectiveDateTime="2026-11-24")).results == {}
    assert result(**value(4), effectiveDateTime=None).when is None


def test_times_order_results_of_one_day() -> None:
    found = result(**value(4), effectiveDateTime="2026-11-20T10:00:00Z")

    assert found.moment is not None


def test_components_are_results_too() -> None:
    panel = observation(
        concept("loinc", "24323-8"), component=[{"code": POTASSIUM, **value(4)}, {"code": lab_code("sodium")}]
    )

    assert facts(panel).results.keys() == {"potassium", "sodium"}


def test_two_values_set_the_observation_aside_once() -> None:
    found = read(observation(POTASSIUM, **value(4), valueString="4"))

    assert len(found.unreadable) == 1
    assert found.facts.results == {}


# --- Albumin-adjusted calcium ---------------------------------------------------------------------

CALCIUM, ALBUMIN, ADJUSTED = lab_code("calcium"), lab_code("albumin"), lab_code("calcium-adjusted")


def adjusted(*resources: Json) -> list[Result]:
    return list(facts(*resources).results["calcium-adjusted"])


@pytest.mark.parametrize("day", ["2026-11-19", "2026-11-20", "2026-11-21"])
def test_calcium_is_adjusted_by_an_albumin_of_the_same_day_give_or_take_one(day: str) -> None:
    albumin = observation(ALBUMIN, "o2", **value(30, "g/L"), effectiveDateTime=day)

    (found,) = adjusted(observation(CALCIUM, **value(2.0)), albumin)

    assert found.amount == Amount(2.2, 2.2, "mmol/L")
    assert (found.basis.concept, found.notes) == ("calcium-adjusted", ())


@pytest.mark.parametrize(
    "albumin",
    [
        [],
        [observation(ALBUMIN, "o2", **value(30, "g/L"), effectiveDateTime="2026-11-18")],
        [observation(ALBUMIN, "o2", **value(30, "g/L"), effectiveDateTime="2026-11")],
        [observation(ALBUMIN, "o2", **value(30, "g/L"), effectiveDateTime=None)],
        [observation(ALBUMIN, "o2", valueString="30")],
    ],
)
def test_without_an_albumin_the_total_stands_in_and_says_so(albumin: list[Json]) -> None:
    (found,) = adjusted(observation(CALCIUM, **value(2.0)), *albumin)

    assert found.amount == Amount(2.0, 2.0, "mmol/L")
    assert (found.basis.concept, found.notes) == ("calcium", (Reason("no-albumin"),))


def test_the_nearest_albumin_adjusts() -> None:
    near = observation(ALBUMIN, "o2", **value(30, "g/L"))
    far = observation(ALBUMIN, "o3", **value(20, "g/L"), effectiveDateTime="2026-11-19")

    (found,) = adjusted(observation(CALCIUM, **value(2.0)), far, near)

    assert found.amount == Amount(2.2, 2.2, "mmol/L")


def test_the_laboratorys_own_adjusted_value_comes_first() -> None:
    (found,) = adjusted(observation(CALCIUM, "o1", **value(1.7)), observation(ADJUSTED, "o2", **value(2.3)))

    assert found.amount == Amount(2.3, 2.3, "mmol/L")


def test_a_total_that_cannot_be_read_cannot_be_adjusted() -> None:
    (found,) = adjusted(observation(CALCIUM, **value(2.0, "furlong")))

    assert found.amount is None


def test_an_adjusted_value_that_cannot_be_read_does_not_hide_a_critical_total() -> None:
    found = adjusted(observation(CALCIUM, "o1", **value(1.5)), observation(ADJUSTED, "o2"))

    assert any(r.amount == Amount(1.5, 1.5, "mmol/L") for r in found)
