"""Markdown that a record cannot break out of.

Card details are GitHub-flavoured Markdown, and clients render raw HTML in it. So
whatever derives from a record passes through `escaped`; what we write ourselves does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST = 160

_MARKS = {ord(mark): f"\\{mark}" for mark in "\\`*_[]{}|#~$!^"} | {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    # GitHub and remark turn bare addresses into links; a space stops them, and stays readable.
    ord("@"): " @ ",
}
_ADDRESS = re.compile(r"(?i)(://|\bwww\.)")
_LIST_MARK = re.compile(r"(\d{1,9})([.)])(?=\s|$)|([-+=])")


def plain(text: str, longest: int = LONGEST) -> str:
    """One line of printed characters, cut at a word where it is longer than `longest`."""
    if not text.isprintable():
        # Controls, direction marks, zero-width and tag characters, surrogates.
        text = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    kept = line[: longest - 1].rstrip()
    whole = kept.rpartition(" ")[0] if line[len(kept)] != " " else kept
    return (whole if len(whole) > longest // 2 else kept) + "…"


def capital(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """The text as the middle of a sentence; an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def escaped(text: str, longest: int = LONGEST) -> str:
    """The text as Markdown that renders as itself: no markup, no HTML, no link, no line break."""
    line = plain(text, longest)
    if "//" in line or "." in line:
        line = _ADDRESS.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", line)
    line = line.translate(_MARKS)
    mark = _LIST_MARK.match(line)
    if mark is None:
        return line
    return f"{mark[1]}\\{line[mark.start(2) :]}" if mark[1] else f"\\{line}"


@lru_cache(maxsize=2048)
def own(text: str) -> str:
    """Our own words, escaped and never cut: what was left out might be the warning.

    They are remembered, because the same ones are said again and again. Never pass in what a record says.
    """
    return escaped(text, len(text))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of items that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def section(title: str, body: str) -> str:
    """A body under its title: a list or table below it, a sentence beside it."""
    block = body.startswith(("- ", "| "))
    return f"**{title}**\n\n{body}" if block else f"**{title}:** {body}"


def link(label: str, url: str) -> str:
    """A link to an address of our own knowledge; never call it with one from a record."""
    target = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{own(label)}]({target})"
