"""What the EHR's FHIR server gives or fails to give, over real sockets; and where the token never goes."""

from __future__ import annotations

import gzip
import ipaddress
import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from service.ehr.client import Fetched, Fetcher, Limits, Why
from tests.fhir.servers.faults import Asked, FaultServer, endless, gives, hangs_up, in_turn, searchset

TOKEN = "a-token.that-is_secret~1"
SEARCH = "Condition?patient=hedwig"
CONDITION = {"resourceType": "Condition", "id": "c1"}
GENEROUS_S = 2.5  # for a deadline of 0.3 s on a busy machine


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as started:
        yield started


@pytest.fixture
def stranger() -> Iterator[FaultServer]:
    """A server that nobody registered."""
    with FaultServer() as started:
        yield started


@pytest.fixture
def make_fetcher() -> Iterator[Callable[..., Fetcher]]:
    made: list[Fetcher] = []

    def make(**how: Any) -> Fetcher:
        made.append(Fetcher(**how))
        return made[-1]

    yield make
    for fetcher in made:
        fetcher.close()


@pytest.fixture
def fetcher(make_fetcher: Callable[..., Fetcher]) -> Fetcher:
    return make_fetcher()


def fetch(fetcher: Fetcher, server: FaultServer, query: str = SEARCH, **how: Any) -> Fetched:
    """One query, by a client for which the server is registered."""
    return fetcher.fetch({"key": query}, **{**asking(server), **how})["key"]


def asking(server: FaultServer) -> dict[str, Any]:
    return {"base_url": server.base, "token": TOKEN, "allowed": [server.base], "private_network": True}


def ids(fetched: Fetched) -> list[str]:
    assert fetched.value is not None
    return [entry["resource"]["id"] for entry in orjson.loads(bytes(fetched.value))["entry"]]


def has_next(fetched: Fetched) -> bool:
    assert fetched.value is not None
    return "link" in orjson.loads(bytes(fetched.value))


# What comes


@pytest.mark.conformance("33")
def test_a_search_comes_whole_and_the_token_is_in_its_header(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION, total=1))

    fetched = fetch(fetcher, server)

    assert fetched.complete
    assert ids(fetched) == ["c1"]
    path, headers = server.asked[0]
    assert path == "/fhir/Condition?patient=hedwig"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == "application/fhir+json"


def test_a_read_brings_the_resource_itself(server: FaultServer, fetcher: Fetcher) -> None:
    patient = {"resourceType": "Patient", "id": "hedwig"}
    server.answers["/fhir/Patient/hedwig"] = gives(patient)

    fetched = fetch(fetcher, server, "Patient/hedwig")

    assert fetched.complete
    assert fetched.value is not None
    assert orjson.loads(bytes(fetched.value)) == patient


def test_without_a_token_none_is_sent(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset())

    fetched = fetch(fetcher, server, token=None)

    assert fetched.complete
    assert "Authorization" not in server.asked[0][1]


@pytest.mark.parametrize("entry", [{"entry": []}, {"entry": None}], ids=["empty", "null"])
def test_nothing_on_record_is_an_answer(entry: dict[str, Any], server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives({**searchset(), **entry})

    fetched = fetch(fetcher, server)

    assert fetched.complete
    assert ids(fetched) == []


def test_a_compressed_answer_is_read(server: FaultServer, fetcher: Fetcher) -> None:
    body = gzip.compress(orjson.dumps(searchset(CONDITION)))
    server.answers["/fhir/Condition"] = gives(body, **{"Content-Encoding": "gzip"})

    fetched = fetch(fetcher, server)

    assert ids(fetched) == ["c1"]


def test_one_key_fails_and_the_others_come(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION))
    server.answers["/fhir/Observation"] = gives({}, 403)

    both = fetcher.fetch({"conditions": "Condition?a=b", "observations": "Observation?a=b"}, **asking(server))

    assert both["conditions"].complete
    assert both["observations"] == Fetched(why=Why.FORBIDDEN)


def test_all_queries_are_under_way_at_the_same_time(server: FaultServer, fetcher: Fetcher) -> None:
    meeting = threading.Barrier(6)

    def after_all_have_come(asked: Asked) -> None:
        meeting.wait(10)
        gives(searchset())(asked)

    server.answers["/fhir/Condition"] = after_all_have_come

    fetched = fetcher.fetch({str(n): f"Condition?n={n}" for n in range(6)}, **asking(server), deadline_s=10)

    assert all(one.complete for one in fetched.values())


# Pages


@pytest.mark.conformance("38")
def test_pages_are_followed_and_joined(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(
        searchset(CONDITION, next=f"{server.base}?_getpages=2", total=3)
    )
    server.answers["/fhir?_getpages=2"] = gives(searchset({**CONDITION, "id": "c2"}, next="Condition?page=3"))
    server.answers["/fhir/Condition?page=3"] = gives(searchset({**CONDITION, "id": "c3"}))

    fetched = fetch(fetcher, server)

    assert fetched.complete
    assert ids(fetched) == ["c1", "c2", "c3"]
    assert not has_next(fetched)
    assert {headers["Authorization"] for _, headers in server.asked} == {f"Bearer {TOKEN}"}


def test_a_next_page_elsewhere_is_not_visited_and_the_rest_is_no_whole(
    server: FaultServer, stranger: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION, next=f"{stranger.base}/Condition?page=2"))

    fetched = fetch(fetcher, server)

    assert fetched.why is Why.FOREIGN_PAGE
    assert ids(fetched) == ["c1"]
    assert has_next(fetched)
    assert stranger.asked == []


@pytest.mark.parametrize(
    "link",
    [
        "/admin",
        "//other.example/fhir/Condition",
        "../admin",
        "/fhir/../admin",
        "/fhir/%2e%2e/admin",
        "/fhir/x/..%5C..%5Cadmin",
        "/fhirs/Condition",
        "file:///etc/passwd",
        "https://127.0.0.1/fhir/Condition",
        "http://user@127.0.0.1:{port}/fhir/Condition",
        "http://127.0.0.1:{port}@other.example/fhir",
        "http://127.0.0.1:{port}/fhir/Condition#x",
        "http://[",
        "http://127.0.0.1:99999/fhir",
        "",
    ],
)
def test_a_next_page_outside_the_base_url_is_not_visited(
    link: str, server: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION, next=link.format(port=server.port)))

    fetched = fetch(fetcher, server)

    assert fetched.why is Why.FOREIGN_PAGE
    assert len(server.asked) == 1


def begun(server: FaultServer, link: str, **more: Any) -> dict[str, msgspec.Raw]:
    """A first page as a client sends it along, with its next link."""
    page = {**searchset({"resourceType": "Condition", "id": "sent"}, **more)}
    page["link"] = [{"relation": "next", "url": link}]
    return {"key": msgspec.Raw(orjson.dumps(page))}


def test_a_page_that_was_sent_is_read_on_from_its_next_link(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir?pages=7"] = gives(searchset(CONDITION, total=2))

    fetched = fetch(fetcher, server, begun=begun(server, f"{server.base}?pages=7", total=2))

    assert (fetched.complete, ids(fetched)) == (True, ["sent", "c1"])
    assert [path for path, _ in server.asked] == ["/fhir?pages=7"]


@pytest.mark.parametrize(
    "link",
    ["{base}?pages=expired", "{stranger}?pages=7", "http://169.254.169.254/latest", "urn:nowhere"],
    ids=["expired", "another server's", "the cloud's own", "no address"],
)
def test_a_next_link_that_leads_nowhere_is_answered_by_asking_anew(
    link: str, server: FaultServer, stranger: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION, total=1))
    where = link.format(base=server.base, stranger=stranger.base)

    fetched = fetch(fetcher, server, begun=begun(server, where))

    assert (fetched.complete, ids(fetched)) == (True, ["c1"])
    assert stranger.asked == []


def test_a_page_that_was_sent_is_kept_when_nothing_follows_in_time(
    server: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir"] = lambda asked: (server.stopped.wait(), None)[1]

    fetched = fetch(fetcher, server, begun=begun(server, f"{server.base}?pages=7"), deadline_s=0.3)

    assert (fetched.why, ids(fetched), has_next(fetched)) == (Why.TIMEOUT, ["sent"], True)


def test_pages_that_lead_back_to_each_other_are_read_once(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers[f"/fhir/{SEARCH}"] = gives(searchset(CONDITION, next="Condition?page=2"))
    server.answers["/fhir/Condition?page=2"] = gives(searchset(next=SEARCH))

    fetched = fetch(fetcher, server)

    assert fetched.why is Why.LOOP
    assert ids(fetched) == ["c1"]
    assert len(server.asked) == 2


def test_pages_without_end_are_ended(server: FaultServer, make_fetcher: Callable[..., Fetcher]) -> None:
    def another(asked: Asked) -> None:
        gives(searchset(CONDITION, next=f"Condition?page={len(server.asked)}"))(asked)

    server.answers["/fhir/Condition"] = another

    fetched = fetch(make_fetcher(limits=Limits(pages=3)), server)

    assert fetched.why is Why.TOO_LARGE
    assert len(ids(fetched)) == len(server.asked) == 3


def test_a_page_that_fails_leaves_those_before_it_incomplete(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers[f"/fhir/{SEARCH}"] = gives(searchset(CONDITION, next="Condition?page=2"))
    server.answers["/fhir/Condition?page=2"] = gives({}, 500)

    fetched = fetch(fetcher, server)

    assert fetched.why is Why.SERVER_ERROR
    assert ids(fetched) == ["c1"]
    assert has_next(fetched)


def test_a_page_that_is_late_leaves_those_before_it_incomplete(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers[f"/fhir/{SEARCH}"] = gives(searchset(CONDITION, next="Condition?page=2"))
    server.answers["/fhir/Condition?page=2"] = server.hangs

    fetched = fetch(fetcher, server, deadline_s=0.5)

    assert fetched.why is Why.TIMEOUT
    assert ids(fetched) == ["c1"]
    assert has_next(fetched)


def test_a_server_that_counts_more_than_it_gives_has_not_given_all(
    server: FaultServer, fetcher: Fetcher
) -> None:
    included = {"resource": {"resourceType": "Medication"}, "search": {"mode": "include"}}
    page = searchset(CONDITION, total=2)
    page["entry"].append(included)
    server.answers["/fhir/Condition"] = gives(page)

    fetched = fetch(fetcher, server)

    assert fetched.why is Why.MISCOUNTED
    assert not fetched.complete


# Answers that are none


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (204, Why.NOT_FHIR),
        (400, Why.REFUSED),
        (401, Why.UNAUTHORIZED),
        (403, Why.FORBIDDEN),
        (404, Why.NOT_FOUND),
        (410, Why.NOT_FOUND),
        (429, Why.BUSY),
        (500, Why.SERVER_ERROR),
    ],
)
def test_a_status_has_its_reason_and_is_not_asked_for_again(
    status: int, why: Why, server: FaultServer, fetcher: Fetcher
) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "hedwig"}]}
    server.answers["/fhir/Condition"] = gives(b"" if status == 204 else outcome, status)

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=why)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_hiccup_is_tried_again(status: int, server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = in_turn(gives({}, status), gives(searchset(CONDITION)))

    fetched = fetch(fetcher, server)

    assert fetched.complete
    assert len(server.asked) == 2


def test_a_server_that_stays_down_is_tried_twice(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives({}, 503, **{"Retry-After": "3600"})

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.SERVER_ERROR)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    status: int, server: FaultServer, stranger: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir/Condition"] = gives(b"", status, Location=f"{stranger.base}/Condition")

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.REDIRECTED)
    assert stranger.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Please log in</body></html>",
        b"",
        b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resou',
        b"\xff\xfe\x00",
        b'{"resourceType":"Bundle","type":"searchset","entry":' + b"[" * 100_000,
        b"[]",
        b"null",
        b'{"resourceType":7}',
        b'{"type":"searchset","entry":[]}',
        b'{"resourceType":"Condition","id":"c1"}',
        b'{"resourceType":"Bundle","type":"history","entry":[]}',
        b'{"resourceType":"Bundle","type":"searchset","entry":{}}',
        b'{"resourceType":"Bundle","type":"searchset","link":"next"}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_searchset_is_not_read_as_one(body: bytes, server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(body)

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.NOT_FHIR)


@pytest.mark.parametrize(
    "other", [{"resourceType": "Patient", "id": "somebody-else"}, CONDITION, searchset()], ids=str
)
def test_a_read_takes_nothing_but_what_was_asked_for(
    other: dict[str, Any], server: FaultServer, fetcher: Fetcher
) -> None:
    server.answers["/fhir/Patient/hedwig"] = gives(other)

    fetched = fetch(fetcher, server, "Patient/hedwig")

    assert fetched == Fetched(why=Why.NOT_FHIR)


def test_an_operation_outcome_is_a_refusal_whatever_its_status(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives({"resourceType": "OperationOutcome", "issue": []})

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.REFUSED)


def test_a_body_that_breaks_off_is_not_read(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = hangs_up

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.UNREACHABLE)


def test_a_content_coding_that_does_not_decode_is_not_read(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(b"no gzip", **{"Content-Encoding": "gzip"})

    fetched = fetch(fetcher, server)

    assert fetched == Fetched(why=Why.UNREACHABLE)


def test_nobody_is_listening(fetcher: Fetcher) -> None:
    with FaultServer() as gone:
        pass

    fetched = fetch(fetcher, gone)

    assert fetched == Fetched(why=Why.UNREACHABLE)


# Too much, too slow


def test_ten_million_entries_are_not_read_to_their_end(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = endless

    fetched = fetch(fetcher, server, deadline_s=20)

    assert fetched == Fetched(why=Why.TOO_LARGE)


def test_all_answers_of_a_call_share_its_bytes(
    server: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    server.answers["/fhir/Condition"] = gives(searchset({**CONDITION, "note": "x" * 600}))
    templates = {str(n): f"Condition?n={n}" for n in range(3)}

    fetched = make_fetcher(limits=Limits(body_bytes=1000)).fetch(templates, **asking(server))

    assert [one.why for one in fetched.values()].count(Why.TOO_LARGE) == 2


def test_a_gzip_bomb_is_not_inflated(server: FaultServer, make_fetcher: Callable[..., Fetcher]) -> None:
    bomb = gzip.compress(bytes(60_000_000))
    server.answers["/fhir/Condition"] = gives(bomb, **{"Content-Encoding": "gzip"})
    fetcher = make_fetcher(limits=Limits(body_bytes=1_000_000))
    tracemalloc.start()

    fetched = fetch(fetcher, server, deadline_s=20)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fetched == Fetched(why=Why.TOO_LARGE)
    assert peak < 10_000_000


@pytest.mark.conformance("30")
@pytest.mark.parametrize("how", ["hangs", "drips_headers", "drips_body"])
@pytest.mark.parametrize("over", ["http", "https"])
def test_the_deadline_holds_and_no_thread_is_left_waiting(
    how: str, over: str, make_fetcher: Callable[..., Fetcher], certified: Callable[[], Certified]
) -> None:
    tls = certified() if over == "https" else None
    fetcher = make_fetcher(ca_bundle=tls.file if tls else None)
    with FaultServer(tls.context if tls else None) as server:
        server.answers["/fhir/Condition"] = getattr(server, how)
        start = time.monotonic()

        fetched = fetch(fetcher, server, deadline_s=0.3)

        answered = time.monotonic()
        fetcher.close()  # waits for the threads
        ended = time.monotonic()
        assert fetched == Fetched(why=Why.TIMEOUT)
        assert answered - start < GENEROUS_S
        assert ended - answered < GENEROUS_S


def test_what_came_in_time_is_kept_when_another_query_hangs(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION))
    server.answers["/fhir/Observation"] = server.hangs

    both = fetcher.fetch(
        {"conditions": "Condition?a=b", "observations": "Observation?a=b"}, **asking(server), deadline_s=0.5
    )

    assert both["conditions"].complete
    assert both["observations"] == Fetched(why=Why.TIMEOUT)


def test_a_server_that_hangs_does_not_use_up_the_threads_of_another(
    server: FaultServer, stranger: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    fetcher = make_fetcher(limits=Limits(threads=1))
    hanging = threading.Event()

    def hangs(asked: Asked) -> None:
        hanging.set()
        server.hangs(asked)

    server.answers["/fhir/Condition"] = hangs
    stranger.answers["/fhir/Condition"] = gives(searchset(CONDITION))
    stuck = threading.Thread(target=fetch, args=(fetcher, server), kwargs={"deadline_s": 2})
    stuck.start()
    assert hanging.wait(2)

    fetched = fetch(fetcher, stranger, deadline_s=1.5)

    stuck.join()
    assert fetched.complete


def test_no_time_is_no_request(server: FaultServer, fetcher: Fetcher) -> None:
    fetched = fetch(fetcher, server, deadline_s=0)

    assert fetched == Fetched(why=Why.TIMEOUT)
    assert server.asked == []


# The breaker


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_server_that_fails_is_left_alone_for_a_while_and_then_tried_again(
    server: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    clock = Clock()
    fetcher = make_fetcher(limits=Limits(failures=2, pause_s=15), clock=clock)
    server.answers["/fhir/Condition"] = gives({}, 500)

    whys = [fetch(fetcher, server).why for _ in range(3)]
    assert whys == [Why.SERVER_ERROR, Why.SERVER_ERROR, Why.LEFT_ALONE]
    assert len(server.asked) == 2

    clock.now += 14
    assert fetch(fetcher, server).why is Why.LEFT_ALONE

    clock.now += 2
    assert fetch(fetcher, server).why is Why.SERVER_ERROR
    assert fetch(fetcher, server).why is Why.LEFT_ALONE
    assert len(server.asked) == 3

    clock.now += 16
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION))
    assert fetch(fetcher, server).complete
    server.answers["/fhir/Condition"] = gives({}, 500)
    assert fetch(fetcher, server).why is Why.SERVER_ERROR


def test_it_is_told_when_a_server_is_left_alone_and_when_no_more(
    server: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    clock, told = Clock(), []
    fetcher = make_fetcher(
        limits=Limits(failures=1, pause_s=15), clock=clock, on_breaker=lambda *said: told.append(said)
    )
    server.answers["/fhir/Condition"] = gives({}, 500)
    fetch(fetcher, server)
    clock.now += 16
    fetch(fetcher, server)
    clock.now += 16
    server.answers["/fhir/Condition"] = gives(searchset(CONDITION))
    fetch(fetcher, server)

    # The first trial after the pause fails: the server is left alone once more.
    assert told == [(server.base, True), (server.base, True), (server.base, False)]


def test_a_server_that_drips_is_left_alone_too(
    server: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    fetcher = make_fetcher(limits=Limits(failures=1))
    server.answers["/fhir/Condition"] = server.drips_headers
    fetch(fetcher, server, deadline_s=0.2)
    server.answers["/fhir/Condition"] = gives(searchset())

    deadline = time.monotonic() + GENEROUS_S  # its thread ends a moment after the answer
    while (why := fetch(fetcher, server).why) is not Why.LEFT_ALONE and time.monotonic() < deadline:
        pass

    assert why is Why.LEFT_ALONE


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_is_no_outage_does_not_open_the_breaker(
    status: int, server: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    fetcher = make_fetcher(limits=Limits(failures=2))
    server.answers["/fhir/Condition"] = gives({}, status)

    whys = {fetch(fetcher, server).why for _ in range(5)}

    assert Why.LEFT_ALONE not in whys


def test_one_servers_breaker_is_not_anothers(
    server: FaultServer, stranger: FaultServer, make_fetcher: Callable[..., Fetcher]
) -> None:
    fetcher = make_fetcher(limits=Limits(failures=1))
    server.answers["/fhir/Condition"] = gives({}, 500)
    stranger.answers["/fhir/Condition"] = gives(searchset())
    fetch(fetcher, server)

    fetched = fetch(fetcher, stranger)

    assert fetched.complete


# Where the token never goes


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses to which somebody tried to connect."""
    tried: list[Any] = []

    def refuse(self: socket.socket, to: Any) -> None:
        tried.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


LIES = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254",
    "http://localhost:8000/fhir",
    "http://127.0.0.1/fhir",
    "https://[::1]/fhir",
    "http://2130706433/fhir",
    "https://[::ffff:127.0.0.1]/fhir",
    "file:///etc/passwd",
    "ftp://ehr.example/fhir",
    "https://ehr.example:8443/fhir",
    "http://ehr.example/fhir",
    "https://ehr.example",
    "https://ehr.example/fhir/../admin",
    "https://ehr.example/fhir/Patient",
    "https://EHR.example/fhir",
    "https://user:pw@ehr.example/fhir",
    "https://ehr.example@other.example/fhir",
    "https://ehr.example.other.example/fhir",
    "https://ehr.example/fhir?x=",
    "https://ehr.example/fhir#",
    "//ehr.example/fhir",
    "",
]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("private_network", [False, True])
def test_a_server_that_is_not_registered_is_not_asked(
    lie: str, private_network: bool, fetcher: Fetcher, no_sockets: list[Any]
) -> None:
    fetched = fetcher.fetch(
        {"key": SEARCH},
        base_url=lie,
        token=TOKEN,
        allowed=["https://ehr.example/fhir"],
        private_network=private_network,
    )

    assert fetched == {"key": Fetched(why=Why.NOT_ALLOWED)}
    assert no_sockets == []


@pytest.mark.conformance("1")
@pytest.mark.parametrize(
    ("registered", "private_network"),
    [
        ("https://127.0.0.1/fhir", False),
        ("https://localhost/fhir", False),
        ("https://10.1.2.3/fhir", False),
        ("https://[::1]/fhir", False),
        ("http://127.0.0.1/fhir", False),
        ("http://169.254.169.254/fhir", True),
        ("http://[fd00:ec2::254]/fhir", True),
        ("http://[::ffff:a9fe:a9fe]/fhir", True),
        ("http://0.0.0.0/fhir", True),
        ("file:///etc/passwd", True),
        ("https://user:pw@ehr.example/fhir", True),
        ("https://ehr.example/fhir?token=x", True),
    ],
)
def test_to_be_registered_is_not_enough(
    registered: str, private_network: bool, fetcher: Fetcher, no_sockets: list[Any]
) -> None:
    fetched = fetcher.fetch(
        {"key": SEARCH},
        base_url=registered,
        token=TOKEN,
        allowed=[registered],
        private_network=private_network,
    )

    assert fetched == {"key": Fetched(why=Why.NOT_ALLOWED)}
    assert no_sockets == []


def test_a_slash_at_the_end_of_a_base_url_makes_no_difference(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset())

    fetched = fetch(fetcher, server, allowed=[f"{server.base}/"])

    assert fetched.complete


@pytest.mark.parametrize(
    "query", ["../admin", "Patient/../../admin", "Patient/%2e%2e/%2e%2e/admin", "Patient/a#b", "..\\admin"]
)
def test_a_query_that_leads_out_of_the_base_url_is_not_asked(
    query: str, server: FaultServer, fetcher: Fetcher
) -> None:
    fetched = fetch(fetcher, server, query)

    assert fetched == Fetched(why=Why.NOT_ALLOWED)
    assert server.asked == []


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "tökén", "", " a"])
def test_a_token_that_is_none_is_not_sent(token: str, server: FaultServer, fetcher: Fetcher) -> None:
    fetched = fetch(fetcher, server, token=token)

    assert fetched == Fetched(why=Why.UNASKED)
    assert server.asked == []


def test_a_cookie_of_one_answer_is_not_in_the_next_request(server: FaultServer, fetcher: Fetcher) -> None:
    server.answers["/fhir/Condition"] = gives(searchset(), **{"Set-Cookie": "session=of-somebody; Path=/"})

    fetch(fetcher, server)
    fetch(fetcher, server)

    assert "Cookie" not in server.asked[1][1]


def test_neither_a_proxy_nor_netrc_of_the_environment_is_used(
    server: FaultServer,
    stranger: FaultServer,
    fetcher: Fetcher,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{stranger.port}")
    server.answers["/fhir/Condition"] = gives(searchset())

    fetched = fetch(fetcher, server, token=None)

    assert fetched.complete
    assert "Authorization" not in server.asked[0][1]
    assert stranger.asked == []


@pytest.mark.conformance("34", "69")
def test_neither_token_nor_patient_reaches_a_log_or_a_repr(
    server: FaultServer, fetcher: Fetcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with FaultServer() as gone:
        pass
    server.answers["/fhir/Condition"] = in_turn(gives({}, 503), gives(searchset({"id": "hedwig"})))
    server.answers["/fhir/Condition?hedwig=2"] = hangs_up
    server.answers["/fhir/Condition?hedwig=3"] = lambda asked: asked.wfile.write(
        b"HTTP/1.1 200 OK\r\nNo header hedwig\r\n\r\n"
    )

    shown = [repr(fetch(fetcher, server, query)) for query in (SEARCH, "Condition?hedwig=2")]
    shown += [repr(fetch(fetcher, server, "Condition?hedwig=3", deadline_s=0.3)), repr(fetch(fetcher, gone))]

    everything = caplog.text + "".join(map(str, [record.__dict__ for record in caplog.records])) + str(shown)
    assert "hedwig" not in everything
    assert TOKEN not in everything


# TLS


class Certified:
    """A certificate for this machine, and the server's context with it."""

    def __init__(self, folder: Path) -> None:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(own, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.file, both = folder / "ca.pem", folder / "both.pem"
        self.file.write_bytes(certificate.public_bytes(pem))
        both.write_bytes(secret + certificate.public_bytes(pem))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(both)


@pytest.fixture
def certified(tmp_path: Path) -> Callable[[], Certified]:
    return lambda: Certified(tmp_path)


@pytest.mark.conformance("1")
def test_a_certificate_must_be_one_that_we_trust(
    make_fetcher: Callable[..., Fetcher], certified: Callable[[], Certified]
) -> None:
    tls = certified()
    with FaultServer(tls.context) as server:
        server.answers["/fhir/Condition"] = gives(searchset(CONDITION))

        untrusted = fetch(make_fetcher(), server)
        trusted = fetch(make_fetcher(ca_bundle=tls.file), server)

    assert untrusted == Fetched(why=Why.UNREACHABLE)
    assert ids(trusted) == ["c1"]
