"""How often somebody may call, whom that holds for, and who counts it."""

from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.auth import Client
from service.errors import TooManyRequests
from service.store import Store
from service.web.process.rates import REFUSALS_A_MINUTE, Rates
from service.web.process.shared_counts import RECORDS, SharedCounts
from tests.web.trusted import FORGED, PUBLIC_URL, bearing, registered

HOOK = "/cds-services/fasciculation-red-flags"
DISCOVERY = "/cds-services"


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trusting(make_app: Callable[..., Flask], tmp_path: Path) -> Callable[..., FlaskClient]:
    def make(*lines: str, **settings: Any) -> FlaskClient:
        clients = registered(tmp_path, *lines)
        return make_app(clients=clients, public_url=PUBLIC_URL, **settings).test_client()

    return make


def statuses(client: FlaskClient, count: int, path: str = DISCOVERY, **how: Any) -> list[int]:
    return [client.get(path, **how).status_code for _ in range(count)]


def test_without_the_setting_nobody_is_limited(client: FlaskClient) -> None:
    assert set(statuses(client, 200)) == {200}


def test_one_call_too_many_is_429_and_says_when_to_try_again(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit=3).test_client()

    assert statuses(client, 3) == [200, 200, 200]
    answer = client.get(DISCOVERY)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.content_type == "application/fhir+json"
    assert answer.json["issue"][0]["code"] == "throttled"


def test_all_addresses_but_the_probes_and_the_metrics_count_together(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit=2).test_client()

    assert statuses(client, 1, "/docs") + statuses(client, 1) + statuses(client, 1, "/") == [200, 200, 429]
    assert {client.get(path).status_code for path in ("/livez", "/readyz", "/metrics") for _ in range(9)} == {
        200
    }


def test_in_the_open_mode_each_address_has_its_own_calls(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit=1).test_client()
    here, there = ({"REMOTE_ADDR": address} for address in ("127.0.0.1", "127.0.0.2"))

    first, again = statuses(client, 2, environ_base=here)

    assert (first, again) == (200, 429)
    assert statuses(client, 1, environ_base=there) == [200]


def test_a_registered_client_has_its_calls_by_tenant_wherever_it_calls_from(
    trusting: Callable[..., FlaskClient],
) -> None:
    client = trusting('tenants = ["a", "b"]', rate_limit=1)

    got = [
        client.get(
            DISCOVERY,
            headers=bearing(DISCOVERY, tenant=tenant),
            environ_base={"REMOTE_ADDR": address},
        ).status_code
        for tenant, address in (("a", "192.0.2.1"), ("a", "192.0.2.2"), ("b", "192.0.2.1"))
    ]

    assert got == [200, 429, 200]


def test_a_limited_call_leaves_no_row_and_is_told_in_the_metrics(
    make_app: Callable[..., Flask], hook_call: dict[str, Any], store: Store
) -> None:
    client = make_app(rate_limit=1).test_client()

    for _ in range(4):
        client.post(HOOK, json=hook_call)

    store.flush()
    assert len(store.rows()) == 1
    assert 'twitch_cds_refusals_total{error="TooManyRequests"} 3.0' in client.get("/metrics").text


def test_refused_tokens_fill_the_audit_to_a_limit_whatever_the_setting(
    trusting: Callable[..., FlaskClient], store: Store
) -> None:
    client = trusting()

    got = statuses(client, REFUSALS_A_MINUTE + 5)

    store.flush()
    assert got == [401] * REFUSALS_A_MINUTE + [429] * 5
    assert len(store.rows()) == REFUSALS_A_MINUTE


def test_nobody_keeps_a_trusted_client_out_that_has_the_same_address(
    trusting: Callable[..., FlaskClient],
) -> None:
    client = trusting(rate_limit=1000)
    forged = bearing(DISCOVERY, key=FORGED)

    assert statuses(client, REFUSALS_A_MINUTE + 1, headers=forged)[-1] == 429
    assert client.get(DISCOVERY, headers=bearing(DISCOVERY)).status_code == 200


def test_an_ipv6_network_is_one_caller_and_an_ipv4_address_another(clock: Clock) -> None:
    rates = Rates(1, counts=SharedCounts(clock))

    rates.count_call(None, "2001:db8::1")
    rates.count_call(None, "2001:db8:0:1::1")
    rates.count_call(None, "::ffff:192.0.2.1")
    rates.count_call(None, None)

    for same in ("2001:db8::2", "192.0.2.1", ""):
        with pytest.raises(TooManyRequests):
            rates.count_call(None, same)


def test_the_minute_begins_with_the_first_call_and_ends(clock: Clock) -> None:
    rates, ehr = Rates(2, counts=SharedCounts(clock)), Client(issuer="https://ehr.example")
    rates.count_call(ehr, None)
    clock.now += 45
    rates.count_call(ehr, None)

    with pytest.raises(TooManyRequests) as refused:
        rates.count_call(ehr, None)
    clock.now += 15
    rates.count_call(ehr, None)

    assert refused.value.retry_after == 15


def test_a_limit_is_asked_for_again_after_a_second_at_least(clock: Clock) -> None:
    rates = Rates(1, counts=SharedCounts(clock))
    rates.count_call(None, "192.0.2.1")
    clock.now += 59.9

    with pytest.raises(TooManyRequests) as refused:
        rates.count_call(None, "192.0.2.1")

    assert refused.value.retry_after == 1


# The counts


def count(counts: SharedCounts) -> None:
    for _ in range(500):
        counts.incr("ehr", 60)


def test_processes_count_together_and_lose_none() -> None:
    counts = SharedCounts()
    fork = get_context("fork")
    workers = [fork.Process(target=count, args=(counts,)) for _ in range(3)]

    for worker in workers:
        worker.start()
    count(counts)
    for worker in workers:
        worker.join()

    assert counts.get("ehr") == 2000


def test_a_count_ends_with_its_window_and_not_before(clock: Clock) -> None:
    counts = SharedCounts(clock)
    counts.incr("ehr", 60)
    clock.now += 30
    counts.incr("ehr", 60)

    assert (counts.get("ehr"), counts.get_expiry("ehr")) == (2, 1060)
    clock.now += 30
    assert (counts.get("ehr"), counts.get_expiry("ehr")) == (0, 1060)
    assert counts.incr("ehr", 60) == 1


def test_one_key_is_cleared_and_then_all(clock: Clock) -> None:
    counts = SharedCounts(clock)
    for key in ("a", "b"):
        counts.incr(key, 60)

    counts.clear("a")
    assert (counts.get("a"), counts.get("b")) == (0, 1)
    counts.reset()
    assert counts.get("b") == 0
    assert counts.check()


def test_a_flood_of_keys_forgets_the_oldest_and_never_adds_to_another(clock: Clock) -> None:
    counts = SharedCounts(clock)
    for number in range(RECORDS * 2):
        clock.now += 0.001
        assert counts.incr(f"address {number}", 60) == 1

    assert counts.get("address 0") in (0, 1)
    assert counts.get(f"address {RECORDS * 2 - 1}") == 1
