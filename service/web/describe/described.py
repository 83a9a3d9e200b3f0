"""How a route describes itself, for the description of the interface (`openapi`).

    @evaluate.post("/evaluate")
    @described("Evaluate", answer=Content(AssessmentSchema), body=Content(BUNDLE), errors=(SeveralPatients,))
    def evaluated() -> Response:
        # Its docstring: the first line is the summary; what follows is the description, in Markdown.

What holds for all routes (who is let in, limits, what a body may be) is not said here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from marshmallow import Schema

from service.errors import ServiceError
from service.web.responses import FHIR_JSON, JSON

Json = Mapping[str, Any]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Content:
    """What a body holds: a marshmallow schema or a JSON Schema, an example of it, and in which media types.

    `schema` is None where there is nothing but the words.
    """

    schema: type[Schema] | Json | None
    words: str = ""
    example: Any = None
    types: tuple[str, ...] = (JSON,)


def a_resource(resource_type: str, words: str, example: Any = None) -> Content:
    """A FHIR resource of a type, in either media type."""
    shape = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"const": resource_type}},
    }
    return Content(shape, words, example, (FHIR_JSON, JSON))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path, or of the query: what it says, and which values it takes."""

    words: str
    schema: Json = field(default_factory=lambda: {"type": "string"})
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route for who calls it: in which group it is told, and what goes in and comes out.

    `status` is that of the answer when all is well, `also` are others without a body. `errors` are
    those that only this route raises.
    """

    group: str
    answer: Content
    body: Content | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    errors: tuple[type[ServiceError], ...] = ()
    status: int = 200
    also: Mapping[int, str] = field(default_factory=dict)


def described(
    group: str,
    *,
    answer: Content,
    body: Content | None = None,
    parameters: Mapping[str, Parameter] | None = None,
    errors: tuple[type[ServiceError], ...] = (),
    status: int = 200,
    also: Mapping[int, str] | None = None,
) -> Callable[[View], View]:
    """Write the description of a route beside it, below the line that gives the route its address."""
    operation = Operation(
        group=group,
        answer=answer,
        body=body,
        parameters=parameters or {},
        errors=errors,
        status=status,
        also=also or {},
    )

    def note(view: View) -> View:
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return note


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What a route says of itself, None if it says nothing."""
    return getattr(view, "operation", None)
