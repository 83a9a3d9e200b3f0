"""The interface in OpenAPI 3.1: from the routes, their docstrings, what `described` notes, and the schemas.

Which errors a route answers with follows from what it takes and who may call it; their
statuses are those of `errors.STATUS`. A route without `described` is left out, and a test fails.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.routing import Rule

from service import __version__, errors
from service.errors import ServiceError
from service.web.describe.described import Content, Operation, Parameter, operation_of
from service.web.errors import STATUS, WRONG_MEDIA_TYPE, outcome
from service.web.responses import FHIR_JSON
from service.web.schemas.assessment_shapes import OutcomeSchema
from service.web.trust import OPEN_TO_ALL, UNLIMITED

if TYPE_CHECKING:
    from apispec import APISpec

Json = dict[str, Any]

# The groups in the order in which they are told; a group that is not named here follows them.
GROUPS = {
    "CDS Hooks": "What an EHR calls: discovery, the services, and feedback on their cards.",
    "Evaluate": "The same decision without CDS Hooks: a FHIR Bundle in, the whole assessment out.",
    "FHIR": "The same decision for clients that speak FHIR, and the published artefacts that it goes by.",
    "Operation": "For those who run the service: probes and metrics. None of it holds anything of a patient.",
    "Description": "What you are reading.",
}
ABOUT = """
This patient's muscles twitch: when is it harmless, and when must a neurologist see them?

* **Errors** are FHIR OperationOutcomes that say what to do next. A failure is never an empty list of cards.
* **Another method** than those of an address is 405 with `Allow`; an unknown address is 404.
* **Bodies** are JSON in UTF-8, if you like with `Content-Encoding: gzip`, and bounded also when unpacked.
* Every answer has an `X-Request-Id`; one that you send (up to 64 letters, digits, `.`, `_`, `-`) is kept.
* **Decision support for clinicians, not a diagnosis.**
"""
TO_SIGN_IN = (
    "A JWT (RFC 7519) of a registered client, signed with a key of its JWKS (ES384 or RS384): `iss` as"
    " registered, `aud` the address that is called, `exp` within the hour, a `jti` that is used once. While"
    " no client is registered none is needed, and only the machine itself may call."
)
READING_A_BODY = (errors.RequestNotUnderstood, errors.NotJson, errors.BodyTooSlow, errors.BodyTooLarge)
A_HEADER = {"schema": {"type": "string"}}
HEADERS = {
    401: {"WWW-Authenticate": {"description": "Bearer", **A_HEADER}},
    405: {"Allow": {"description": "The methods that the address takes.", **A_HEADER}},
    429: {"Retry-After": {"description": "When to try again, in seconds.", "schema": {"type": "integer"}}},
}
WRONG_TYPE = "The body does not say that it is JSON, or is packed in a way that is not read here."
WRONG_METHOD = "The address does not take this method."
MARKED = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def description(app: Flask, *, address: str | None, tokens: bool) -> Json:
    """The document. `address` is where clients reach the service; `tokens`: whether they need them."""
    # Here, because only who reads the description needs it.
    from apispec import APISpec
    from apispec.ext.marshmallow import MarshmallowPlugin

    spec = APISpec(
        "twitch-cds",
        __version__,
        "3.1.0",
        plugins=[MarshmallowPlugin()],
        info={
            "summary": "CDS Hooks service for muscle twitching",
            "description": ABOUT.strip(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": address or "/"}],
    )
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TO_SIGN_IN}
    spec.components.security_scheme("clientToken", bearer)
    spec.components.schema("OperationOutcome", schema=OutcomeSchema)
    found = sorted(_operations(app), key=lambda each: _place(each[1].group))
    for group in dict.fromkeys(operation.group for _, operation in found):
        spec.tag({"name": group, **({"description": GROUPS[group]} if group in GROUPS else {})})
    for rule, operation in found:
        _add(spec, rule, operation, inspect.getdoc(app.view_functions[rule.endpoint]) or "", tokens=tokens)
    return spec.to_dict()


def methods_of(rule: Rule) -> list[str]:
    """The methods that a route was written for; Flask adds HEAD and OPTIONS by itself."""
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _operations(app: Flask) -> Iterator[tuple[Rule, Operation]]:
    for rule in app.url_map.iter_rules():
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is not None:
            yield rule, operation


def _place(group: str) -> int:
    return list(GROUPS).index(group) if group in GROUPS else len(GROUPS)


def _add(spec: APISpec, rule: Rule, operation: Operation, said: str, *, tokens: bool) -> None:
    summary, _, more = said.partition("\n")
    is_open = rule.endpoint in OPEN_TO_ALL
    whole = {
        "tags": [operation.group],
        "summary": summary.rstrip("."),
        "description": more.strip(),
        "parameters": [_parameter(name, of, rule) for name, of in operation.parameters.items()],
        "responses": {
            str(operation.status): _response(operation.answer),
            **{str(status): {"description": words} for status, words in operation.also.items()},
            **_errors(_raised(rule, operation)),
        },
        "security": [] if is_open else [{"clientToken": []}, *([] if tokens else [{}])],
    }
    if operation.body:
        whole["requestBody"] = {
            "required": True,
            "description": operation.body.words,
            "content": _media(operation.body),
        }
    for method in methods_of(rule):
        named = rule.endpoint if len(methods_of(rule)) == 1 else f"{rule.endpoint}.{method.lower()}"
        operations = {method.lower(): {"operationId": named, **whole}}
        spec.path(MARKED.sub(r"{\1}", rule.rule), operations=operations)


def _parameter(name: str, parameter: Parameter, rule: Rule) -> Json:
    in_path = name in rule.arguments
    return {
        "name": name,
        "in": "path" if in_path else "query",
        "required": in_path,
        "description": parameter.words,
        "schema": dict(parameter.schema),
        **({} if parameter.example is None else {"example": parameter.example}),
    }


def _response(answer: Content) -> Json:
    said: Json = {"description": answer.words or "All is well."}
    return said if answer.schema is None else {**said, "content": _media(answer)}


def _media(content: Content) -> Json:
    example = {} if content.example is None else {"example": content.example}
    return {kind: {"schema": content.schema, **example} for kind in content.types}


def _raised(rule: Rule, operation: Operation) -> Iterator[type[ServiceError]]:
    yield from operation.errors
    if operation.body:
        yield from READING_A_BODY
    if rule.endpoint not in OPEN_TO_ALL:
        yield errors.ClientNotTrusted
    if rule.endpoint not in UNLIMITED:
        yield errors.TooManyRequests


def _errors(raised: Iterable[type[ServiceError]]) -> Json:
    """A response for each status, with an example for each error that has it."""
    by_status: dict[int, dict[str, tuple[str, str]]] = {}
    for kind in raised:
        status, code = STATUS[kind]
        # The first line of a docstring is its summary; what follows is about attributes.
        words = (inspect.getdoc(kind) or "").partition("\n")[0]
        by_status.setdefault(status, {})[kind.__name__] = (code, words)
        if kind is errors.NotJson:
            status, code = WRONG_MEDIA_TYPE
            by_status.setdefault(status, {})["WrongMediaType"] = (code, WRONG_TYPE)
    by_status[405] = {"WrongMethod": ("not-supported", WRONG_METHOD)}
    by_status[500] = {"Bug": ("exception", "The service failed. That is our bug.")}
    return {str(status): _error(status, kinds) for status, kinds in sorted(by_status.items())}


def _error(status: int, kinds: dict[str, tuple[str, str]]) -> Json:
    examples = {name: {"value": outcome(status, code, words)} for name, (code, words) in kinds.items()}
    said = " ".join(words for _, words in kinds.values())
    return {
        "description": f"{HTTPStatus(status).phrase}. {said}",
        "content": {FHIR_JSON: {"schema": "OperationOutcome", "examples": examples}},
        **({"headers": HEADERS[status]} if status in HEADERS else {}),
    }
