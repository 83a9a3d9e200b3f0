"""The registered clients: who may call, with whose keys, about which FHIR servers, in which dialect."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from ssrfguard import SSRFGuardError

from service.auth.jwks import ALGORITHMS, KeysNotHad, key_set, policy_for, read_file
from service.errors import SettingsInvalid

DIALECTS = ("1.0", "2.0", "epic", "cerner", "sandbox")
SEARCHES = ("code", "category")
# The file calls it a profile, as those do who connect an EHR.
KEYS = {"profile": "dialect"}
FLAGS = ("private_network", "silent", "ask_about_words", "known_mnd_card")
DEFAULT_ALGORITHMS = ("ES384", "RS384")
# Its private key is published with its source, so that anybody can sign as it.
SANDBOX = "https://sandbox.cds-hooks.org"
LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One block of the clients' file, or in the open mode everybody (`issuer` is empty).

    With a `jwks_file` nothing is fetched, and a `jku` beside it is what its tokens must say.
    `fhir_servers` have no slash at their end. `pathway` is None where the configured one
    holds. `search` says how its FHIR servers are asked: by code, or by category and date.
    `ask_about_words` and `known_mnd_card`: which cards it wants (`CallContext`).
    `verify` adds what the call's own token says: its `tenant` and `jti`.
    """

    issuer: str
    jku: str | None = None
    jwks_file: Path | None = None
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    tenants: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    private_network: bool = False
    dialect: str = "2.0"
    search: str = "code"
    pathway: str | None = None
    silent: bool = False
    ask_about_words: bool = True
    known_mnd_card: bool = False
    tenant: str | None = field(default=None, compare=False)
    jti: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Clients:
    """All clients by issuer; `anonymous` is everybody in the open mode, and None otherwise."""

    registered: Mapping[str, Client]
    anonymous: Client | None = None

    @classmethod
    def read(cls, path: Path, *, pathways: Collection[str] | None = None) -> Clients:
        """The clients of a TOML file; `pathways` are the names that a client may choose.

        Raises:
            SettingsInvalid: the file cannot be read or followed; lists every problem.
        """
        tables = _tables(path)
        problems: list[str] = []
        clients = []
        for number, table in enumerate(tables, 1):
            client, wrong = _client(table, path.parent, pathways)
            clients.append(client)
            problems += [f"client {number}{f' ({client.issuer})' * bool(client.issuer)}: {w}" for w in wrong]
        twice = Counter(client.issuer for client in clients if client.issuer)
        problems += [f"{issuer} is registered {n} times" for issuer, n in twice.items() if n > 1]
        if problems:
            raise SettingsInvalid(str(path), problems)
        return cls(MappingProxyType({client.issuer: client for client in clients}))

    @classmethod
    def open(cls, fhir_servers: Iterable[str] = (), pathway: str | None = None) -> Clients:
        """Everybody, without a token. Only for a service that listens on loopback: whoever binds checks that.

        Raises:
            SettingsInvalid: one of the FHIR servers is no address.
        """
        servers = tuple(server.rstrip("/") for server in fhir_servers)
        wrong = [f"{s}: {w}" for s in servers if (w := _wrong_address(s, private_network=True))]
        if wrong:
            raise SettingsInvalid("TWITCH_CDS_FHIR_SERVERS", wrong)
        anybody = Client(issuer="", fhir_servers=servers, private_network=True, pathway=pathway)
        return cls(MappingProxyType({}), anybody)


def _tables(path: Path) -> list[Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as cause:
        raise SettingsInvalid(str(path), [f"it cannot be read: {cause.strerror}"]) from cause
    except ValueError as cause:  # TOML or UTF-8
        raise SettingsInvalid(str(path), [f"it is not TOML: {cause}"]) from cause
    tables = found.pop("client", None)
    if found:
        raise SettingsInvalid(str(path), [f"{name} is unknown; there is only [[client]]" for name in found])
    if not isinstance(tables, list) or not tables:
        raise SettingsInvalid(str(path), ["it registers no client; begin a block with [[client]]"])
    return tables


def _client(table: Any, folder: Path, pathways: Collection[str] | None) -> tuple[Client, list[str]]:
    """A client and what is wrong with it. What has the wrong type is left out, and the rest still checked."""
    if not isinstance(table, dict):
        return Client(issuer=""), ["it is not a table; begin one with [[client]]"]
    given, wrong = _typed(table)
    if "jwks_file" in given:
        given["jwks_file"] = folder / given["jwks_file"]
    given["fhir_servers"] = tuple(server.rstrip("/") for server in given.get("fhir_servers", ()))
    client = Client(**{"issuer": "", **given})
    wrong += [*_wrong_names(client, pathways), *_wrong_addresses(client), *_wrong_keys(client, table)]
    return client, wrong


def _typed(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    wrong = []
    named = {attribute: key for key, attribute in KEYS.items()}
    names = [named.get(f.name, f.name) for f in fields(Client) if f.compare]
    for name, value in table.items():
        if name not in names:
            wrong.append(f"{name} is unknown; there are {', '.join(names)}")
        elif name in FLAGS:
            if isinstance(value, bool):
                given[name] = value
            else:
                wrong.append(f"{name} must be true or false")
        elif name in ("algorithms", "tenants", "fhir_servers"):
            if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
                given[name] = tuple(value)
            else:
                wrong.append(f"{name} must be a list of texts with at least one; leave it out for none")
        elif isinstance(value, str) and value:
            given[KEYS.get(name, name)] = value
        else:
            wrong.append(f"{name} must be a text")
    return given, wrong


def _wrong_names(client: Client, pathways: Collection[str] | None) -> Iterator[str]:
    if client.dialect not in DIALECTS:
        yield f"profile must be one of {', '.join(DIALECTS)}"
    if client.search not in SEARCHES:
        yield f"search must be one of {', '.join(SEARCHES)}"
    if pathways is not None and client.pathway is not None and client.pathway not in pathways:
        yield f"pathway must be one of {', '.join(pathways)}"
    for algorithm in client.algorithms:
        if algorithm not in ALGORITHMS:
            yield f"algorithms must be of {', '.join(ALGORITHMS)}, which none and HMAC are not"
            break
    if any(len(text) > LONGEST for text in (client.issuer, *client.tenants)):
        yield f"issuer and tenants have at most {LONGEST} characters"
    if client.issuer.rstrip("/") == SANDBOX and client.dialect != "sandbox":
        yield 'anybody can sign as this issuer (its private key is public); to test, say profile = "sandbox"'


def _wrong_addresses(client: Client) -> Iterator[str]:
    for name, url in [("jku", client.jku), *(("fhir_servers", server) for server in client.fhir_servers)]:
        if url and (wrong := _wrong_address(url, private_network=client.private_network)):
            yield f"{name} {url}: {wrong}"


def _wrong_keys(client: Client, table: Mapping[str, Any]) -> Iterator[str]:
    if "issuer" not in table:
        yield "issuer is missing: what its tokens have as iss"
    if "jku" not in table and "jwks_file" not in table:
        yield "jku or jwks_file is missing: without a public key no token can be checked"
    if client.jwks_file:
        try:
            key_set(read_file(client.jwks_file), [a for a in client.algorithms if a in ALGORITHMS])
        except KeysNotHad as problem:
            yield f"jwks_file {client.jwks_file}: {problem}"


def _wrong_address(url: str, *, private_network: bool) -> str | None:
    """What keeps us from ever asking this URL; only what shows without resolving its name."""
    try:
        parts = urlsplit(url)
        policy_for(url, private_network=private_network).check_url(url)
    except (SSRFGuardError, ValueError):
        if private_network:
            return "must be an https or http address with a host, without user:password"
        return "must be an https address that is not private (private_network = true allows that, and http)"
    return "must have no #fragment and no user:password" if parts.fragment or "@" in parts.netloc else None
