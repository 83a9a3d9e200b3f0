"""QuestionnaireResponse -> the same statements and results that Observations give.

A link id is one of our own codes; in our own Questionnaire it may also be a concept
("muscle-weakness"), or ask since when and where it twitches, or of the family. Who says where
states the twitch with it; since when dates it, and states nothing. A missing answer is unknown, and
says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.facts import Relative
from service.facts.amounts import Span
from service.facts.answers import Basis, Denial, Kind
from service.facts.onsets import TWITCH, WEAKNESS, Began
from service.facts.places import Place
from service.facts.reasons import reason
from service.facts.results import Result
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.facts.twitch import ROOT
from service.fhir.read.dates import span
from service.fhir.read.measurements import answer_amount
from service.fhir.read.reading import Observed, Reading
from service.fhir.read.record import Record
from service.fhir.read.symptoms import PRELIMINARY, Testimony, grades, stated, status_notes
from service.fhir.read.views import (
    CodeableConcept,
    QuestionnaireResponse,
    ResponseAnswer,
    ResponseItem,
    Valued,
)
from service.fhir.references import OWN_CANONICAL
from service.knowledge.codes import Meaning, on_side

READ = ("completed", "amended", "in-progress")
# Where it twitches, by the side that the question asks about.
SITES = {"twitch-site": None, "twitch-site-left": "left", "twitch-site-right": "right"}
ONSETS = (TWITCH, WEAKNESS)
FAMILY, MND = "family-history-of-mnd", "motor-neuron-disease"
SPECIAL = (*ONSETS, *SITES, FAMILY)
Told = Statement | Result | Relative | Began


def answers(record: Record, reading: Reading) -> Iterator[Told]:
    """What the questionnaires of the record say, on or before the day."""

    def answered(source: str, response: QuestionnaireResponse) -> Iterator[Told]:
        day = span(response.authored)
        if response.status not in READ or (day and day.first > reading.on):
            return
        said = Testimony(
            source,
            Form.ANSWER,
            stated=day.until(reading.on) if day else None,
            notes=(PRELIMINARY,) if response.status == "in-progress" else (),
        )
        ours = (response.questionnaire or "").startswith(OWN_CANONICAL)
        for item in _items(response.item or ()):
            for answer in item.answer or ():
                yield from _answer(item.link_id, answer, said, reading, ours=ours)

    return reading.each(record.of("QuestionnaireResponse"), QuestionnaireResponse, answered)


def _items(items: tuple[ResponseItem, ...]) -> Iterator[ResponseItem]:
    for item in items:
        yield item
        yield from _items(item.item or ())
        for answer in item.answer or ():
            yield from _items(answer.item or ())


def _answer(
    link_id: str, answer: ResponseAnswer, said: Testimony, reading: Reading, *, ours: bool
) -> Iterator[Told]:
    knows = reading.knowledge
    if ours and link_id in SPECIAL:
        yield from _special(link_id, answer, said, reading)
        return
    if link_id in knows.analytes and answer.value_quantity is not None:
        analyte = knows.analytes[link_id]
        amount, why = answer_amount(analyte, answer.value_quantity, reading)
        yield Result(analyte.id, said.source, amount, said.stated, why=why, notes=said.notes)
        return
    yield from grades(said, [("own", link_id)], _number(answer), (), reading)
    for meaning in knows.meanings.find("own", link_id) or (_of_concept(link_id, reading) if ours else ()):
        truth, value = _said(meaning, answer, reading)
        if truth is not None:
            counts = _counts(meaning, reading)
            yield from stated(replace(said, truth=truth, value=value, counts_days=counts), meaning, ())


def asked(seen: Iterable[Observed], reading: Reading) -> Iterator[Told]:
    """The same questions as Observations: since when, where, and what runs in the family."""
    for one in seen:
        for part in one.parts:
            for system, code in part.codes:
                if system == "own" and code in SPECIAL and part.valued.has_value:
                    day = one.day.until(reading.on) if one.day else None
                    notes = status_notes(one.observation.status)
                    said = Testimony(one.source, Form.OBSERVATION, stated=day, notes=notes)
                    yield from _special(code, _as_answer(part.valued), said, reading)


def _as_answer(given: Valued) -> ResponseAnswer:
    value = given.value_codeable_concept
    return ResponseAnswer(
        value_boolean=given.value_boolean,
        value_coding=value.coding[0] if value and value.coding else None,
        value_date_time=given.value_date_time,
    )


def _special(link_id: str, answer: ResponseAnswer, said: Testimony, reading: Reading) -> Iterator[Told]:
    """Since when, where it twitches (which states the twitch), or whether it runs in the family."""
    if link_id == FAMILY:
        yield from _family(answer, said, reading)
    elif link_id in ONSETS:
        if (onset := _onset(link_id, answer, said, reading)) is not None:
            yield Began(link_id, onset, said.source, said.stated)
    elif places := _places(answer, SITES[link_id], reading):
        meaning = _of_concept(ROOT, reading)[0]
        yield from stated(replace(said, counts_days=_counts(meaning, reading)), meaning, places)


def _family(answer: ResponseAnswer, said: Testimony, reading: Reading) -> Iterator[Relative]:
    """The question names the relatives of the first degree, so a yes or no is one about them."""
    truth, _ = _said(Meaning(FAMILY, "", "symptom", None, examined=False), answer, reading)
    if truth in (Truth.YES, Truth.NO):
        written = said.stated.text if said.stated else None
        denial = Denial.DENIED if truth is Truth.NO else None
        yield Relative(
            MND,
            truth,
            Basis(FAMILY, said.source, written, said.notes, said.stated, kind=Kind.RELATIVE, denial=denial),
        )


def _onset(question: str, answer: ResponseAnswer, said: Testimony, reading: Reading) -> Span | None:
    """The day it began; one that lies after the answer says nothing, and is told."""
    onset = span(answer.value_date or answer.value_date_time)
    if onset is None:
        return None
    last = min(said.stated.last, reading.on) if said.stated else reading.on
    if onset.first > last:
        reading.set_aside(said.source, reason("onset-after-answer", question=question))
        return None
    return onset.until(last)


def _places(answer: ResponseAnswer, side: str | None, reading: Reading) -> tuple[Place, ...]:
    if answer.value_coding is None:
        return ()
    found = reading.places(CodeableConcept(coding=(answer.value_coding,)))
    return tuple(on_side(place, side) if side and not place.side else place for place in found)


def _counts(meaning: Meaning, reading: Reading) -> float:
    concept = reading.knowledge.concepts[meaning.concept]
    return concept.counts_days or reading.knowledge.thresholds.symptoms_count


def _said(meaning: Meaning, answer: ResponseAnswer, reading: Reading) -> tuple[Truth | None, str | None]:
    """A boolean, yes or no by code, or one of the question's own answers; anything else says nothing."""
    if answer.value_boolean is not None:
        return (Truth.YES if answer.value_boolean else Truth.NO), None
    coding = answer.value_coding
    system = reading.knowledge.systems.get(coding.system or "") if coding else None
    if coding is None or system is None or coding.code is None:
        return None, None
    choices = reading.knowledge.own.get(meaning.aspect or meaning.concept, {}).get("answers", {})
    if system == "own" and coding.code in choices:
        return Truth.YES, coding.code
    return reading.knowledge.coded_answers.get((system, coding.code)), None


def _of_concept(link_id: str, reading: Reading) -> tuple[Meaning, ...]:
    concept = reading.knowledge.concepts.get(link_id)
    if concept is None or concept.kind == "diagnosis":
        return ()
    return (Meaning(concept.id, "", concept.kind, None, examined=False),)


def _number(answer: ResponseAnswer) -> float | None:
    return float(answer.value_integer) if answer.value_integer is not None else answer.value_decimal
