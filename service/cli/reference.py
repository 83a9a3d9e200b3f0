"""`twitch-cds knowledge` and `codes`: what we know, how fresh it is, and what a code means here."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from service.assessment import RuleKind
from service.cli.terminal import day_of, load_knowledge, read_settings, say_overlay, show, stop, tabled
from service.knowledge import FILES, Knowledge
from service.knowledge.codes import CODE_SYSTEMS
from service.rules.meanings import meanings_of

NOT_KNOWN = (
    "{code} is unknown here{where}. What is coded with it alone is passed over: it is neither a yes nor a no,"
    " and what it may state stays unknown."
)


@click.command()
@click.option("--due", is_flag=True, help="List the evidence whose review is due.")
@click.option("--on", "day", metavar="DATE", help="Due by this day; today without it.")
def knowledge(due: bool, day: str | None) -> None:
    """Print which knowledge this is, or which of its evidence is to be looked at again."""
    settings = read_settings()
    known = load_knowledge(settings)
    on = day_of(day) if day else settings.today()
    claims = sorted((c for c in known.evidence.values() if c.due <= on), key=lambda c: (c.due, c.id))
    if not due:
        click.echo(f"Knowledge {known.version}")
        show(*tabled("Holds", "what, how many", _counts(known)))
        overlay = f"; overlay {settings.knowledge_overlay}" if settings.knowledge_overlay else ""
        click.echo(f"Files: {', '.join(FILES)}{overlay}")
        say_overlay(settings)
        soonest = min(claim.due for claim in known.evidence.values())
        click.echo(f"Evidence due on {on}: {len(claims)}; the next review is due on {soonest}.")
    elif claims:
        rows = ((str(c.due), c.id, c.cite, ", ".join(_resting_on(c.id, known))) for c in claims)
        show(*tabled(f"Due by {on}", "due, evidence, cite, rests on it", rows))
    else:
        click.echo(f"No review of evidence is due on {on}.")


@click.command()
@click.argument("code")
@click.option("--system", metavar="NAME", help=f"One of {', '.join(CODE_SYSTEMS)}, or a URI.")
def codes(code: str, system: str | None) -> None:
    """Print what a code means here: concept, site, analyte, medicine or test; or that it is unknown."""
    known = load_knowledge(read_settings())
    names = _systems(system, known)
    found = [row for row in meanings_of(code, known, names)]
    if not found:
        where = f" in {names[0]}" if len(names) == 1 else ""
        click.echo(NOT_KNOWN.format(code=code, where=where))
        sys.exit(1)
    show(*tabled(code, "system, is, red flags that look at it", found))


def _systems(given: str | None, known: Knowledge) -> tuple[str, ...]:
    if given is None:
        return tuple(known.uris)
    name = known.systems.get(given, given)
    if name not in known.uris:
        stop(f"--system {given}: there are {', '.join(known.uris)}, and their URIs.")
    return (name,)


def _resting_on(claim: str, known: Knowledge) -> list[str]:
    return [name for name, words in known.rules.items() if claim in words.evidence]


def _counts(known: Knowledge) -> Iterator[tuple[str, str]]:
    rules = sum(words.kind is not RuleKind.CONTRIBUTOR for words in known.rules.values())
    counts = {
        "rules": rules,
        "contributors": len(known.rules) - rules,
        "concepts": len(known.concepts),
        "codes of concepts": sum(len(concept.codes) for concept in known.concepts.values()),
        "analytes": len(known.analytes),
        "classes of medicines": len(known.medicines),
        "tests and referrals": len(known.tests),
        "lifestyle steps": len(known.lifestyle),
        "pathways": len(known.pathways),
        "claims of evidence": len(known.evidence),
    }
    yield from ((what, str(count)) for what, count in counts.items())
