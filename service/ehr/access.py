"""The EHR's FHIR server as one call may ask it: with that call's token, about that call's patient."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from urllib.parse import quote

from msgspec import Raw

from service.ehr.client import Fetched, Fetcher, Why

__all__ = ["NO_ACCESS", "NO_TOKEN", "Access", "Fetched", "Why"]

NONE_BEGUN: Mapping[str, Raw] = MappingProxyType({})
TOKEN = re.compile(r"\{\{context\.(\w+)\}\}")


class Access:
    """What may be asked of one FHIR server for one call; everything asked shares one deadline.

    `templates` gives the prefetch templates by key, and `context` what their tokens stand for.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        templates: Callable[[], Mapping[str, str]],
        context: Mapping[str, str],
        *,
        base_url: str,
        token: str,
        allowed: Sequence[str],
        private_network: bool,
        deadline_s: float,
    ) -> None:
        self._fetcher, self._templates, self._context = fetcher, templates, context
        self._base_url, self._token = base_url, token
        self._allowed, self._private_network = allowed, private_network
        self._left_s = deadline_s

    def fetch(self, keys: Iterable[str], begun: Mapping[str, Raw] = NONE_BEGUN) -> Mapping[str, Fetched]:
        """What the server gives for each key, all asked for at once; what it does not give says why.

        `begun` holds first pages that the client has sent, and that are read on from.
        """
        began, templates = monotonic(), self._templates()
        had = self._fetcher.fetch(
            {key: self._filled(templates[key]) for key in keys},
            base_url=self._base_url,
            token=self._token,
            allowed=self._allowed,
            private_network=self._private_network,
            deadline_s=max(0.0, self._left_s),
            begun=begun,
        )
        self._left_s -= monotonic() - began
        return had

    def _filled(self, template: str) -> str:
        """The template with its tokens filled; an id that is none becomes no more than an odd id."""
        return TOKEN.sub(lambda token: quote(self._context[token[1]], safe=""), template)


class _NoAccess(Access):
    """For a call that brings no server, or no token for it: nothing is asked, and `why` is said."""

    def __init__(self, why: Why | None = None) -> None:
        self._why = why

    def fetch(self, keys: Iterable[str], begun: Mapping[str, Raw] = NONE_BEGUN) -> Mapping[str, Fetched]:
        return {key: Fetched(why=self._why) for key in keys} if self._why else {}


NO_ACCESS = _NoAccess()
NO_TOKEN = _NoAccess(Why.UNASKED)
