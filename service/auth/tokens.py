"""One token, checked. The clock, the keys and the memory of used tokens are handed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeGuard

import jwt
from jwt.exceptions import PyJWTError

from service.auth.clients import Client, Clients
from service.auth.keys import Keys
from service.errors import ClientNotTrusted

# How far the client's clock may be from ours.
LEEWAY_S: Final = 30
MAX_LIFETIME_S: Final = 3600
# Real ones have 500 to 1500 characters.
MAX_TOKEN: Final = 8192
LONGEST: Final = 255
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC).timestamp() - LEEWAY_S - 1
_UNVERIFIED: Final[jwt.types.Options] = {"verify_signature": False}
# The claims are checked here, by the clock that was handed in and before the signature.
_SIGNATURE_ONLY: Final[jwt.types.Options] = {
    "verify_signature": True,
    "enforce_minimum_key_length": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

Json = Mapping[str, Any]


class SeenTokens(Protocol):
    """The memory of used tokens, shared by all workers."""

    def first_seen(self, issuer: str, jti: str, expires_at: datetime) -> bool:
        """Note the token; False if it was noted before. It may be forgotten after `expires_at`."""
        ...


def verify(
    token: str | None,
    *,
    audience_urls: Collection[str],
    now: datetime,
    clients: Clients,
    keys: Keys,
    seen: SeenTokens,
    max_lifetime_s: int = MAX_LIFETIME_S,
) -> Client:
    """The client whose token this is, with the token's `tenant` and `jti`; in the open mode everybody.

    `audience_urls` are the public URLs of the endpoint that was called, `now` has a time zone.
    The order is the one that CDS Hooks' best practices give: nothing is fetched before
    issuer, audience, times, tenant and `jku` are right, and only a genuine token is noted.

    Raises:
        ClientNotTrusted: no token, or not one that we accept.
    """
    if clients.anonymous:
        return clients.anonymous
    header, claims = _unverified(token)
    client = _registered(claims, clients)
    wrong = (
        _wrong_audience(claims, audience_urls)
        or _wrong_times(claims, now.timestamp(), max_lifetime_s)
        or _wrong_tenant(claims, client)
        or _wrong_header(header, client)
        or _wrong_id(claims)
    )
    if wrong:
        raise ClientNotTrusted(wrong, issuer=client.issuer)
    _check_signature(str(token), header, client, keys)
    forget = datetime.fromtimestamp(claims["exp"] + LEEWAY_S, UTC)
    if not seen.first_seen(client.issuer, claims["jti"], forget):
        raise ClientNotTrusted("the token was used before", issuer=client.issuer)
    return replace(client, tenant=claims.get("tenant"), jti=claims["jti"])


def _unverified(token: str | None) -> tuple[Json, Json]:
    """Header and claims as anybody may have written them."""
    if not token:
        raise ClientNotTrusted("there is no bearer token")
    if len(token) > MAX_TOKEN:
        raise ClientNotTrusted(f"the token is longer than {MAX_TOKEN} characters")
    try:
        # `from None`: what PyJWT says about a token may quote it.
        parts = jwt.decode_complete(token, options=_UNVERIFIED)
    except (PyJWTError, ValueError, RecursionError):
        raise ClientNotTrusted("the token is not a JWT") from None
    return parts["header"], parts["payload"]


def _registered(claims: Json, clients: Clients) -> Client:
    issuer = claims.get("iss")
    client = clients.registered.get(issuer) if isinstance(issuer, str) else None
    if client is None:
        raise ClientNotTrusted("iss is missing or not registered")
    return client


def _wrong_audience(claims: Json, audience_urls: Collection[str]) -> str | None:
    """`aud` may be a list of addresses; the one that was called must be among them, to the letter."""
    named = claims.get("aud")
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(url, str) for url in named):
        return "aud is missing or not a URL"
    if not set(named) & set(audience_urls):
        return f"aud is not the address that was called ({', '.join(audience_urls)})"
    return None


def _wrong_times(claims: Json, now: float, max_lifetime_s: int) -> str | None:
    expires, issued, from_when = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not _is_moment(expires) or not _is_moment(issued) or not _is_moment(from_when):
        return "exp or iat is missing, or a time is not a number of seconds"
    if expires + LEEWAY_S <= now:
        return f"the token expired {now - expires:.0f} s ago"
    if issued - LEEWAY_S > now:
        return f"iat is {issued - now:.0f} s in the future"
    if from_when - LEEWAY_S > now:
        return f"the token is not valid for another {from_when - now:.0f} s"
    if not 0 < expires - issued <= max_lifetime_s:
        return f"the token's lifetime is not between 0 and {max_lifetime_s} s"
    return None


def _is_moment(value: Any) -> TypeGuard[float]:
    """Whether it is a NumericDate that can be; NaN compares as false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LAST_MOMENT


def _wrong_tenant(claims: Json, client: Client) -> str | None:
    tenant = claims.get("tenant")
    if tenant is not None and not _is_name(tenant):
        return "tenant is not a short text"
    if client.tenants and tenant not in client.tenants:
        return "tenant is missing or not registered"
    return None


def _wrong_header(header: Json, client: Client) -> str | None:
    """What the header says must be what is registered: it is never followed, only compared."""
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        return "typ is not JWT"
    if "crit" in header or "b64" in header:
        return "the token demands an extension (crit) that we do not know"
    if header.get("alg") not in client.algorithms:
        return f"alg is not one of {', '.join(client.algorithms)}"
    if not _is_name(header.get("kid")):
        return "kid is missing or not a short text"
    # Optional in the standard: without it the registered keys decide, and they do so with it, too.
    if header.get("jku", client.jku) != client.jku:
        return "jku is not the registered one" if client.jku else "jku is given, but none is registered"
    return None


def _wrong_id(claims: Json) -> str | None:
    return None if _is_name(claims.get("jti")) else "jti is missing or not a short text"


def _is_name(value: Any) -> TypeGuard[str]:
    """Whether it is a text that a database and a log can hold."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _check_signature(token: str, header: Json, client: Client, keys: Keys) -> None:
    key = keys.find(client, header["kid"], header["alg"])
    try:
        jwt.decode_complete(token, key, algorithms=list(client.algorithms), options=_SIGNATURE_ONLY)
    except (PyJWTError, ValueError):
        raise ClientNotTrusted("the signature is not the client's", issuer=client.issuer) from None
