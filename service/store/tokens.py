"""Which tokens were used: in the database for all workers, and here for the time when it is down."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, delete

from service.store.database import insert_new
from service.store.tables import seen_tokens

# 10 000 tokens of an hour are three calls a second; more than that only makes the oldest forgotten.
REMEMBERED = 10_000


class OwnTokens:
    """The tokens that this process has seen, without what has expired."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._expiries: dict[tuple[str, str], datetime] = {}
        self._lock = Lock()

    def first_seen(self, issuer: str, jti: str, expires_at: datetime, now: datetime) -> bool:
        """Note the token; False if this process noted it before and it has not expired."""
        with self._lock:
            known = self._expiries.pop((issuer, jti), None)
            self._expiries[issuer, jti] = expires_at
            if len(self._expiries) > self._size:
                del self._expiries[next(iter(self._expiries))]
        return known is None or known <= now


def note(connection: Connection, issuer: str, jti: str, expires_at: datetime) -> bool:
    """Note the token; False if any process noted it before. One statement, so two workers cannot both win."""
    row = {"issuer": issuer, "jti": jti, "expires": expires_at}
    # What was inserted comes back; psycopg's count of rows is -1 here.
    noted = insert_new(connection, seen_tokens).on_conflict_do_nothing().returning(seen_tokens.c.jti)
    return connection.execute(noted, row).first() is not None


def forget_expired(connection: Connection, now: datetime) -> int:
    """Delete the tokens that nobody would accept any more; how many there were."""
    return connection.execute(delete(seen_tokens).where(seen_tokens.c.expires < now)).rowcount
