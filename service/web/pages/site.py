"""The pages that share one header, one style and one policy: home, playground, rule book.

Everything that a browser loads comes from this service, and nothing inline runs: the policy says so. A
part of a page is asked for by htmx (the header `HX-Request`) and answered without the header of the site.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request, send_from_directory

from service import __version__
from service.errors import NotFound
from service.web.describe.described import Content, Parameter, described
from service.web.parts import Parts
from service.web.responses import HTML

STATIC = Path(__file__).with_name("static")
A_DAY_S = 86_400
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What the header leads to: the address below the root, and its name.
DOORS = (
    ("try", "Playground"),
    ("rules", "Rules"),
    ("codes", "Codes"),
    ("questionnaire", "History"),
    ("docs", "For integrators"),
)
HTMX = "HX-Request"


@cache
def version_of(name: str) -> str:
    """A short digest of a static file, so that a browser keeps it until it changes."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def routes(parts: Parts) -> Blueprint:
    """GET /static/{name}: the style and the scripts of the pages."""
    chapter = Blueprint("site", __name__)

    @chapter.get("/static/<name>")
    @described(
        "Description",
        answer=Content(None, "A style or script of the pages."),
        parameters={"name": Parameter("The name of a file.", {"type": "string"}, "site.css")},
        errors=(NotFound,),
    )
    def static(name: str) -> Response:
        """What the pages load."""
        return send_from_directory(STATIC, name, max_age=A_DAY_S)

    return chapter


def show(template: str, parts: Parts, *, status: int = 200, here: str = "", **given: Any) -> Response:
    """A page of the site; `here` is the door that it lies behind."""
    up = "../" * (request.path.count("/") - 1)
    shared: Mapping[str, Any] = {
        "static": lambda name: f"{up}static/{name}?v={version_of(name)}",
        "home": up or "./",
        "up": up,
        "doors": [{"href": f"{up}{at}", "name": name, "here": at == here} for at, name in DOORS],
        "version": __version__,
        "knowledge_version": parts.knowledge.version,
    }
    html = render_template(f"{template}.html", **shared, **given)
    headers = {"Content-Security-Policy": POLICY, "Vary": HTMX}
    return Response(html, status, mimetype=HTML, headers=headers)
