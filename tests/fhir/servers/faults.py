"""A FHIR server on a real socket that misbehaves as it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import orjson


class Asked(BaseHTTPRequestHandler):
    """One request, with the words to answer it."""

    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        faults = self.server.faults
        faults.asked.append((self.path, dict(self.headers)))
        answer = faults.answers.get(self.path) or faults.answers.get(urlsplit(self.path).path)
        (answer or gives({"resourceType": "OperationOutcome"}, 404))(self)

    def send(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


Answer = Callable[[Asked], None]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, faults: FaultServer) -> None:
        self.faults = faults
        super().__init__(("127.0.0.1", 0), Asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up on us; that is what they are here for."""


class FaultServer:
    """`answers` are by path, with or without the query; `asked` holds what came, in its order."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopped = threading.Event()
        self._http = _Http(self)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_address[1]
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/fhir"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def hangs(self, asked: Asked) -> None:
        """Say nothing."""
        self.stopped.wait(30)

    def drips_headers(self, asked: Asked) -> None:
        """A header without an end, a byte at a time, so that no read ever times out."""
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip(asked)

    def drips_body(self, asked: Asked) -> None:
        """A body without an end, a byte at a time."""
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        self._drip(asked)

    def _drip(self, asked: Asked) -> None:
        while not self.stopped.wait(0.02):
            asked.wfile.write(b" ")


def searchset(*resources: Any, next: str | None = None, **more: Any) -> dict[str, Any]:
    """A page of a search."""
    link = [{"relation": "next", "url": next}] if next is not None else []
    entry = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry, **more}


def gives(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer as it should be, whatever its status."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return lambda asked: asked.send(raw, status, {"Content-Type": "application/fhir+json", **headers})


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other; the last one for ever."""
    left = list(answers)
    return lambda asked: (left.pop(0) if len(left) > 1 else left[0])(asked)


def endless(asked: Asked) -> None:
    """Ten million entries, as fast as they go."""
    asked.wfile.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"resourceType":"Bundle","entry":[{}')
    for _ in range(10_000):
        asked.wfile.write(b',{"resource":{"resourceType":"Condition"}}' * 1000)
    asked.wfile.write(b"]}")


def hangs_up(asked: Asked) -> None:
    """Break off in the middle of a body."""
    asked.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"resourceType":"Bundle"')
    asked.close_connection = True
