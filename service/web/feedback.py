"""Feedback: what clinicians did with the cards, taken in item by item and told as counts."""

from __future__ import annotations

from datetime import UTC, datetime, time

from flask import Blueprint, Response, request

from service.errors import (
    FeedbackNotUnderstood,
    RequestNotUnderstood,
    StoreNotAvailable,
    UnknownService,
)
from service.hooks import SERVICES, find
from service.web.body import read_json
from service.web.describe.described import Content, Parameter, described
from service.web.describe.examples import FEEDBACK
from service.web.parts import Parts
from service.web.query import A_DAY, day
from service.web.responses import json
from service.web.schemas.feedback import feedback_items, summary_json
from service.web.schemas.shapes import FeedbackSchema, SummarySchema
from service.web.trust import caller

SERVICE_ID = Parameter(
    "The id of a service of the discovery document.", {"enum": [each.id for each in SERVICES]}
)


def routes(parts: Parts) -> Blueprint:
    """POST /cds-services/{id}/feedback, and GET /feedback/summary with the parameter since."""
    feedback = Blueprint("feedback", __name__)

    @feedback.post("/cds-services/<service_id>/feedback")
    @described(
        "CDS Hooks",
        body=Content(FeedbackSchema, "What clinicians did with cards.", FEEDBACK),
        answer=Content(None, "Everything was kept."),
        parameters={"service_id": SERVICE_ID},
        errors=(UnknownService, FeedbackNotUnderstood, StoreNotAvailable),
    )
    def note(service_id: str) -> Response:
        """Keep each item that can be kept; one that cannot is named, and costs the others nothing."""
        service = find(service_id)
        client = issuer()
        body = read_json(request, parts.settings.max_body_bytes, what="feedback as CDS Hooks defines it")
        items, problems = feedback_items(body)
        if items:
            parts.store.note_feedback(client, service.id, items)
        if problems:
            raise FeedbackNotUnderstood(problems, kept=len(items))
        return Response(b"", 200)

    @feedback.get("/feedback/summary")
    @described(
        "CDS Hooks",
        answer=Content(SummarySchema, "The counts."),
        parameters={"since": Parameter("Only what was said from this day on.", A_DAY, "2026-11-01")},
        errors=(RequestNotUnderstood, StoreNotAvailable),
    )
    def summary() -> Response:
        """The client's own feedback: acceptance by topic, rule and suggestion, and override reasons."""
        since = _since(request.args.get("since"))
        return json(summary_json(parts.store.summary(client=issuer() or "", since=since)))

    return feedback


def issuer() -> str | None:
    """The client that asks; None in the open mode, where everybody is the same client."""
    return caller().issuer or None


def _since(text: str | None) -> datetime | None:
    return None if text is None else datetime.combine(day(text, "since"), time(), UTC)
