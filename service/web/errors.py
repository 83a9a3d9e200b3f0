"""From what went wrong to a status and an OperationOutcome: the only place that knows statuses of errors.

Never a stack trace, never a value from a record, and never an empty list of cards.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service import errors
from service.errors import ServiceError
from service.web.responses import FHIR_JSON
from service.web.schemas.sentences import words_of

# What each error answers: the status, and the code of the OperationOutcome's issue (IssueType).
STATUS: dict[type[ServiceError], tuple[int, str]] = {
    ServiceError: (500, "exception"),
    errors.RequestNotUnderstood: (400, "invalid"),
    errors.BodyTooLarge: (413, "too-long"),
    errors.BodyTooSlow: (408, "timeout"),
    errors.NotJson: (400, "structure"),
    errors.NotABundle: (400, "structure"),
    errors.FeedbackNotUnderstood: (400, "invalid"),
    errors.SeveralPatients: (422, "multiple-matches"),
    errors.PatientNotInBundle: (422, "not-found"),
    errors.UnknownService: (404, "not-found"),
    errors.RecordNotAvailable: (412, "incomplete"),
    errors.ClientNotTrusted: (401, "login"),
    errors.AddressNotAllowed: (403, "forbidden"),
    errors.TooManyRequests: (429, "throttled"),
    errors.NotFound: (404, "not-found"),
    errors.NotAcceptable: (406, "not-supported"),
    errors.StoreNotAvailable: (503, "transient"),
    errors.NothingKept: (503, "transient"),
    errors.KnowledgeInvalid: (500, "exception"),
    errors.SettingsInvalid: (500, "exception"),
}
WRONG_MEDIA_TYPE = (415, "not-supported")
HTTP_CODES = {404: "not-found", 405: "not-supported", 413: "too-long", 415: "not-supported"}
NO_PAGE = "There is nothing here. GET /docs tells of every address; GET /cds-services lists the services."
A_BUG = (
    "The service failed on this request. That is our bug: report it with the X-Request-Id of this response."
)

log = structlog.get_logger()


def register(app: Flask, refused: Callable[[str], None]) -> None:
    """Let the app answer every error with an OperationOutcome; `refused` is told the class of each."""

    def service_error(error: ServiceError) -> Response:
        refused(type(error).__name__)
        return on_service_error(error)

    def bug(error: Exception) -> Response:
        refused("Bug")
        return on_bug(error)

    app.register_error_handler(ServiceError, service_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, bug)


def on_service_error(error: ServiceError) -> Response:
    """The answer to something that we raised on purpose."""
    status, code = status_of(error)
    headers = {}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.ClientNotTrusted):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, code, words_of(error), _where(error), headers)


def on_http_error(error: HTTPException) -> Response:
    """The answer to a wrong path or method."""
    status = error.code or 500
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return _answer(405, "not-supported", f"Use one of {allowed} here.", (), {"Allow": allowed})
    words = NO_PAGE if status == 404 else f"{error.name}: {error.description}"
    return _answer(status, HTTP_CODES.get(status, "invalid"), words, (), {})


def on_bug(error: Exception) -> Response:
    """The answer to what nobody expected. The log says where, and not with what: that may be a patient's."""
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "bug", error=type(error).__name__, where=[f"{f.filename}:{f.lineno} {f.name}" for f in frames[-8:]]
    )
    return _answer(500, "exception", A_BUG, (), {})


def status_of(error: ServiceError) -> tuple[int, str]:
    """The status and the issue code of an error, by the nearest class that has a row."""
    if isinstance(error, errors.NotJson) and error.media_type:
        return WRONG_MEDIA_TYPE
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _where(error: ServiceError) -> tuple[str, ...]:
    """The members at fault."""
    if isinstance(error, errors.RecordNotAvailable):
        return tuple(f"prefetch.{missing.key}" for missing in error.missing)
    if isinstance(error, errors.FeedbackNotUnderstood):
        return tuple(error.problems)
    where = getattr(error, "where", None)
    return (where,) if where else ()


def outcome(status: int, code: str, words: str, where: Iterable[str] = ()) -> dict[str, Any]:
    """The OperationOutcome that goes with a status; `where` are the members at fault."""
    severity = "fatal" if status >= 500 else "error"
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": words}
    if where := tuple(where):
        issue["expression"] = list(where)
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _answer(status: int, code: str, words: str, where: Iterable[str], headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(outcome(status, code, words, where)), status, headers, mimetype=FHIR_JSON)
