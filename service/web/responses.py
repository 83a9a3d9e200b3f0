"""How every answer leaves: as JSON, with its request id, headers for browsers, and a line in the log.

The log names the route, never the path as sent, the query or the body.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from logging import ERROR, INFO
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Each unless the answer has set it already.
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
JSON, FHIR_JSON, HTML = "application/json", "application/fhir+json", "text/html"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
STARTED, NAMED = "twitch-cds.started", "twitch-cds.request-id"

log = structlog.get_logger()


def json(content: Any) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(content), mimetype=JSON)


def register(app: Flask) -> None:
    """Give every answer its headers and its line in the log."""
    app.wsgi_app = _with_headers(app.wsgi_app)  # type: ignore[assignment, method-assign]
    app.after_request(_log)


def log_as_json() -> None:
    """One JSON object a line, on standard output. For the process that serves, not for tests."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(Steadfast(sys.stdout.buffer)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


class Steadfast:
    """A file for the log. A full disk or a reader that has gone costs lines, and never an answer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        """Write, or lose the line."""
        with suppress(OSError):
            self._file.write(line)

    def flush(self) -> None:
        """Hand on what was written, or lose it."""
        with suppress(OSError):
            self._file.flush()


def milliseconds() -> float:
    """The time since the request arrived."""
    started: float = request.environ[STARTED]
    return round((perf_counter() - started) * 1000, 3)


def _with_headers(inner: WSGIApplication) -> WSGIApplication:
    """Around the app and not in it, where six headers would cost a tenth of a silent call."""

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        offered = environ.get("HTTP_X_REQUEST_ID", "")
        name = offered if REQUEST_ID.fullmatch(offered) else uuid4().hex
        environ[STARTED], environ[NAMED] = perf_counter(), name

        def start(status: str, headers: list[tuple[str, str]], *trouble: Any) -> Any:
            present = {header for header, _ in headers}
            ours = [header for header in HEADERS if header[0] not in present]
            return start_response(status, [*headers, *ours, ("X-Request-Id", name)], *trouble)

        return inner(environ, start)

    return outer


def _log(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "none"
    log.log(
        ERROR if response.status_code >= 500 else INFO,
        "answered",
        method=request.method,
        route=rule,
        status=response.status_code,
        ms=milliseconds(),
        request=request.environ[NAMED],
    )
    return response
