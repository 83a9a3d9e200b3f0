"""`twitch-cds serve`: check what can be checked, and become the server."""

from __future__ import annotations

import os
import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from shlex import quote
from socket import AF_INET, AF_INET6

import click

from service import __version__
from service.cli.terminal import load_knowledge, read_settings, say_overlay, stop
from service.config import Settings
from service.errors import ServiceError
from service.knowledge import Knowledge

ROOT = Path(__file__).resolve().parents[2]
GUNICORN_CONF = ROOT / "deploy" / "gunicorn.conf.py"
EXAMPLE = ROOT / "examples" / "teacher.json"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1), help="Processes; one a processor unless said otherwise.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Prepare the database and serve, until interrupted."""
    settings = read_settings()
    knowledge = load_knowledge(settings)
    trust = _who_may_call(settings, knowledge)
    _prepare_store(settings)
    say_overlay(settings)
    _say_what_is_off(settings)
    _check_address(host, port, is_open=settings.clients is None)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = f"http://{bind}"
    click.echo(f"twitch-cds {__version__} at {address} ({trust}). Try:")
    click.echo(f"  {_one_call(address, is_open=settings.clients is None)}")
    count = ["--workers", str(workers)] if workers else []
    gunicorn = ["-m", "gunicorn", "--config", str(GUNICORN_CONF), "--bind", bind, *count]
    os.execv(sys.executable, [sys.executable, *gunicorn])  # noqa: S606 -- no shell, on purpose


def _who_may_call(settings: Settings, knowledge: Knowledge) -> str:
    """In words for the operator; an invalid file of clients ends the program."""
    # Here, because it brings the whole web along.
    from service.web.trust import clients_of

    try:
        clients = clients_of(settings, knowledge.pathways)
    except ServiceError as wrong:
        name = "TWITCH_CDS_CLIENTS: " if settings.clients else ""
        stop(f"{name}{wrong}")
    if clients.anonymous:
        return "open: no client is asked for a token, and only this machine may call"
    return f"{len(clients.registered)} registered client{'s' * (len(clients.registered) > 1)}"


def _prepare_store(settings: Settings) -> None:
    # Here, because `assess` needs no database.
    from service.store import prepare

    try:
        problem = prepare(settings.database_url)
    except ServiceError as wrong:
        stop(str(wrong))
    if problem:
        click.echo(f"Warning: {problem} Calls are answered all the same, but the audit loses them.", err=True)


def _say_what_is_off(settings: Settings) -> None:
    if settings.quiet_days and settings.hash_key is None:
        click.echo(
            "Note: without TWITCH_CDS_HASH_KEY patients are not told apart, so no override silences a card.",
            err=True,
        )
    if settings.clients and settings.public_url is None:
        click.echo(
            "Note: without TWITCH_CDS_PUBLIC_URL a token's aud is compared with the Host header, which is"
            " written by whoever calls.",
            err=True,
        )


def _check_address(host: str, port: int, *, is_open: bool) -> None:
    """Where nobody is asked for a token, nobody beyond this machine may call; and the port must be free."""
    try:
        own = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        own = False
    if is_open and not own:
        stop(
            f"--host {host}: without TWITCH_CDS_CLIENTS no client is asked for a token, so the service"
            " binds to loopback only."
        )
    try:
        socket.create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()
    except OSError as cause:
        stop(f"--port {port} on {host} cannot be had ({os.strerror(cause.errno or 0)}); choose another.")


def _one_call(address: str, *, is_open: bool) -> str:
    if not is_open:
        return f"curl -s {address}/readyz"
    if not EXAMPLE.exists():
        return f"curl -s {address}/cds-services"
    file = quote(os.path.relpath(EXAMPLE))
    return f"curl -s {address}/evaluate -H Content-Type:application/fhir+json --data-binary @{file}"
