"""Observations -> results, in the unit that the thresholds are in; never by a guessed unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf

from service.facts.amounts import Amount
from service.facts.reasons import Reason, reason
from service.facts.results import Result
from service.facts.statements import noted
from service.fhir.read.dates import moment
from service.fhir.read.reading import Codes, Observed, Reading
from service.fhir.read.symptoms import status_notes
from service.fhir.read.views import Quantity, Range, ReferenceRange, Valued
from service.knowledge.measures import Analyte

UCUM = ("http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8", None)
NORMAL_RANGE = "normal"
ADJUSTED = "calcium-adjusted"
NO_ALBUMIN = Reason("no-albumin")
# An amount, or why there is none.
Measure = tuple[Amount | None, Reason | None]


def results(seen: Iterable[Observed], reading: Reading) -> Iterator[Result]:
    """Every result of an analyte that we know, on or before the day; unreadable ones say why."""
    for one in seen:
        for part in one.parts:
            if analytes := _analytes(part.codes, reading):
                yield from _results(one, part.valued, analytes, reading)


def with_adjusted_calcium(found: list[Result], reading: Reading) -> list[Result]:
    """The results with albumin-adjusted calcium beside each total one.

    The laboratory's own adjusted value comes first; else total + 0.02 x (40 - albumin in
    g/L) mmol/L with an albumin of the same day or the day before or after; without one
    the total stands in, and its note says so.
    """
    adjusted = {r.when for r in found if r.analyte == ADJUSTED and r.amount}
    albumin = [r for r in found if r.analyte == "albumin" and r.amount]
    totals = [r for r in found if r.analyte == "calcium" and r.when not in adjusted]
    return found + [_adjusted(total, albumin, reading) for total in totals]


def answer_amount(analyte: Analyte, quantity: Quantity, reading: Reading) -> Measure:
    """A quantity as an amount in the analyte's unit, or None and why it cannot be read."""
    if quantity.value is None:
        return None, Reason("no-number")
    factor = _factor(analyte, quantity, reading)
    if isinstance(factor, Reason):
        return None, factor
    return _plausible(analyte, _compared(quantity).times(factor, analyte.unit), quantity.value * factor)


def _plausible(analyte: Analyte, amount: Amount, number: float) -> Measure:
    """The amount, unless its `number` (in the analyte's unit) is one that nobody can have."""
    if number < 0:
        return None, Reason("negative")
    if number <= analyte.most:
        return amount, None
    most = Amount.exactly(analyte.most, analyte.unit)
    return None, reason("beyond-possible", analyte=analyte.id, most=most)


def _results(one: Observed, part: Valued, analytes: Iterable[Analyte], reading: Reading) -> Iterator[Result]:
    observation = one.observation
    at = moment(observation.effective_date_time or observation.effective_instant)
    dated = one.day.until(reading.on) if one.day else None
    notes = status_notes(observation.status)
    for analyte in analytes:
        amount, why = _amount(analyte, part, reading)
        low, high = _reference(analyte, part.reference_range or (), part.value_quantity, reading)
        yield Result(analyte.id, one.source, amount, dated, at, low, high, why, notes)


def _analytes(codes: Codes, reading: Reading) -> list[Analyte]:
    found = (name for system, code in codes for name in reading.knowledge.analyte_codes.find(system, code))
    return [reading.knowledge.analytes[name] for name in dict.fromkeys(found)]


def _amount(analyte: Analyte, part: Valued, reading: Reading) -> Measure:
    if part.value_quantity is not None:
        return answer_amount(analyte, part.value_quantity, reading)
    if part.value_range is not None:
        return _range(analyte, part.value_range, reading)
    if part.value_integer is not None and analyte.kind == "score":
        number = float(part.value_integer)
        return _plausible(analyte, Amount.exactly(number, analyte.unit), number)
    if part.data_absent_reason is not None:
        return None, Reason("no-value-recorded")
    return None, Reason("not-a-quantity" if part.has_value else "result-without-value")


def _range(analyte: Analyte, given: Range, reading: Reading) -> Measure:
    low, why_low = answer_amount(analyte, given.low, reading) if given.low else (None, None)
    high, why_high = answer_amount(analyte, given.high, reading) if given.high else (None, None)
    if why_low or why_high or (low is None and high is None):
        return None, why_low or why_high or Reason("empty-range")
    return Amount(low.low if low else -inf, high.high if high else inf, analyte.unit), None


def _factor(analyte: Analyte, quantity: Quantity, reading: Reading) -> float | Reason:
    """What converts the quantity into the analyte's unit, or why nothing does."""
    unit = quantity.code if quantity.code and quantity.system in UCUM else quantity.unit
    if unit is None:
        return 1.0 if analyte.kind == "score" else Reason("no-unit")
    factor = analyte.units.get(reading.knowledge.units.get(unit, unit))
    if factor is None:
        return reason("unit-not-converted", unit=analyte.unit, analyte=analyte.id)
    return factor


def _compared(quantity: Quantity) -> Amount:
    value = quantity.value or 0.0
    match quantity.comparator:
        case "<" | "<=":
            return Amount(-inf, value, "", below=quantity.comparator == "<")
        case ">" | ">=":
            return Amount(value, inf, "", above=quantity.comparator == ">")
        case _:
            return Amount.exactly(value, "")


def _reference(
    analyte: Analyte, ranges: Iterable[ReferenceRange], value: Quantity | None, reading: Reading
) -> tuple[float | None, float | None]:
    """The normal range given with the result, in the analyte's unit; its unit may be left to the value."""
    for given in ranges:
        codes = {c.code for c in given.type.coding or ()} if given.type else {NORMAL_RANGE}
        if NORMAL_RANGE in codes and (given.low or given.high):
            return _bound(analyte, given.low, value, reading), _bound(analyte, given.high, value, reading)
    return None, None


def _bound(
    analyte: Analyte, bound: Quantity | None, value: Quantity | None, reading: Reading
) -> float | None:
    if bound is None or bound.value is None:
        return None
    unit = bound if bound.unit or bound.code else value
    factor = _factor(analyte, unit, reading) if unit else Reason("no-unit")
    return None if isinstance(factor, Reason) else round(bound.value * factor, 9)


def _adjusted(total: Result, albumins: list[Result], reading: Reading) -> Result:
    threshold = reading.knowledge.thresholds
    notes = noted(*total.notes, NO_ALBUMIN)
    stand_in = replace(total, analyte=ADJUSTED, notes=notes, measured=total.analyte)
    near = [a for a in albumins if _days_apart(total, a) <= threshold.albumin_apart]
    if total.amount is None or not near:
        return stand_in
    albumin = min(near, key=lambda a: _days_apart(total, a)).amount
    assert albumin is not None  # noqa: S101 - albumins without an amount were left out
    low = total.amount.low + threshold.calcium_per_albumin * (threshold.albumin_normal - albumin.high)
    high = total.amount.high + threshold.calcium_per_albumin * (threshold.albumin_normal - albumin.low)
    amount = Amount(round(low, 9), round(high, 9), total.amount.unit, total.amount.above, total.amount.below)
    return replace(total, analyte=ADJUSTED, amount=amount, low=None, high=None)


def _days_apart(one: Result, other: Result) -> float:
    if one.when is None or other.when is None or not (one.when.exact and other.when.exact):
        return inf
    return abs((one.when.first - other.when.first).days)
