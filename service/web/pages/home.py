"""GET /: what this service is for and is not for, whether it is ready, and the doors to everything else."""

from __future__ import annotations

from flask import Blueprint, Response

from service.web.describe.described import described
from service.web.health import condition
from service.web.pages.page import A_PAGE
from service.web.pages.site import show
from service.web.parts import Parts


def routes(parts: Parts) -> Blueprint:
    """GET /."""
    chapter = Blueprint("home", __name__)

    @chapter.get("/")
    @described("Description", answer=A_PAGE)
    def start() -> Response:
        """Where to begin: what this is for, whether it is ready, and where everything is."""
        clients = parts.clients.anonymous is None
        return show(
            "home",
            parts,
            state=condition(parts),
            pathway=parts.settings.pathway,
            pathways=parts.knowledge.pathways,
            registered=clients,
            overlay=parts.settings.knowledge_overlay is not None,
        )

    return chapter
