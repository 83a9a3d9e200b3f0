"""The worker behind a real socket: clients that are slow, that leave, or that do not speak HTTP."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing
from socket import SHUT_WR, create_connection, socket
from time import monotonic

import orjson
import pytest

from tests.conformance.served import Served, served

pytestmark = pytest.mark.slow
HOOK = b"POST /cds-services/fasciculation-red-flags HTTP/1.1\r\nHost: localhost\r\n"
HOOK += b"Content-Type: application/json\r\n"
CHUNKED, LONG = b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 100000\r\n\r\n"
THREADS = 16


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as service:
        answers(service)
        yield service


def said_to(service: Served, text: bytes) -> socket:
    """A connection on which this was sent."""
    connection = create_connection(("127.0.0.1", int(service.base.rpartition(":")[2])), timeout=30)
    connection.sendall(text)
    return connection


def answer_to(service: Served, text: bytes) -> tuple[int, bytes]:
    """The status, and everything that came back."""
    with said_to(service, text) as connection:
        return heard_on(connection)


def heard_on(connection: socket) -> tuple[int, bytes]:
    """The status, and everything that came back until the service ended the connection."""
    answer = b"".join(iter(lambda: connection.recv(4096), b""))
    return int(answer.split(b" ", 2)[1]), answer


def answers(service: Served) -> float:
    """How many seconds somebody else waits for an answer."""
    began = monotonic()
    address = service.base.removeprefix("http://")
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", "/livez")
        assert connection.getresponse().status == 200
    return monotonic() - began


def test_half_open_requests_end_with_408_and_let_others_be_answered(running: Served) -> None:
    texts = [b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", HOOK + LONG + b"{", HOOK + CHUNKED + b"5\r\n{"]

    with ExitStack() as held:
        waiting = [
            held.enter_context(said_to(running, texts[number % len(texts)])) for number in range(THREADS)
        ]
        waited = answers(running)
        heard = [heard_on(connection) for connection in waiting]

    assert waited < 20
    assert {status for status, _ in heard} == {408}
    assert all(b"OperationOutcome" in answer for _, answer in heard)


def test_connections_that_say_nothing_keep_nobody_waiting(running: Served) -> None:
    with ExitStack() as held:
        for _ in range(3 * THREADS):
            held.enter_context(said_to(running, b""))

        assert answers(running) < 3


def test_clients_that_are_refused_and_stay_keep_nobody_waiting(running: Served) -> None:
    with ExitStack() as held:
        for _ in range(THREADS // 2):
            held.enter_context(said_to(running, b"no HTTP\r\n\r\n"))

        assert answers(running) < 5


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /Sentinelson no HTTP\r\n\r\n", 400),
        (b"GET /x?name=Sentinelson HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
        (b"sentinelson /x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX Patient: Sentinelson\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Sentinelson\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nA: b\r\n Sentinelson\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: Sentinelson\r\n\r\n", 417),
        (b'{"name": "Sentinelson"}\r\n\r\n', 400),
        (HOOK + b"Content-Length: Sentinelson\r\n\r\n", 400),
        (HOOK + b"Transfer-Encoding: Sentinelson\r\n\r\n", 501),
        (b"GET /Sentinelson" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /livez HTTP/1.1\r\nX-Sentinelson: " + b"x" * 9000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_http_is_answered_and_logged_without_a_word_of_it(
    running: Served, text: bytes, status: int
) -> None:
    answered, answer = answer_to(running, text)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert answered == status
    assert b"application/fhir+json" in head
    assert orjson.loads(body)["resourceType"] == "OperationOutcome"
    assert b"sentinelson" not in (answer + running.log.read_bytes()).lower()
    assert b'"event":"not read"' in running.log.read_bytes()


@pytest.mark.parametrize(
    "body",
    [
        b"Sentinelson\r\n",
        b"-5\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"3;=\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\nSentinelson\r\n\r\n",
    ],
)
def test_a_body_in_malformed_chunks_is_400_and_no_bug(running: Served, body: bytes) -> None:
    status, answer = answer_to(running, HOOK + CHUNKED + body)

    assert status == 400
    assert b"chunks" in answer
    assert b'"event":"bug"' not in running.log.read_bytes()


@pytest.mark.parametrize("rest", [LONG + b"{", CHUNKED + b"5\r\n{", CHUNKED + b"1\r\n{\r\n", LONG])
def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(
    running: Served, rest: bytes
) -> None:
    before = running.log.read_text().count('"status":400')

    with said_to(running, HOOK + rest) as leaving:
        leaving.shutdown(SHUT_WR)
        heard_on(leaving)

    log = running.log.read_text()
    assert log.count('"status":400') == before + 1
    assert not any(word in log for word in ('"level":"error"', "Traceback", "ERROR"))
