"""The description of the interface: as OpenAPI for programs, as a page for people, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Response, current_app
from markdown_it import MarkdownIt
from markupsafe import Markup

from service.web.describe.described import Content, described
from service.web.describe.openapi import description as described_in_full
from service.web.pages.page import A_PAGE, Page, page
from service.web.parts import Parts
from service.web.responses import json

LOCAL = "http://127.0.0.1:8000"
OPENAPI = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {"openapi": {"const": "3.1.0"}},
}
_markdown = MarkdownIt("commonmark", {"html": False})


def routes(parts: Parts) -> Blueprint:
    """GET /docs and /openapi.json. What they answer is made once, when somebody asks for it."""
    docs = Blueprint("docs", __name__)

    @cache
    def document() -> Any:
        tokens = parts.clients.anonymous is None
        return described_in_full(current_app, address=parts.settings.public_url, tokens=tokens)

    @cache
    def written() -> Page:
        api = document()
        return page("docs", api=api, groups=list(_by_group(api)), md=_html, curl=_curl, pretty=_pretty)

    @docs.get("/docs")
    @described("Description", answer=A_PAGE)
    def read() -> Response:
        """This interface, for people."""
        return written().answer()

    @docs.get("/openapi.json")
    @described("Description", answer=Content(OPENAPI, "OpenAPI 3.1."))
    def description() -> Response:
        """This interface, for programs."""
        return json(document())

    return docs


def _html(text: str) -> Markup:
    """Markdown of ours as HTML; what looks like HTML in it is shown as text."""
    return Markup(_markdown.render(text))  # noqa: S704


def _pretty(content: Any) -> str:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def _by_group(api: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, str], list[dict[str, Any]]]]:
    """Each group with its operations."""
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    for tag in api["tags"]:
        yield tag, [operation for operation in operations if tag["name"] in operation["tags"]]


def _curl(operation: Mapping[str, Any], api: Mapping[str, Any]) -> str:
    """A call to copy into a shell."""
    base = api["servers"][0]["url"]
    path = operation["path"]
    for parameter in operation.get("parameters", ()):
        first = parameter.get("example") or next(iter(parameter["schema"].get("enum", ())), "")
        path = path.replace(f"{{{parameter['name']}}}", str(first))
    lines = [f"curl -s '{LOCAL if base == '/' else base}{path}'"]
    if operation["security"] == [{"clientToken": []}]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    body = ""
    if operation.get("requestBody"):
        kind, content = next(iter(operation["requestBody"]["content"].items()))
        lines += [f"-H 'Content-Type: {kind}'", "--data-binary @- <<'END'"]
        body = f"\n{_pretty(content.get('example', {}))}\nEND"
    return " \\\n     ".join(lines) + body
