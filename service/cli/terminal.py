"""What every command asks of its surroundings, and how it answers: settings, knowledge, tables, the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from shutil import get_terminal_size
from typing import NoReturn

import click
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from service import knowledge as known
from service.config import Settings
from service.errors import KnowledgeInvalid
from service.knowledge import Knowledge


def read_settings() -> Settings:
    """The settings of the environment; one that cannot be read ends the program."""
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        name = "TWITCH_CDS_" + str(first["loc"][0]).upper()
        stop(f"{name}: {first['msg'].removeprefix('Value error, ')}.")


def load_knowledge(settings: Settings) -> Knowledge:
    """The knowledge with the overlay of the settings; if it is not sound, the program ends."""
    try:
        knowledge = known.load(settings.knowledge_overlay)
    except KnowledgeInvalid as problem:
        stop(str(problem))
    check_pathway(settings.pathway, knowledge)
    return knowledge


def say_overlay(settings: Settings) -> None:
    """Print what the overlay of the settings changes, and what in it wants a second look."""
    if settings.knowledge_overlay is None:
        return
    changes = known.changes(settings.knowledge_overlay)
    click.echo(
        f"The overlay {settings.knowledge_overlay} changes:"
        if changes.lines
        else "The overlay changes nothing."
    )
    for line in changes.lines:
        click.echo(f"  - {line}")
    for warning in changes.warnings:
        click.echo(f"Warning: {warning}.", err=True)


def check_pathway(name: str, knowledge: Knowledge) -> None:
    """End the program if there is no such pathway."""
    if name not in knowledge.pathways:
        stop(f"There is no pathway {name}. Choose one of: {', '.join(knowledge.pathways)}.")


def day_of(text: str, option: str = "--on") -> date:
    """The day of an option, written like 2026-11-23; anything else ends the program."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        stop(f"{option} must be a day such as 2026-11-23, not {text!r}.")


def show(*parts: RenderableType) -> None:
    """Print them, as wide as the terminal."""
    console = Console(highlight=False)
    for part in parts:
        console.print(part)


def tabled(title: str, columns: str, rows: Iterable[tuple[str, ...]]) -> Iterator[RenderableType]:
    """A table, or nothing where there are no rows. What stands in it is text, never markup."""
    table = Table(*columns.split(", "), title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    if table.row_count:
        yield table


def width() -> int:
    """How wide a line of text may be: what people read well, or less in a narrow terminal."""
    return min(get_terminal_size().columns, 100)


def stop(line: str) -> NoReturn:
    """End the program with exit code 2 and one line that says what to do."""
    click.echo(f"twitch-cds: {line}", err=True)
    sys.exit(2)
