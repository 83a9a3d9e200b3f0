"""MedicationRequest and MedicationStatement -> medicines in use.

A product is its ingredients. Where no code is known the name decides: it is a name and no narrative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from service.facts import MedicineUse, UnreadMedicine
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
from service.knowledge.names import Named
from service.knowledge.products import RXNORM

ENDED = ("completed", "stopped")
NOT_MEANT = ("proposal", "plan", "option")
BY_NAME = Reason("by-its-name")
DISPLAY = 60


def medicines(record: Record, reading: Reading) -> list[MedicineUse | UnreadMedicine]:
    """The medicines of known classes in use on the day, or until a few weeks before, and what nothing tells.

    By source, so that the order of a record is no matter.
    """

    def requested(source: str, request: MedicationRequest) -> Iterator[MedicineUse | UnreadMedicine]:
        asked, ended = span(request.authored_on), _request_end(request)
        meant = not request.do_not_perform and request.intent not in NOT_MEANT
        if meant and _counts(request.status, asked, ended, reading):
            yield from _uses(source, request, Truth.YES, asked or ended, record, reading)

    def stated(source: str, said: MedicationStatement) -> Iterator[MedicineUse | UnreadMedicine]:
        began = span(said.effective_date_time) or start(said.effective_period) or span(said.date_asserted)
        ended = end(said.effective_period)
        if said.status == "not-taken" and not _future(began, reading):
            yield from _uses(source, said, Truth.NO, began, record, reading)
        elif _counts(said.status, began, ended, reading):
            yield from _uses(source, said, Truth.YES, began or ended, record, reading)

    found = [
        *reading.each(record.of("MedicationRequest"), MedicationRequest, requested),
        *reading.each(record.of("MedicationStatement"), MedicationStatement, stated),
    ]
    return sorted(found, key=_source)


def _source(found: MedicineUse | UnreadMedicine) -> str:
    named = found.source if isinstance(found, UnreadMedicine) else found.basis.source
    return named or ""


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
) -> Iterator[MedicineUse | UnreadMedicine]:
    """Of each class of ours in the medicine one use: by its codes, or where none is known by its names."""
    one_of(taken, "medication_codeable_concept", "medication_reference")
    told = _told(taken, record)
    date = day.text if day else None
    said = [reading.knowledge.medicine_names.read(text) for text in told.texts]
    coded = _by_code(told, reading)
    if not coded and (all(s.blank for s in said) or any(s.no_name for s in said)):
        if truth is Truth.YES:
            yield UnreadMedicine(source, date)
        return
    form = _Form.of(said, told, reading)
    if form.local or form.homeopathic:
        return
    for medicine, words in (coded or _by_name(said, systemic=form.systemic)).items():
        if form.inhaled and not reading.knowledge.medicines[medicine].inhaled:
            continue
        basis = Basis(
            medicine,
            source,
            date,
            () if coded else (BY_NAME,),
            stated=day,
            kind=Kind.MEDICINE,
            value=words[:DISPLAY] or None,
            denial=Denial.DENIED if truth is Truth.NO else None,
        )
        yield MedicineUse(medicine, truth, basis)


def _by_code(told: _Told, reading: Reading) -> dict[str, str]:
    """The classes of the known codes, each with its name ("" without one), whatever the order of codings."""
    knows = reading.knowledge
    displays: dict[tuple[str, str], list[str]] = {}
    for coding in (coding for concept in told.concepts for coding in concept.coding or ()):
        system = knows.systems.get(coding.system or "")
        if system and coding.code:
            displays.setdefault((system, coding.code), []).extend(filter(None, (coding.display,)))
    found: dict[str, str] = {}
    for (system, code), shown in sorted(displays.items()):
        product = knows.products.get(code) if system == RXNORM else None
        for medicine in knows.medicine_codes.find(system, code):
            words = min(shown, default=_short(product.name) if product else "")
            found.setdefault(medicine, words)
    return found


def _by_name(said: Iterable[Named], *, systemic: bool) -> dict[str, str]:
    """The classes that the texts name, each with its name; of several names the first in the alphabet."""
    names = [named for s in said for named in (s.medicines, s.by_form if systemic else {})]
    found: dict[str, str] = {}
    for medicine, name in sorted(item for named in names for item in named.items()):
        found.setdefault(medicine, name)
    return found


def _short(product: str) -> str:
    """RxNorm's name of a product without its brand, and without half a word."""
    name = product.partition(" [")[0]
    return name if len(name) <= DISPLAY else f"{name[: DISPLAY - 2].rpartition(' ')[0]} …"


class _Told(NamedTuple):
    """What a resource says of its medicine: codes and texts that name it, and texts on form and route."""

    concepts: Sequence[CodeableConcept]
    texts: Sequence[str]
    forms: Sequence[str]
    routes: Sequence[Sequence[str]]


class _Form(NamedTuple):
    """What is known of the form; a route counts where every dose has such a one."""

    local: bool
    inhaled: bool
    systemic: bool
    homeopathic: bool

    @classmethod
    def of(cls, said: Sequence[Named], told: _Told, reading: Reading) -> _Form:
        """By the texts that name the medicine, by its form, and by the routes of its doses."""
        read = reading.knowledge.medicine_names.read
        stated = [*said, *map(read, told.forms)]
        routes = [[read(text) for text in route] for route in told.routes]

        def so(claim: Callable[[Named], bool]) -> bool:
            by_route = bool(routes) and all(any(map(claim, route)) for route in routes)
            return by_route or any(map(claim, stated))

        return cls(
            so(lambda s: s.local),
            so(lambda s: s.inhaled),
            so(lambda s: s.systemic),
            so(lambda s: s.homeopathic),
        )


def _told(taken: MedicationRequest | MedicationStatement, record: Record) -> _Told:
    """The medicine as the resource names it, or the contained or bundled Medication that it refers to."""
    concepts: list[CodeableConcept] = []
    forms: Sequence[str] = ()
    if taken.medication_codeable_concept:
        concepts.append(taken.medication_codeable_concept)
    reference = taken.medication_reference
    named = [reference.display] if reference and reference.display else []
    raw = (
        _medication(reference.reference, taken.contained or (), record)
        if reference and reference.reference
        else None
    )
    if raw is not None:
        medication = view(Medication, raw)
        items = (i.item_codeable_concept for i in medication.ingredient or ())
        concepts += filter(None, (medication.code, *items))
        forms = _texts(medication.form)
    doses = taken.dosage_instruction if isinstance(taken, MedicationRequest) else taken.dosage
    routes = [_texts(dose.route) for dose in doses or () if dose.route]
    return _Told(concepts, [*named, *(text for c in concepts for text in _texts(c))], forms, routes)


def _texts(concept: CodeableConcept | None) -> list[str]:
    if concept is None:
        return []
    displays = (coding.display for coding in concept.coding or ())
    return list(dict.fromkeys(filter(None, (*displays, concept.text))))


def _medication(
    reference: str, contained: tuple[Mapping[str, Any], ...], record: Record
) -> Mapping[str, Any] | None:
    if reference.startswith("#"):
        return next((c for c in contained if c.get("id") == reference[1:]), None)
    return record.medications.get(reference) or record.medications.get(normal(reference))
