"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from service import __version__
from service.web.describe.described import Content, described
from service.web.parts import Parts
from service.web.responses import json
from service.web.schemas.assessment_shapes import AliveSchema, ReadySchema

STORE_PROBLEMS: dict[str, tuple[str, ...]] = {
    "ok": (),
    "failing": ("The database does not answer: the audit loses rows, and feedback cannot be kept.",),
    "replaced": (
        "The database's file was deleted or replaced while the service ran: the audit loses rows, and"
        " feedback cannot be kept. Restart the service.",
    ),
    "outdated": (
        "The database's tables are of another version than the program: restart it, which brings older ones"
        " up to date; newer ones want the newer program.",
    ),
}


def routes(parts: Parts) -> Blueprint:
    """GET /livez and GET /readyz."""
    health = Blueprint("health", __name__)

    @health.get("/livez")
    @described("Operation", answer=Content(AliveSchema, "The process answers.", {"status": "alive"}))
    def livez() -> Response:
        """The process answers; nothing else is asked."""
        return json({"status": "alive"})

    @health.get("/readyz")
    @described(
        "Operation", answer=Content(ReadySchema, "The service answers calls; perhaps it lacks something.")
    )
    def readyz() -> Response:
        """The service can answer, and what it answers by.

        `degraded` it answers too, and `problems` says what it has to do without.
        A store that is down does not make us unready: calls are answered all the same, and to
        take every instance out of service over lost audit rows would lose red flags.
        """
        return json(condition(parts))

    return health


def condition(parts: Parts) -> dict[str, Any]:
    """What /readyz answers: the state, the knowledge that is answered by, and what has to be done without."""
    store, lost = parts.store.condition(), parts.store.lost
    problems = [*STORE_PROBLEMS[store], *([f"This worker has lost {lost} audit rows."] if lost else [])]
    return {
        "status": "degraded" if problems else "ready",
        "version": __version__,
        "knowledgeVersion": parts.knowledge.version,
        "store": store,
        "lostRows": lost,
        "problems": problems,
    }
