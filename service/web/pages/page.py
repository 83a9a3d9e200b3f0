"""Pages for people: HTML that brings its own style, and may load and run nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from flask import Response, render_template
from markupsafe import Markup

from service.web.describe.described import Content
from service.web.responses import HTML

TEMPLATES = Path(__file__).with_name("templates")
A_PAGE = Content({"type": "string"}, "A page of HTML, without scripts.", types=(HTML,))
POLICY = (
    "default-src 'none'; style-src 'sha256-{style}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Page(NamedTuple):
    """A page, and the Content-Security-Policy that lets a browser apply its style."""

    html: str
    policy: str

    def answer(self) -> Response:
        """The page as an answer."""
        return Response(self.html, mimetype=HTML, headers={"Content-Security-Policy": self.policy})


def page(name: str, **given: Any) -> Page:
    """The page that the template `name` makes of what it is given, with the style of that name in it."""
    style = (TEMPLATES / f"{name}.css").read_text("utf-8")
    html = render_template(f"{name}.html", style=Markup(style), **given)  # noqa: S704 -- our own file
    return Page(html, POLICY.format(style=b64encode(sha256(style.encode()).digest()).decode()))
