"""The elements of FHIR R4 resources that we read, as strict types.

A resource is converted into its view before anything is read from it: a wrong type,
a missing required element or an impossible date sets the resource aside with the
path at fault. The views hold what the rules ask for and nothing else, which makes
them some thirty times faster than validating whole resources; tests hold them
against the R4B models of `fhir.resources`. Messages name paths, never values.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from service.facts.reasons import Reason, reason

_YEAR, _MONTH, _DAY = r"[1-9]\d{3}", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_TIME = r"T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"

Date = Annotated[str, Meta(pattern=f"^{_YEAR}(-{_MONTH}(-{_DAY})?)?$")]
DateTime = Annotated[str, Meta(pattern=f"^{_YEAR}(-{_MONTH}(-{_DAY}({_TIME})?)?)?$")]
Instant = Annotated[str, Meta(pattern=f"^{_YEAR}-{_MONTH}-{_DAY}{_TIME}$")]
Text = Annotated[str, Meta(min_length=1)]
# What a view that checks itself raises.
SEVERAL_VALUES = "more than one value[x]"


class View(Struct, rename="camel"):
    """Elements are optional unless R4 requires them; names are R4's, in snake case."""


class Coding(View):
    system: Text | None = None
    code: Text | None = None
    display: Text | None = None


class CodeableConcept(View):
    coding: tuple[Coding, ...] | None = None
    text: Text | None = None


class Reference(View):
    reference: Text | None = None
    display: Text | None = None


class Quantity(View):
    value: float | None = None
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: Text | None = None
    system: Text | None = None
    code: Text | None = None


class Range(View):
    low: Quantity | None = None
    high: Quantity | None = None


class Period(View):
    start: DateTime | None = None
    end: DateTime | None = None


class ReferenceRange(View):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Valued(View):
    """What an Observation and its components share: a code, a value, or why there is none."""

    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: Text | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: dict[str, Any] | None = None
    value_sampled_data: dict[str, Any] | None = None
    value_time: Text | None = None
    value_date_time: DateTime | None = None
    value_period: Period | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] | None = None
    reference_range: tuple[ReferenceRange, ...] | None = None

    def __post_init__(self) -> None:
        """R4 allows one value."""
        if self._values() > 1:
            raise ValueError(SEVERAL_VALUES)

    @property
    def has_value(self) -> bool:
        """Whether there is a value, of whatever type."""
        return self._values() > 0

    def _values(self) -> int:
        return (
            (self.value_quantity is not None)
            + (self.value_codeable_concept is not None)
            + (self.value_string is not None)
            + (self.value_boolean is not None)
            + (self.value_integer is not None)
            + (self.value_range is not None)
            + (self.value_ratio is not None)
            + (self.value_sampled_data is not None)
            + (self.value_time is not None)
            + (self.value_date_time is not None)
            + (self.value_period is not None)
        )


class Observation(Valued, kw_only=True):
    status: Literal[
        "registered",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "cancelled",
        "entered-in-error",
        "unknown",
    ]
    category: tuple[CodeableConcept, ...] | None = None
    subject: Reference | None = None
    effective_date_time: DateTime | None = None
    effective_period: Period | None = None
    effective_instant: Instant | None = None
    effective_timing: dict[str, Any] | None = None
    issued: Instant | None = None
    performer: tuple[Reference, ...] | None = None
    body_site: CodeableConcept | None = None
    component: tuple[Valued, ...] | None = None


class Condition(View):
    """`subject` is required by R4; a record that names nobody is read all the same."""

    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] | None = None
    subject: Reference | None = None
    onset_date_time: DateTime | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: Text | None = None
    abatement_date_time: DateTime | None = None
    abatement_age: Quantity | None = None
    abatement_period: Period | None = None
    abatement_range: Range | None = None
    abatement_string: Text | None = None
    recorded_date: DateTime | None = None


class Patient(View):
    gender: Literal["male", "female", "other", "unknown"] | None = None
    birth_date: Date | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: DateTime | None = None


class Repeat(View):
    bounds_period: Period | None = None


class Timing(View):
    repeat: Repeat | None = None


class Dosage(View):
    timing: Timing | None = None
    route: CodeableConcept | None = None


class DispenseRequest(View):
    validity_period: Period | None = None


class MedicationRequest(View):
    status: Literal[
        "active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"
    ]
    intent: Literal[
        "proposal",
        "plan",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    ]
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    contained: tuple[dict[str, Any], ...] | None = None
    authored_on: DateTime | None = None
    dosage_instruction: tuple[Dosage, ...] | None = None
    dispense_request: DispenseRequest | None = None


class MedicationStatement(View):
    status: Literal[
        "active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"
    ]
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    contained: tuple[dict[str, Any], ...] | None = None
    effective_date_time: DateTime | None = None
    effective_period: Period | None = None
    date_asserted: DateTime | None = None
    dosage: tuple[Dosage, ...] | None = None


class Ingredient(View):
    item_codeable_concept: CodeableConcept | None = None


class Medication(View):
    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    ingredient: tuple[Ingredient, ...] | None = None


class Procedure(View):
    status: Literal[
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    ]
    code: CodeableConcept | None = None
    performed_date_time: DateTime | None = None
    performed_period: Period | None = None


class DiagnosticReport(View):
    status: Literal[
        "registered",
        "partial",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "appended",
        "cancelled",
        "entered-in-error",
        "unknown",
    ]
    code: CodeableConcept
    effective_date_time: DateTime | None = None
    effective_period: Period | None = None
    issued: Instant | None = None
    conclusion_code: tuple[CodeableConcept, ...] | None = None


class ServiceRequest(View):
    status: Literal["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"]
    intent: Literal[
        "proposal",
        "plan",
        "directive",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    ]
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    performer_type: CodeableConcept | None = None
    authored_on: DateTime | None = None
    occurrence_date_time: DateTime | None = None
    occurrence_period: Period | None = None


class RelativeCondition(View):
    code: CodeableConcept


class FamilyMemberHistory(View):
    status: Literal["partial", "completed", "entered-in-error", "health-unknown"]
    relationship: CodeableConcept
    condition: tuple[RelativeCondition, ...] | None = None
    date: DateTime | None = None


class ResponseAnswer(View):
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_decimal: float | None = None
    value_coding: Coding | None = None
    value_quantity: Quantity | None = None
    value_date: Date | None = None
    value_date_time: DateTime | None = None
    value_string: Text | None = None
    item: tuple[ResponseItem, ...] | None = None


class ResponseItem(View):
    link_id: Text
    answer: tuple[ResponseAnswer, ...] | None = None
    item: tuple[ResponseItem, ...] | None = None


class QuestionnaireResponse(View):
    status: Literal["in-progress", "completed", "amended", "entered-in-error", "stopped"]
    questionnaire: Text | None = None
    authored: DateTime | None = None
    item: tuple[ResponseItem, ...] | None = None


# msgspec works out a type when it is first asked to convert to it, and threads that ask at the same time
# crash the process. So each type is worked out here, before there are threads.
_WORKED_OUT = tuple(msgspec.json.Decoder(kind) for kind in (*View.__subclasses__(), *Valued.__subclasses__()))

V = TypeVar("V", bound=View)


class NotReadable(ValueError):
    """A resource is not valid FHIR in an element that we read; `why` names the path, not the value."""

    def __init__(self, why: Reason) -> None:
        super().__init__(" ".join([why.id, *(str(value) for _, value in why.values)]))
        self.why = why


def view(kind: type[V], resource: Any) -> V:
    """The resource as `kind`, or NotReadable with the path at fault."""
    try:
        return msgspec.convert(resource, kind)
    except msgspec.ValidationError as cause:
        raise NotReadable(_reason(str(cause))) from None
    except RecursionError:
        raise NotReadable(Reason("nested-too-deeply")) from None


# What the message of msgspec holds -> the reason. The first that it holds is taken.
_WHY_REFUSED = {
    "matching regex": "not-a-date",
    "Invalid enum value": "not-a-code",
    "length >= 1": "empty",
    "Expected `float": "not-a-number",
    "Expected `int": "not-an-integer",
    "Expected `bool": "not-a-boolean",
    "Expected `str": "not-a-text",
    "Expected `array": "not-a-list",
    "Expected `object": "not-an-element",
    SEVERAL_VALUES: "several-values",
}


def _reason(message: str) -> Reason:
    """The message of msgspec as a reason: the element as FHIR writes it ("" for the whole), never a value."""
    what, _, where = message.partition(" - at ")
    path = where.strip("`").removeprefix("$").lstrip(".")
    if what.startswith("Object missing required field"):
        return reason("missing", path=f"{path}.{what.split('`')[1]}".lstrip("."))
    named = next((name for expected, name in _WHY_REFUSED.items() if expected in what), "not-valid")
    return reason(named, path=path)


def one_of(resource: View, *names: str) -> None:
    """NotReadable where more than one form of a choice element is there."""
    values = _values_of(names)(resource)
    if values.count(None) < len(values) - 1:
        written = {field.name: field.encode_name for field in msgspec.structs.fields(resource)}
        there = [written[name] for name, value in zip(names, values, strict=True) if value is not None]
        raise NotReadable(reason("several-forms", elements=", ".join(there)))


@lru_cache(maxsize=64)
def _values_of(names: tuple[str, ...]) -> attrgetter[tuple[Any, ...]]:
    return attrgetter(*names)
