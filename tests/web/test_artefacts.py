"""The FHIR artefacts over HTTP: what is read, found and declared, and how a wrong question is answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from flask.testing import FlaskClient

from fhir_profiles.scripts.artefact import BASE, RESOURCES
from service import __version__
from service.fhir.write.artefacts import PARAMETERS
from tests.web.trusted import PUBLIC_URL, registered

QUESTIONNAIRE = "/fhir/Questionnaire/twitch-history"
FILES = sorted(RESOURCES.glob("*.json"))
TYPES = sorted({file.stem.partition("-")[0] for file in FILES})


@pytest.fixture
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


def found(client: FlaskClient, path: str) -> list[str]:
    """The ids that a search finds."""
    answer = client.get(path)
    assert answer.status_code == 200
    bundle = answer.get_json()
    assert get_fhir_model_class("Bundle").model_validate(bundle)
    assert bundle["total"] == len(bundle.get("entry", ()))
    return [entry["resource"]["id"] for entry in bundle.get("entry", ())]


def is_outcome(answer: Any, status: int, code: str) -> bool:
    outcome = answer.get_json()
    assert get_fhir_model_class("OperationOutcome").model_validate(outcome)
    return (
        answer.status_code == status
        and answer.content_type == "application/fhir+json"
        and outcome["issue"][0]["code"] == code
    )


def test_every_artefact_is_served_as_it_is_committed(client: FlaskClient) -> None:
    for file in FILES:
        kind, _, artefact = file.stem.partition("-")
        answer = client.get(f"/fhir/{kind}/{artefact}")

        assert answer.content_type == "application/fhir+json"
        assert answer.get_json() == orjson.loads(file.read_bytes())


@pytest.mark.parametrize("kind", TYPES)
def test_a_search_without_criteria_finds_all_of_a_type(client: FlaskClient, kind: str) -> None:
    committed = [file.stem.partition("-")[2] for file in FILES if file.stem.startswith(f"{kind}-")]

    assert sorted(found(client, f"/fhir/{kind}")) == sorted(committed)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("url=https://twitch-cds.example/fhir/ValueSet/site-jaw", ["site-jaw"]),
        ("url=https://twitch-cds.example/fhir/ValueSet/site", []),
        ("_id=site-jaw", ["site-jaw"]),
        ("_id=site-jaw,site-face,none", ["site-face", "site-jaw"]),
        (f"_id=site-jaw&version={__version__}", ["site-jaw"]),
        ("_id=site-jaw&version=0.0.0", []),
        ("_id=site-jaw&_id=site-face", []),
        ("name=twitchsitej", ["site-jaw"]),
        ("name=SiteJaw", []),
        ("name:contains=SiteJ", ["site-jaw"]),
        ("name:exact=TwitchSiteJaw", ["site-jaw"]),
        ("name:exact=twitchsitejaw", []),
        ("_id=site-jaw%5C,site-face", []),
        ("_id=site-jaw&name=&_pretty=true&_format=json", ["site-jaw"]),
    ],
)
def test_a_search_finds_what_meets_every_criterion(client: FlaskClient, query: str, ids: list[str]) -> None:
    assert found(client, f"/fhir/ValueSet?{query}") == ids


def test_a_found_artefact_bears_the_address_under_which_it_is_read(client: FlaskClient) -> None:
    bundle = client.get(f"/fhir/Questionnaire?url={BASE}/Questionnaire/twitch-history").get_json()

    assert bundle["entry"][0]["fullUrl"] == f"http://localhost{QUESTIONNAIRE}"
    assert client.get(bundle["entry"][0]["fullUrl"]).get_json() == bundle["entry"][0]["resource"]
    assert client.get(bundle["link"][0]["url"]).get_json() == bundle


def test_a_search_is_paged_where_that_is_asked_for(client: FlaskClient) -> None:
    every = found(client, "/fhir/StructureDefinition")
    pages: list[dict[str, Any]] = []
    path = "/fhir/StructureDefinition?_count=4&version=" + __version__
    while path:
        pages.append(client.get(path).get_json())
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        assert client.get(links["self"]).get_json() == pages[-1]
        path = links.get("next", "")

    assert [entry["resource"]["id"] for page in pages for entry in page["entry"]] == every
    assert {page["total"] for page in pages} == {len(every)}
    assert max(len(page["entry"]) for page in pages) == 4


@pytest.mark.parametrize("number", ["1000000000", "9" * 5000, "0" * 5000])
def test_a_count_is_a_number_however_long(client: FlaskClient, number: str) -> None:
    answer = client.get(f"/fhir/ValueSet?_count={number}&_offset={number}")

    assert (answer.status_code, len(answer.get_json().get("entry", []))) == (200, 0)


def test_a_count_of_none_is_told_the_total(client: FlaskClient) -> None:
    bundle = client.get("/fhir/ValueSet?_count=0&_summary=count").get_json()

    assert bundle["total"] > 100
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/fhir", 404, "not-found"),
        ("/fhir/Patient", 404, "not-found"),
        ("/fhir/Patient/p1", 404, "not-found"),
        ("/fhir/Questionnaire/none", 404, "not-found"),
        ("/fhir/Questionnaire/..", 404, "not-found"),
        (f"{QUESTIONNAIRE}/_history/1", 404, "not-found"),
        ("/fhir/ValueSet?foo=bar", 400, "invalid"),
        ("/fhir/ValueSet?url:below=https://twitch-cds.example", 400, "invalid"),
        ("/fhir/ValueSet?name:missing=true", 400, "invalid"),
        ("/fhir/ValueSet?_count=-1", 400, "invalid"),
        ("/fhir/ValueSet?_count=many", 400, "invalid"),
        ("/fhir/ValueSet?_offset=1.5", 400, "invalid"),
        ("/fhir/$evaluate", 405, "not-supported"),
        ("/fhir/$nothing", 404, "not-found"),
        ("/fhir/PlanDefinition/fasciculation-red-flags/$apply", 405, "not-supported"),
        (f"{QUESTIONNAIRE}?_format=xml", 406, "not-supported"),
        ("/fhir/metadata?_format=application/fhir%2Bxml", 406, "not-supported"),
    ],
)
def test_a_wrong_question_is_answered_with_an_outcome(
    client: FlaskClient, path: str, status: int, code: str
) -> None:
    assert is_outcome(client.get(path), status, code)


def test_what_a_caller_wrote_is_not_said_back(client: FlaskClient) -> None:
    for path in ("/fhir/Mustermann", "/fhir/ValueSet/Mustermann", "/fhir/ValueSet?Mustermann=1"):
        assert "Mustermann" not in client.get(path).get_data(as_text=True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [QUESTIONNAIRE, "/fhir/Questionnaire", "/fhir/metadata"])
def test_artefacts_are_not_written(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={})

    assert is_outcome(answer, 405, "not-supported")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, "application/fhir+json"),
        ("*/*", "application/fhir+json"),
        ("application/fhir+json", "application/fhir+json"),
        ("application/fhir+json; fhirVersion=4.0", "application/fhir+json"),
        ("application/json", "application/json"),
        ("application/fhir+xml;q=0.9, application/fhir+json;q=0.5", "application/fhir+json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/fhir+json"),
        ("application/fhir+xml", None),
        ("text/html", None),
    ],
)
def test_the_answer_is_json_or_none(client: FlaskClient, accept: str | None, given: str | None) -> None:
    answer = client.get(QUESTIONNAIRE, headers={"Accept": accept} if accept else {})

    if given is None:
        assert is_outcome(answer, 406, "not-supported")
    else:
        assert (answer.status_code, answer.content_type) == (200, given)
        assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("wanted", ["json", "application/json", "application/fhir+json", "text/json"])
def test_the_format_of_the_url_comes_before_the_header(client: FlaskClient, wanted: str) -> None:
    answer = client.get(f"{QUESTIONNAIRE}?_format={wanted}", headers={"Accept": "application/fhir+xml"})

    assert answer.status_code == 200
    assert answer.get_json()["id"] == "twitch-history"


@pytest.mark.parametrize("path", [QUESTIONNAIRE, "/fhir/ValueSet", "/fhir/metadata"])
def test_who_has_it_already_is_told_so(client: FlaskClient, path: str) -> None:
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    other = client.get(path, headers={"If-None-Match": 'W/"another"'})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.get_data()) == (304, b"")
    assert other.get_json() == first.get_json()


def test_an_artefact_indented_is_the_same(client: FlaskClient) -> None:
    pretty = client.get(f"{QUESTIONNAIRE}?_pretty=true")

    assert pretty.get_json() == client.get(QUESTIONNAIRE).get_json()
    assert b"\n  " in pretty.get_data()


def declared(client: FlaskClient) -> dict[str, Any]:
    statement: dict[str, Any] = client.get("/fhir/metadata").get_json()
    return statement


def test_the_capability_statement_is_that_of_this_service(client: FlaskClient) -> None:
    statement = declared(client)

    assert get_fhir_model_class("CapabilityStatement").model_validate(statement)
    assert statement["kind"] == "instance"
    assert statement["instantiates"] == [f"{BASE}/CapabilityStatement/twitch-cds-server"]
    assert statement["software"]["version"] == __version__
    assert statement["implementation"]["url"] == "http://localhost/fhir"
    assert statement["rest"][0]["mode"] == "server"


def test_the_capability_statement_declares_every_route_and_no_other(app: Flask) -> None:
    """What is declared, as rules; the types and parameters of a search are tried below."""
    rest = declared(app.test_client())["rest"][0]
    rules = {"GET /fhir/metadata"}
    rules |= {f"POST /fhir/${operation['name']}" for operation in rest["operation"]}
    for resource in rest["resource"]:
        for interaction in resource["interaction"]:
            rules.add(
                {
                    "read": "GET /fhir/<type:resource_type>/<artefact_id>",
                    "search-type": "GET /fhir/<type:resource_type>",
                }[interaction["code"]]
            )
        for operation in resource.get("operation", ()):
            rules.add(f"POST /fhir/{resource['type']}/<plan_id>/${operation['name']}")

    served = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/fhir")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == served


def test_every_declared_type_is_read_and_searched_by_every_declared_parameter(client: FlaskClient) -> None:
    resources = declared(client)["rest"][0]["resource"]

    assert [resource["type"] for resource in resources] == TYPES
    for resource in resources:
        assert {p["name"]: p["type"] for p in resource["searchParam"]} == PARAMETERS
        ids = found(client, f"/fhir/{resource['type']}")
        one = client.get(f"/fhir/{resource['type']}/{ids[0]}").get_json()
        for parameter in resource["searchParam"]:
            value = one[parameter["name"].removeprefix("_")]
            assert ids[0] in found(client, f"/fhir/{resource['type']}?{parameter['name']}={value}")


def test_every_declared_operation_is_defined(client: FlaskClient) -> None:
    rest = declared(client)["rest"][0]
    operations = [*rest["operation"], *(o for r in rest["resource"] for o in r.get("operation", ()))]

    for operation in operations:
        (definition,) = found(client, f"/fhir/OperationDefinition?url={operation['definition']}")
        assert client.get(f"/fhir/OperationDefinition/{definition}").get_json()["code"] == operation["name"]


def test_behind_a_registry_of_clients_the_artefacts_stay_open_and_say_what_is_not(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    trusting = make_app(
        clients=registered(tmp_path), public_url=PUBLIC_URL, cors_origins=("https://ehr.example",)
    ).test_client()

    statement = declared(trusting)

    assert statement["implementation"]["url"] == f"{PUBLIC_URL}/fhir"
    assert "token" in statement["rest"][0]["security"]["description"]
    assert statement["rest"][0]["security"]["cors"] is True
    assert trusting.get(QUESTIONNAIRE).status_code == 200
    assert trusting.post("/fhir/$evaluate", json={}).status_code == 401
    assert trusting.post("/fhir/PlanDefinition/x/$apply", json={}).status_code == 401
