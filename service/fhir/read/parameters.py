"""A Parameters resource -> the values that an operation was called with, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.errors import RequestNotUnderstood

# By the member of a parameter: its type in JSON, and what to call it in a message.
_TYPES: Mapping[str, tuple[type, str]] = {
    "resource": (dict, "a resource"),
    "valueString": (str, "valueString"),
    "valueCode": (str, "valueCode"),
    "valueDate": (str, "valueDate"),
    "valueBoolean": (bool, "valueBoolean"),
}
# For a parameter that an operation takes and passes over.
ANYTHING = ""


def inputs(resource: Any, taken: Mapping[str, str], *, required: tuple[str, ...]) -> dict[str, Any]:
    """The values by name; `taken` says in which member each is expected ("data" in "resource").

    What an operation does not take is refused and not passed over: it may have been meant to
    change the answer.

    Raises:
        RequestNotUnderstood: it is no Parameters resource, or one of its parameters is unknown,
            given twice, of another type or missing.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise RequestNotUnderstood(
            "The body must be a Parameters resource: resourceType must be Parameters.", where="resourceType"
        )
    found: dict[str, Any] = {}
    for name, parameter in _named(resource.get("parameter", []), taken):
        if name in found:
            raise _wrong(f"{name} is given more than once.", name)
        found[name] = parameter if taken[name] is ANYTHING else _value(name, parameter, taken[name])
    for name in required:
        if name not in found:
            raise _wrong(f"The parameter {name} is missing. Send it as {_TYPES[taken[name]][1]}.", name)
    return found


def _named(listed: Any, taken: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise RequestNotUnderstood(
            "Parameters.parameter must be a list of objects.", where="Parameters.parameter"
        )
    for each in listed:
        name = each.get("name")
        if not isinstance(name, str) or name not in taken:
            raise RequestNotUnderstood(
                f"Unknown parameter. Accepted: {', '.join(taken)}.",
                where="Parameters.parameter",
            )
        yield name, each


def _value(name: str, parameter: Mapping[str, Any], member: str) -> Any:
    kind, words = _TYPES[member]
    value = parameter.get(member)
    if not isinstance(value, kind) or not (value or value is False):
        raise _wrong(f"The parameter {name} must hold {words}.", name)
    return value


def _wrong(message: str, name: str) -> RequestNotUnderstood:
    return RequestNotUnderstood(message, where=f"Parameters.parameter.where(name = '{name}')")
