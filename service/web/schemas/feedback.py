"""Feedback from its JSON, item by item, as CDS Hooks defines it and as Epic sends it; and its summary.

Epic writes `overrideReasons` (an object) for `overrideReason`, and names a reason that a site
made itself only in the `extension`. Comments and displays are read past: they may name somebody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service.errors import RequestNotUnderstood
from service.store import Feedback, Summary, Tally

MOST_ITEMS = 1000
OUTCOMES = ("accepted", "overridden")
A_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
# What a code may look like. A name has a space in it, and is no code of ours.
A_CODE, A_SYSTEM = re.compile(r"[\w.:#/+-]{1,64}", re.ASCII), re.compile(r"[\w.:#/+?=&%~-]{1,255}", re.ASCII)
DEEPEST = 5

Json = Mapping[str, Any]


class _Wrong(Exception):
    """An item that cannot be kept: which member, and what it must be."""


def feedback_items(body: Any) -> tuple[list[Feedback], dict[str, str]]:
    """The items that can be kept, and for each other item the member at fault and what it must be.

    Raises:
        RequestNotUnderstood: there is no list of items, or too long a one.
    """
    items = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise RequestNotUnderstood(
            'The body must be an object with a list: {"feedback": […]}.', where="feedback"
        )
    if len(items) > MOST_ITEMS:
        raise RequestNotUnderstood(f"Send at most {MOST_ITEMS} items in one call.", where="feedback")
    kept: list[Feedback] = []
    problems: dict[str, str] = {}
    for number, item in enumerate(items):
        try:
            kept.append(_item(item))
        except _Wrong as wrong:
            member, what = wrong.args
            problems[f"feedback[{number}]{member}"] = what
    return kept, problems


def summary_json(summary: Summary) -> dict[str, Any]:
    """The answer to GET /feedback/summary."""
    return {
        "cards": _tally(summary.cards),
        "unknownCards": summary.unknown_cards,
        "topics": _tallies("topic", summary.topics),
        "rules": _tallies("rule", summary.rules),
        "suggestions": _tallies("kind", summary.suggestions),
        "overrideReasons": [
            {"topic": topic, "reason": reason, "count": count}
            for (topic, reason), count in sorted(summary.reasons.items())
        ],
    }


def _item(item: Any) -> Feedback:
    if not isinstance(item, dict):
        raise _Wrong("", "an object")
    outcome = item.get("outcome")
    if outcome not in OUTCOMES:
        raise _Wrong(".outcome", "accepted or overridden")
    card = _uuid(item.get("card"))
    if card is None:
        raise _Wrong(".card", "the UUID of a card")
    suggestions = tuple(_suggestions(item.get("acceptedSuggestions")))
    system, code = _reason(item) if outcome == "overridden" else (None, None)
    return Feedback(
        card=card,
        outcome=outcome,
        outcome_at=_moment(item.get("outcomeTimestamp")),
        suggestions=suggestions,
        reason_system=system,
        reason_code=code,
    )


def _suggestions(accepted: Any) -> Iterator[str]:
    """Their UUIDs. An accepted card without any is kept: its link may have been what was accepted."""
    if accepted is None:
        return
    a_list = "a list of objects, each with the UUID of a suggestion as id"
    for one in accepted if isinstance(accepted, list) else [accepted]:
        uuid = _uuid(one.get("id")) if isinstance(one, dict) else _uuid(one)
        if uuid is None:
            raise _Wrong(".acceptedSuggestions", a_list)
        yield uuid


def _moment(text: Any) -> datetime:
    if isinstance(text, str) and A_MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    raise _Wrong(".outcomeTimestamp", "a moment of RFC 3339, such as 2026-11-23T09:30:00Z")


def _reason(item: Json) -> tuple[str | None, str | None]:
    """System and code of the reason, wherever they stand; a comment alone is no reason that we keep."""
    given = item.get("overrideReason") or item.get("overrideReasons")
    for said in given if isinstance(given, list) else [given]:
        if isinstance(said, dict):
            found = next(_codings([said.get("reason"), said]), None)
            if found:
                return found
    return next(_codings([item.get("extension")]), (None, None))


def _codings(said: Any, depth: int = 0) -> Iterator[tuple[str | None, str]]:
    """What looks like a Coding in lists and objects, the outer ones first."""
    if depth > DEEPEST:
        return
    if isinstance(said, list):
        for one in said:
            yield from _codings(one, depth + 1)
    elif isinstance(said, dict):
        code, system = said.get("code"), said.get("system")
        if isinstance(code, str) and A_CODE.fullmatch(code):
            yield (system if isinstance(system, str) and A_SYSTEM.fullmatch(system) else None), code
        for value in said.values():
            if isinstance(value, dict | list):
                yield from _codings(value, depth + 1)


def _uuid(text: Any) -> str | None:
    if not isinstance(text, str):
        return None
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _tallies(name: str, tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    return [{name: key, **_tally(tally)} for key, tally in sorted(tallies.items())]


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "shown": tally.shown,
        "accepted": tally.accepted,
        "overridden": tally.overridden,
        "acceptance": tally.acceptance,
    }
