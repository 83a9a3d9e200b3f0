"""What a FHIR server answers, still raw: one resource, or the pages of a searchset and where the next one is.

No network here. A URL, ours or the server's, is followed only below the base URL, and
is read by the parser that later sends it, so that both mean the same address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urljoin

import msgspec
import orjson
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

PORTS = {"https": 443, "http": 80}
_MORE = b'"link":[{"relation":"next","url":"urn:not-read"}],'


class Why(Enum):
    """Why something did not come, or not all of it."""

    NOT_ALLOWED = "not-allowed"
    UNASKED = "unasked"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    BUSY = "busy"
    SERVER_ERROR = "server-error"
    REDIRECTED = "redirected"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    LEFT_ALONE = "left-alone"
    TOO_LARGE = "too-large"
    NOT_FHIR = "not-fhir"
    FOREIGN_PAGE = "foreign-page"
    LOOP = "loop"
    MISCOUNTED = "miscounted"


_STATUS = {
    401: Why.UNAUTHORIZED,
    403: Why.FORBIDDEN,
    404: Why.NOT_FOUND,
    410: Why.NOT_FOUND,
    429: Why.BUSY,
}
_HUNDREDS = {2: Why.NOT_FHIR, 3: Why.REDIRECTED, 4: Why.REFUSED}


class Failed(Exception):
    """Stops a query; carries no address, value or token."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `raw` is the resource, or the entries of a Bundle without the brackets around them.

    `count` is how many matches it holds, `total` how many the server says there are.
    """

    raw: bytes
    is_bundle: bool
    next: str | None = None
    count: int = 0
    total: int | None = None


class _Head(msgspec.Struct, rename="camel"):
    resource_type: str
    id: str = ""
    type: str = ""
    total: msgspec.Raw = msgspec.Raw()
    link: msgspec.Raw = msgspec.Raw()
    entry: msgspec.Raw = msgspec.Raw()


class _Search(msgspec.Struct):
    mode: str = "match"


class _Entry(msgspec.Struct):
    search: _Search | None = None


_head = msgspec.json.Decoder(_Head).decode
_entries = msgspec.json.Decoder(list[_Entry]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


def is_sound(base: str, *, private_network: bool) -> bool:
    """Whether this can be a base URL at all: https (http in a private network), a host, a path, no more."""
    at = _parsed(base)
    if at is None or not at.host or at.auth or at.query is not None or at.fragment is not None:
        return False
    return at.scheme == "https" or (at.scheme == "http" and private_network)


def address(base: str, query: str) -> str:
    """The URL of a query that is relative to `base`.

    Raises:
        Failed: it is not below `base`.
    """
    return _below(base, f"{base}/{query}", Why.NOT_ALLOWED)


def next_address(base: str, link: str) -> str:
    """The URL of a next page; a relative one is relative to `base`.

    Raises:
        Failed: it is not below `base`, so the token must not go there.
    """
    try:
        return _below(base, urljoin(f"{base}/", link), Why.FOREIGN_PAGE)
    except ValueError:
        raise Failed(Why.FOREIGN_PAGE) from None


def _below(base: str, url: str, why: Why) -> str:
    at, root = _parsed(url), _parsed(base)
    if at is None or root is None or at.auth or at.fragment is not None or _origin(at) != _origin(root):
        raise Failed(why)
    path, above = at.path or "", root.path or ""
    if ".." in unquote(path).replace("\\", "/").split("/") or not f"{path}/".startswith(f"{above}/"):
        raise Failed(why)
    return at.url


def _origin(at: Url) -> tuple[str | None, str | None, int | None]:
    return at.scheme, at.host, at.port or PORTS.get(at.scheme or "")


def _parsed(url: str) -> Url | None:
    """The parts of a URL, its path without dot segments; None if it is none."""
    try:
        return parse_url(url)
    except LocationParseError:
        return None


def meaning_of(status: int) -> Why | None:
    """Why an answer of this HTTP status holds nothing to read; None for 200."""
    return None if status == 200 else _STATUS.get(status) or _HUNDREDS.get(status // 100, Why.SERVER_ERROR)


def read_page(body: bytes, query: str) -> Page:
    """The answer to `query`: the resource of a read ("Patient/p1"), or a page of a search.

    Raises:
        Failed: it is not JSON, not FHIR, not what was asked for, or says that the query failed.
    """
    try:
        head = _head(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Failed(Why.NOT_FHIR) from None
    if head.resource_type == "OperationOutcome":
        raise Failed(Why.REFUSED)
    asked_for, _, one = query.partition("?")[0].partition("/")
    if one and (head.resource_type, head.id) == (asked_for, one):
        return Page(body, is_bundle=False)
    if one or head.resource_type != "Bundle" or head.type != "searchset":
        raise Failed(Why.NOT_FHIR)
    return _searchset(head)


def _searchset(head: _Head) -> Page:
    entry = bytes(head.entry)
    if entry in (b"", b"null"):
        entry = b"[]"
    if not entry.startswith(b"["):
        raise Failed(Why.NOT_FHIR)
    stated = _loose(head.total)
    total = stated if isinstance(stated, int) and not isinstance(stated, bool) else None
    return Page(
        raw=entry[1:-1].strip(),
        is_bundle=True,
        next=_next(_loose(head.link)),
        count=matches(entry) if total is not None else 0,
        total=total,
    )


def _next(links: object) -> str | None:
    """The next link; one that names no address leads nowhere, but there is more."""
    if links is None:
        return None
    if not isinstance(links, list):
        raise Failed(Why.NOT_FHIR)
    for link in links:
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) and url else "urn:nowhere"
    return None


def matches(entry: bytes) -> int:
    """How many entries match the search, and are not included or an outcome."""
    try:
        return sum(e.search is None or e.search.mode == "match" for e in _entries(entry))
    except msgspec.ValidationError:
        return len(_items(entry))


def _loose(raw: msgspec.Raw) -> object:
    try:
        return orjson.loads(memoryview(raw)) if raw else None
    except orjson.JSONDecodeError:
        raise Failed(Why.NOT_FHIR) from None


def miscounted(pages: Sequence[Page]) -> bool:
    """Whether the server counts more matches than all its pages hold."""
    totals = [page.total for page in pages if page.total is not None]
    return len(totals) == len(pages) and max(totals, default=0) > sum(page.count for page in pages)


def joined(pages: Sequence[Page], *, complete: bool) -> msgspec.Raw:
    """The pages as one value of a prefetch: the resource, or a searchset; with a next link if incomplete."""
    if not pages[0].is_bundle:
        return msgspec.Raw(pages[0].raw)
    entry = b",".join(page.raw for page in pages if page.raw)
    more = b"" if complete else _MORE
    return msgspec.Raw(b'{"resourceType":"Bundle","type":"searchset",' + more + b'"entry":[' + entry + b"]}")
