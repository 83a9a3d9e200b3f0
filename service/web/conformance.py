"""GET /conformance: what CDS Hooks asks of a service, item by item, and which tests show that we do it.

The table is made of the tests and comes with the service (`python3 dev.py conformance`). It tells
of no client, patient or load, so anybody may read it: as a page, or as JSON where that is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from importlib.resources import files
from typing import Any

import orjson
from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from service import __version__
from service.web.answers import json
from service.web.parts import Parts

HTML, JSON = "text/html", "application/json"


def routes(_: Parts) -> Blueprint:
    """GET /conformance, made once: nothing of it depends on who asks."""
    conformance = Blueprint("conformance", __name__)
    table = {"service": "twitch-cds", "version": __version__, **_table()}
    page, policy = _page(table)

    @conformance.get("/conformance")
    def told() -> Response:
        """The table, as the caller wants it."""
        wanted = request.accept_mimetypes.best_match([HTML, JSON], default=HTML)
        answer = json(table) if wanted == JSON else Response(page, mimetype=HTML)
        if wanted == HTML:
            answer.headers["Content-Security-Policy"] = policy
        answer.headers["Vary"] = "Accept"
        return answer

    return conformance


def _table() -> dict[str, Any]:
    table: dict[str, Any] = orjson.loads((files("service.web") / "conformance.json").read_bytes())
    return table


def _page(table: dict[str, Any]) -> tuple[str, str]:
    """The page, and the policy by which a browser applies its own style and loads nothing else."""
    templates = Environment(loader=PackageLoader("service.web"), autoescape=True, trim_blocks=True)
    templates.filters["with_code"] = _with_code
    style = (files("service.web") / "templates" / "conformance.css").read_text(encoding="utf-8")
    counts = Counter(sorted(row["status"] for chapter in table["chapters"] for row in chapter["items"]))
    page = templates.get_template("conformance.html").render(table, style=style, counts=counts)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return page, f"{policy}; frame-ancestors 'none'"


def _with_code(text: str) -> Markup:
    """The text, escaped, with `what stands in backticks` as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped before
