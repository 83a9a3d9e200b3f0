"""/codes: what a code means here, or that it is unknown."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.rules.meanings import meanings_of
from service.web.describe.described import Parameter, described
from service.web.pages.page import A_PAGE
from service.web.pages.site import show
from service.web.parts import Parts

LONGEST = 64


def routes(parts: Parts) -> Blueprint:
    """GET /codes."""
    chapter = Blueprint("codes", __name__)

    @chapter.get("/codes")
    @described(
        "Description",
        answer=A_PAGE,
        parameters={"code": Parameter("A code of any system that is read.", {"type": "string"}, "82470000")},
    )
    def meaning() -> Response:
        """What a code means here: finding, site, analyte, medicine or test; or that it is unknown."""
        code = request.args.get("code", "").strip()[:LONGEST]
        found = list(meanings_of(code, parts.knowledge)) if code else []
        return show("codes", parts, here="codes", code=code, found=found, uris=parts.knowledge.uris)

    return chapter
