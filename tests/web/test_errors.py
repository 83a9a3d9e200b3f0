"""What goes wrong beyond bad input, and what may never leave the service."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import errors
from service.errors import KnowledgeInvalid, ServiceError
from service.web.errors import STATUS, on_service_error, status_of
from service.web.responses import Steadfast

HOOK = "/cds-services/fasciculation-red-flags"
SECRETS = ("Sentinelson", "1974-03-12", "secret-token", "last-tuesday")


def every_error(kind: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from every_error(narrower)


@pytest.mark.conformance("43")
@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind.__module__ == errors.__name__])
def test_every_error_has_a_status_of_its_own(kind: type[ServiceError]) -> None:
    assert kind in STATUS


@pytest.mark.conformance("status-401", "status-404", "status-429")
@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (errors.ClientNotTrusted("the token expired"), 401, {"WWW-Authenticate": "Bearer"}),
        (errors.TooManyRequests(17), 429, {"Retry-After": "17"}),
        (errors.NotFound("There is no such page."), 404, {}),
        (KnowledgeInvalid(["codes.toml lacks [fasciculation]"]), 500, {}),
    ],
)
def test_errors_bring_the_headers_that_belong_to_their_status(
    error: ServiceError, status: int, headers: dict[str, str]
) -> None:
    answer = on_service_error(error)

    assert answer.status_code == status
    assert headers.items() <= dict(answer.headers).items()
    assert b"the token expired" not in answer.data


def test_an_error_without_a_row_has_the_status_of_what_it_is() -> None:
    class Narrower(errors.NotABundle):
        pass

    assert status_of(Narrower("…")) == STATUS[errors.NotABundle]


@pytest.mark.conformance("status-500")
def test_a_bug_is_500_with_an_outcome_and_the_log_says_where_but_not_what(
    app: Flask, logged: list[Any]
) -> None:
    def boom() -> str:
        raise RuntimeError("Sentinelson, born 1974-03-12")

    app.add_url_rule("/boom", view_func=boom)

    answer = app.test_client().get("/boom")

    assert answer.status_code == 500
    assert answer.json["issue"][0]["severity"] == "fatal"
    assert "X-Request-Id" in answer.headers
    (bug,) = [line for line in logged if line["event"] == "bug"]
    assert bug["error"] == "RuntimeError"
    assert "boom" in bug["where"][-1]
    assert not any(secret in answer.text + str(logged) for secret in SECRETS)


@pytest.mark.conformance("34", "69", "71")
def test_nothing_of_a_patient_or_a_token_reaches_the_log_or_an_error(
    client: FlaskClient, hook_call: dict[str, Any], teacher: dict[str, Any], logged: list[Any]
) -> None:
    person = {
        "resourceType": "Patient",
        "id": "teacher",
        "name": [{"family": "Sentinelson"}],
        "birthDate": "1974-03-12",
    }
    hook_call["prefetch"]["patient"] = person
    hook_call["fhirServer"] = "https://ehr.example"
    hook_call["fhirAuthorization"] = {"access_token": "secret-token"}
    spoilt = {**hook_call, "hookInstance": "Sentinelson", "context": {"patientId": "Sentinelson Maria/"}}
    teacher["entry"][0]["resource"] = {**person, "birthDate": "last-tuesday"}

    answers = [
        client.post(HOOK, json=hook_call),
        client.post(HOOK, json=spoilt),
        client.post(HOOK, json={**hook_call, "fhirServer": None}),
        client.post(HOOK, json={**hook_call, "prefetch": {"conditions": "Sentinelson", "patient": person}}),
        client.post("/evaluate?patient=Sentinelson&on=last-tuesday", json=teacher),
        client.post("/evaluate", json=teacher),
        client.get("/Sentinelson"),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 400, 412, 400, 200, 404]
    assert [line["event"] for line in logged].count("answered") == len(answers)
    said = "".join(answer.text for answer in answers) + str(logged)
    assert not any(secret in said for secret in SECRETS)


def test_the_log_names_the_route_the_status_and_the_request(client: FlaskClient, logged: list[Any]) -> None:
    answer = client.post("/evaluate?patient=p1", json=[])

    (line,) = logged
    assert (line["route"], line["status"], line["method"]) == ("/evaluate", 400, "POST")
    assert line["request"] == answer.headers["X-Request-Id"]


def test_a_log_that_cannot_be_written_costs_no_answer() -> None:
    tried = []

    class Full(BytesIO):
        def write(self, line: object) -> int:
            tried.append(line)
            raise OSError("no space left on device")

        def flush(self) -> None:
            tried.append("flush")
            raise BrokenPipeError

    file = Steadfast(Full())

    file.write(b"a line")
    file.flush()
    assert tried == [b"a line", "flush"]
