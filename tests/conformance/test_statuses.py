"""The status of everything that is no success, and the OperationOutcome in its body."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from service.config import Settings
from service.store import Store
from service.web import create_app
from tests.conformance.ehr import ADDRESS, CARRIES, ORDER_CHECK, RED_FLAGS, request
from tests.conformance.test_calls import outcome
from tests.conformance.test_feedback import item
from tests.patients.stories import knowledge
from tests.web.trusted import PUBLIC_URL, bearing, registered

ADDRESSES = (RED_FLAGS, ORDER_CHECK)
SENTINELS = ("Sentinelson", "1974-03-12", "sentinel-token")


def sent(
    client: FlaskClient, path: str, body: bytes, kind: str | None = "application/json", **headers: str
) -> Any:
    return client.post(path, data=body, content_type=kind, headers={**bearing(path), **headers})


@pytest.mark.conformance("42", "43", "status-400", "3")
@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"x"', b"{'hook':1}", b"{}//", b'{"hook":NaN}', b"\xff", b"<x/>"],
    ids=repr,
)
def test_what_is_no_json_object_is_400(client: FlaskClient, path: str, body: bytes) -> None:
    assert outcome(sent(client, path, body), 400)["severity"] == "error"


@pytest.mark.conformance("43", "status-404")
@pytest.mark.parametrize("path", ["/cds-services/unknown", "/cds-services/Fasciculation-Red-Flags"])
def test_no_such_service_is_404(client: FlaskClient, path: str) -> None:
    assert outcome(sent(client, path, orjson.dumps(request())), 404)["code"] == "not-found"


@pytest.mark.conformance("43", "status-404")
@pytest.mark.parametrize(
    "path", ["/", "/cds-service", "/cds-services/a/b", "/v1/cds-services", "/favicon.ico"]
)
def test_no_such_page_is_404(client: FlaskClient, path: str) -> None:
    assert outcome(client.get(path), 404)["code"] == "not-found"


@pytest.mark.conformance("status-404")
@pytest.mark.parametrize("hook", CARRIES)
def test_a_missing_member_is_never_404(client: FlaskClient, hook: str) -> None:
    call = request(hook)
    for member in list(call):
        lacking = {name: value for name, value in call.items() if name != member}

        assert sent(client, ADDRESS[hook], orjson.dumps(lacking)).status_code in (400, 412)


@pytest.mark.conformance("43", "status-405")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_the_wrong_method_is_405_and_the_right_one_is_named(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method, headers=bearing(path))

    outcome(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.conformance("43", "status-415")
@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/xml", "json"],
)
def test_another_content_type_is_415(client: FlaskClient, path: str, kind: str | None) -> None:
    assert outcome(sent(client, path, orjson.dumps(request()), kind), 415)["code"] == "not-supported"


@pytest.mark.conformance("43", "status-413")
@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
def test_too_large_a_body_is_413(client_with: Callable[..., FlaskClient], packed: bool) -> None:
    client = client_with(max_body_bytes=2000)
    body = orjson.dumps({**request(), "extension": {"x": "x" * 3000}})

    if packed:
        answer = sent(client, RED_FLAGS, gzip.compress(body), **{"Content-Encoding": "gzip"})
    else:
        answer = sent(client, RED_FLAGS, body)

    assert outcome(answer, 413)["code"] == "too-long"


@pytest.mark.conformance("36", "43", "status-412")
@pytest.mark.parametrize("hook", CARRIES)
@pytest.mark.parametrize("prefetch", [{}, None, ...], ids=["empty", "null", "absent"])
def test_no_data_at_all_is_412_for_every_hook(client: FlaskClient, hook: str, prefetch: Any) -> None:
    call = request(hook, prefetch=prefetch)
    if prefetch is ...:
        del call["prefetch"]

    issue = outcome(sent(client, ADDRESS[hook], orjson.dumps(call)), 412)

    assert issue["code"] == "incomplete"
    assert issue["expression"] == ["prefetch.conditions", "prefetch.observations"]


@pytest.mark.conformance("42", "43", "status-500")
@pytest.mark.parametrize("path", ADDRESSES)
def test_a_bug_of_ours_is_500_without_its_trace(
    tmp_path: Any, store: Store, logged: list[Any], path: str
) -> None:
    def broken() -> date:
        raise RuntimeError(f"{SENTINELS[0]}, born {SENTINELS[1]}")

    settings = Settings(clients=registered(tmp_path), public_url=PUBLIC_URL)
    client = create_app(settings, knowledge=knowledge(), store=store, today=broken).test_client()
    hook = next(hook for hook, address in ADDRESS.items() if address == path)

    answer = sent(client, path, orjson.dumps(request(hook)))

    assert outcome(answer, 500)["severity"] == "fatal"
    assert not any(word in answer.text + str(logged) for word in (*SENTINELS, "Traceback", "RuntimeError:"))


@pytest.mark.conformance("43", "status-503")
def test_feedback_that_cannot_be_kept_is_503(client_with: Callable[..., FlaskClient], store: Store) -> None:
    client = client_with()
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feedback")
    path = f"{RED_FLAGS}/feedback"

    answer = sent(client, path, orjson.dumps({"feedback": [item()]}))

    assert outcome(answer, 503)["code"] == "transient"


@pytest.mark.conformance("42", "71")
@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda call: {**call, "hook": SENTINELS[0]},
        lambda call: {**call, "context": {**call["context"], "patientId": f"{SENTINELS[0]}/x"}},
        lambda call: {**call, "context": {**call["context"], "userId": None, "note": SENTINELS[0]}},
        lambda call: {**call, "prefetch": {"conditions": SENTINELS[0]}},
        lambda call: {**call, "prefetch": {"conditions": {"resourceType": SENTINELS[0], "id": SENTINELS[1]}}},
        lambda call: {**call, "prefetch": [SENTINELS[0]]},
        lambda call: {**call, "fhirServer": SENTINELS[0], "fhirAuthorization": {"access_token": SENTINELS[2]},
                      "prefetch": {}},
        lambda call: {**call, "fhirServer": 7, "fhirAuthorization": {"access_token": SENTINELS[2]}},
        lambda call: {**call, "fhirServer": None, "fhirAuthorization": {"access_token": SENTINELS[2]}},
    ],
)  # fmt: skip
def test_an_error_quotes_nothing_and_neither_does_the_log(
    client: FlaskClient, logged: list[Any], path: str, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    hook = next(hook for hook, address in ADDRESS.items() if address == path)

    answer = sent(client, path, json.dumps(spoil(request(hook))).encode())

    assert answer.status_code in (400, 412)
    assert logged
    assert not any(word in answer.text + str(logged) for word in SENTINELS)
