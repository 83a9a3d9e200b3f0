"""GET /questionnaire: the structured history as a page to read aloud from, or to print.

It is what a card links to where something is not documented. Nothing is sent or kept here: the
answers belong into the record, as Observations or as the QuestionnaireResponse of the EHR's own
form, which it makes of `/fhir/Questionnaire/twitch-history`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response

from service.fhir.write.artefacts import Artefacts
from service.knowledge import Knowledge
from service.knowledge.words import place_words
from service.web.describe.described import described
from service.web.pages.page import A_PAGE, Page, page
from service.web.parts import Parts

UNITS = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"


def routes(parts: Parts) -> Blueprint:
    """GET /questionnaire. The page is made once, when somebody asks for it."""
    chapter = Blueprint("questionnaire", __name__)

    @cache
    def written() -> Page:
        form = Artefacts().read("Questionnaire", "twitch-history")
        return page(
            "questionnaire", form=form, questions=lambda group: list(_questions(group, parts.knowledge))
        )

    @chapter.get("/questionnaire")
    @described("Description", answer=A_PAGE)
    def read() -> Response:
        """The questions of the structured history, to ask and to print; what a card links to."""
        return written().answer()

    return chapter


def _questions(group: Mapping[str, Any], knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    """The questions of a group: their words, how they are answered, and whether they depend on another."""
    for item in group["item"]:
        yield {
            "text": item["text"],
            "answers": _answers(item, knowledge),
            "several": item.get("repeats", False),
            "written": not (item["type"] == "boolean" or item.get("answerOption")),
            "follows": bool(item.get("enableWhen")),
        }


def _answers(item: Mapping[str, Any], knowledge: Knowledge) -> list[str]:
    """What can be chosen; for a number or date a line to write it on, and its unit."""
    if item["type"] == "boolean":
        return ["yes", "no"]
    if options := item.get("answerOption"):
        return [_words(option["valueCoding"], knowledge) for option in options]
    units = [e["valueCoding"]["code"] for e in item.get("extension", ()) if e["url"] == UNITS]
    return [f"____ {' or '.join(units)}".rstrip()]


def _words(coding: Mapping[str, str], knowledge: Knowledge) -> str:
    """A site as people call it ("upper arm"); else what the form says, in small letters."""
    system = knowledge.systems[coding["system"]]
    places = knowledge.places.find(system, coding["code"])
    return place_words(places[0], knowledge) if places else coding["display"].lower()
