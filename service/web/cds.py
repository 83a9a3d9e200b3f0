"""CDS Hooks: the discovery document, and the calls of the services in it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.errors import ServiceError
from service.hooks import SERVICES, find
from service.hooks.cds_service import CdsService, Reply
from service.hooks.request import HookRequest
from service.store import Call
from service.web.answers import json, milliseconds
from service.web.body import read_body
from service.web.parts import Parts
from service.web.schemas import cards_json, discovery_json, hook_request


def routes(parts: Parts) -> Blueprint:
    """GET /cds-services and POST /cds-services/{id}."""
    cds = Blueprint("cds", __name__)
    discovery = discovery_json(SERVICES, parts.knowledge)

    @cds.get("/cds-services")
    def discover() -> Response:
        """What we offer, and which resources to send along."""
        return json(discovery)

    @cds.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        """Cards for one call of one service."""
        return json(cards_json(_answer(find(service_id), parts).cards))

    return cds


def _answer(service: CdsService, parts: Parts) -> Reply:
    asked: HookRequest | None = None
    try:
        asked = hook_request(read_body(request, parts.settings.max_body_bytes), service.hooks)
        reply = service.respond(asked, parts.circumstances())
    except ServiceError as refusal:
        parts.store.record(_call(service, asked, parts, refusal=type(refusal).__name__))
        raise
    if reply.cards:
        parts.store.record(_call(service, asked, parts, reply=reply))
    return reply


def _call(
    service: CdsService,
    asked: HookRequest | None,
    parts: Parts,
    *,
    reply: Reply | None = None,
    refusal: str | None = None,
) -> Call:
    """What the audit keeps of a call: no names and no resources."""
    assessment = reply.assessment if reply else None
    return Call(
        service=service.id,
        hook=asked.hook if asked else None,
        hook_instance=asked.hook_instance if asked else None,
        patient=asked.patient if asked else None,
        rules=tuple(finding.rule for finding in assessment.raised) if assessment else (),
        disposition=str(assessment.disposition) if assessment else None,
        cards=tuple(card.uuid for card in reply.cards) if reply else (),
        refusal=refusal,
        knowledge_version=parts.knowledge.version,
        latency_ms=milliseconds(),
    )
