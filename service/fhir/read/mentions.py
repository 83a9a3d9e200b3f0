"""Conditions that name a twitch in words alone: they state nothing, and may be asked about."""

from __future__ import annotations

from collections.abc import Iterator

from service.facts.mentions import Mention
from service.fhir.read.dates import span
from service.fhir.read.reading import Reading
from service.fhir.read.record import Record
from service.fhir.read.symptoms import known_to_be_over, onset_of, verification
from service.fhir.read.views import CodeableConcept, Condition

NOT_MEANT = {"refuted", "entered-in-error"}


def mentions(record: Record, reading: Reading) -> Iterator[Mention]:
    """The active Conditions whose words name a twitch, without a code that we know."""

    def mentioned(source: str, condition: Condition) -> Iterator[Mention]:
        day = span(condition.recorded_date) or onset_of(condition, reading)
        if verification(condition) & NOT_MEANT or (day and day.first > reading.on):
            return
        if names_a_twitch(condition.code, reading) and not known_to_be_over(condition, reading):
            yield Mention(source, day.until(reading.on) if day else None)

    return reading.each(record.of("Condition"), Condition, mentioned)


def names_a_twitch(concept: CodeableConcept | None, reading: Reading) -> bool:
    """By its text, or the display of a code in a system that is not read; a code that is read decides."""
    if concept is None or any(reading.knowledge.meanings.find(*code) for code in reading.known(concept)):
        return False
    systems = reading.knowledge.systems
    displays = (c.display for c in concept.coding or () if c.display and (c.system or "") not in systems)
    return any(reading.knowledge.twitch_words.name_one(text) for text in (concept.text, *displays) if text)
