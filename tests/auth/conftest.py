"""Clients with real keys, a JWKS server on a socket, and tokens that are right unless a test bends them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import api_jws as jws
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pytest_httpserver import HTTPServer
from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite import insert

from service.auth import Client, Clients, Keys, verify
from service.auth.keys import Patience
from service.store import Store
from service.store.tables import seen_tokens

ISSUER = "https://ehr.example"
HERE = "https://cds.example/cds-services/fasciculation-red-flags"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
JKU_PATH = "/jwks.json"

EC_KEY = ec.generate_private_key(ec.SECP384R1())
OTHER_EC_KEY = ec.generate_private_key(ec.SECP384R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public half of a key, as a JWKS shows it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    shown = json.loads(algorithm.to_jwk(key.public_key()))
    shown.pop("key_ops", None)
    return {**shown, "kid": kid, "use": "sig", **more}


JWKS = {"keys": [jwk(EC_KEY, "ec-1", alg="ES384"), jwk(RSA_KEY, "rsa-1")]}


class Seen:
    """The memory of used tokens, in memory; keeps what it was told."""

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], datetime] = {}

    def first_seen(self, issuer: str, jti: str, expires_at: datetime) -> bool:
        first = (issuer, jti) not in self.tokens
        self.tokens[issuer, jti] = expires_at
        return first


@pytest.fixture
def jwks_server(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    httpserver.expect_request(JKU_PATH).respond_with_json(JWKS)
    yield httpserver
    httpserver.clear()


@pytest.fixture
def client(httpserver: HTTPServer) -> Client:
    return Client(issuer=ISSUER, jku=httpserver.url_for(JKU_PATH), private_network=True)


@pytest.fixture
def token(client: Client) -> Callable[..., str]:
    """A token of the client; `claims` and `header` change or (None) leave out, the rest chooses the key."""

    def make(
        claims: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        *,
        key: Any = EC_KEY,
        kid: str = "ec-1",
        alg: str = "ES384",
    ) -> str:
        now = int(NOW.timestamp())
        payload = {"iss": ISSUER, "aud": HERE, "iat": now, "exp": now + 300, "jti": "a-jti"} | (claims or {})
        head = {"typ": "JWT", "kid": kid, "jku": client.jku} | (header or {})
        payload = {name: value for name, value in payload.items() if value is not None}
        # PyJWT leaves out a `typ` that is empty, and writes its own where there is none.
        head = {name: value or "" for name, value in head.items() if value is not None or name == "typ"}
        # `jwt.encode` would refuse some of what an attacker may write.
        return jws.encode(json.dumps(payload).encode(), key, alg, head)

    return make


@pytest.fixture
def check(client: Client) -> Callable[..., Client]:
    """`verify` for that client at noon, with a new memory and new keys unless they are given."""

    def check(token: str | None, **other: Any) -> Client:
        known = other.pop("client", client)
        usual = {
            "audience_urls": (HERE,),
            "now": NOW,
            "clients": Clients({known.issuer: known}),
            "keys": Keys(Patience(deadline=1)),
            "seen": Seen(),
        }
        return verify(token, **{**usual, **other})

    return check


class SeenInTable:
    """The memory of used tokens in the store's table, with connections of its own as a worker has them."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)

    def first_seen(self, issuer: str, jti: str, expires_at: datetime) -> bool:
        new = {"issuer": issuer, "jti": jti, "expires": expires_at}
        with self._engine.begin() as connection:
            return connection.execute(insert(seen_tokens).values(new).on_conflict_do_nothing()).rowcount == 1

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def shared_memory(tmp_path: Path) -> Iterator[Callable[[], SeenInTable]]:
    """Makes memories for several workers, all over one database."""
    url = f"sqlite:///{tmp_path}/store.db"
    store = Store(url)
    store.upgrade()
    made: list[SeenInTable] = []

    def make() -> SeenInTable:
        made.append(SeenInTable(url))
        return made[-1]

    yield make
    for memory in made:
        memory.close()
    store.close()
