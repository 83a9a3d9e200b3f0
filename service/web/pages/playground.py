"""/try: choose a golden patient or paste a record, and see the card, and why.

The record goes through the same waist as every card. Nothing that is pasted is stored or logged: it comes
with the request, is answered, and is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, request
from markdown_it import MarkdownIt
from markupsafe import Markup

from service.assess import assess
from service.assessment import Assessment
from service.assessment_json import assessment_json
from service.cards import build
from service.errors import NotJson, RequestNotUnderstood, ServiceError
from service.facts.truth import Truth
from service.fhir.read.record import Record, record_in
from service.hooks.dialects import DIALECTS
from service.web.describe.described import Content, Parameter, described
from service.web.pages.body_map import dots
from service.web.pages.page import A_PAGE
from service.web.pages.patients import GoldenPatient, golden_patients
from service.web.pages.site import show
from service.web.parts import Parts
from service.web.query import A_DAY, day
from service.web.schemas import cards_json
from service.web.schemas.sentences import words_of

UNPROCESSABLE = 422
FIRST = "teacher-3-slurring"
STEPS = ("teacher-1-first-day", "teacher-2-three-months", "teacher-3-slurring")
# Card details are Markdown of ours; what a record says stands in it escaped, and raw HTML is not rendered.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be shown: whose record, on which day, by which pathway, in which dialect."""

    patient: GoldenPatient | None
    text: str
    on: date
    pathway: str
    dialect: str
    supposing: Mapping[str, Truth]

    @property
    def record(self) -> bytes:
        """The record as JSON: the golden patient's, or what was pasted."""
        return self.patient.record if self.patient else self.text.encode()


def routes(parts: Parts) -> Blueprint:
    """GET and POST /try."""
    chapter = Blueprint("playground", __name__)
    parameters = {
        "patient": Parameter("A golden patient.", {"enum": list(golden_patients())}, FIRST),
        "on": Parameter("The day of the assessment; the patient's own without it.", A_DAY, "2026-12-14"),
        "pathway": Parameter(
            "Which disposition each rule asks for.", {"enum": list(parts.knowledge.pathways)}
        ),
        "dialect": Parameter("Whose CDS Hooks the cards are written in.", {"enum": list(DIALECTS)}),
    }

    @chapter.get("/try")
    @described("Description", answer=A_PAGE, parameters=parameters, errors=(RequestNotUnderstood,))
    def choose() -> Response:
        """A golden patient's cards, and why, to try the day and the pathway on."""
        name = request.args.get("patient", FIRST)
        patient = golden_patients().get(name)
        if patient is None:
            raise RequestNotUnderstood("There is no golden patient of that name.", where="patient")
        return _page(_choice(parts, request.args, patient, ""), parts)

    @chapter.post("/try")
    @described(
        "Description",
        body=Content({"type": "object"}, "The form.", types=("multipart/form-data",)),
        answer=A_PAGE,
        also={422: "The record cannot be read; the page says why, and still holds the text."},
    )
    def paste() -> Response:
        """The cards of a record that is pasted or uploaded. It is not kept."""
        request.max_content_length = request.max_form_memory_size = parts.settings.max_body_bytes
        upload = request.files.get("file")
        text = upload.read().decode("utf-8", "replace") if upload and upload.filename else ""
        choice = _choice(parts, request.form, None, text or request.form.get("record", ""))
        return _page(choice, parts)

    return chapter


def _choice(parts: Parts, said: Mapping[str, str], patient: GoldenPatient | None, text: str) -> Choice:
    """What is asked for; without a day the patient's own, without a pathway this installation's."""
    standard = patient.on if patient else parts.today()
    pathway, dialect = said.get("pathway", parts.settings.pathway), said.get("dialect", "2.0")
    if pathway not in parts.knowledge.pathways:
        raise RequestNotUnderstood("There is no such pathway.", where="pathway")
    if dialect not in DIALECTS:
        raise RequestNotUnderstood("There is no such dialect.", where="dialect")
    on = day(said["on"], "on") if "on" in said else standard
    return Choice(patient, text, on, pathway, dialect, _supposing(said, parts))


def _supposing(said: Mapping[str, str], parts: Parts) -> dict[str, Truth]:
    """What is supposed of the record: `if-muscle-weakness=yes`; anything else is as recorded."""
    answers = {"yes": Truth.YES, "no": Truth.NO}
    return {
        fact: answers[answer]
        for fact in _may_be_supposed(parts)
        if (answer := said.get(f"if-{fact}", "")) in answers
    }


def _may_be_supposed(parts: Parts) -> list[str]:
    """The findings that can be asked about and that yes or no answers, in the order of the questions."""
    known = parts.knowledge
    asked = (fact for fact in known.questions if fact in known.concepts)
    return [fact for fact in asked if "answers" not in known.own.get(fact, {})]


def _page(choice: Choice, parts: Parts) -> Response:
    """The page; a record that cannot be read is said beside the text, which is still there to be mended."""
    try:
        shown, problem, status = _shown(choice, parts), "", 200
    except ServiceError as error:
        shown, problem, status = {}, words_of(error), UNPROCESSABLE
    everybody = golden_patients()
    return show(
        "try",
        parts,
        status=status,
        here="try",
        choice=choice,
        picked="patient" in request.args,
        patients=[p for p in everybody.values() if p.name not in STEPS],
        steps=[everybody[name] for name in STEPS],
        pathways=parts.knowledge.pathways,
        dialects=list(DIALECTS),
        questions=[(fact, parts.knowledge.questions[fact]) for fact in _may_be_supposed(parts)],
        may_paste=parts.clients.anonymous is not None,
        problem=problem,
        **shown,
    )


def _shown(choice: Choice, parts: Parts) -> dict[str, Any]:
    record, known = _read(choice, parts), parts.knowledge
    recorded = assess(record, choice.on, knowledge=known, pathway=choice.pathway)
    supposing = choice.supposing
    assessment = recorded
    if supposing:
        assessment = assess(record, choice.on, knowledge=known, pathway=choice.pathway, supposing=supposing)
    answer = _cards(assessment, choice, parts)
    before = {card["summary"] for card in _cards(recorded, choice, parts)["cards"]}
    said = assessment_json(assessment, known, every_rule=True)
    return {
        "was": _words(recorded),
        "new": {card["summary"] for card in answer["cards"]} - before,
        "assessment": said,
        "cards": answer["cards"],
        "markdown": _html,
        "found": _of(said, Truth.YES),
        "ruled_out": _of(said, Truth.NO),
        "unasked": _of(said, Truth.UNKNOWN),
        "dots": dots(assessment.twitch),
        "timeline": _timeline(said),
        "days": _days(said, choice),
        "rule_name": lambda rule: rule.replace("-", " "),
        "raw": orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode(),
        "evaluated": orjson.dumps(said, option=orjson.OPT_INDENT_2).decode(),
        "disposition": _words(assessment),
    }


def _cards(assessment: Assessment, choice: Choice, parts: Parts) -> dict[str, Any]:
    cards = build(assessment, parts.knowledge, seed="try", patient=assessment.patient.reference)
    return cards_json(cards, DIALECTS[choice.dialect])


def _read(choice: Choice, parts: Parts) -> Record:
    if not choice.record.strip():
        raise RequestNotUnderstood("Paste a FHIR Bundle, or choose a file.", where="record")
    try:
        bundle = orjson.loads(choice.record)
    except orjson.JSONDecodeError as cause:
        raise NotJson(f"This is not valid JSON: {cause}.") from cause
    return record_in(bundle, parts.knowledge)


def _html(text: str) -> Markup:
    return Markup(_markdown.render(text))  # noqa: S704 -- raw HTML is off


def _of(said: Mapping[str, Any], truth: Truth) -> list[dict[str, Any]]:
    return [finding for finding in said["findings"] if finding["truth"] == truth.name]


def _timeline(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every statement that counted, each once, by its day; what has no day comes last."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in said["findings"]:
        if finding["truth"] == Truth.UNKNOWN.name:
            continue
        for basis in finding["basis"]:
            key = (basis["fact"], basis["source"])
            entry = seen.setdefault(key, {**basis, "truth": finding["truth"].lower(), "rules": []})
            entry["rules"].append(finding["rule"])
    return sorted(seen.values(), key=lambda entry: (entry["date"] or "9999", entry["fact"]))


def _days(said: Mapping[str, Any], choice: Choice) -> list[str]:
    """The days to slide over: those of the record's own statements, the golden day and the chosen one."""
    named = {entry["date"][:10] for entry in _timeline(said) if entry["date"]}
    named |= {choice.on.isoformat(), *([choice.patient.on.isoformat()] if choice.patient else [])}
    return sorted(each for each in named if len(each) == len("2026-11-23"))


def _words(assessment: Assessment) -> str:
    return str(assessment.disposition).replace("-", " ")
