"""`twitch-cds rules`: the rule book, for reading, for a document, or for a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import Any

import click
import orjson

from service.cli.terminal import load_knowledge, read_settings, width
from service.knowledge import Knowledge
from service.rules.book import RuleEntry, rule_book


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
    entries = rule_book(knowledge)
    if form == "json":
        click.echo(orjson.dumps(_json(entries, knowledge), option=orjson.OPT_INDENT_2))
    else:
        lines = _markdown(entries, knowledge) if form == "markdown" else _text(entries, knowledge)
        click.echo("\n".join(lines))


def _text(entries: Iterable[RuleEntry], knowledge: Knowledge) -> Iterator[str]:
    for entry in entries:
        yield click.style(f"{entry.id} ({entry.kind})", bold=True)
        yield from (_indented(f"{name}: {said}") for name, said in _said(entry, knowledge) if said)
        yield ""
    yield f"Knowledge {knowledge.version}"


def _markdown(entries: Iterable[RuleEntry], knowledge: Knowledge) -> Iterator[str]:
    yield f"# Rule book\n\nKnowledge {knowledge.version}\n"
    for entry in entries:
        yield f"## {entry.id}\n\n*{entry.kind}.* {entry.says}\n"
        yield from (
            f"- **{name}:** {said}" for name, said in _said(entry, knowledge) if said and name != "says"
        )
        for name in entry.evidence:
            claim = knowledge.evidence[name]
            where = f" <{claim.identifier}>" if claim.identifier.startswith("https://") else ""
            yield f"- **{name}:** {claim.cite}{where}"
        yield ""


def _said(entry: RuleEntry, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    return (
        ("says", entry.says),
        ("why", entry.why),
        ("reads", " ".join(entry.reads.split())),
        ("looks at", ", ".join(knowledge.words(fact) for fact in entry.looks_at)),
        (
            "thresholds",
            ", ".join(f"{name} {value:g} {unit}".strip() for name, value, unit in entry.thresholds),
        ),
        ("asks for", ", ".join(f"{wanted} ({pathway})" for pathway, wanted in entry.asks_for.items())),
        ("evidence", ", ".join(entry.evidence)),
    )


def _json(entries: Iterable[RuleEntry], knowledge: Knowledge) -> dict[str, Any]:
    return {"knowledgeVersion": knowledge.version, "rules": [_entry(entry, knowledge) for entry in entries]}


def _entry(entry: RuleEntry, knowledge: Knowledge) -> dict[str, Any]:
    claims = [knowledge.evidence[name] for name in entry.evidence]
    return {
        "id": entry.id,
        "kind": entry.kind,
        "says": entry.says,
        "why": entry.why,
        "reads": entry.reads,
        "looksAt": list(entry.looks_at),
        "thresholds": [
            {"name": name, "value": value, "unit": unit} for name, value, unit in entry.thresholds
        ],
        "asksFor": entry.asks_for,
        "evidence": [{"id": c.id, "cite": c.cite, "identifier": c.identifier} for c in claims],
    }


def _indented(text: str) -> str:
    return fill(text, width(), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
