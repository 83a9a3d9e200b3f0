"""What a code means here, system by system, and which rules look at it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from service.knowledge import Knowledge
from service.knowledge.codes import PREFIX_SYSTEMS, Meaning
from service.knowledge.words import place_words
from service.rules.book import rule_book

# An ICD or ATC code. Anything else would find chapters by its first letter.
CHAPTERED = re.compile(r"[A-Za-z]\d[\w.]*", re.ASCII)
# The system by its short name, what the code means, and the rules that look at it.
Found = tuple[str, str, str]


def meanings_of(code: str, known: Knowledge, systems: Iterable[str] | None = None) -> Iterator[Found]:
    """Each thing that the code stands for in the systems (all of them without any); none if it is unknown."""
    for system in known.uris if systems is None else systems:
        yield from _in_system(system, code, known)


def _in_system(system: str, code: str, known: Knowledge) -> Iterator[Found]:
    """Each thing that the code stands for in one system; what is found by its beginning says so."""
    if system in PREFIX_SYSTEMS and not CHAPTERED.fullmatch(code):
        return
    for meaning in known.meanings.find(system, code):
        yield system, _words(meaning, known), _readers(meaning.concept, known)
    for place in known.places.find(system, code):
        region = f" (region {place.region})" if place.region else " (no region)"
        yield system, f"body site: {place_words(place, known)}{region}", "–"
    for name in known.analyte_codes.find(system, code):
        yield system, f"analyte {name}: {known.words(name)}", _readers(name, known)
    for name in known.panel_codes.find(system, code):
        yield system, f"panel that measures {known.words(name)}", _readers(name, known)
    for name in known.medicine_codes.find(system, code):
        yield system, f"medicine of class {name}: {known.words(name)}", _readers(name, known)
    for name in known.test_codes.find(system, code):
        yield system, f"test {name}: {known.tests[name].words}", "–"
    yield from _plain(system, code, known)


def _plain(system: str, code: str, known: Knowledge) -> Iterator[Found]:
    """What is no index: answers, sides, specialties and our own codes."""
    truth = known.coded_answers.get((system, code))
    if truth is not None:
        yield system, f"as an answer: {truth.name}", "–"
    if system == "snomed" and (side := known.sides.get(code)):
        yield system, f"as a qualifier of a body site: {side}", "–"
    if (system, code) in known.neurology:
        yield system, "specialty: neurology", "–"
    if (system, code) in known.generic_referrals:
        yield system, "a referral; to neurology only together with that specialty", "–"
    if system == "own" and (own := known.own.get(code)):
        yield system, f"our own code: {own['display']}. {own['definition']}", _readers(code, known)


def _words(meaning: Meaning, known: Knowledge) -> str:
    """The concept, the aspect where it is narrower, and what is special about it."""
    aspect = f", aspect {meaning.aspect}" if meaning.aspect and not meaning.unspecific else ""
    at = f", at {place_words(meaning.place, known)}" if meaning.place else ""
    wide = "; too wide to say it, so it stays unknown" if meaning.unspecific else ""
    display = known.concepts[meaning.concept].displays.get(meaning.code) if meaning.code else None
    words = f'"{display}": ' if display else ""
    return f"{words}concept {meaning.concept} ({known.words(meaning.concept)}){aspect}{at}{wide}"


def _readers(fact: str, known: Knowledge) -> str:
    """The red flags that look at the fact, and the contributor that it is."""
    rules = [page.id for page in rule_book(known) if fact in page.looks_at]
    contributor = [f"contributor {fact}"] if known.rules.get(fact) and fact not in rules else []
    return ", ".join(rules + contributor) or "–"
