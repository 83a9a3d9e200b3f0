"""Where keys come from, how long they are kept, and what a JWKS server may do to us: nothing."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from ssrfguard import BlockedURLError
from werkzeug import Request, Response

from service.auth import Client, Keys
from service.auth.jwks import MAX_JWKS_BYTES, KeysNotHad, key_set, policy_for
from service.auth.keys import Patience
from service.errors import ClientNotTrusted
from tests.auth.conftest import EC_KEY, ISSUER, JKU_PATH, JWKS, OTHER_EC_KEY, RSA_KEY, jwk

Token = Callable[..., str]
Check = Callable[..., Client]
AT_ONCE = Patience(lifespan=1e-9, cooldown=0, pause=0, deadline=1)
TLS_KEY = ec.generate_private_key(ec.SECP256R1())
ROTATED = {"keys": [jwk(OTHER_EC_KEY, "ec-2")]}


def reason(client: Client, patience: Patience = AT_ONCE) -> str:
    with pytest.raises(ClientNotTrusted) as caught:
        Keys(patience).find(client, "ec-1", "ES384")
    assert caught.value.issuer == ISSUER
    return caught.value.reason


def bend(server: HTTPServer, answer: Any) -> None:
    """Let the JWKS server answer with something else from now on."""
    server.clear_all_handlers()
    if isinstance(answer, Response):
        server.expect_request(JKU_PATH).respond_with_response(answer)
    else:
        server.expect_request(JKU_PATH).respond_with_json(answer)


# Kept and renewed


@pytest.mark.conformance("68")
def test_keys_are_fetched_once_for_many_tokens(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    keys = Keys()

    for number in range(20):
        check(token({"jti": f"token-{number}"}), keys=keys)

    assert len(jwks_server.log) == 1


def test_unknown_kids_cause_one_fetch(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    keys = Keys()

    for number in range(50):
        with pytest.raises(ClientNotTrusted, match="not trusted") as caught:
            check(token(kid=f"unknown-{number}"), keys=keys)
        assert caught.value.reason == "the client has no key of that kid for ES384"
    check(token(), keys=keys)

    assert len(jwks_server.log) == 1


def test_many_callers_at_once_cause_one_fetch(client: Client, jwks_server: HTTPServer) -> None:
    keys = Keys()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keys.find(client, "ec-1", "ES384").key_id, range(32)))

    assert found == ["ES384 ec-1"] * 32
    assert len(jwks_server.log) == 1


@pytest.mark.conformance("68")
def test_a_new_key_is_found_when_the_client_rotates(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    keys = Keys(Patience(cooldown=0))
    check(token(), keys=keys)
    bend(jwks_server, ROTATED)

    new = check(token({"jti": "b"}, key=OTHER_EC_KEY, kid="ec-2"), keys=keys)

    assert new.issuer == ISSUER
    with pytest.raises(ClientNotTrusted):
        check(token({"jti": "c"}), keys=keys)


@pytest.mark.conformance("68")
def test_a_withdrawn_key_ends_with_the_lifespan(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    kept, renewed = Keys(), Keys(AT_ONCE)
    check(token(), keys=kept)
    check(token(), keys=renewed)
    bend(jwks_server, ROTATED)

    assert check(token(), keys=kept).issuer == ISSUER
    with pytest.raises(ClientNotTrusted):
        check(token(), keys=renewed)


@pytest.mark.conformance("68")
def test_the_last_good_keys_go_on_while_the_server_is_down(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    patient, impatient = Keys(AT_ONCE), Keys(replace(AT_ONCE, grace=0))
    check(token(), keys=patient)
    check(token(), keys=impatient)
    bend(jwks_server, Response(status=503))

    assert check(token(), keys=patient).issuer == ISSUER
    with pytest.raises(ClientNotTrusted) as caught:
        check(token(), keys=impatient)
    assert caught.value.reason == "its jku answered 503"


def test_after_a_failure_nobody_asks_again_for_a_while(client: Client, httpserver: HTTPServer) -> None:
    bend(httpserver, Response(status=500))
    keys = Keys()

    for _ in range(5):
        with pytest.raises(ClientNotTrusted) as caught:
            keys.find(client, "ec-1", "ES384")
        assert caught.value.reason == "its jku answered 500"

    assert len(httpserver.log) == 1


def test_a_server_that_recovers_is_believed(client: Client, httpserver: HTTPServer) -> None:
    bend(httpserver, Response(status=500))
    keys = Keys(AT_ONCE)
    with pytest.raises(ClientNotTrusted):
        keys.find(client, "ec-1", "ES384")

    bend(httpserver, JWKS)

    assert keys.find(client, "ec-1", "ES384").algorithm_name == "ES384"


def test_a_file_that_was_replaced_is_read_again(
    token: Token, check: Check, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(JWKS))
    known = replace(client, jku=None, jwks_file=file)
    keys = Keys(AT_ONCE)
    check(token(header={"jku": None}), client=known, keys=keys)

    file.write_text(json.dumps(ROTATED))
    renewed = token(header={"jku": None}, key=OTHER_EC_KEY, kid="ec-2")

    assert check(renewed, client=known, keys=keys).issuer == ISSUER
    file.unlink()
    assert check(renewed, client=known, keys=keys).issuer == ISSUER
    assert "jwks_file" in reason(known)


def test_one_clients_keys_are_not_anothers(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    jwks_server.expect_request("/other.json").respond_with_json({"keys": [jwk(OTHER_EC_KEY, "ec-1")]})
    other = replace(client, issuer="https://other.example", jku=jwks_server.url_for("/other.json"))
    keys = Keys()
    check(token(), keys=keys)

    with pytest.raises(ClientNotTrusted) as caught:
        check(token({"iss": other.issuer}, {"jku": other.jku}), client=other, keys=keys)

    assert caught.value.reason == "the signature is not the client's"


# What a server may answer


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html><body>Sign in</body></html>", mimetype="text/html"),
        Response("", mimetype="application/json"),
        Response("[" * 100_000, mimetype="application/json"),
        Response(b"\xff\xfe", mimetype="application/json"),
        Response('"keys"'),
        Response("null"),
        Response('{"keys": null}'),
        Response('{"keys": {}}'),
        Response('{"keys": []}'),
        Response('{"keys": [null, 7, [], {}]}'),
        Response(json.dumps(JWKS), status=201),
        Response(json.dumps(JWKS), status=404),
        Response(status=204),
    ],
)
def test_an_answer_that_is_no_key_set_is_refused(
    httpserver: HTTPServer, client: Client, answer: Response
) -> None:
    bend(httpserver, answer)

    assert reason(client).startswith(("its JWK", "its jku", "what should be"))


@pytest.mark.parametrize("spoiled", ["kty", "crv", "x", "y", "kid", "n", "e"])
@pytest.mark.parametrize("value", [None, 7, [], {}, "", "!", "A" * 5000, "\ud800"])
def test_a_key_that_cannot_be_read_is_left_out_and_the_others_serve(spoiled: str, value: Any) -> None:
    broken = [{**jwk(EC_KEY, "ec-1"), spoiled: value}, {**jwk(RSA_KEY, "rsa-1"), spoiled: value}]
    raw = json.dumps({"keys": [*broken, jwk(OTHER_EC_KEY, "good")]}).encode()

    try:
        kids = {key.key_id for key in key_set(raw, ("ES384", "RS384"))}
    except KeysNotHad as problem:  # a lone surrogate is no JSON
        assert value == "\ud800", problem
        return

    assert "ES384 good" in kids


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "ES256"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"d": "AAAA"},
        {"kty": "oct", "k": "c2VjcmV0"},
    ],
)
def test_a_key_that_is_not_for_signatures_is_no_key(change: dict[str, Any]) -> None:
    raw = json.dumps({"keys": [{**jwk(EC_KEY, "ec-1"), **change}]}).encode()

    with pytest.raises(KeysNotHad):
        key_set(raw, ("ES384", "RS384"))


def test_only_so_many_keys_are_read() -> None:
    keys = [jwk(EC_KEY, f"k{n}") for n in range(60)]

    assert len(key_set(json.dumps({"keys": keys}).encode(), ("ES384",)).keys) == 50


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(httpserver: HTTPServer, client: Client, status: int) -> None:
    httpserver.expect_request("/elsewhere").respond_with_json(JWKS)
    there = httpserver.url_for("/elsewhere")
    httpserver.expect_request(JKU_PATH).respond_with_response(
        Response(status=status, headers={"Location": there})
    )

    assert reason(client).startswith("its jku")
    assert [request.path for request, _ in httpserver.log] == [JKU_PATH]


@pytest.mark.parametrize("place", ["http://169.254.169.254/latest", "file:///etc/passwd", "//evil.example/x"])
def test_a_redirect_to_somewhere_worse_is_not_followed(
    httpserver: HTTPServer, client: Client, place: str
) -> None:
    bend(httpserver, Response(status=302, headers={"Location": place}))

    assert reason(client).startswith("its jku")


def test_a_huge_answer_is_cut_off(httpserver: HTTPServer, client: Client) -> None:
    sent = 0

    def endless(_: Request) -> Response:
        def more() -> Iterator[bytes]:
            nonlocal sent
            while sent < 100 * MAX_JWKS_BYTES:
                sent += 65536
                yield b" " * 65536

        return Response(more(), mimetype="application/json")

    httpserver.expect_request(JKU_PATH).respond_with_handler(endless)

    assert "larger than" in reason(client, replace(AT_ONCE, deadline=10))
    assert sent < 50 * MAX_JWKS_BYTES


def test_a_compressed_answer_is_not_unpacked(httpserver: HTTPServer, client: Client) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    bend(httpserver, Response(bomb, headers={"Content-Encoding": "gzip"}, mimetype="application/json"))

    assert "not JSON" in reason(client)


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket, threading.Event], None]], str]]:
    """Servers that speak as a test likes, until its end."""
    over, threads, listening = threading.Event(), [], []

    def start(talk: Callable[[socket.socket, threading.Event], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                with suppress(OSError):
                    talk(connection, over)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/jwks.json"

    yield start
    over.set()
    for thread in threads:
        thread.join(5)
    for listener in listening:
        listener.close()


def says_nothing(_: socket.socket, over: threading.Event) -> None:
    over.wait(10)


def drips_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.02):
        connection.sendall(b"X-More: 1\r\n")


def drips_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b" ")


@pytest.mark.parametrize("talk", [says_nothing, drips_headers, drips_body])
def test_a_server_that_hangs_is_left_after_the_deadline(
    raw_server: Callable[..., str], client: Client, talk: Callable[..., None]
) -> None:
    slow = replace(client, jku=raw_server(talk))
    began = monotonic()

    assert reason(slow, Patience(deadline=0.2)) in ("its jku did not answer in time",)
    assert monotonic() - began < 1.5


def test_a_server_that_hangs_is_waited_for_by_one_caller(
    raw_server: Callable[..., str], client: Client
) -> None:
    slow = replace(client, jku=raw_server(says_nothing))
    keys = Keys(Patience(deadline=0.3))
    began = monotonic()

    def ask(_: int) -> str:
        with pytest.raises(ClientNotTrusted) as caught:
            keys.find(slow, "ec-1", "ES384")
        return caught.value.reason

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"its jku did not answer in time"}
    assert monotonic() - began < 1.5


@pytest.mark.parametrize(
    "talk",
    [
        lambda c, _: None,
        lambda c, _: c.sendall(b"garbage\r\n\r\n"),
        lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"),
        lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
        lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
    ],
)
def test_a_server_that_breaks_off_or_lies_is_refused(
    raw_server: Callable[..., str], client: Client, talk: Callable[..., None]
) -> None:
    assert reason(replace(client, jku=raw_server(talk))).startswith("its jku")


# Over TLS


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HTTPServer, Path]]:
    """A JWKS server for `localhost` over TLS, and the file of the authority that nobody else knows."""
    folder = tmp_path_factory.mktemp("tls")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, TLS_KEY.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(TLS_KEY, SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(TLS_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    with HTTPServer(ssl_context=context) as server:
        server.expect_request(JKU_PATH).respond_with_json(JWKS)
        yield server, folder / "ca.pem"


def test_a_certificate_of_the_hospitals_own_authority_serves_where_it_is_named(
    certified: tuple[HTTPServer, Path], client: Client
) -> None:
    server, ca = certified
    known = replace(client, jku=f"https://localhost:{server.port}{JKU_PATH}")

    assert Keys(AT_ONCE, ca_bundle=ca).find(known, "ec-1", "ES384").algorithm_name == "ES384"
    assert "SSLError" in reason(known)


def test_a_certificate_for_another_name_is_refused(
    certified: tuple[HTTPServer, Path], client: Client
) -> None:
    server, ca = certified
    known = replace(client, jku=f"https://127.0.0.1:{server.port}{JKU_PATH}")

    with pytest.raises(ClientNotTrusted) as caught:
        Keys(AT_ONCE, ca_bundle=ca).find(known, "ec-1", "ES384")

    assert "SSLError" in caught.value.reason


# Where we would go at all


@pytest.mark.conformance("66")
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/jwks.json",
        "https://[fe80::1]/jwks.json",
        "https://[fd00:ec2::254]/jwks.json",
        "https://[::ffff:169.254.169.254]/jwks.json",
        "https://2852039166/jwks.json",
        "https://0.0.0.0/jwks.json",
    ],
)
def test_the_metadata_service_is_never_asked(client: Client, url: str, private: bool) -> None:
    began = monotonic()

    assert reason(replace(client, jku=url, private_network=private)).startswith("its jku cannot be read")
    assert monotonic() - began < 0.5


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/jwks.json",
        "https://localhost:{port}/jwks.json",
        "http://127.0.0.1:{port}/jwks.json",
    ],
)
def test_without_private_network_this_machine_is_not_asked(
    client: Client, jwks_server: HTTPServer, url: str
) -> None:
    public = replace(client, jku=url.format(port=jwks_server.port), private_network=False)

    assert "Blocked" in reason(public)
    assert not jwks_server.log


def test_a_policy_holds_for_one_host_and_port() -> None:
    policy = policy_for("https://ehr.example:8443/jwks.json", private_network=True)

    assert policy.check_url("https://ehr.example:8443/x").port == 8443
    for other in ("https://ehr.example/x", "https://evil.example:8443/x", "https://sub.ehr.example:8443/x"):
        with pytest.raises(BlockedURLError):
            policy.check_url(other)


def test_an_environment_with_a_proxy_and_a_netrc_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, client: Client, jwks_server: HTTPServer, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password sesame\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    Keys().find(client, "ec-1", "ES384")

    [(request, _)] = jwks_server.log
    assert "Authorization" not in request.headers
    assert "Cookie" not in request.headers
