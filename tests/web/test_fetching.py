"""What the prefetch lacks is fetched with the call's token, from a FHIR server that obeys or misbehaves."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Settings
from service.ehr.client import Fetcher
from service.knowledge import Knowledge
from service.store import Store
from service.web import create_app
from tests.fhir.servers.faults import FaultServer, endless, gives, hangs_up, searchset
from tests.web.conftest import ON
from tests.web.trusted import PUBLIC_URL, bearing, registered

HOOK = "/cds-services/fasciculation-red-flags"
TOKEN = "secret-token-of-the-clinician"
EMPTY: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
TYPES = {
    "conditions": "Condition",
    "observations": "Observation",
    "serviceRequests": "ServiceRequest",
    "medications": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "procedures": "Procedure",
    "diagnosticReports": "DiagnosticReport",
    "familyHistory": "FamilyMemberHistory",
    "questionnaireResponses": "QuestionnaireResponse",
}


@pytest.fixture
def ehr(hook_call: dict[str, Any]) -> Iterator[FaultServer]:
    """A FHIR server that holds the teacher's record."""
    with FaultServer() as server:
        record = hook_call["prefetch"]
        for key, kind in TYPES.items():
            resources = [entry["resource"] for entry in (record.get(key) or {}).get("entry", ())]
            server.answers[f"/fhir/{kind}"] = gives(searchset(*resources))
        server.answers["/fhir/Patient/teacher"] = gives(record["patient"])
        yield server


@pytest.fixture
def client_for(knowledge: Knowledge, store: Store, tmp_path: Path) -> Iterator[Callable[..., FlaskClient]]:
    """The service for a client that has registered these FHIR servers; open where there is no client."""
    fetchers: list[Fetcher] = []

    def make(*servers: str, is_open: bool = False, **settings: Any) -> FlaskClient:
        fetchers.append(Fetcher())
        if is_open:
            settings |= {"fhir_servers": servers}
        else:
            listed = ", ".join(f'"{server}"' for server in servers)
            lines = [f"fhir_servers = [{listed}]", "private_network = true"] if servers else []
            settings |= {"clients": registered(tmp_path, *lines), "public_url": PUBLIC_URL}
        settings = {"fetch_deadline_s": 5.0, **settings}
        app: Flask = create_app(
            Settings(**settings), knowledge=knowledge, store=store, fetcher=fetchers[-1], today=lambda: ON
        )
        return app.test_client()

    yield make
    for fetcher in fetchers:
        fetcher.close()


@pytest.fixture
def client(client_for: Callable[..., FlaskClient], ehr: FaultServer) -> FlaskClient:
    return client_for(ehr.base)


def lacking(call: dict[str, Any], ehr: FaultServer | str, *keys: str) -> dict[str, Any]:
    """The call without some keys (without all where none is named), and with the way to the server."""
    kept = {k: v for k, v in call["prefetch"].items() if keys and k not in keys}
    access = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "s"}
    base = ehr if isinstance(ehr, str) else ehr.base
    return {**call, "prefetch": kept, "fhirServer": base, "fhirAuthorization": access}


def post(client: FlaskClient, call: dict[str, Any]) -> Any:
    return client.post(HOOK, json=call, headers=bearing(HOOK))


def reasons(answer: Any) -> tuple[list[str], str]:
    """The keys that a 412 names, and its words."""
    (issue,) = answer.json["issue"]
    assert answer.status_code == 412
    assert issue["code"] == "incomplete"
    return issue["expression"], issue["diagnostics"]


@pytest.mark.conformance("31", "32", "33", "35")
def test_without_any_prefetch_the_answer_is_the_same(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    whole = post(client, {**hook_call, "prefetch": {**dict.fromkeys(TYPES), **hook_call["prefetch"]}})

    fetched = post(client, lacking(hook_call, ehr))

    assert fetched.status_code == 200
    assert fetched.json == whole.json
    assert {headers["Authorization"] for _, headers in ehr.asked} == {f"Bearer {TOKEN}"}
    assert "Condition?patient=teacher" in " ".join(path for path, _ in ehr.asked)


def test_in_the_open_mode_the_listed_servers_may_be_asked(
    client_for: Callable[..., FlaskClient], hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    client = client_for(f"{ehr.base}/", is_open=True)

    assert client.post(HOOK, json=lacking(hook_call, ehr)).json["cards"]


@pytest.mark.conformance("38")
def test_pages_are_followed(client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer) -> None:
    first, *others = [entry["resource"] for entry in hook_call["prefetch"]["conditions"]["entry"]]
    ehr.answers["/fhir/Condition"] = gives(searchset(first, next=f"{ehr.base}/page2"))
    ehr.answers["/fhir/page2"] = gives(searchset(*others))

    answer = post(client, lacking(hook_call, ehr, "conditions"))

    assert answer.json["cards"][0]["source"]["topic"]["code"] == "TwitchReferralUrgent"
    assert "conditions" not in answer.json["cards"][0]["detail"]


def test_the_next_page_of_what_was_sent_is_read_with_the_token(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    whole = {**dict.fromkeys(TYPES), **hook_call["prefetch"]}
    first, *rest = whole["conditions"]["entry"]
    ehr.answers["/fhir/pages"] = gives(searchset(*(entry["resource"] for entry in rest)))
    next_page = [{"relation": "next", "url": f"{ehr.base}/pages?_page=2"}]
    sent = {**whole, "conditions": {**EMPTY, "total": len(rest) + 1, "entry": [first], "link": next_page}}

    answer = post(client, {**lacking(hook_call, ehr), "prefetch": sent})

    assert answer.json == post(client, {**hook_call, "prefetch": whole}).json
    assert [(path, headers["Authorization"]) for path, headers in ehr.asked] == [
        ("/fhir/pages?_page=2", f"Bearer {TOKEN}")
    ]


def test_what_a_client_cut_off_is_had_in_full(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    call = lacking(hook_call, ehr, "nothing")
    conditions = call["prefetch"]["conditions"]
    call["prefetch"]["conditions"] = {
        **conditions,
        "entry": conditions["entry"][:1],
        "link": [{"relation": "next", "url": "http://169.254.169.254/latest"}],
    }

    answer = post(client, call)

    assert answer.json["cards"][0]["source"]["topic"]["code"] == "TwitchReferralUrgent"


@pytest.mark.conformance("71")
@pytest.mark.parametrize(
    "server",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/fhir",
        "http://127.0.0.1/fhir",
        "file:///etc/passwd",
        "https://ehr.example/fhir",
        "gopher://ehr.example",
        "//ehr.example/fhir",
        "ehr",
        "http://[::1",
    ],
)
def test_a_server_that_is_not_the_clients_is_not_asked(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer, server: str
) -> None:
    keys, words = reasons(post(client, lacking(hook_call, server)))

    assert keys == ["prefetch.conditions", "prefetch.observations"]
    assert "is not one that may be asked for this client" in words
    assert ehr.asked == []


def test_a_client_without_servers_has_none_to_ask(
    client_for: Callable[..., FlaskClient], hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    reasons(post(client_for(), lacking(hook_call, ehr)))

    assert ehr.asked == []


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="null"),
        pytest.param({"access_token": TOKEN, "token_type": "mac"}, id="another type of token"),
        pytest.param({"access_token": "a b\r\nX: y"}, id="no token at all"),
    ],
)
def test_without_a_token_nothing_is_asked_and_the_answer_says_so(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer, authorization: Any
) -> None:
    keys, words = reasons(post(client, {**lacking(hook_call, ehr), "fhirAuthorization": authorization}))

    assert keys == ["prefetch.conditions", "prefetch.observations"]
    assert "fhirServer came without a bearer token in fhirAuthorization; nothing was asked" in words
    assert ehr.asked == []


STRANGER = "http://192.0.2.1/fhir/Condition"
FAULTS = {
    "refuses the token": (gives({}, 401), "did not accept the token"),
    "forbids it": (gives({}, 403), "does not allow to read it"),
    "does not have it": (gives({}, 404), "does not have it"),
    "is busy": (gives({}, 429), "fewer requests"),
    "fails": (gives({}, 500), "failed"),
    "answers HTML": (gives(b"<html>login</html>"), "not the FHIR"),
    "answers an outcome": (gives({"resourceType": "OperationOutcome"}), "refused"),
    "redirects": (gives({}, 302, Location=STRANGER), "points to another address"),
    "hangs up": (hangs_up, "cannot be reached"),
    "has a foreign page": (gives(searchset(next=STRANGER)), "next page is at another address"),
    "never ends": (endless, ""),
}


@pytest.mark.conformance("36")
@pytest.mark.parametrize(("fault", "why"), FAULTS.values(), ids=FAULTS)
def test_a_required_key_that_cannot_be_fetched_is_412_with_the_reason(
    client_for: Callable[..., FlaskClient], hook_call: dict[str, Any], ehr: FaultServer, fault: Any, why: str
) -> None:
    client = client_for(ehr.base, fetch_deadline_s=1.0)
    ehr.answers["/fhir/Condition"] = fault

    keys, words = reasons(post(client, lacking(hook_call, ehr, "conditions")))

    assert keys == ["prefetch.conditions"]
    assert why in words


def test_a_server_that_hangs_costs_no_more_than_the_deadline(
    client_for: Callable[..., FlaskClient], hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    client = client_for(ehr.base, fetch_deadline_s=0.3)
    ehr.answers["/fhir/Condition"] = ehr.hangs
    began = time.monotonic()

    _, words = reasons(post(client, lacking(hook_call, ehr, "conditions")))

    assert "did not answer in time" in words
    assert time.monotonic() - began < 2.5


@pytest.mark.conformance("26")
def test_an_optional_key_that_cannot_be_fetched_is_named_on_the_card(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer, logged: list[Any]
) -> None:
    ehr.answers["/fhir/FamilyMemberHistory"] = gives({}, 403)
    hook_call["prefetch"] |= {key: EMPTY for key in TYPES if key not in hook_call["prefetch"]}

    answer = post(client, lacking(hook_call, ehr, "familyHistory"))

    assert "familyHistory" in answer.json["cards"][0]["detail"]
    (line,) = [line for line in logged if line["event"] == "not fetched"]
    assert line["keys"] == {"familyHistory": "FORBIDDEN"}


def test_a_patient_without_a_twitch_costs_the_server_two_queries_at_most(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer
) -> None:
    ehr.answers |= {"/fhir/Condition": gives(EMPTY), "/fhir/Observation": gives(EMPTY)}

    answer = post(client, lacking(hook_call, ehr))

    assert answer.json == {"cards": []}
    assert len(ehr.asked) == 2


@pytest.mark.conformance("34", "69", "71")
def test_nothing_of_the_token_the_server_or_the_patient_reaches_log_answer_or_audit(
    client: FlaskClient, hook_call: dict[str, Any], ehr: FaultServer, store: Store, logged: list[Any]
) -> None:
    hook_call["context"]["patientId"] = "sentinel-77"
    ehr.answers.clear()

    answer = post(client, lacking(hook_call, ehr))

    store.flush()
    said = answer.text + str(logged) + str(store.rows())
    assert answer.status_code == 412
    assert not any(secret in said for secret in (TOKEN, "sentinel-77", str(ehr.port)))
