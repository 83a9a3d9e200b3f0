"""How one FHIR server is reached, and nothing else: the guarded session, and what one call may use up."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv6Network, ip_network
from pathlib import Path
from typing import Any

import pybreaker
import requests
from ssrfguard import Policy, SSRFGuardError
from ssrfguard.requests import SafeAdapter, Session
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Retry
from urllib3.exceptions import TimeoutError
from urllib3.util import parse_url

from service.ehr.paging import PORTS, Failed, Why

CHUNK = 65_536
OUTAGES = (Why.BUSY, Why.SERVER_ERROR, Why.UNREACHABLE, Why.TIMEOUT)
# They log URLs, and a URL names the patient.
TALKATIVE = ("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry")
# Where hospitals live. Not link-local, where clouds keep their keys, nor fd00:ec2::254, where AWS does, too.
PRIVATE = (
    *map(ip_network, ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *IPv6Network("fc00::/7").address_exclude(IPv6Network("fd00:ec2::/32")),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is fetched for one call, and how long a failing server is left alone.

    `body_bytes` are those of all answers to one call, decompressed. `failures` in a row are
    more than one call asks for, so that one bad call does not shut out the next.
    """

    body_bytes: int = 10_000_000
    pages: int = 20
    threads: int = 32
    failures: int = 15
    pause_s: float = 15.0


class Call:
    """One call's token, what it may still use up, and the sockets to hang up on when its time is over.

    A read time-out starts anew with every byte, and a header has no other; so a server
    that drips would hold a thread for as long as it likes. Hence the hanging up.
    """

    def __init__(self, token: str | None, limits: Limits, *, ends: float, clock: Callable[[], float]) -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._ends, self._clock, self._bytes = ends, clock, limits.body_bytes
        self._sockets: dict[int, socket.socket] = {}
        self._lock, self._over = threading.Lock(), False

    def left(self) -> float:
        """The seconds that are left; 0 when the call has ended."""
        return 0.0 if self._over else max(0.0, self._ends - self._clock())

    def insist_on_time(self) -> None:
        """Raise `Failed` if the time is up."""
        if not self.left():
            raise Failed(Why.TIMEOUT)

    def read(self, raw: BaseHTTPResponse) -> bytes:
        """The body, decompressed as it trickles in; raises `Failed` when time or bytes are used up."""
        parts = []
        while part := raw.read1(CHUNK, decode_content=True):
            self.insist_on_time()
            with self._lock:
                self._bytes -= len(part)
            if self._bytes < 0:
                raise Failed(Why.TOO_LARGE)
            parts.append(part)
        return b"".join(parts)

    def waits_for(self, connection: socket.socket | None) -> None:
        """Note what this thread reads from; None when it no longer does."""
        with self._lock:
            self._sockets.pop(threading.get_ident(), None)
            if connection is not None:
                self._sockets[threading.get_ident()] = connection
            if self._over:
                self._hang_up()

    def end(self) -> None:
        """Who still waits for a server reads an end of file, and is free again."""
        with self._lock:
            self._over = True
            self._hang_up()

    def _hang_up(self) -> None:
        for connection in self._sockets.values():
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Current(threading.local):
    """The call that a thread works for; connections outlive calls, and have no other way to know it."""

    call: Call


current = _Current()


def _hearing(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    """The same pool with connections that tell the current call what they wait for."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc,name-defined]
        def connect(self) -> None:
            current.call.insist_on_time()
            super().connect()

        def getresponse(self) -> HTTPResponse:
            current.call.waits_for(self.sock)
            return super().getresponse()  # type: ignore[no-any-return]

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


class _Adapter(SafeAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        guarded = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {name: _hearing(pool) for name, pool in guarded.items()}


def session_for(base: str, *, private_network: bool, limits: Limits, ca_bundle: Path | None) -> Session:
    """A session that reaches the scheme, host and port of `base`, on public addresses unless told otherwise.

    No cookies: they would carry one clinician's session into the next one's request.
    Nothing from the environment: a proxy would choose the address, and .netrc the credentials.
    """
    at = parse_url(base)
    policy = Policy(
        allowed_schemes=frozenset({at.scheme or ""}),
        allowed_hosts=frozenset({(at.host or "").strip("[]")}),
        allowed_ports=frozenset({at.port or PORTS[at.scheme or ""]}),
        allowed_networks=PRIVATE if private_network else (),
        max_connection_attempts=2,
    )
    session = Session(policy=policy)
    adapter = _Adapter(policy=policy, pool_maxsize=limits.threads, max_retries=_once_more())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.trust_env = False
    session.verify = str(ca_bundle) if ca_bundle else True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers = {"Accept": "application/fhir+json", "Accept-Encoding": "gzip"}
    return session


def _once_more() -> Retry:
    """A second attempt, after a dropped connection or a gateway's hiccup."""
    return Retry(
        total=1,
        backoff_factor=0.1,
        status_forcelist=(502, 503, 504),
        allowed_methods={"GET"},
        respect_retry_after_header=False,
        raise_on_status=False,
    )


class Since(pybreaker.CircuitMemoryStorage):
    """When the breaker opened, by a clock that nobody sets back; pybreaker itself asks the wall's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(pybreaker.STATE_CLOSED)
        self._clock, self._at = clock, clock()

    @property
    def opened_at(self) -> datetime:
        """So long ago, seen from the wall clock's now."""
        return datetime.now(UTC) - timedelta(seconds=self._clock() - self._at)

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        self._at = self._clock()


class _Listener(pybreaker.CircuitBreakerListener):
    """Says when a breaker opens, and when it closes; half open, it waits for the outcome of its trial."""

    def __init__(self, server: str, told: Callable[[str, bool], None]) -> None:
        self._server, self._told = server, told

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        if new_state.name != pybreaker.STATE_HALF_OPEN:
            self._told(self._server, new_state.name == pybreaker.STATE_OPEN)


def breaker_for(
    server: str, limits: Limits, clock: Callable[[], float], told: Callable[[str, bool], None]
) -> pybreaker.CircuitBreaker:
    """A breaker that leaves a server alone after some outages; `told` hears when (True), and when no more."""
    return pybreaker.CircuitBreaker(
        fail_max=limits.failures,
        reset_timeout=limits.pause_s,
        exclude=[lambda problem: isinstance(problem, Failed) and problem.why not in OUTAGES],
        state_storage=Since(clock),
        throw_new_error_on_trip=False,
        listeners=[_Listener(server, told)],
    )


def hush() -> None:
    """Keep URLs, which name patients, out of the log whatever its level is."""
    for name in TALKATIVE:
        logging.getLogger(name).disabled = True


def reason_of(problem: Exception) -> Why:
    """What it means that a request ended in this exception."""
    if isinstance(problem, SSRFGuardError):
        return Why.NOT_ALLOWED
    return Why.TIMEOUT if isinstance(problem, (requests.Timeout, TimeoutError)) else Why.UNREACHABLE
