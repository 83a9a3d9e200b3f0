"""CDS Hooks: the discovery document, and the calls of the services in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import structlog
from flask import Blueprint, Response, request

from service.assessment import fingerprint_of
from service.auth import Client
from service.cards import Card
from service.errors import RecordNotAvailable, ServiceError, UnknownService
from service.hooks import SERVICES, find
from service.hooks.access import Access
from service.hooks.dialects import DIALECTS
from service.hooks.hook import CdsResponse, CdsService
from service.hooks.request import HookRequest
from service.hooks.templates import searched_since
from service.knowledge import Knowledge
from service.store import Call
from service.web.body import read_body
from service.web.describe.described import Content, described
from service.web.describe.examples import CALL, CARDS
from service.web.feedback import SERVICE_ID, card_entries
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
        client = caller()
        return json(cards_json(_answer(find(service_id), client, parts), DIALECTS[client.dialect]))

    return cds


def _discovery(knowledge: Knowledge) -> Callable[[str, date | None], Json]:
    """The discovery document by dialect and first day of what is asked, made when somebody asks for it."""
    return lru_cache(2 * len(DIALECTS))(
        lambda dialect, since: discovery_json(SERVICES, knowledge, DIALECTS[dialect], since)
    )


def _answer(service: CdsService, client: Client, parts: Parts) -> tuple[Card, ...]:
    """The cards to show. Those that are withheld are evaluated and recorded like the others."""
    asked: HookRequest | None = None
    try:
        asked = hook_request(read_body(request, parts.settings.max_body_bytes), service.hooks)
        reply = _reply(service, asked, client, parts)
    except ServiceError as refusal:
        name = type(refusal).__name__
        parts.metrics.called(service.id, asked.hook if asked else None, "refused")
        parts.store.record(_call(service, asked, client, parts, refusal=name))
        raise
    if not reply.cards:
        parts.metrics.called(service.id, asked.hook, "silence")
        return ()
    evidence = fingerprint_of(reply.assessment) if reply.assessment else None
    withheld = _withheld(reply, asked, client, parts, evidence)
    parts.metrics.shown(service.id, asked.hook, reply.cards, withheld)
    entry = _call(
        service,
        asked,
        client,
        parts,
        reply=reply,
        evidence=evidence,
        withheld=lambda card: withheld.get(card.uuid),
    )
    parts.store.record(entry)
    return tuple(card for card in reply.cards if card.uuid not in withheld)


def _reply(service: CdsService, asked: HookRequest, client: Client, parts: Parts) -> CdsResponse:
    given = parts.call_context(client, asked)
    try:
        return service.respond(asked, given)
    finally:
        _note_failures(given.access, parts)


def _note_failures(access: Access, parts: Parts) -> None:
    if access.failures:
        parts.metrics.not_fetched([why.name for why in access.failures.values()])
        log.warning(
            "not fetched",
            keys={key: why.name for key, why in access.failures.items()},
            request=request.environ[NAMED],
        )


def _withheld(
    reply: CdsResponse, asked: HookRequest, client: Client, parts: Parts, evidence: str | None
) -> Mapping[str, str]:
    """Why each card that the clinician is not to see is withheld, by its UUID."""
    if client.silent:
        return {card.uuid: "silent" for card in reply.cards}
    if not reply.assessment or not evidence or not parts.store.can_be_quiet:
        return {}
    return {
        card.uuid: "quiet"
        for card in reply.cards
        if parts.store.silenced(
            client.issuer or None,
            asked.patient,
            card.source.topic.code,
            evidence,
            reply.assessment.on,
            tenant=client.tenant,
        )
    }


def _call(
    service: CdsService,
    asked: HookRequest | None,
    client: Client,
    parts: Parts,
    *,
    reply: CdsResponse | None = None,
    evidence: str | None = None,
    withheld: Callable[[Card], str | None] = lambda card: None,
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
        cards=card_entries(reply, withheld=withheld) if reply else (),
        evidence=evidence,
        refusal=refusal,
        knowledge_version=parts.knowledge.version,
        latency_ms=milliseconds(),
        client=client.issuer or None,
        tenant=client.tenant,
        jti=client.jti,
    )
