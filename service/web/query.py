"""What a query says: days, flags and numbers, or an error that says how to write them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from service.errors import RequestNotUnderstood

A_DAY = {"type": "string", "format": "date"}
# More than there is of anything; longer numbers mean the same, and are not worth converting.
MANY_DIGITS, MANY = 19, 10**18
_FLAGS = {"true": True, "false": False}


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """See that nothing is asked that nobody answers: a slip would change the meaning without a word.

    Raises:
        RequestNotUnderstood: a parameter that the address does not take.
    """
    for name in given:
        if name not in known:
            raise RequestNotUnderstood(f"Unknown parameter. Accepted: {', '.join(known)}.", where="query")


def day(text: str, name: str) -> date:
    """The day that a FHIR date names.

    Raises:
        RequestNotUnderstood: it is no whole day.
    """
    try:
        named = date.fromisoformat(text)
    except ValueError as cause:
        raise _no_day(name) from cause
    # A date without its hyphens, or by its week, is ISO 8601 too, but no FHIR date.
    if named.isoformat() != text:
        raise _no_day(name)
    return named


def flag(text: str, name: str) -> bool:
    """Whether it is true.

    Raises:
        RequestNotUnderstood: it is neither true nor false.
    """
    if text.lower() not in _FLAGS:
        raise RequestNotUnderstood(f"{name} must be true or false.", where=name)
    return _FLAGS[text.lower()]


def number(text: str, name: str) -> int:
    """A number of things, such as resources.

    Raises:
        RequestNotUnderstood: it is no whole number.
    """
    if not (text.isascii() and text.isdigit()):
        raise RequestNotUnderstood(f"{name} must be a number, such as 50.", where=name)
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) < MANY_DIGITS else MANY


def _no_day(name: str) -> RequestNotUnderstood:
    return RequestNotUnderstood(f"{name} must be a day such as 2026-11-23.", where=name)
