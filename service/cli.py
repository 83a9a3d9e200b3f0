"""The command line: `twitch-cds serve` and `twitch-cds assess`.

Exit codes: 0 all is well, 2 the input or a setting is not what it should be, with one
line that says what to do.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from shlex import quote
from socket import AF_INET, AF_INET6
from typing import Any, NoReturn

import click
import orjson
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service import __version__
from service import knowledge as known
from service.answers import Basis
from service.assess import assess
from service.cards import Card, build
from service.config import Settings
from service.errors import KnowledgeInvalid, ServiceError
from service.fhir.record import entries, record_of
from service.findings import Assessment, Finding, SuggestedTest
from service.knowledge import Knowledge
from service.truth import Truth

ROOT = Path(__file__).resolve().parent.parent
GUNICORN_CONF = ROOT / "deploy" / "gunicorn.conf.py"
EXAMPLE = ROOT / "examples" / "teacher.json"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="twitch-cds")
def main() -> None:
    """Muscle twitching: which warning signs are on record, and what to do next."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1), help="Processes; one a processor unless said otherwise.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Prepare the database and serve, until interrupted."""
    settings = _settings()
    _load(settings)
    _prepare_store(settings)
    _check_address(host, port)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = f"http://{bind}"
    click.echo(f"twitch-cds {__version__} at {address} (open: no client is asked for a token). Try:")
    click.echo(f"  {_one_call(address)}")
    count = ["--workers", str(workers)] if workers else []
    gunicorn = ["-m", "gunicorn", "--config", str(GUNICORN_CONF), "--bind", bind, *count]
    os.execv(sys.executable, [sys.executable, *gunicorn])  # noqa: S606 -- no shell, on purpose


@main.command("assess")
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
    settings = _settings()
    on = _day(day) if day else settings.today()
    knowledge = _load(settings)
    pathway = pathway or settings.pathway
    _check_pathway(pathway, knowledge)
    try:
        record = record_of(entries(_parsed(bundle)), knowledge, patient=patient)
    except ServiceError as problem:
        _stop(str(problem).replace("?patient=ID", "--patient ID"))
    assessment = assess(record, on, knowledge=knowledge, pathway=pathway)
    _show(assessment, knowledge, as_json=as_json, as_cards=as_cards)


def _show(assessment: Assessment, knowledge: Knowledge, *, as_json: bool, as_cards: bool) -> None:
    if as_json:
        # Here, because it brings the whole web along.
        from service.web.schemas import assessment_json

        click.echo(orjson.dumps(assessment_json(assessment), option=orjson.OPT_INDENT_2))
    elif as_cards:
        cards = [_card(card) for card in build(assessment, knowledge)]
        _print(*cards or ["No card: no twitch is on record."])
    else:
        _print(*_report(assessment, knowledge))


def _parsed(file: str) -> Any:
    try:
        return orjson.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except orjson.JSONDecodeError as cause:
        _stop(f"{file} is not valid JSON: {cause}.")
    except OSError as cause:
        _stop(f"{file} cannot be read: {cause.strerror}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _stop(f"--on must be a day such as 2026-11-23, not {text!r}.")


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        name = "TWITCH_CDS_" + str(first["loc"][0]).upper()
        _stop(f"{name}: {first['msg'].removeprefix('Value error, ')}.")


def _load(settings: Settings) -> Knowledge:
    try:
        knowledge = known.load(settings.knowledge_overlay)
    except KnowledgeInvalid as problem:
        _stop(str(problem))
    _check_pathway(settings.pathway, knowledge)
    return knowledge


def _check_pathway(name: str, knowledge: Knowledge) -> None:
    if name not in knowledge.pathways:
        _stop(f"There is no pathway {name}. Choose one of: {', '.join(knowledge.pathways)}.")


def _prepare_store(settings: Settings) -> None:
    # Here, because `assess` needs no database.
    from service.store import prepare

    try:
        problem = prepare(settings.database_url)
    except ServiceError as wrong:
        _stop(str(wrong))
    if problem:
        click.echo(f"Warning: {problem} Calls are answered all the same, but the audit loses them.", err=True)


def _check_address(host: str, port: int) -> None:
    """Nobody is asked for a token yet, so nobody beyond this machine may call; and the port must be free."""
    try:
        own = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        own = False
    if not own:
        _stop(f"--host {host}: no client is asked for a token, so the service binds to loopback only.")
    try:
        socket.create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()
    except OSError as cause:
        _stop(f"--port {port} on {host} cannot be had ({os.strerror(cause.errno or 0)}); choose another.")


def _one_call(address: str) -> str:
    if not EXAMPLE.exists():
        return f"curl -s {address}/cds-services"
    file = quote(os.path.relpath(EXAMPLE))
    return f"curl -s {address}/evaluate -H Content-Type:application/fhir+json --data-binary @{file}"


def _print(*parts: RenderableType) -> None:
    console = Console(highlight=False)
    for part in parts:
        console.print(part)


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
    yield from _table("Findings", "finding, asks for, from the record", map(_finding_row, yes))
    may_explain = ((c.words, _sources(c.basis)) for c in a.contributors)
    yield from _table("May contribute", "contributor, from the record", may_explain)
    yield from _table("Tests", "test, reason, not now: because", (_test_row(t, knowledge) for t in a.tests))
    yield from _table("Lifestyle", "step, withheld", ((s.id, "\n".join(s.withheld)) for s in a.lifestyle))
    questions = ((q.ask, str(q.could_raise)) for q in a.open_questions)
    yield from _table("Not documented", "question, could raise it to", questions)
    yield from _table("Could not be read", "resource, reason", ((u.resource, u.reason) for u in a.unreadable))
    yield Text(f"Knowledge {a.knowledge_version}. Decision support for clinicians, not a diagnosis.")


def _finding_row(finding: Finding) -> tuple[str, str, str]:
    asks = str(finding.disposition) if finding.in_force else f"explained by {finding.explained_by}"
    return finding.says, asks, _sources(finding.answer.basis)


def _test_row(test: SuggestedTest, knowledge: Knowledge) -> tuple[str, str, str]:
    name = knowledge.tests[test.id].words if test.id in knowledge.tests else test.id
    which = f": {', '.join(map(knowledge.words, test.analytes))}" if test.analytes else ""
    kept_back = [f"{knowledge.words(a)}: {why}" for a, why in (test.withheld_analytes or {}).items()]
    return name + which, test.reason, "\n".join(filter(None, (test.withheld, *kept_back)))


def _sources(basis: Iterable[Basis]) -> str:
    return "\n".join(f"{b.fact} ({', '.join(filter(None, (_when(b), b.source, b.note)))})" for b in basis)


def _when(basis: Basis) -> str | None:
    return f"since {basis.onset.text}" if basis.onset else basis.date


def _table(title: str, columns: str, rows: Iterable[tuple[str, ...]]) -> Iterator[RenderableType]:
    """What comes from a record is text, never markup."""
    table = Table(*columns.split(", "), title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    if table.row_count:
        yield table


def _card(card: Card) -> RenderableType:
    offers = "\n".join(f"- {suggestion.label}" for suggestion in card.suggestions)
    text = f"{card.detail}\n\n**To accept:**\n\n{offers}" if offers else card.detail
    return Group(Text(f"{card.indicator}: {card.summary}", style="bold"), Panel(Markdown(text)))


def _stop(line: str) -> NoReturn:
    click.echo(f"twitch-cds: {line}", err=True)
    sys.exit(2)
