"""The web: the only place where everything meets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask, Response
from flask_cors import CORS

from service import knowledge as known
from service.auth import Keys
from service.config import Settings
from service.ehr.client import Fetcher
from service.errors import KnowledgeInvalid
from service.fhir.read.prefilter import Prefilter
from service.fhir.write.orders import check_orders
from service.knowledge import Knowledge
from service.store import Store
from service.web import (
    artefacts,
    cds,
    errors,
    evaluate,
    feedback,
    health,
    operations,
    responses,
    trust,
)
from service.web.describe import conformance, docs
from service.web.pages import codes, home, playground, questionnaire, rule_pages, site
from service.web.parts import Parts
from service.web.process import metrics, scrape
from service.web.process.metrics import Metrics
from service.web.process.rates import Rates

# In the order in which the description of the interface tells of them.
CHAPTERS = (
    cds,
    evaluate,
    feedback,
    artefacts,
    operations,
    health,
    scrape,
    docs,
    conformance,
    questionnaire,
    home,
    playground,
    rule_pages,
    codes,
    site,
)


def create_app(
    settings: Settings,
    *,
    knowledge: Knowledge | None = None,
    store: Store | None = None,
    fetcher: Fetcher | None = None,
    today: Callable[[], date] | None = None,
) -> Flask:
    """The app, complete: routes, errors, log lines and headers. It opens no connection.

    Raises:
        KnowledgeInvalid: the knowledge is not sound, or lacks the configured pathway.
        SettingsInvalid: the file of clients is invalid.
    """
    knowledge = _with_pathway(knowledge or _known(settings), settings.pathway)
    counted = Metrics()
    parts = Parts(
        settings,
        knowledge,
        Prefilter(knowledge),
        store or _store(settings, counted),
        trust.clients_of(settings, knowledge.pathways),
        Keys(ca_bundle=settings.ca_bundle),
        fetcher or Fetcher(ca_bundle=settings.ca_bundle, on_breaker=counted.breaker),
        today or settings.today,
        counted,
        Rates(settings.rate_limit),
    )
    return _app(parts)


def _app(parts: Parts) -> Flask:
    app = Flask(__name__, static_folder=None, template_folder="pages/templates")
    app.extensions["twitch-cds"] = parts
    # No redirect from //id to /id: it would lead wherever the Host header says, before anybody is checked.
    app.url_map.merge_slashes = False
    responses.register(app)
    metrics.register(app, parts.metrics)
    errors.register(app, parts.metrics.refused)
    trust.register(app, parts)
    for chapter in CHAPTERS:
        app.register_blueprint(chapter.routes(parts))
    if parts.settings.cors_origins:
        CORS(
            app,
            origins=list(parts.settings.cors_origins),
            methods=["GET", "POST"],
            allow_headers=[
                "Authorization",
                "Content-Encoding",
                "Content-Type",
                "If-None-Match",
                "X-Request-Id",
            ],
            expose_headers=["Retry-After", "WWW-Authenticate", "X-Request-Id"],
            max_age=600,
        )
        app.after_request(_vary_by_origin)
    return app


def _vary_by_origin(response: Response) -> Response:
    """Tell caches that an answer to one origin is none for another, also where this one has none named."""
    response.vary.add("Origin")
    return response


def _known(settings: Settings) -> Knowledge:
    """The knowledge, and the certainty that every order it leads to is valid FHIR."""
    knowledge = known.load(settings.knowledge_overlay)
    check_orders(knowledge)
    return knowledge


def _with_pathway(knowledge: Knowledge, pathway: str) -> Knowledge:
    if pathway not in knowledge.pathways:
        ways = ", ".join(knowledge.pathways)
        raise KnowledgeInvalid([f"TWITCH_CDS_PATHWAY is {pathway}; there are {ways}"])
    return knowledge


def _store(settings: Settings, metrics: Metrics) -> Store:
    return Store(
        settings.database_url,
        hash_key=settings.hash_secret,
        quiet_days=settings.quiet_days,
        alarm=metrics.alarm,
    )


def create_app_from_env() -> Flask:
    """The app as the environment configures it, for gunicorn; its log is JSON on standard output."""
    responses.log_as_json()
    return create_app(Settings())
