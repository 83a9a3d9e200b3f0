"""A worker of gunicorn that waits for a client only so long, and says nothing of what it cannot read.

gunicorn's own threads wait for ever for the rest of a request, so a dozen half-open connections
would stop everybody; and it quotes what it cannot parse, in its log and in its answer, which may
be a patient's name. Here a connection has no thread until its first byte is there, every read has
its time, and of what is no HTTP only the class of the error is told.
"""

from __future__ import annotations

import errno
import traceback
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from socket import SHUT_RD, SHUT_WR, socket
from time import monotonic
from typing import Any

import orjson
import structlog
from gunicorn.http import errors as http
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from service.web.errors import outcome
from service.web.responses import FHIR_JSON, HEADERS

# In seconds: between two pieces of a request; for the whole of it; for a client to take its answer, or to
# notice that the connection ends.
BETWEEN_S, REQUEST_S, TAKE_S, LINGER_S = 10.0, 30.0, 10.0, 0.5

log = structlog.get_logger()


class TooSlow(http.ParseException):  # type: ignore[misc]
    """The client began a request and did not send the rest in time."""


# What is not here is the client's mistake (400) if gunicorn's parser says so, and ours (500) otherwise.
STATUS: dict[type[Exception], int] = {
    TooSlow: 408,
    http.LimitRequestLine: 414,
    http.ExpectationFailed: 417,
    http.LimitRequestHeaders: 431,
    http.UnsupportedTransferCoding: 501,
    http.ConfigurationProblem: 500,
    http.InvalidResponseHeader: 500,
    http.InvalidResponseHeaderName: 500,
    http.ForbiddenProxyRequest: 403,
}
WORDS = {408: "The request did not arrive in time. Send it again, whole.", 500: "The service failed here."}
NOT_HTTP = "This is not HTTP as the service reads it. Compare the request line, the headers and their sizes."
CODES = {408: "timeout", 431: "too-long", 414: "too-long", 403: "forbidden", 500: "exception"}


class Worker(ThreadWorker):  # type: ignore[misc]
    """What gunicorn.conf.py names as its class of workers."""

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection a thread; a new one once its first byte is there, within `keepalive` seconds."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:
        """Answer one request, within its time."""
        conn.init()
        if not isinstance(conn.parser.unreader, Unhurried):
            conn.parser.unreader = Unhurried(conn.sock)
        conn.parser.unreader.begin()
        kept = super().handle(conn)
        if not kept:
            _let_go(conn.sock)
        return kept

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Call the app; a client that does not take its answer is one that has gone."""
        try:
            kept = super().handle_request(req, conn)
        except TimeoutError as cause:
            raise ConnectionResetError(errno.ECONNRESET, "the answer was not taken") from cause
        # What may be left of the body has a time of gunicorn's own.
        conn.parser.unreader.end()
        return kept

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """Answer what could not be read or, if it is our fault, not be answered. Nothing is quoted."""
        status = _status(exc)
        name = type(exc).__name__
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            frames = traceback.extract_tb(exc.__traceback__)
            log.error("bug", error=name, where=[f"{f.filename}:{f.lineno} {f.name}" for f in frames[-8:]])
        else:
            log.warning("not read", error=name, status=int(status))
        with suppress(OSError):
            client.settimeout(TAKE_S)
            client.sendall(_answer(status))


class Unhurried(SocketUnreader):  # type: ignore[misc]
    """Reads from a client that may take its time, but not ours."""

    def begin(self) -> None:
        """A request begins."""
        self._until: float | None = monotonic() + REQUEST_S

    def end(self) -> None:
        """The request is answered."""
        self._until = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece. Raises TooSlow if it, or the whole request, does not come in time."""
        if self._until is None:
            piece: bytes = super().chunk(size_hint)
            return piece
        left = self._until - monotonic()
        if left <= 0:
            raise TooSlow
        self.sock.settimeout(min(BETWEEN_S, left))
        try:
            piece = super().chunk(size_hint)
        except TimeoutError as cause:
            raise TooSlow from cause
        self.sock.settimeout(TAKE_S)
        return piece


def _let_go(sock: socket) -> None:
    """End a connection here, for a moment waiting for a client that still sends, so that it gets its answer.

    gunicorn does that for two seconds each in the thread that accepts, where a few clients that
    never close would keep everybody waiting; on a socket that is shut down it has nothing left to do.
    """
    with suppress(OSError):
        sock.shutdown(SHUT_WR)
        until = monotonic() + LINGER_S
        while (left := until - monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(65_536):
                break
    with suppress(OSError):
        sock.shutdown(SHUT_RD)


def _status(error: Exception) -> HTTPStatus:
    known = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    return HTTPStatus(known or (400 if isinstance(error, http.ParseException) else 500))


def _answer(status: HTTPStatus) -> bytes:
    """An OperationOutcome as a whole HTTP response, after which the connection ends."""
    body = orjson.dumps(outcome(status, CODES.get(status, "invalid"), WORDS.get(status, NOT_HTTP)))
    headers = [
        ("Content-Type", FHIR_JSON),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *HEADERS,
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + body
