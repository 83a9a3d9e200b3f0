"""/rules, /rules/{id} and /knowledge: what is decided by, one rule a page at a stable address."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, request
from markdown_it import MarkdownIt
from markupsafe import Markup

from service.cards.detail import address
from service.errors import NotFound
from service.rules.book import RuleEntry, rule_book
from service.web.describe.described import Parameter, described
from service.web.pages.page import A_PAGE
from service.web.pages.site import show
from service.web.parts import Parts

_markdown = MarkdownIt("commonmark", {"html": False})


def routes(parts: Parts) -> Blueprint:
    """The rule book, a rule, and what changed in the knowledge."""
    chapter = Blueprint("rules", __name__)

    @cache
    def book() -> dict[str, RuleEntry]:
        return {page.id: page for page in rule_book(parts.knowledge)}

    @chapter.get("/rules")
    @described(
        "Description",
        answer=A_PAGE,
        parameters={"q": Parameter("Words that a rule must hold.", {"type": "string"}, "weight")},
    )
    def every() -> Response:
        """The rule book, to read and to search."""
        words = request.args.get("q", "").lower().split()
        found = [page for page in book().values() if all(word in _text(page) for word in words)]
        return show("rules", parts, here="rules", pages=found, q=request.args.get("q", ""), total=len(book()))

    @chapter.get("/rules/<rule_id>")
    @described(
        "Description",
        answer=A_PAGE,
        parameters={"rule_id": Parameter("The id of a rule.", {"type": "string"}, "muscle-weakness")},
        errors=(NotFound,),
    )
    def one(rule_id: str) -> Response:
        """One rule: what it looks at, by which numbers, on what evidence, and what it asks for."""
        page = book().get(rule_id)
        if page is None:
            raise NotFound("There is no rule of this id. GET /rules lists them.")
        cited = [parts.knowledge.evidence[name] for name in page.evidence]
        claims = [(claim, address(claim)) for claim in cited]
        return show("rule", parts, here="rules", page=page, claims=claims, today=parts.today())

    _knowledge_page(chapter, parts)
    return chapter


def _knowledge_page(chapter: Blueprint, parts: Parts) -> None:
    @chapter.get("/knowledge")
    @described("Description", answer=A_PAGE)
    def knowledge() -> Response:
        """Which knowledge this is, what changed in it and for whom, and which evidence is due."""
        due = sorted(
            (c for c in parts.knowledge.evidence.values() if c.due <= parts.today()), key=lambda c: c.due
        )
        changes = (files("service.knowledge") / "CHANGELOG.md").read_text(encoding="utf-8")
        told = Markup(_markdown.render(changes))  # noqa: S704 -- our own file
        overlay = parts.settings.knowledge_overlay
        return show("knowledge", parts, here="rules", changes=told, due=due, overlay=overlay)


def _text(page: RuleEntry) -> str:
    """All words of a rule, to search in."""
    return " ".join(
        (page.id, page.kind, page.says, page.why, page.reads, *page.looks_at, *page.evidence)
    ).lower()
