"""CDS Hooks: the discovery document, and the calls of the services in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import structlog
from flask import Blueprint, Response, request

from service.auth import Client
from service.errors import RecordNotAvailable, ServiceError, UnknownService
from service.hooks import SERVICES, find
from service.hooks.dialects import DIALECTS
from service.hooks.hook import CdsService
from service.hooks.request import HookRequest
from service.hooks.templates import searched_since
from service.knowledge import Knowledge
from service.web.body import read_body
from service.web.call import Call, Refused, outcome_of
from service.web.describe.described import Content, described
from service.web.describe.examples import CALL, CARDS
from service.web.feedback import SERVICE_ID
from service.web.parts import Parts
from service.web.responses import FHIR_JSON, JSON, NAMED, json, milliseconds
from service.web.schemas import cards_json, discovery_json, hook_request
from service.web.schemas.shapes import CardsSchema, DiscoverySchema, HookCallSchema
from service.web.trust import caller

Json = Mapping[str, Any]

log = structlog.get_logger()


def routes(parts: Parts) -> Blueprint:
    """GET /cds-services and POST /cds-services/{id}, each in the client's dialect."""
    cds = Blueprint("cds", __name__)
    discovery = _discovery(parts.knowledge)

    @cds.get("/cds-services")
    @described(
        "CDS Hooks", answer=Content(DiscoverySchema, "The discovery document, in the client's dialect.")
    )
    def discover() -> Response:
        """What we offer, and which resources to send along."""
        client = caller()
        return json(discovery(client.dialect, searched_since(client.search, parts.today())))

    @cds.get("/cds-services/")
    @described("CDS Hooks", answer=Content(DiscoverySchema, "The discovery document."))
    def discover_too() -> Response:
        """The same, for clients that end the address with a slash."""
        return discover()

    @cds.post("/cds-services/<service_id>")
    @described(
        "CDS Hooks",
        body=Content(HookCallSchema, "The call of one hook.", CALL, (JSON, FHIR_JSON)),
        answer=Content(CardsSchema, "The cards; none where there is nothing to say.", CARDS),
        parameters={"service_id": SERVICE_ID},
        errors=(UnknownService, RecordNotAvailable),
    )
    def call(service_id: str) -> Response:
        """Cards for one call of one service.

        Most patients never twitched: for them there is no card. Data that the decision cannot do without,
        and that neither came with the call nor can be fetched, is 412 and names the prefetch key.
        """
        return _answer(_called(find(service_id), caller(), parts), parts)

    return cds


def _discovery(knowledge: Knowledge) -> Callable[[str, date | None], Json]:
    """The discovery document by dialect and first day of what is asked, made when somebody asks for it."""
    return lru_cache(2 * len(DIALECTS))(
        lambda dialect, since: discovery_json(SERVICES, knowledge, DIALECTS[dialect], since)
    )


def _called(service: CdsService, client: Client, parts: Parts) -> Call:
    """The call with its outcome. Cards that are withheld are evaluated like the others."""
    asked: HookRequest | None = None
    try:
        asked = hook_request(read_body(request, parts.settings.max_body_bytes), service.hooks)
        response = service.respond(asked, parts.call_context(client, asked))
    except ServiceError as error:
        return Call(service, client, asked, Refused(error))
    return Call(service, client, asked, outcome_of(response, asked, client, parts.store))


def _answer(call: Call, parts: Parts) -> Response:
    """The call's answer, counted and kept as its outcome says; the error of a refusal is raised."""
    parts.metrics.called(call)
    entry = call.audited(knowledge_version=parts.knowledge.version, latency_ms=milliseconds())
    if entry:
        parts.store.record(entry)
    if call.not_fetched:
        log.warning("not fetched", keys=dict(call.not_fetched), request=request.environ[NAMED])
    if isinstance(call.outcome, Refused):
        raise call.outcome.error
    return json(cards_json(call.shown, DIALECTS[call.client.dialect]))
