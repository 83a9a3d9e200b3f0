"""`twitch-cds rules`: the rule book, for reading, for a document, or for a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import Any

import click
import orjson

from service.cli.terminal import load_knowledge, read_settings, width
from service.knowledge import Knowledge
from service.rules.book import Page, rule_book


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
def rules(form: str) -> None:
    """Print the rule book: what each rule looks at, by which numbers, on what evidence, what it asks for."""
    knowledge = load_knowledge(read_settings())
    pages = rule_book(knowledge)
    if form == "json":
        click.echo(orjson.dumps(_json(pages, knowledge), option=orjson.OPT_INDENT_2))
    else:
        lines = _markdown(pages, knowledge) if form == "markdown" else _text(pages, knowledge)
        click.echo("\n".join(lines))


def _text(pages: Iterable[Page], knowledge: Knowledge) -> Iterator[str]:
    for page in pages:
        yield click.style(f"{page.id} ({page.kind})", bold=True)
        yield from (_indented(f"{name}: {said}") for name, said in _said(page, knowledge) if said)
        yield ""
    yield f"Knowledge {knowledge.version}"


def _markdown(pages: Iterable[Page], knowledge: Knowledge) -> Iterator[str]:
    yield f"# Rule book\n\nKnowledge {knowledge.version}\n"
    for page in pages:
        yield f"## {page.id}\n\n*{page.kind}.* {page.says}\n"
        yield from (
            f"- **{name}:** {said}" for name, said in _said(page, knowledge) if said and name != "says"
        )
        for name in page.evidence:
            claim = knowledge.evidence[name]
            where = f" <{claim.identifier}>" if claim.identifier.startswith("https://") else ""
            yield f"- **{name}:** {claim.cite}{where}"
        yield ""


def _said(page: Page, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    return (
        ("says", page.says),
        ("why", page.why),
        ("reads", " ".join(page.reads.split())),
        ("looks at", ", ".join(knowledge.words(fact) for fact in page.looks_at)),
        (
            "thresholds",
            ", ".join(f"{name} {value:g} {unit}".strip() for name, value, unit in page.thresholds),
        ),
        ("asks for", ", ".join(f"{wanted} ({pathway})" for pathway, wanted in page.asks_for.items())),
        ("evidence", ", ".join(page.evidence)),
    )


def _json(pages: Iterable[Page], knowledge: Knowledge) -> dict[str, Any]:
    return {"knowledgeVersion": knowledge.version, "rules": [_page(page, knowledge) for page in pages]}


def _page(page: Page, knowledge: Knowledge) -> dict[str, Any]:
    claims = [knowledge.evidence[name] for name in page.evidence]
    return {
        "id": page.id,
        "kind": page.kind,
        "says": page.says,
        "why": page.why,
        "reads": page.reads,
        "looksAt": list(page.looks_at),
        "thresholds": [{"name": name, "value": value, "unit": unit} for name, value, unit in page.thresholds],
        "asksFor": page.asks_for,
        "evidence": [{"id": c.id, "cite": c.cite, "identifier": c.identifier} for c in claims],
    }


def _indented(text: str) -> str:
    return fill(text, width(), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
