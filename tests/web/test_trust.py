"""Who is let in: registered clients with a right token; this machine alone where nobody is registered."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.errors import SettingsInvalid
from service.store import Store
from tests.web.trusted import FORGED, ISSUER, PUBLIC_URL, bearing, registered, token

HOOK = "/cds-services/fasciculation-red-flags"
APPLY = "/fhir/PlanDefinition/fasciculation-red-flags/$apply"
EVERY = [
    ("GET", "/cds-services"),
    ("POST", HOOK),
    ("POST", f"{HOOK}/feedback"),
    ("POST", "/cds-services/unknown"),
    ("GET", "/feedback/summary"),
    ("POST", "/evaluate"),
    ("POST", "/fhir/$evaluate"),
    ("POST", APPLY),
]
# A value for each variable of a path.
NAMES = {"service_id": "fasciculation-red-flags", "plan_id": "fasciculation-red-flags"}
NAMES |= {"type:resource_type": "Questionnaire", "artefact_id": "twitch-history"}
NAMES |= {"rule_id": "muscle-weakness", "name": "site.css"}
OPEN = {
    "/",
    "/codes",
    "/conformance",
    "/docs",
    "/fhir/Questionnaire",
    "/fhir/Questionnaire/twitch-history",
    "/fhir/metadata",
    "/knowledge",
    "/livez",
    "/metrics",
    "/openapi.json",
    "/questionnaire",
    "/readyz",
    "/rules",
    "/rules/muscle-weakness",
    "/static/site.css",
}


@pytest.fixture
def trusting(make_app: Callable[..., Flask], tmp_path: Path) -> Callable[..., FlaskClient]:
    """An app that trusts one client; the arguments are lines of its block."""

    def make(*lines: str, **settings: Any) -> FlaskClient:
        clients = registered(tmp_path, *lines)
        return make_app(**{"clients": clients, "public_url": PUBLIC_URL, **settings}).test_client()

    return make


@pytest.fixture
def client(trusting: Callable[..., FlaskClient]) -> FlaskClient:
    return trusting()


def is_refused(answer: Any) -> bool:
    (issue,) = answer.json["issue"]
    return (
        answer.status_code == 401
        and answer.headers["WWW-Authenticate"] == "Bearer"
        and answer.content_type == "application/fhir+json"
        and issue
        == {
            "severity": "error",
            "code": "login",
            "diagnostics": "The client is not trusted."
            " Send a valid JWT of a registered client as a bearer token.",
        }
    )


@pytest.mark.conformance("61", "62", "status-401")
@pytest.mark.parametrize(("method", "path"), EVERY)
def test_whatever_is_no_probe_needs_a_token(client: FlaskClient, method: str, path: str) -> None:
    assert is_refused(client.open(path, method=method))


@pytest.mark.conformance("61", "62")
def test_every_route_is_closed_unless_it_is_named(client: FlaskClient) -> None:
    rules = list(client.application.url_map.iter_rules())
    paths = {re.sub("<(.+?)>", lambda name: NAMES[name[1]], rule.rule): rule for rule in rules}
    methods = {path: "POST" if "POST" in (rule.methods or ()) else "GET" for path, rule in paths.items()}

    statuses = {}
    for path, method in methods.items():
        with client.open(path, method=method) as answer:
            statuses[path] = answer.status_code

    assert {path for path, status in statuses.items() if status != 401} == OPEN


def test_a_client_with_a_token_for_the_address_is_served(
    client: FlaskClient, hook_call: dict[str, Any], teacher: dict[str, Any]
) -> None:
    answer = client.post(HOOK, json=hook_call, headers=bearing(HOOK))

    assert answer.json["cards"][0]["indicator"] == "warning"
    assert client.get("/cds-services", headers=bearing("/cds-services")).status_code == 200
    assert client.post("/evaluate", json=teacher, headers=bearing("/evaluate")).status_code == 200
    whom: list[dict[str, Any]] = [{"name": "subject", "valueString": "teacher"}]
    data = [{"name": "data", "resource": teacher}]
    for path, given in ((APPLY, whom + data), ("/fhir/$evaluate", data)):
        asked = {"resourceType": "Parameters", "parameter": given}
        assert client.post(path, json=asked, headers=bearing(path)).status_code == 200


@pytest.mark.conformance("70", "status-401")
@pytest.mark.parametrize(
    "header",
    [
        pytest.param({}, id="none"),
        pytest.param({"Authorization": "Bearer"}, id="no token"),
        pytest.param({"Authorization": "Bearer not.a.token"}, id="no JWT"),
        pytest.param({"Authorization": "Basic dXNlcjpwYXNz"}, id="another scheme"),
        pytest.param(bearing(HOOK, key=FORGED), id="signed by somebody else"),
        pytest.param(bearing(HOOK, iss="https://evil.example"), id="an issuer that nobody registered"),
        pytest.param(bearing("/cds-services"), id="for another address"),
        pytest.param(bearing(HOOK, aud=f"http://localhost{HOOK}"), id="for an address behind the proxy"),
        pytest.param(bearing(HOOK, iat=1000, exp=1300), id="expired"),
        pytest.param(bearing(HOOK, exp=None), id="without an end"),
        pytest.param(bearing(HOOK, jti=None), id="without a name"),
        pytest.param(bearing(HOOK, header={"jku": "https://evil.example/keys"}), id="keys from elsewhere"),
        pytest.param(bearing(HOOK, tenant="hospital-b"), id="another tenant"),
    ],
)
def test_a_token_that_is_not_right_is_401_and_the_answer_does_not_say_why(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any], header: dict[str, str]
) -> None:
    client = trusting('tenants = ["hospital-a"]')

    assert is_refused(client.post(HOOK, json=hook_call, headers=header))


@pytest.mark.conformance("67")
def test_a_token_is_good_for_one_call(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    header = bearing(HOOK)

    first, again = (client.post(HOOK, json=hook_call, headers=header) for _ in range(2))

    assert first.status_code == 200
    assert is_refused(again)


@pytest.mark.conformance("69")
def test_the_log_says_why_and_holds_no_token(client: FlaskClient, logged: list[Any]) -> None:
    header = bearing(HOOK, exp=9, iat=1)

    client.post(HOOK, json={}, headers=header)

    (line,) = [line for line in logged if line["event"] == "client not trusted"]
    assert "expired" in line["reason"]
    assert line["issuer"] == ISSUER
    assert not any(part in str(logged) for part in header["Authorization"].split()[1].split("."))


@pytest.mark.conformance("8")
def test_a_refusal_is_audited_by_what_was_called_and_never_by_a_path_as_written(
    client: FlaskClient, store: Store
) -> None:
    client.post(HOOK, headers=bearing(HOOK, key=FORGED))
    client.post("/cds-services/Sentinelson")
    client.get("/cds-services")

    store.flush()
    rows = [(row["service"], row["refusal"], row["client"]) for row in store.rows()]
    assert rows == [
        ("fasciculation-red-flags", "ClientNotTrusted", ISSUER),
        ("/cds-services/<service_id>", "ClientNotTrusted", None),
        ("/cds-services", "ClientNotTrusted", None),
    ]


@pytest.mark.conformance("8", "69")
def test_the_audit_names_the_client_its_tenant_and_the_token(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any], store: Store
) -> None:
    client = trusting('tenants = ["hospital-a"]')

    client.post(HOOK, json=hook_call, headers=bearing(HOOK, tenant="hospital-a", jti="j-1"))

    store.flush()
    (row,) = store.rows()
    assert (row["client"], row["tenant"], row["jti"]) == (ISSUER, "hospital-a", "j-1")


def test_without_a_public_url_the_address_that_was_called_counts(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any]
) -> None:
    client = trusting(public_url=None)

    right = client.post(HOOK, json=hook_call, headers=bearing(HOOK, aud=f"http://localhost{HOOK}"))

    assert right.status_code == 200
    assert is_refused(client.post(HOOK, json=hook_call, headers=bearing(HOOK)))


def test_the_client_decides_the_pathway(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any], teacher: dict[str, Any]
) -> None:
    client = trusting('pathway = "nice-ng127"')

    answer = client.post("/evaluate", json=teacher, headers=bearing("/evaluate"))
    other = client.post("/evaluate?pathway=early-referral", json=teacher, headers=bearing("/evaluate"))

    assert answer.json["pathway"] == "nice-ng127"
    assert other.json["pathway"] == "early-referral"


def test_a_silent_client_is_evaluated_and_recorded_and_shown_nothing(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any], store: Store
) -> None:
    client = trusting("silent = true")

    answer = client.post(HOOK, json=hook_call, headers=bearing(HOOK))

    assert (answer.status_code, answer.json) == (200, {"cards": []})
    store.flush()
    (row,) = store.rows()
    assert row["disposition"] == "urgent-referral"
    assert row["cards"] == []
    assert row["withheld"] == {"TwitchReferralUrgent": "silent"}


@pytest.mark.conformance("42")
def test_a_silent_client_still_learns_that_it_was_not_understood(
    trusting: Callable[..., FlaskClient], hook_call: dict[str, Any]
) -> None:
    client = trusting("silent = true")

    answer = client.post(HOOK, json={**hook_call, "prefetch": {}}, headers=bearing(HOOK))

    assert answer.status_code == 412


@pytest.mark.conformance("72")
def test_a_browser_may_ask_whether_it_may_ask(trusting: Callable[..., FlaskClient]) -> None:
    client = trusting(cors_origins="https://ehr.example")
    asked = {"Access-Control-Request-Method": "POST", "Origin": "https://ehr.example"}

    answer = client.options(HOOK, headers=asked)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example"


def test_an_unknown_address_stays_unknown(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.put(HOOK).status_code == 405


@pytest.mark.conformance("61")
@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.5", "2001:db8::1", "no address"])
def test_while_nobody_is_registered_another_machine_is_refused(
    make_app: Callable[..., Flask], address: str
) -> None:
    client = make_app().test_client()

    assert is_refused(client.get("/cds-services", environ_base={"REMOTE_ADDR": address}))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", ""])
def test_while_nobody_is_registered_this_machine_is_served(
    make_app: Callable[..., Flask], address: str
) -> None:
    client = make_app().test_client()

    assert client.get("/cds-services", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]
)
def test_while_nobody_is_registered_what_a_proxy_passes_on_is_refused(
    make_app: Callable[..., Flask], header: str, logged: list[Any]
) -> None:
    client = make_app().test_client()

    assert is_refused(client.get("/cds-services", headers={header: "192.0.2.7"}))
    assert "a proxy passed this on" in logged[0]["reason"]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "::1",
        "192.0.2.7",
        "[2001:db8::1]:8000",
        "evil.example",
        "evil.example:8000",
        "evil.example@localhost",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
    ],
)
def test_while_nobody_is_registered_another_name_of_this_machine_is_refused(
    make_app: Callable[..., Flask], host: str, logged: list[Any]
) -> None:
    client = make_app().test_client()

    assert is_refused(client.get("/cds-services", headers={"Host": host}))
    assert "by no other name" in logged[0]["reason"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "127.8.8.8", "[::1]", "[::1]:8000"]
)
def test_while_nobody_is_registered_this_machine_is_served_by_its_own_names(
    make_app: Callable[..., Flask], host: str
) -> None:
    client = make_app().test_client()

    assert client.get("/cds-services", headers={"Host": host}).status_code == 200


def test_registered_clients_may_come_through_a_proxy(client: FlaskClient) -> None:
    through = {"X-Forwarded-For": "192.0.2.7", "Via": "1.1 proxy"}

    assert client.get("/cds-services", headers={**bearing("/cds-services"), **through}).status_code == 200


def test_a_file_of_clients_that_cannot_be_followed_stops_the_start(
    trusting: Callable[..., FlaskClient],
) -> None:
    with pytest.raises(SettingsInvalid, match="profile must be one of"):
        trusting('profile = "3.0"')


def test_a_store_that_is_down_keeps_nobody_out(
    client: FlaskClient, hook_call: dict[str, Any], store: Store
) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE seen_tokens")

    assert client.post(HOOK, json=hook_call, headers=bearing(HOOK)).json["cards"]
    assert token(HOOK) != token(HOOK)
