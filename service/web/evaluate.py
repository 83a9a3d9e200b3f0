"""POST /evaluate: a Bundle in, the assessment out, without the clothes of CDS Hooks."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, request

from service.assess import assess
from service.errors import NotABundle, NotJson, RequestNotUnderstood, SeveralPatients
from service.fhir.record import entries, record_of
from service.web.answers import json
from service.web.body import read_body
from service.web.described import FHIR, JSON, Content, Parameter, described
from service.web.examples import BUNDLE
from service.web.parts import Parts
from service.web.schemas import assessment_json
from service.web.schemas.assessment_shapes import BUNDLE as BUNDLE_SHAPE
from service.web.schemas.assessment_shapes import AssessmentSchema
from service.web.trust import caller

FLAGS = {"true": True, "false": False}


def routes(parts: Parts) -> Blueprint:
    """POST /evaluate with its parameters: on, all, pathway, patient."""
    evaluate = Blueprint("evaluate", __name__)

    @evaluate.post("/evaluate")
    @described(
        "Evaluate",
        body=Content(BUNDLE_SHAPE, "A Bundle of one patient's resources, FHIR R4.", BUNDLE, (FHIR, JSON)),
        answer=Content(AssessmentSchema, "The assessment."),
        parameters={
            "on": Parameter(
                "The day of the assessment; today without it.",
                {"type": "string", "format": "date"},
                "2026-11-23",
            ),
            "all": Parameter("Whether to tell also the rules that answered NO.", {"type": "boolean"}),
            "pathway": Parameter(
                "Which disposition each rule asks for; the client's or the configured one without it.",
                {"enum": list(parts.knowledge.pathways)},
            ),
            "patient": Parameter(
                "Whom to assess, where the Bundle is about several.", {"type": "string", "minLength": 1}, "p1"
            ),
        },
        errors=(NotABundle, SeveralPatients),
    )
    def evaluated() -> Response:
        """The assessment of the one patient whom the Bundle is about."""
        on, every = day(request.args.get("on"), parts), _flag("all")
        pathway = parts.pathway(request.args.get("pathway"), caller())
        bundle = parsed(read_body(request, parts.settings.max_body_bytes))
        record = record_of(entries(bundle), parts.knowledge, patient=_patient())
        assessment = assess(record, on, knowledge=parts.knowledge, pathway=pathway)
        return json(assessment_json(assessment, every_rule=every))

    return evaluate


def parsed(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        NotJson: it is none; the message says where, and quotes nothing.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise NotJson(f"The body is not valid JSON: {cause}. Send FHIR JSON in UTF-8.") from cause


def day(text: str | None, parts: Parts) -> date:
    """The day that a FHIR date names, today without one.

    Raises:
        RequestNotUnderstood: it is no whole day.
    """
    if text is None:
        return parts.today()
    try:
        named = date.fromisoformat(text)
    except ValueError as cause:
        raise _no_day() from cause
    # A date without its hyphens, or by its week, is ISO 8601 too, but no FHIR date.
    if named.isoformat() != text:
        raise _no_day()
    return named


def _no_day() -> RequestNotUnderstood:
    return RequestNotUnderstood("on must be a day such as 2026-11-23.", where="on")


def _flag(name: str) -> bool:
    text = request.args.get(name, "false").lower()
    if text not in FLAGS:
        raise RequestNotUnderstood(f"{name} must be true or false.", where=name)
    return FLAGS[text]


def _patient() -> str | None:
    text = request.args.get("patient")
    if text is not None and not text.removeprefix("Patient/"):
        raise RequestNotUnderstood(
            "patient must be the id of the patient to assess, such as p1.", where="patient"
        )
    return text
