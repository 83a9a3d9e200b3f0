"""The waist that every entrance uses: a record and a day in, an assessment out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.assessment import Assessment
from service.fhir.read import read_facts
from service.fhir.read.record import Record
from service.knowledge import Knowledge
from service.rules import evaluate


def assess(record: Record, on: date, *, knowledge: Knowledge, pathway: str) -> Assessment:
    """What the record means for its patient on the day `on`, by the named pathway.

    Raises:
        Nothing. What is unreadable is unknown, with a reason.
    """
    read = read_facts(record, on, knowledge)
    return replace(
        evaluate(read.facts, knowledge, pathway),
        other_subjects=record.other_subjects,
        unreadable=read.unreadable,
        unread_medicines=read.facts.unread_medicines,
        incomplete=record.incomplete,
        facts=read.facts,
    )
