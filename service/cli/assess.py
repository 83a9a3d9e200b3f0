"""`twitch-cds assess`: one Bundle, one assessment, as tables, JSON or cards."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from service.assess import assess
from service.assessment import Assessment, Finding, SuggestedTest
from service.cards import Card, build
from service.cli.terminal import check_pathway, day_of, load_knowledge, read_settings, show, stop, tabled
from service.errors import PatientNotInBundle, ServiceError, SeveralPatients
from service.facts.answers import Basis
from service.facts.truth import Truth
from service.fhir.read.record import record_in
from service.knowledge import Knowledge
from service.knowledge.words import (
    fact_words,
    grounds_words,
    held_words,
    left_out_words,
    notes_words,
    reason_words,
)


@click.command("assess")
@click.argument("bundle")
@click.option(
    "--on", "day", metavar="DATE", help="The day of the assessment, such as 2026-11-23; today without it."
)
@click.option("--patient", metavar="ID", help="Whom to assess, where the Bundle is about several.")
@click.option("--pathway", metavar="NAME", help="early-referral, nice-ng127, or one of the overlay.")
@click.option("--json", "as_json", is_flag=True, help="Print what POST /evaluate answers.")
@click.option("--cards", "as_cards", is_flag=True, help="Print the cards that a hook would answer.")
def assess_bundle(
    bundle: str, day: str | None, patient: str | None, pathway: str | None, as_json: bool, as_cards: bool
) -> None:
    """Assess the patient whom a FHIR Bundle is about (a file, or - for standard input)."""
    settings = read_settings()
    on = day_of(day) if day else settings.today()
    knowledge = load_knowledge(settings)
    pathway = pathway or settings.pathway
    check_pathway(pathway, knowledge)
    try:
        record = record_in(_parsed(bundle), knowledge, patient=patient)
    except ServiceError as problem:
        stop(_in_words(problem))
    assessment = assess(record, on, knowledge=knowledge, pathway=pathway)
    _show(assessment, knowledge, as_json=as_json, as_cards=as_cards)


def _in_words(problem: ServiceError) -> str:
    """Why a Bundle cannot be assessed, for the one who typed the command."""
    match problem:
        case SeveralPatients(references=references):
            return (
                f"The Bundle is about {len(references)} patients ({', '.join(references[:5])}), and an"
                " assessment is about one. Name one with --patient ID."
            )
        case PatientNotInBundle(reference=reference):
            return f"Nothing in the Bundle is about {reference}. Check the id."
    return str(problem)


def _show(assessment: Assessment, knowledge: Knowledge, *, as_json: bool, as_cards: bool) -> None:
    if as_json:
        # Here, because it brings the whole web along.
        from service.assessment_json import assessment_json

        click.echo(orjson.dumps(assessment_json(assessment, knowledge), option=orjson.OPT_INDENT_2))
    elif as_cards:
        cards = [_card(card) for card in build(assessment, knowledge)]
        show(*cards or ["No card: no twitch is on record."])
    else:
        show(*_report(assessment, knowledge))


def _parsed(file: str) -> Any:
    try:
        return orjson.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except orjson.JSONDecodeError as cause:
        stop(f"{file} is not valid JSON: {cause}.")
    except OSError as cause:
        stop(f"{file} cannot be read: {cause.strerror}.")


def _report(a: Assessment, knowledge: Knowledge) -> Iterator[RenderableType]:
    """The assessment as tables; one without rows is left out."""
    twitch = a.twitch
    yield Text.assemble("Disposition: ", (str(a.disposition), "bold"), f" (on {a.on}, {a.pathway})")
    lasted = f", for {twitch.duration}" if twitch.duration else ""
    sites = f", at {', '.join(twitch.sites)}" if twitch.sites else ""
    yield Text(
        f"Twitch: {twitch.present.truth.name}{lasted}{sites}; spreading: {twitch.spreading.truth.name}"
    )
    yes = sorted((f for f in a.findings if f.truth is Truth.YES), key=lambda f: -(f.disposition or 0))
    yield from tabled(
        "Findings", "finding, asks for, from the record", (_finding_row(f, knowledge) for f in yes)
    )
    may_explain = ((c.words, _sources(c.basis, knowledge)) for c in a.contributors)
    yield from tabled("May contribute", "contributor, from the record", may_explain)
    yield from tabled("Tests", "test, reason, not now: because", (_test_row(t, knowledge) for t in a.tests))
    yield from tabled(
        "Lifestyle", "step, withheld", ((s.id, "\n".join(left_out_words(s, knowledge))) for s in a.lifestyle)
    )
    questions = ((q.ask, str(q.could_raise)) for q in a.open_questions)
    yield from tabled("Not documented", "question, could raise it to", questions)
    unread = ((u.source, u.date or "") for u in a.unread_medicines)
    yield from tabled("Which medicine is not told", "resource, date", unread)
    yield from tabled("Could not be read", "resource, reason", _unreadable(a, knowledge))
    yield Text(f"Knowledge {a.knowledge_version}. Decision support for clinicians, not a diagnosis.")


def _finding_row(finding: Finding, knowledge: Knowledge) -> tuple[str, str, str]:
    asks = str(finding.disposition) if finding.in_force else f"explained by {finding.explained_by}"
    return finding.says, asks, _sources(finding.answer.basis, knowledge)


def _test_row(test: SuggestedTest, knowledge: Knowledge) -> tuple[str, str, str]:
    name = knowledge.tests[test.id].words if test.id in knowledge.tests else test.id
    which = f": {', '.join(map(knowledge.words, test.analytes))}" if test.analytes else ""
    held = {
        knowledge.words(a): held_words(why, knowledge) for a, why in (test.withheld_analytes or {}).items()
    }
    whole = [held_words(test.withheld, knowledge)] if test.withheld else []
    not_now = [*whole, *(f"{analyte}: {why}" for analyte, why in held.items())]
    return name + which, grounds_words(test, knowledge), "\n".join(not_now)


def _sources(basis: Iterable[Basis], knowledge: Knowledge) -> str:
    return "\n".join(f"{fact_words(b, knowledge)} ({_told(b, knowledge)})" for b in basis)


def _told(basis: Basis, knowledge: Knowledge) -> str:
    return ", ".join(filter(None, (_when(basis), basis.source, notes_words(basis.notes, knowledge))))


def _unreadable(a: Assessment, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    return ((lost.resource, reason_words(lost.reason, knowledge)) for lost in a.unreadable)


def _when(basis: Basis) -> str | None:
    return f"since {basis.onset.text}" if basis.onset else basis.date


def _card(card: Card) -> RenderableType:
    offers = "\n".join(f"- {suggestion.label}" for suggestion in card.suggestions)
    text = f"{card.detail}\n\n**To accept:**\n\n{offers}" if offers else card.detail
    return Group(Text(f"{card.indicator}: {card.summary}", style="bold"), Panel(Markdown(text)))
