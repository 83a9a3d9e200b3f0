"""Our FHIR artefacts over HTTP: read, search, and the CapabilityStatement. They hold no patient data."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from service import __version__
from service.errors import NotAcceptable, NotFound, RequestNotUnderstood
from service.fhir.write.artefacts import Artefacts, capabilities, searchset
from service.web.describe.described import Content, Parameter, a_resource, described
from service.web.fhir_json import fhir_json, revalidated
from service.web.parts import Parts
from service.web.query import number
from service.web.responses import FHIR_JSON, JSON

# What a query may say about the answer; everything else is a criterion. Where less of each resource is asked
# for (_summary, _elements), FHIR lets a server give all of it.
ABOUT_THE_ANSWER = ("_format", "_pretty", "_summary", "_elements", "_total", "_count", "_offset")
# What a search may ask for, and what it is.
CRITERIA = {"_id": "id", "url": "canonical address", "name": "name", "version": "version"}
PAGES = {
    "_count": Parameter(
        "How many at the most; a next link leads to the others.", {"type": "integer", "minimum": 0}
    ),
    "_offset": Parameter("After how many it begins.", {"type": "integer", "minimum": 0}),
}
GROUP = "FHIR"
A_TYPE = Parameter("A type of FHIR resource.", example="Questionnaire")
UNCHANGED = {304: "The client has it already: the ETag is the one it sent as If-None-Match."}

METADATA = described(
    GROUP,
    answer=a_resource("CapabilityStatement", "What is offered."),
    also=UNCHANGED,
    errors=(NotAcceptable,),
)
SEARCH = described(
    GROUP,
    answer=a_resource("Bundle", "A searchset; without entries where nothing matches."),
    parameters={
        "resource_type": A_TYPE,
        **{name: Parameter(f"The artefact's {words}.") for name, words in CRITERIA.items()},
        **PAGES,
    },
    also=UNCHANGED,
    errors=(NotFound, NotAcceptable, RequestNotUnderstood),
)
READ = described(
    GROUP,
    answer=Content({"type": "object"}, "The artefact.", types=(FHIR_JSON, JSON)),
    parameters={"resource_type": A_TYPE, "artefact_id": Parameter("Its id.", example="twitch-history")},
    also=UNCHANGED,
    errors=(NotFound, NotAcceptable),
)


class TypeName(BaseConverter):
    """What may be the name of a resource type in an address; `$evaluate` is an operation's."""

    regex = r"[^/$][^/]*"


def routes(parts: Parts) -> Blueprint:
    """GET /fhir/metadata, GET /fhir/{Type} with its search parameters, GET /fhir/{Type}/{id}."""
    chapter = Blueprint("artefacts", __name__)
    artefacts = Artefacts()

    @chapter.get("/fhir/metadata")
    @METADATA
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

    @chapter.record_once
    def know_types(state: BlueprintSetupState) -> None:
        state.app.url_map.converters["type"] = TypeName

    @chapter.get("/fhir/<type:resource_type>")
    @SEARCH
    def search(resource_type: str) -> Response:
        """The artefacts of a type by id, url, name or version: a Bundle, with no entry for none."""
        return _found(resource_type, artefacts, parts)

    @chapter.get("/fhir/<type:resource_type>/<artefact_id>")
    @READ
    def read(resource_type: str, artefact_id: str) -> Response:
        """One artefact, such as /fhir/Questionnaire/twitch-history."""
        return revalidated(fhir_json(artefacts.read(resource_type, artefact_id)))

    return chapter


def _found(resource_type: str, artefacts: Artefacts, parts: Parts) -> Response:
    """The page of a search that was asked for, and where the next one is."""
    given = request.args.items(multi=True)
    criteria = [(name, value) for name, value in given if name not in ABOUT_THE_ANSWER]
    found = artefacts.search(resource_type, criteria)
    start = number(request.args.get("_offset", "0"), "_offset")
    count = number(request.args["_count"], "_count") if "_count" in request.args else len(found)
    links = {"self": _link(criteria, start, count, parts)}
    if count and start + count < len(found):
        links["next"] = _link(criteria, start + count, count, parts)
    page = found[start : start + count]
    return revalidated(fhir_json(searchset(page, total=len(found), links=links, base=base(parts))))


def _link(criteria: list[tuple[str, str]], start: int, count: int, parts: Parts) -> str:
    """The URL of a page of this search; `_offset` is ours, and nobody need know it."""
    paged = [("_count", str(count))] if "_count" in request.args else []
    paged += [("_offset", str(start))] if start else []
    query = urlencode([*criteria, *paged])
    return f"{base(parts)}{request.path.removeprefix('/fhir')}{'?' if query else ''}{query}"


def base(parts: Parts) -> str:
    """Our FHIR base URL, as clients reach us."""
    return f"{parts.settings.public_url or request.url_root.rstrip('/')}/fhir"
