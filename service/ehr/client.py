"""Asks the EHR's FHIR server for what the prefetch lacks.

Whoever calls us names the server, so four things hold for every request: it goes to a
base URL registered for that client and to no other address; it ends when the call's
time is up, however the server behaves; it brings no more than a body could; and the
token is in its Authorization header and nowhere else. What fails is a value, not an
exception: a reason in words, without address, token or patient.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import msgspec
import requests
from pybreaker import CircuitBreaker, CircuitBreakerError
from ssrfguard import SSRFGuardError
from ssrfguard.requests import Session
from urllib3.exceptions import HTTPError

from service.ehr.paging import (
    Failed,
    Page,
    Why,
    address,
    is_sound,
    joined,
    meaning_of,
    miscounted,
    next_address,
    read_page,
)
from service.ehr.session import Call, Limits, breaker_for, current, hush, reason_of, session_for

__all__ = ["Fetched", "Fetcher", "Limits", "Why"]

CONNECT_S = 1.0
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came for one key: a value as a prefetch would bring it, or None.

    A value with a `why` is a part only, for that reason; as JSON it has a next link. A
    searchset may hold OperationOutcomes: they mean what they mean in a prefetch.
    """

    value: msgspec.Raw | None = field(default=None, repr=False)
    why: Why | None = None

    @property
    def complete(self) -> bool:
        """Whether all pages came."""
        return self.value is not None and self.why is None


class Fetcher:
    """Made once per process, safe to share between threads; opens nothing until it is asked.

    `ca_bundle` are the certificates to trust, where the usual ones will not do. `on_breaker` is
    told the base URL of a server that is left alone from now on (True), or is well again.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        ca_bundle: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_breaker: Callable[[str, bool], None] = lambda server, is_open: None,
    ) -> None:
        self._limits, self._ca_bundle, self._clock = limits or Limits(), ca_bundle, clock
        self._on_breaker = on_breaker
        self._servers: dict[tuple[str, bool], _Server] = {}
        self._lock = threading.Lock()
        hush()

    def fetch(
        self,
        templates: Mapping[str, str],
        *,
        base_url: str,
        token: str | None,
        allowed: Sequence[str],
        private_network: bool,
        deadline_s: float = 3.0,
        begun: Mapping[str, msgspec.Raw] = MappingProxyType({}),
    ) -> dict[str, Fetched]:
        """The answer to each filled template ("Condition?patient=p1"), all asked for at the same time.

        `begun` holds the first pages of answers that the client has sent. They are read on from their
        next links; where those lead nowhere, the template is asked anew.
        `allowed` are the base URLs registered for the client; `private_network` lets them
        be http, and on private or loopback addresses. It takes no longer than `deadline_s`.

        Raises:
            Nothing. What did not come says why.
        """
        base = base_url.rstrip("/")
        registered = base in {url.rstrip("/") for url in allowed}
        if not registered or not is_sound(base, private_network=private_network):
            return {key: Fetched(why=Why.NOT_ALLOWED) for key in templates}
        if token is not None and not _TOKEN.fullmatch(token):
            return {key: Fetched(why=Why.UNASKED) for key in templates}
        call = Call(token, self._limits, ends=self._clock() + deadline_s, clock=self._clock)
        return self._server(base, private_network).fetch(templates, begun, call)

    def close(self) -> None:
        """End all threads and connections."""
        for server in self._servers.values():
            server.close()

    def _server(self, base: str, private_network: bool) -> _Server:
        with self._lock:
            if (base, private_network) not in self._servers:
                session = session_for(
                    base, private_network=private_network, limits=self._limits, ca_bundle=self._ca_bundle
                )
                breaker = breaker_for(base, self._limits, self._clock, self._on_breaker)
                self._servers[base, private_network] = _Server(base, session, self._limits, breaker)
            return self._servers[base, private_network]


class _Query:
    """One template on its way. What it lacks until it is done, it lacks for want of time.

    `begun` is the first page of the answer, where the client has sent it.
    """

    def __init__(self, text: str, begun: msgspec.Raw | None) -> None:
        self.text, self.begun = text, begun
        self.pages: list[Page] = []
        self.why: Why | None = Why.TIMEOUT

    def fetched(self) -> Fetched:
        """What came so far; `why` is read first, so that a page which comes meanwhile makes nothing whole."""
        why = self.why
        pages = tuple(self.pages)
        return Fetched(joined(pages, complete=why is None) if pages else None, why)


class _Server:
    """One FHIR server. Its threads are its own: one that hangs cannot use up another's."""

    def __init__(self, base: str, session: Session, limits: Limits, breaker: CircuitBreaker) -> None:
        self._base, self._session, self._limits = base, session, limits
        self._pool = ThreadPoolExecutor(limits.threads, "fhir")
        self._breaker = breaker

    def fetch(
        self, templates: Mapping[str, str], begun: Mapping[str, msgspec.Raw], call: Call
    ) -> dict[str, Fetched]:
        """Ask for everything at once, and give what has come when time is up."""
        queries = {key: _Query(text, begun.get(key)) for key, text in templates.items()}
        futures = [self._pool.submit(self._run, query, call) for query in queries.values()]
        done, late = wait(futures, call.left())
        call.end()
        for future in late:
            future.cancel()
        for future in done:
            future.result()  # raises only for a bug of ours: what a server does is in the query
        return {key: query.fetched() for key, query in queries.items()}

    def close(self) -> None:
        self._pool.shutdown()
        self._session.close()

    def _run(self, query: _Query, call: Call) -> None:
        current.call = call
        try:
            self._answer(query, call)
            query.why = None
        except Failed as failed:
            query.why = failed.why

    def _answer(self, query: _Query, call: Call) -> None:
        """What follows the page that the client has sent; else, or where that fails, everything."""
        if query.begun is not None:
            try:
                page = read_page(bytes(query.begun), query.text)
                if page.next:
                    return self._follow(query, [page], call)
            except Failed as failed:
                if failed.why in (Why.TIMEOUT, Why.LEFT_ALONE):
                    raise
        return self._follow(query, [], call)

    def _follow(self, query: _Query, pages: list[Page], call: Call) -> None:
        """From page to page, until there is no next one."""
        query.pages = pages
        link = pages[-1].next if pages else None
        url: str | None = next_address(self._base, link) if link else address(self._base, query.text)
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise Failed(Why.LOOP)
            if len(seen) == self._limits.pages:
                raise Failed(Why.TOO_LARGE)
            seen.add(url)
            page = read_page(self._asked(url, call), query.text)
            query.pages.append(page)
            url = None if page.next is None else next_address(self._base, page.next)
        if miscounted(query.pages):
            raise Failed(Why.MISCOUNTED)

    def _asked(self, url: str, call: Call) -> bytes:
        """The body of the answer, unless the breaker is open.

        `calling`, and not `call`: that one holds the breaker's lock until the answer is there.
        """
        call.insist_on_time()
        try:
            with self._breaker.calling():
                return self._body(url, call)
        except CircuitBreakerError:
            raise Failed(Why.LEFT_ALONE) from None

    def _body(self, url: str, call: Call) -> bytes:
        left, body, why = call.left(), b"", None
        timeout = min(CONNECT_S, left), left
        try:
            with self._session.get(
                url, headers=call.headers, timeout=timeout, stream=True, allow_redirects=False
            ) as answer:
                why = meaning_of(answer.status_code)
                body = b"" if why else call.read(answer.raw)
        except (requests.RequestException, HTTPError, OSError, SSRFGuardError) as problem:
            why = reason_of(problem)
        finally:
            call.waits_for(None)
        call.insist_on_time()
        if why:  # raised out here, so that no exception with a URL or a header in it is its context
            raise Failed(why)
        return body
