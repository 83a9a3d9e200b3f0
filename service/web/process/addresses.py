"""Where a request comes from: the address of whoever opened the connection, which may be a proxy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from werkzeug.datastructures import Headers

Network = IPv4Network | IPv6Network

# What proxies add to a request that they pass on, by standard or by custom; not each adds each.
ADDED_BY_PROXIES = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Real-IP",
)
# A name or an address of IPv4, or one of IPv6 in brackets; then perhaps a port.
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:@/]+))(?::[0-9]{1,5})?", re.IGNORECASE)


@lru_cache(64)
def is_local(address: str | None) -> bool:
    """Whether the caller is on this machine; a Unix socket has no address, and is."""
    known = _known(address)
    return not address if known is None else known.is_loopback


def is_passed_on(headers: Headers) -> bool:
    """Whether a proxy says that it passed the request on, so that its address is the proxy's."""
    return any(name in headers for name in ADDED_BY_PROXIES)


@lru_cache(64)
def names_this_machine(host: str) -> bool:
    """Whether a Host header is localhost or a loopback address.

    A page of the web can have its own name resolved to a loopback address, and so let a browser on
    this machine call; the Host header still bears the page's name.
    """
    match = HOST.fullmatch(host)
    name = (match[1] or match[2]) if match else ""
    return name.lower() == "localhost" or (bool(name) and is_local(name))


def is_within(address: str | None, networks: Iterable[Network]) -> bool:
    """Whether it is an address of one of the networks; a Unix socket is where loopback is."""
    known = _known(address or "127.0.0.1")
    return known is not None and any(known in network for network in networks)


@lru_cache(1024)
def limited_as(address: str | None) -> str:
    """Whom a limit is for: the address, or the /64 that one who has an IPv6 address has to himself."""
    known = _known(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Address(int(known) >> 64 << 64))
    return str(known or "local")


def _known(address: str | None) -> IPv4Address | IPv6Address | None:
    """The address; one of IPv4 that an IPv6 socket received is one of IPv4."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known
