"""GET /conformance: what CDS Hooks asks of a service, item by item, and which tests show that we do it.

The table is made of the tests and comes with the service (`python3 dev.py conformance`). It tells
of no client, patient or load, so anybody may read it: as a page, or as JSON where that is asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from flask import Blueprint, Response, request
from markupsafe import Markup, escape

from service import __version__
from service.web.describe.described import Content, described
from service.web.pages.page import Page, page
from service.web.parts import Parts
from service.web.responses import HTML, JSON, json


def routes(_: Parts) -> Blueprint:
    """GET /conformance. The page is made once, when somebody asks for it."""
    conformance = Blueprint("conformance", __name__)
    table = {"service": "twitch-cds", "version": __version__, **_table()}

    @cache
    def written() -> Page:
        counts = Counter(sorted(row["status"] for chapter in table["chapters"] for row in chapter["items"]))
        return page("conformance", counts=counts, with_code=_with_code, **table)

    @conformance.get("/conformance")
    @described(
        "Description",
        answer=Content({}, "The table, as a page or as JSON.", types=(HTML, JSON)),
    )
    def told() -> Response:
        """What CDS Hooks asks of a service, item by item, and which tests show that it is done.

        A page for people; JSON where the caller prefers `application/json`.
        """
        wanted = request.accept_mimetypes.best_match([HTML, JSON], default=HTML)
        answer = json(table) if wanted == JSON else written().answer()
        answer.headers["Vary"] = "Accept"
        return answer

    return conformance


def _table() -> dict[str, Any]:
    table: dict[str, Any] = orjson.loads((files("service.web.describe") / "conformance.json").read_bytes())
    return table


def _with_code(text: str) -> Markup:
    """The text, escaped, with `what stands in backticks` as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped before
