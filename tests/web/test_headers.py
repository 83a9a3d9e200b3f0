"""What every answer brings for browsers and operators: headers, an id, and whose pages may call."""

from collections.abc import Callable
from gzip import compress
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

HOOK = "/cds-services/fasciculation-red-flags"
EHR = "https://ehr.example"


@pytest.fixture
def cors(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(cors_origins=f"{EHR},https://other.example").test_client()


@pytest.mark.parametrize(
    "path", ["/", "/cds-services", "/docs", "/livez", "/metrics", "/nowhere", "/openapi.json"]
)
def test_every_answer_has_the_headers_once(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy"):
        assert len(headers.getlist(name)) == 1
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")


def test_a_request_id_is_kept_and_one_that_could_be_anything_is_not(client: FlaskClient) -> None:
    kept = client.get("/livez", headers={"X-Request-Id": "abc-1.2_3"}).headers["X-Request-Id"]
    made = [
        client.get("/livez", headers={"X-Request-Id": odd}).headers["X-Request-Id"]
        for odd in ("", "a b", "x" * 65, "é")
    ]

    assert kept == "abc-1.2_3"
    assert len({len(name) for name in made}) == 1
    assert len(set(made)) == 4


def test_a_page_of_a_listed_origin_may_call_and_read_what_it_needs(
    cors: FlaskClient, hook_call: dict[str, Any]
) -> None:
    asked = {"Origin": EHR, "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, content-type"

    may = cors.options(HOOK, headers=asked).headers
    answer = cors.post(HOOK, json=hook_call, headers={"Origin": EHR})

    assert may["Access-Control-Allow-Origin"] == EHR
    assert may["Access-Control-Allow-Methods"] == "GET, POST"
    assert may["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert "Origin" in may["Vary"]
    assert "Access-Control-Allow-Credentials" not in may
    exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed == {"Retry-After", "WWW-Authenticate", "X-Request-Id"}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://ehr.example.evil.example", "http://ehr.example"]
)
def test_a_page_of_another_origin_may_not(cors: FlaskClient, hook_call: dict[str, Any], origin: str) -> None:
    answer = cors.post(HOOK, json=hook_call, headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_error_can_be_read_by_the_page_that_caused_it(cors: FlaskClient) -> None:
    answer = cors.post(HOOK, json={}, headers={"Origin": EHR})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (400, EHR)


@pytest.mark.parametrize("origin", [EHR, "https://evil.example", None])
@pytest.mark.parametrize("path", ["/cds-services", "/livez", "/nowhere"])
def test_no_cache_gives_one_origin_the_answer_to_another(
    cors: FlaskClient, path: str, origin: str | None
) -> None:
    answer = cors.get(path, headers={"Origin": origin} if origin else {})

    assert "origin" in answer.vary


def test_a_page_is_told_before_it_calls_that_it_may_whatever_the_address_ends_with(
    cors: FlaskClient,
) -> None:
    asked = {"Origin": EHR, "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "authorization"

    for path in ("/cds-services", "/cds-services/"):
        may = cors.options(path, headers=asked)
        assert (may.status_code, may.headers["Access-Control-Allow-Origin"]) == (200, EHR)
        assert may.headers["Access-Control-Allow-Headers"] == "authorization"
        assert cors.get(path, headers={"Origin": EHR}).json["services"]


def test_without_the_setting_no_page_may_call(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    answer = client.post(HOOK, json=hook_call, headers={"Origin": EHR})

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_packed_call_is_answered_like_the_call_itself(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = client.post(HOOK, data=compress(orjson.dumps(hook_call)), headers=packed)

    assert answer.json == client.post(HOOK, json=hook_call).json


def test_a_wrong_method_is_told_the_right_one(client: FlaskClient) -> None:
    answer = client.delete(HOOK)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize(
    "path",
    [HOOK, "/cds-services", "/evaluate", "/fhir/$evaluate", "/fhir/ValueSet", "/fhir/metadata", "/docs"],
)
def test_options_names_the_methods_that_work(client: FlaskClient, path: str) -> None:
    named = {method.strip() for method in client.options(path).headers["Allow"].split(",")}

    works = {
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        if client.open(path, method=method, json={}).status_code != 405
    }
    assert named == works


@pytest.mark.parametrize(
    "path",
    [
        "//cds-services",
        "/cds-services//x",
        "//evil.example",
        f"{HOOK}/",
        "/evaluate/",
        "/fhir//ValueSet",
        "/docs/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_with_a_slash_too_many_is_not_found_and_leads_nowhere(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(
        method=method, json={}, headers={"Host": "evil.example"}, environ_overrides={"PATH_INFO": path}
    )

    assert (answer.status_code, answer.get_json()["resourceType"]) == (404, "OperationOutcome")
    assert "Location" not in answer.headers
