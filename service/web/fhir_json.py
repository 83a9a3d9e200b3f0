"""FHIR resources as answers: JSON of the kind that the client asked for, and only JSON."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request
from werkzeug.datastructures import MIMEAccept

from service.errors import NotAcceptable
from service.web.responses import FHIR_JSON, JSON

TYPES = (FHIR_JSON, JSON)
# The values of `_format` beside the media types themselves.
FORMATS = {"json": FHIR_JSON, "text/json": JSON}


def fhir_json(resource: Any) -> Response:
    """The resource, as the media type that `_format` or the Accept header asks for.

    Raises:
        NotAcceptable: neither FHIR JSON nor plain JSON is asked for.
    """
    indented = orjson.OPT_INDENT_2 if request.args.get("_pretty") == "true" else 0
    answer = Response(orjson.dumps(resource, option=indented), mimetype=media_type())
    answer.vary.add("Accept")
    return answer


def revalidated(answer: Response) -> Response:
    """The answer with an ETag, or 304 without a body where the client has it already."""
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag(weak=True)
    answer.make_conditional(request)
    return answer


def media_type() -> str:
    """FHIR JSON, or plain JSON for those who ask for that.

    Raises:
        NotAcceptable: something else is asked for.
    """
    # In a URL that nobody escaped, the plus of application/fhir+json has become a space.
    asked = request.args.get("_format", "").replace(" ", "+").partition(";")[0].lower()
    if asked:
        found = FORMATS.get(asked, asked if asked in TYPES else None)
    elif request.accept_mimetypes:
        # Without parameters such as fhirVersion or charset, which would match nothing of ours.
        plain = [(kind.partition(";")[0].strip(), quality) for kind, quality in request.accept_mimetypes]
        found = MIMEAccept(plain).best_match(TYPES)
    else:
        found = FHIR_JSON
    if found is None:
        raise NotAcceptable
    return found
