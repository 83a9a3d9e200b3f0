"""Trust: every request is a registered client's, or from this machine while nobody is registered.

The check stands before the routes, so that a new route is closed unless it is named in
`OPEN_TO_ALL`. Closed are the CDS services with their discovery and feedback, `/evaluate`,
the operations under `/fhir`, and whatever tells of patients or clients; a caller signs a
token for each of them (`aud` is the address that is called, without its query). Open are
the probes, which cannot sign, the pages for people and the FHIR artefacts, which are
published and hold nobody's data. Prometheus cannot sign either: `/metrics` asks for its
address. The answer never says why a token was refused; the log does.

Whoever is let in may call so often (`rates`); whoever is not leaves no more than so many rows.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog
from flask import Flask, request
from werkzeug.exceptions import NotFound

from service.auth import Client, Clients, verify
from service.config import Settings
from service.errors import ClientNotTrusted
from service.hooks import SERVICES
from service.store import AuditEntry
from service.web.parts import Parts
from service.web.process.addresses import is_local, is_passed_on, names_this_machine
from service.web.responses import NAMED, milliseconds

UNLIMITED = frozenset({"health.livez", "health.readyz", "metrics.scrape"})
PUBLISHED = frozenset(
    {
        "artefacts.metadata",
        "artefacts.read",
        "artefacts.search",
        "codes.meaning",
        "conformance.told",
        "docs.description",
        "docs.read",
        "home.start",
        "playground.choose",
        "questionnaire.read",
        "rules.every",
        "rules.knowledge",
        "rules.one",
        "site.static",
    }
)
OPEN_TO_ALL = UNLIMITED | PUBLISHED
CALLER = "twitch-cds.caller"
LONGEST_REASON = 300

log = structlog.get_logger()


def clients_of(settings: Settings, pathways: Collection[str]) -> Clients:
    """The registered clients; without their file everybody, for a service that only this machine reaches.

    Raises:
        SettingsInvalid: the file, or a FHIR server of the open mode, is invalid.
    """
    if settings.clients is None:
        return Clients.open(settings.fhir_servers)
    return Clients.read(settings.clients, pathways=pathways)


def register(app: Flask, parts: Parts) -> None:
    """Let nobody in who is not trusted."""

    @app.before_request
    def admit() -> None:
        # Werkzeug reads //path as /path, which is another address than the one that a token is signed for.
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        # Without an endpoint the answer is 404 or 405; OPTIONS is how a browser asks whether it may ask.
        endpoint = request.endpoint
        if endpoint is None or endpoint in UNLIMITED or request.method == "OPTIONS":
            return
        client = None if endpoint in OPEN_TO_ALL else _let_in(parts)
        parts.rates.count_call(client, request.remote_addr)
        request.environ[CALLER] = client


def _let_in(parts: Parts) -> Client:
    try:
        return _verified(parts)
    except ClientNotTrusted as refusal:
        parts.rates.count_refusal(request.remote_addr)
        _note(refusal, parts)
        raise


def caller() -> Client:
    """The client whose request this is. Only for routes that are not open to all."""
    client: Client = request.environ[CALLER]
    return client


def _verified(parts: Parts) -> Client:
    if everybody := parts.clients.anonymous:
        _insist_on_this_machine()
        return everybody
    return verify(
        _bearer(request.headers.get("Authorization", "")),
        audience_urls=(_address(parts.settings.public_url),),
        now=parts.settings.now(),
        clients=parts.clients,
        keys=parts.keys,
        seen=parts.store,
        max_lifetime_s=parts.settings.max_token_lifetime_s,
    )


def _insist_on_this_machine() -> None:
    """A proxy on this machine has its address, and so has a browser that a page of the web makes call."""
    only = "no client is registered, so only this machine may call"
    if not is_local(request.remote_addr):
        raise ClientNotTrusted(f"{only}, and this is another")
    if is_passed_on(request.headers):
        raise ClientNotTrusted(f"{only}, and a proxy passed this on")
    if not names_this_machine(request.headers.get("Host", "")):
        raise ClientNotTrusted(f"{only}, and by no other name than localhost or a loopback address")


def _bearer(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _address(public_url: str | None) -> str:
    """How clients name what was called. Without a public URL the Host header says, which is the caller's."""
    return f"{public_url}{request.path}" if public_url else request.base_url


def _note(refusal: ClientNotTrusted, parts: Parts) -> None:
    log.warning(
        "client not trusted",
        reason=refusal.reason[:LONGEST_REASON],
        issuer=refusal.issuer,
        request=request.environ[NAMED],
    )
    parts.store.record(
        AuditEntry(
            service=_called(),
            refusal=type(refusal).__name__,
            client=refusal.issuer,
            knowledge_version=parts.knowledge.version,
            latency_ms=milliseconds(),
        )
    )


def _called() -> str:
    """The CDS service that was called, or the route; never a path as somebody wrote it."""
    service_id = (request.view_args or {}).get("service_id")
    if any(service.id == service_id for service in SERVICES):
        return str(service_id)
    return request.url_rule.rule[:64] if request.url_rule else ""
