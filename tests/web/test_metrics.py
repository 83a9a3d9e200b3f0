"""What is counted, who may read it, and that it tells of nobody."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from service.config import Settings
from service.knowledge import Knowledge
from service.store import Store
from service.web import create_app
from service.web.process.metrics import ALARMS
from tests.fhir.servers.faults import FaultServer, gives
from tests.web.trusted import FORGED, PUBLIC_URL, bearing, registered

HOOK = "/cds-services/fasciculation-red-flags"
CALLS, ANSWERS = "twitch_cds_calls_total", "twitch_cds_answer_seconds_count"
NOBODY: dict[str, Any] = {"conditions": None, "observations": None}


def counted(client: FlaskClient, name: str, **labels: str) -> float:
    """The sum of the samples of a name that have these labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def test_a_call_is_counted_by_service_hook_and_outcome(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    client.post(HOOK, json=hook_call)
    client.post(HOOK, json={**hook_call, "prefetch": NOBODY})
    client.post(HOOK, json={**hook_call, "prefetch": {}})
    client.post(HOOK, json={})

    outcomes = {
        (hook, outcome): counted(client, CALLS, service="fasciculation-red-flags", hook=hook, outcome=outcome)
        for hook in ("patient-view", "unknown")
        for outcome in ("cards", "silence", "refused", "withheld")
    }
    assert {key: count for key, count in outcomes.items() if count} == {
        ("patient-view", "cards"): 1,
        ("patient-view", "silence"): 1,
        ("patient-view", "refused"): 1,
        ("unknown", "refused"): 1,
    }


def test_a_card_is_counted_by_topic_indicator_and_whether_it_was_shown(
    make_app: Callable[..., Flask], hook_call: dict[str, Any], tmp_path: Path
) -> None:
    silent = make_app(clients=registered(tmp_path, "silent = true"), public_url=PUBLIC_URL).test_client()
    shown = make_app().test_client()

    silent.post(HOOK, json=hook_call, headers=bearing(HOOK))
    shown.post(HOOK, json=hook_call)

    urgent = {"topic": "TwitchReferralUrgent", "indicator": "warning"}
    assert counted(shown, "twitch_cds_cards_total", **urgent, shown="yes") == 1
    assert counted(silent, "twitch_cds_cards_total", **urgent, shown="silent") == 1
    assert counted(silent, CALLS, outcome="withheld") == 1


def test_a_refusal_is_counted_by_the_class_of_its_error(app: Flask, hook_call: dict[str, Any]) -> None:
    def boom() -> str:
        raise RuntimeError

    app.add_url_rule("/boom", view_func=boom)
    client = app.test_client()

    client.post(HOOK, json={**hook_call, "prefetch": {}})
    client.post("/evaluate", data=b"{", content_type="application/json")
    client.get("/boom")

    refusals = "twitch_cds_refusals_total"
    assert [counted(client, refusals, error=e) for e in ("RecordNotAvailable", "NotJson", "Bug")] == [1, 1, 1]


def test_every_answer_is_timed_by_its_route_and_never_by_its_path(client: FlaskClient) -> None:
    client.get("/livez")
    client.get("/Sentinelson")
    client.open("/livez", method="SENTINELSON")
    client.post("/cds-services/Sentinelson", json={})

    assert counted(client, ANSWERS, route="/livez", method="GET", status="200") == 1
    assert counted(client, ANSWERS, route="none", status="404") == 1
    assert counted(client, ANSWERS, route="none", method="other", status="405") == 1
    assert counted(client, ANSWERS, route="/cds-services/<service_id>", status="404") == 1
    assert "sentinelson" not in client.get("/metrics").text.lower()


def test_nothing_of_a_patient_is_in_the_metrics(
    client: FlaskClient, hook_call: dict[str, Any], teacher: dict[str, Any]
) -> None:
    hook_call["hookInstance"] = "Sentinelson"
    hook_call["context"]["userId"] = "Practitioner/Sentinelson"
    hook_call["context"]["patientId"] = "Sentinelson"

    client.post(HOOK, json=hook_call)
    client.post(HOOK, json={**hook_call, "hook": "Sentinelson"})
    client.post("/evaluate?patient=Sentinelson&on=Sentinelson", json=teacher)

    text = client.get("/metrics").text
    assert "twitch_cds_calls_total" in text
    assert not any(word in text for word in ("Sentinelson", "teacher", "1974"))


def test_the_versions_and_the_store_are_told(client: FlaskClient, knowledge: Knowledge) -> None:
    assert counted(client, "twitch_cds_info", knowledge_version=knowledge.version) == 1
    assert counted(client, "twitch_cds_store_up") == 1
    assert all(counted(client, f"twitch_cds_{name}_total") == 0 for name, _ in ALARMS.values())


def test_a_store_that_is_down_is_an_alarm_in_the_log_and_in_the_metrics_and_costs_no_answer(
    knowledge: Knowledge, hook_call: dict[str, Any], tmp_path: Path, logged: list[Any]
) -> None:
    settings = Settings(
        database_url="sqlite:////nowhere/at/all.db",
        hash_key="a key",
        clients=registered(tmp_path),
        public_url=PUBLIC_URL,
    )
    app = create_app(settings, knowledge=knowledge)
    client = app.test_client()

    answer = client.post(HOOK, json=hook_call, headers=bearing(HOOK))
    app.extensions["twitch-cds"].store.flush()

    assert answer.json["cards"]
    assert counted(client, "twitch_cds_audit_rows_lost_total") == 1
    assert counted(client, "twitch_cds_tokens_unchecked_total") == 1
    assert counted(client, "twitch_cds_store_failures_total") >= 1
    assert counted(client, "twitch_cds_store_up") == 0
    assert {"audit rows lost", "store not available"} <= {line["event"] for line in logged}


@pytest.fixture
def failing() -> Iterator[FaultServer]:
    """A FHIR server that answers everything with 500."""
    with FaultServer() as server:
        for kind in ("Condition", "Observation"):
            server.answers[f"/fhir/{kind}"] = gives({}, 500)
        yield server


def test_what_is_not_fetched_is_counted_by_reason_and_a_server_left_alone_is_told(
    make_app: Callable[..., Flask], hook_call: dict[str, Any], failing: FaultServer, logged: list[Any]
) -> None:
    client = make_app(fhir_servers=failing.base).test_client()
    access = {"fhirServer": failing.base, "fhirAuthorization": {"access_token": "t"}, "prefetch": {}}
    left_alone = {"name": "twitch_cds_fhir_breakers_open", "server": failing.base}

    client.post(HOOK, json={**hook_call, **access})
    before = counted(client, **left_alone)
    for _ in range(8):
        client.post(HOOK, json={**hook_call, **access})

    assert (before, counted(client, **left_alone)) == (0, 1)
    assert counted(client, "twitch_cds_fetch_failures_total", reason="SERVER_ERROR") >= 2
    assert counted(client, "twitch_cds_fetch_failures_total", reason="LEFT_ALONE") >= 2
    assert "FHIR server left alone for a while" in {line["event"] for line in logged}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_may_read_the_metrics(client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.5", "2001:db8::1", "no address"])
def test_another_machine_may_not_read_the_metrics(client: FlaskClient, address: str) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})

    assert (answer.status_code, answer.json["issue"][0]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_a_proxy_passes_on_may_not_read_the_metrics(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "192.0.2.7"}).status_code == 403


def test_the_operator_names_who_may_read_the_metrics(make_app: Callable[..., Flask]) -> None:
    client = make_app(metrics_from="10.0.0.0/8").test_client()

    inside, outside = (
        client.get("/metrics", environ_base={"REMOTE_ADDR": address}) for address in ("10.1.2.3", "127.0.0.1")
    )

    assert (inside.status_code, outside.status_code) == (200, 403)


def test_registered_clients_do_not_change_who_may_read_the_metrics(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    client = make_app(clients=registered(tmp_path), public_url=PUBLIC_URL).test_client()

    assert client.get("/metrics").status_code == 200
    client.get("/cds-services", headers=bearing("/cds-services", key=FORGED))
    assert counted(client, "twitch_cds_refusals_total", error="ClientNotTrusted") == 1


def test_a_store_tells_only_alarms_that_are_counted(tmp_path: Path) -> None:
    told: list[str] = []
    store = Store("sqlite:////nowhere/at/all.db", alarm=lambda what, count: told.append(what))

    store.condition()

    assert told == ["not-available"]
    assert set(told) <= ALARMS.keys()
    store.close()
