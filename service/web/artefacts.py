"""Our FHIR artefacts over HTTP: read, search, and the CapabilityStatement. They hold no patient data."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service import __version__
from service.fhir.artefacts import Artefacts, capabilities, searchset
from service.web.fhir_json import fhir_json, revalidated
from service.web.parts import Parts

# What a query may say about the form of the answer; everything else is a criterion.
ABOUT_FORM = ("_format", "_pretty")


def routes(parts: Parts) -> Blueprint:
    """GET /fhir/metadata, GET /fhir/{Type} with its search parameters, GET /fhir/{Type}/{id}."""
    chapter = Blueprint("artefacts", __name__)
    artefacts = Artefacts()

    @chapter.get("/fhir/metadata")
    def metadata() -> Response:
        """What this service offers as a FHIR server: a CapabilityStatement."""
        stated = capabilities(
            artefacts,
            base=base(parts),
            version=__version__,
            cors=bool(parts.settings.cors_origins),
            closed=parts.settings.clients is not None,
        )
        return revalidated(fhir_json(stated))

    @chapter.get("/fhir/<resource_type>")
    def search(resource_type: str) -> Response:
        """The artefacts of a type by `_id`, `url`, `name` and `version`: a Bundle, with no entry for none."""
        if resource_type.startswith("$"):
            raise MethodNotAllowed(["POST"])
        criteria = [(name, value) for name, value in request.args.items(multi=True) if name not in ABOUT_FORM]
        found = artefacts.search(resource_type, criteria)
        query = urlencode(criteria)
        asked = f"{base(parts)}/{resource_type}{'?' if query else ''}{query}"
        return revalidated(fhir_json(searchset(found, base=base(parts), asked=asked)))

    @chapter.get("/fhir/<resource_type>/<artefact_id>")
    def read(resource_type: str, artefact_id: str) -> Response:
        """One artefact, such as /fhir/Questionnaire/twitch-history."""
        return revalidated(fhir_json(artefacts.read(resource_type, artefact_id)))

    return chapter


def base(parts: Parts) -> str:
    """Our FHIR base URL, as clients reach us."""
    return f"{parts.settings.public_url or request.url_root.rstrip('/')}/fhir"
