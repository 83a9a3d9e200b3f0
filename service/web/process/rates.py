"""How often somebody may call in a minute, and be refused in a minute.

A registered client has its calls by issuer and tenant, in the open mode (and for the pages
that need no token) each address has its own. The workers of a machine count together;
several machines each count by themselves, so a client that is spread over N of them
reaches up to N times the limit.

Refusals are limited too, whatever the setting says: every one is a row of the audit, and
anybody can cause them. Only refusals count against an address, never calls with a right
token: behind a proxy all clients have one address, and nobody may keep the others out.
"""

from __future__ import annotations

from math import ceil

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from service.auth import Client
from service.errors import TooManyRequests
from service.web.process.addresses import limited_as
from service.web.process.shared_counts import SharedCounts

REFUSALS_A_MINUTE = 60


class Rates:
    """The limits of one app. `calls` a minute and client; 0 for no limit."""

    def __init__(self, calls: int, *, counts: SharedCounts | None = None) -> None:
        self._counts = counts or SharedCounts()
        self._limiter = FixedWindowRateLimiter(self._counts)
        self._calls = RateLimitItemPerMinute(calls, namespace="calls") if calls else None
        self._refusals = RateLimitItemPerMinute(REFUSALS_A_MINUTE, namespace="refusals")

    def count_call(self, client: Client | None, address: str | None) -> None:
        """Count a call of a client, or of an address where no client is known.

        Raises:
            TooManyRequests: the calls of this minute are used up.
        """
        if self._calls is None:
            return
        if client is not None and client.issuer:
            self._count(self._calls, f"{client.issuer}\x1f{client.tenant}")
        else:
            self._count(self._calls, limited_as(address))

    def count_refusal(self, address: str | None) -> None:
        """Count a call that was not trusted.

        Raises:
            TooManyRequests: so many came from this address that another row would tell nothing new.
        """
        self._count(self._refusals, limited_as(address))

    def _count(self, item: RateLimitItem, key: str) -> None:
        if not self._limiter.hit(item, key):
            ends = self._limiter.get_window_stats(item, key).reset_time
            raise TooManyRequests(max(1, ceil(ends - self._counts.now())))
