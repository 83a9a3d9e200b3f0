"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response

from service import __version__
from service.web.answers import json
from service.web.parts import Parts


def routes(parts: Parts) -> Blueprint:
    """GET /livez and GET /readyz."""
    health = Blueprint("health", __name__)

    @health.get("/livez")
    def livez() -> Response:
        """The process answers; nothing else is asked."""
        return json({"status": "alive"})

    @health.get("/readyz")
    def readyz() -> Response:
        """The service can answer, and what it answers by.

        A store that is down is told and does not make us unready: calls are answered all the same,
        and to take every instance out of service over lost audit rows would lose red flags.
        """
        return json(
            {
                "status": "ready",
                "version": __version__,
                "knowledgeVersion": parts.knowledge.version,
                "store": parts.store.condition(),
                "lostRows": parts.store.lost,
            }
        )

    return health
