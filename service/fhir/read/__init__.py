"""FHIR R4 in, facts out: nothing outside this package knows what a resource looks like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from service.assessment import Unreadable
from service.facts import Facts, MedicineUse, Relative, UnreadMedicine
from service.facts.onsets import Began, dated
from service.facts.results import Result
from service.facts.statements import Statement, gathered
from service.fhir.read.history import conclusions, past, relatives, treatments
from service.fhir.read.measurements import results, with_adjusted_calcium
from service.fhir.read.medicines import medicines
from service.fhir.read.people import person
from service.fhir.read.questionnaire import answers, asked
from service.fhir.read.reading import Reading
from service.fhir.read.record import Record
from service.fhir.read.symptoms import conditions, mentions, observations, observed
from service.knowledge import Knowledge


@dataclass(frozen=True)
class Read:
    """The facts of a record, and what could not be read."""

    facts: Facts
    unreadable: tuple[Unreadable, ...]


def read_facts(record: Record, on: date, knowledge: Knowledge) -> Read:
    """What the record says about its patient on the day `on`.

    Raises:
        Nothing. What cannot be read is listed as unreadable, with the path at fault.
    """
    reading = Reading(knowledge, on)
    patient = person(record, reading)
    said = list(answers(record, reading))
    statements = [*conditions(record, reading)]
    seen = list(observed(record, reading))
    statements += observations(seen, reading)
    statements += treatments(record, reading)
    said += asked(seen, reading)
    statements += [s for s in said if isinstance(s, Statement)]
    statements += conclusions(record, seen, reading)
    found = [*results(seen, reading), *(r for r in said if isinstance(r, Result))]
    measured: dict[str, list[Result]] = {}
    for result in with_adjusted_calcium(found, reading):
        measured.setdefault(result.analyte, []).append(result)
    taken = medicines(record, reading)
    facts = Facts(
        on=on,
        patient=patient,
        statements=gathered(dated(statements, [b for b in said if isinstance(b, Began)])),
        results={analyte: tuple(listed) for analyte, listed in measured.items()},
        medicines=tuple(m for m in taken if isinstance(m, MedicineUse)),
        relatives=(*relatives(record, reading), *(r for r in said if isinstance(r, Relative))),
        past=tuple(past(record, seen, reading)),
        mentioned=tuple(mentions(record, reading)),
        unread_medicines=tuple(m for m in taken if isinstance(m, UnreadMedicine)),
    )
    unreadable = {*record.unreadable, *reading.unreadable}
    return Read(facts, _ordered(unreadable))


def _ordered(unreadable: Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    return tuple(sorted(unreadable, key=lambda lost: (lost.resource, lost.reason.id, str(lost.reason))))
