"""`twitch-cds feedback`, `audit export` and `purge`: what the store remembers, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NoReturn

import click
import orjson
from rich.text import Text

from service import __version__
from service.cli.terminal import day_of, read_settings, show, stop, tabled
from service.config import Settings
from service.errors import ServiceError

if TYPE_CHECKING:
    from service.store import Store, Summary, Tally


@click.command()
@click.option("--since", metavar="DATE", help="Only the cards shown since that day.")
@click.option("--client", metavar="ISSUER", help="Only one client; all of them without it.")
@click.option("--json", "as_json", is_flag=True, help="Print what GET /feedback/summary answers.")
def feedback(since: str | None, client: str | None, as_json: bool) -> None:
    """How often cards were accepted, by topic, rule and suggestion; and why they were overridden."""
    start = _start(since, "--since")
    store = _store(read_settings())
    try:
        counted = store.summary(client=client, since=start)
    except ServiceError:
        _no_database()
    if as_json:
        # Here, because it brings the whole web along.
        from service.web.schemas.feedback import summary_json

        click.echo(orjson.dumps(summary_json(counted), option=orjson.OPT_INDENT_2))
    else:
        _show(counted)


@click.group()
def audit() -> None:
    """The record of the calls that produced cards or were refused."""


@audit.command()
@click.option("--since", metavar="DATE", help="The first day, in UTC.")
@click.option("--until", metavar="DATE", help="The last day, in UTC.")
def export(since: str | None, until: str | None) -> None:
    """Print the audit as FHIR R4 AuditEvents in the form of IHE BALP, one a line (NDJSON)."""
    # Here, because only the commands about the store need it.
    from service.fhir.write.audit_event import audit_event

    settings = read_settings()
    first, last = _start(since, "--since"), _start(until, "--until")
    end = last + timedelta(days=1) if last else None
    try:
        for row in _store(settings).calls(first, end):
            event = audit_event(row, version=__version__, public_url=settings.public_url)
            click.echo(orjson.dumps(event))
    except ServiceError:
        _no_database()


@click.command()
@click.option(
    "--older-than", "days", metavar="DAYS", type=click.IntRange(1), help="TWITCH_CDS_RETENTION_DAYS"
)
def purge(days: int | None) -> None:
    """Delete what is older than the retention period, expired tokens, and quiet that has ended."""
    settings = read_settings()
    days = days or settings.retention_days
    try:
        gone = _store(settings).purge(days=days)
    except ServiceError:
        _no_database()
    counts = ", ".join(f"{count} of {table}" for table, count in gone.items())
    click.echo(f"Deleted what is older than {days} days: {counts}.")


def _store(settings: Settings) -> Store:
    """The store with its tables as this version wants them. One that is not there is not made."""
    from service.store import Store, lacking, prepare

    try:
        if file := lacking(settings.database_url):
            stop(
                f"There is no database {file}. Give TWITCH_CDS_DATABASE_URL as the service has it (a relative"
                " file is looked for where the command is run); `twitch-cds serve` makes the file."
            )
        problem = prepare(settings.database_url)
    except ServiceError as wrong:
        stop(str(wrong))
    if problem:
        stop(problem)
    return Store(settings.database_url, quiet_days=settings.quiet_days)


def _no_database() -> NoReturn:
    stop("The database stopped answering; what was printed is not the whole.")


def _start(text: str | None, option: str) -> datetime | None:
    return datetime.combine(day_of(text, option), time(), UTC) if text else None


def _show(counted: Summary) -> None:
    every = counted.cards
    show(
        Text(
            f"{every.shown} cards shown, {every.accepted} accepted, {every.overridden} overridden;"
            f" feedback on {counted.unknown_cards} cards that are not ours, or no longer known"
        ),
        *tabled("Topics", "topic, shown, accepted, overridden, acceptance", _rows(counted.topics)),
        *tabled("Rules", "rule, shown, accepted, overridden, acceptance", _rows(counted.rules)),
        *tabled("Suggestions", "kind, shown, accepted, passed over, acceptance", _rows(counted.suggestions)),
        *tabled(
            "Why overridden",
            "topic, reason, times",
            ((topic, reason, str(n)) for (topic, reason), n in counted.reasons.most_common()),
        ),
    )


def _rows(tallies: Mapping[str, Tally]) -> Iterable[tuple[str, ...]]:
    for name, tally in sorted(tallies.items(), key=lambda item: (-item[1].shown, item[0])):
        share = "–" if tally.acceptance is None else f"{tally.acceptance:.0%}"
        yield name, str(tally.shown), str(tally.accepted), str(tally.overridden), share
