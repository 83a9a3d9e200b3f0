"""JWK Sets: bytes from a registered address, and from the bytes the keys that may verify a token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from jwt import PyJWKSet
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError
from requests import RequestException
from ssrfguard import Policy, SSRFGuardError
from ssrfguard.requests import Session
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

# The algorithms that may be allowed, and which keys fit them (`kty`, `crv`). CDS Hooks forbids
# `none` and everything symmetric, so these are not here, and nothing else is looked up.
ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
# An RSA key of 8192 bits has 1366 characters; a longer one only costs time.
MAX_JWKS_BYTES, MAX_KEYS, MAX_MEMBER = 262_144, 50, 1400
CONNECT_S, READ_S = 1.0, 2.0

# What `private_network` opens. Link-local is not in it, and neither is the IPv6 address
# (fd00:ec2::254) of a cloud's metadata service: both would hand out the machine's own credentials.
PRIVATE: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    *map(IPv4Network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    IPv6Network("::1/128"),
    *IPv6Network("fc00::/7").address_exclude(IPv6Network("fd00:ec2::/32")),
)


class KeysNotHad(PyJWKClientConnectionError):
    """The key set could not be had; says why in our words, without anything that was received."""


def policy_for(url: str, *, private_network: bool) -> Policy:
    """What may be connected to for a registered URL: its own host and port, public unless said otherwise.

    Raises:
        ValueError: the URL has no host, or its port is none.
    """
    parts = urlsplit(url)
    return Policy(
        allowed_schemes=frozenset({"https", "http"} if private_network else {"https"}),
        allowed_hosts=frozenset({parts.hostname or ""}),
        allowed_ports=frozenset({parts.port or (80 if parts.scheme == "http" else 443)}),
        allowed_networks=PRIVATE if private_network else (),
        max_redirects=0,
    )


def download(url: str, policy: Policy, *, seconds: float, ca_bundle: Path | None = None) -> bytes:
    """The body at the URL, straight from there: no redirect, no proxy, no cookies, no credentials.

    `seconds` bounds the body; the caller bounds what comes before it. `ca_bundle` names the
    authorities to trust instead of the public ones.

    Raises:
        KeysNotHad: anything but a 200 with a body of moderate size in time.
    """
    until = monotonic() + seconds
    try:
        with Session(policy=policy) as session:
            # The environment could name a proxy, which would choose the address, or a .netrc.
            session.trust_env = False
            session.verify = str(ca_bundle) if ca_bundle else True
            asked = {"Accept": "application/json", "Accept-Encoding": "identity"}
            with session.get(
                url, headers=asked, timeout=(CONNECT_S, READ_S), allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code != 200:
                    raise KeysNotHad(f"its jku answered {answer.status_code}")
                return _body(answer.raw, until)
    except (RequestException, SSRFGuardError, HTTPError, OSError, ValueError) as cause:
        raise KeysNotHad(f"its jku cannot be read ({type(cause).__name__})") from None


def read_file(path: Path) -> bytes:
    """The bytes of a key file.

    Raises:
        KeysNotHad: there is none that can be read, or it is too large.
    """
    try:
        with path.open("rb") as file:
            return _small_enough(file.read(MAX_JWKS_BYTES + 1))
    except OSError as cause:
        raise KeysNotHad(f"its jwks_file cannot be read ({type(cause).__name__})") from None


def key_set(raw: bytes, algorithms: Iterable[str]) -> PyJWKSet:
    """The keys that fit one of the algorithms, each under the name that `key_name` gives.

    A key that states no `alg` comes once for every algorithm that it fits: PyJWT alone would
    take every such RSA key for RS256.

    Raises:
        KeysNotHad: this is no JWK Set, or none of its keys can be used.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise KeysNotHad("its JWK Set is not JSON") from None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise KeysNotHad("what should be its JWK Set has no list of keys")
    fitting = [
        _public(key, algorithm)
        for key in keys[:MAX_KEYS]
        for algorithm in algorithms
        if _fits(key, algorithm)
    ]
    try:
        return PyJWKSet(fitting)
    except (PyJWTError, ValueError):
        raise KeysNotHad("its JWK Set has no public key with a kid for an allowed algorithm") from None


def key_name(kid: str, algorithm: str) -> str:
    """The name of a key for one algorithm, so that a token can never choose another one for it."""
    return f"{algorithm} {kid}"


def _fits(key: Any, algorithm: str) -> bool:
    """Whether the JWK is a signature key for the algorithm; one that shows its private half is burnt."""
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or "d" in key:
        return False
    kty, crv = ALGORITHMS[algorithm]
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == kty
        and (crv is None or key.get("crv") == crv)
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and all(len(str(key.get(member, ""))) <= MAX_MEMBER for member in ("n", "e", "x", "y"))
    )


def _public(key: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    members = {name: key[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in key}
    return {**members, "alg": algorithm, "use": "sig", "kid": key_name(key["kid"], algorithm)}


def _body(answer: BaseHTTPResponse, until: float) -> bytes:
    """The body as it comes, undecoded. One `read` would wait for all of it, however slowly it drips."""
    body = b""
    while chunk := answer.read1(65536, decode_content=False):
        body = _small_enough(body + chunk)
        if monotonic() > until:
            raise KeysNotHad("its jku did not answer in time")
    return body


def _small_enough(body: bytes) -> bytes:
    if len(body) > MAX_JWKS_BYTES:
        raise KeysNotHad(f"its JWK Set is larger than {MAX_JWKS_BYTES} bytes")
    return body
