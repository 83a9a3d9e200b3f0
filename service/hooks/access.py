"""The EHR's FHIR server as one call may ask it: with that call's token, about that call's patient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from time import monotonic
from types import MappingProxyType
from urllib.parse import quote

from msgspec import Raw

from service.ehr.client import Fetched, Fetcher, Why
from service.hooks.templates import PrefetchTemplate
from service.knowledge import Knowledge

__all__ = ["NO_ACCESS", "NO_TOKEN", "Access", "Fetched", "Why"]

NONE_BEGUN: Mapping[str, Raw] = MappingProxyType({})
TOKEN = re.compile(r"\{\{context\.(\w+)\}\}")


class Access:
    """What may be asked of one FHIR server for one call; everything asked shares one deadline.

    `context` holds what the tokens of our templates stand for; with `since` they are asked in their
    second form. `failures` says by key what
    did not come, for the log.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        knowledge: Knowledge,
        context: Mapping[str, str],
        *,
        base_url: str,
        token: str,
        allowed: Sequence[str],
        private_network: bool,
        deadline_s: float,
        since: date | None = None,
    ) -> None:
        self._fetcher, self._knowledge, self._context = fetcher, knowledge, context
        self._base_url, self._token = base_url, token
        self._allowed, self._private_network = allowed, private_network
        self._left_s, self._since = deadline_s, since
        self.failures: dict[str, Why] = {}

    def fetch(
        self, templates: Iterable[PrefetchTemplate], begun: Mapping[str, Raw] = NONE_BEGUN
    ) -> Mapping[str, Fetched]:
        """What the server gives for each key, all asked for at once; what it does not give says why.

        `begun` holds first pages that the client has sent, and that are read on from.
        """
        began = monotonic()
        had = self._fetcher.fetch(
            {template.key: self._query(template) for template in templates},
            base_url=self._base_url,
            token=self._token,
            allowed=self._allowed,
            private_network=self._private_network,
            deadline_s=max(0.0, self._left_s),
            begun=begun,
        )
        self._left_s -= monotonic() - began
        self.failures |= {key: fetched.why for key, fetched in had.items() if fetched.why}
        return had

    def _query(self, template: PrefetchTemplate) -> str:
        """The template with its tokens filled; an id that is none becomes no more than an odd id."""
        query = template.query(self._knowledge, self._since)
        return TOKEN.sub(lambda token: quote(self._context[token[1]], safe=""), query)


class _NoAccess(Access):
    """For a call that brings no server, or no token for it: nothing is asked, and `why` is said."""

    def __init__(self, why: Why | None = None) -> None:
        self._why = why
        self.failures = {}

    def fetch(
        self, templates: Iterable[PrefetchTemplate], begun: Mapping[str, Raw] = NONE_BEGUN
    ) -> Mapping[str, Fetched]:
        return {template.key: Fetched(why=self._why) for template in templates} if self._why else {}


NO_ACCESS = _NoAccess()
NO_TOKEN = _NoAccess(Why.UNASKED)
