"""How much of a body is read, and in which clothes it may come."""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

HOOK = "/cds-services/fasciculation-red-flags"
ROOT = Path(__file__).parents[2]
LIMIT = 100_000


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(max_body_bytes=LIMIT).test_client()


def gzipped(client: FlaskClient, data: bytes, encoding: str = "gzip") -> Any:
    return client.post(
        HOOK, data=data, content_type="application/json", headers={"Content-Encoding": encoding}
    )


def padded(call: dict[str, Any], size: int) -> bytes:
    """A valid call of exactly `size` bytes."""
    bare = orjson.dumps({**call, "extension": ""})
    return orjson.dumps({**call, "extension": "x" * (size - len(bare))})


@pytest.mark.conformance("status-413")
def test_a_body_of_the_limit_is_read_and_one_byte_more_is_413(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    assert (
        client.post(HOOK, data=padded(hook_call, LIMIT), content_type="application/json").status_code == 200
    )

    answer = client.post(HOOK, data=padded(hook_call, LIMIT + 1), content_type="application/json")

    assert answer.status_code == 413
    assert answer.json["issue"][0]["code"] == "too-long"
    assert "TWITCH_CDS_MAX_BODY_BYTES" in answer.json["issue"][0]["diagnostics"]


def test_a_gzip_body_is_unpacked(client: FlaskClient, hook_call: dict[str, Any]) -> None:
    plain = client.post(HOOK, json=hook_call)

    assert gzipped(client, gzip.compress(orjson.dumps(hook_call))).json == plain.json


@pytest.mark.conformance("status-413")
def test_a_gzip_bomb_is_413_and_is_not_unpacked(client: FlaskClient) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < LIMIT

    assert gzipped(client, bomb).status_code == 413


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[:-5], id="cut off"),
        pytest.param(lambda data: data[:20], id="cut off early"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data + b"more", id="followed by something"),
        pytest.param(lambda data: data + data, id="twice"),
        pytest.param(lambda data: b"not gzip at all", id="no gzip"),
        pytest.param(lambda data: data[:30] + b"\0\0\0\0" + data[34:], id="damaged"),
    ],
)
def test_gzip_that_does_not_unpack_is_400(
    client: FlaskClient, hook_call: dict[str, Any], spoil: Callable[[bytes], bytes]
) -> None:
    answer = gzipped(client, spoil(gzip.compress(orjson.dumps(hook_call))))

    assert answer.status_code == 400
    assert "gzip" in answer.json["issue"][0]["diagnostics"]


@pytest.mark.conformance("status-415")
@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_another_content_encoding_is_415(client: FlaskClient, encoding: str) -> None:
    assert gzipped(client, b"{}", encoding).status_code == 415


def test_a_body_without_a_length_is_no_body(client: FlaskClient) -> None:
    answer = client.post(HOOK, content_type="application/json")

    assert answer.status_code == 400


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a service under gunicorn, as `twitch-cds serve` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        number: int = chosen.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    env = os.environ | {
        "TWITCH_CDS_DATABASE_URL": f"sqlite:///{folder}/audit.db",
        "TWITCH_CDS_MAX_BODY_BYTES": str(LIMIT),
    }
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve"]
    with (folder / "log").open("wb") as log:
        served = subprocess.Popen(
            [*command, "--port", str(number), "--workers", "1"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        _wait_for(number, served, folder / "log")
        yield number
    finally:
        served.terminate()
        served.wait(timeout=20)


def _wait_for(port: int, served: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert served.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def chunked(port: int, body: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer to a chunked body."""
    pieces = (body[at : at + 8192] for at in range(0, len(body), 8192))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        # The service answers without reading what it will not take.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                "POST", HOOK, pieces, {"Content-Type": "application/json"}, encode_chunked=True
            )
        with connection.getresponse() as answer:
            return answer.status, orjson.loads(answer.read())


@pytest.mark.slow
def test_a_chunked_body_of_the_limit_is_read_whole(port: int, hook_call: dict[str, Any]) -> None:
    status, answer = chunked(port, padded(hook_call, LIMIT))

    assert status == 200
    assert answer["cards"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT, 5_000_000])
def test_a_chunked_body_over_the_limit_is_413_and_not_cut(
    port: int, hook_call: dict[str, Any], size: int
) -> None:
    status, answer = chunked(port, padded(hook_call, size))

    assert status == 413
    assert answer["resourceType"] == "OperationOutcome"


@pytest.mark.slow
def test_the_example_is_answered_by_the_served_service(port: int) -> None:
    body = (ROOT / "examples" / "teacher.json").read_bytes()

    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/evaluate", body, {"Content-Type": "application/fhir+json"})
        with connection.getresponse() as answer:
            assert answer.status == 200
            assert orjson.loads(answer.read())["twitch"]["present"] == "YES"
