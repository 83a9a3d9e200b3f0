"""Which tokens are accepted, and every way in which one is not."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from service.auth import LEEWAY_S, Client, Clients, Keys, verify
from service.errors import ClientNotTrusted
from tests.auth.conftest import EC_KEY, HERE, ISSUER, JWKS, NOW, OTHER_EC_KEY, RSA_KEY, Seen, jwk

Token = Callable[..., str]
Check = Callable[..., Client]
THEN = int(NOW.timestamp())


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    read = jwt.decode_complete(token, options={"verify_signature": False})
    return read["header"], read["payload"], token.rpartition(".")[2]


def refusal(check: Check, token: str | None, **other: Any) -> str:
    with pytest.raises(ClientNotTrusted) as caught:
        check(token, **other)
    return caught.value.reason


# What is accepted


@pytest.mark.conformance("65")
def test_a_token_signed_with_es384_is_its_clients(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    caller = check(token({"tenant": "hospital-a"}))

    assert (caller.issuer, caller.tenant, caller.jti) == (ISSUER, "hospital-a", "a-jti")


@pytest.mark.conformance("65")
def test_a_token_signed_with_rs384_is_accepted_with_a_key_that_states_no_alg(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    assert check(token(key=RSA_KEY, kid="rsa-1", alg="RS384")).issuer == ISSUER


@pytest.mark.parametrize("alg", ["RS256", "PS384"])
def test_other_asymmetric_algorithms_are_accepted_where_the_client_may_use_them(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client, alg: str
) -> None:
    signed = token(key=RSA_KEY, kid="rsa-1", alg=alg)

    assert check(signed, client=replace(client, algorithms=("RS384", alg))).issuer == ISSUER
    assert "alg" in refusal(check, signed)


@pytest.mark.conformance("64")
def test_aud_may_be_a_list_with_this_address_in_it(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    assert check(token({"aud": ["https://elsewhere.example/x", HERE]})).issuer == ISSUER


@pytest.mark.conformance("64")
def test_claims_of_epic_beside_the_usual_ones_do_no_harm(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    assert check(token({"nbf": THEN, "sub": "client-id", "fhirContext": [1]})).issuer == ISSUER


@pytest.mark.conformance("63")
def test_a_kid_may_be_base64(token: Token, check: Check, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [jwk(EC_KEY, "a+b/c==")]})

    assert check(token(kid="a+b/c==")).issuer == ISSUER


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": THEN - 300 - LEEWAY_S + 1, "exp": THEN - LEEWAY_S + 1},
        {"iat": THEN + LEEWAY_S},
        {"nbf": THEN + LEEWAY_S},
        {"iat": THEN, "exp": THEN + 3600},
        {"iat": THEN - 0.5, "exp": THEN + 300.25},
    ],
)
def test_clocks_may_differ_a_little(
    token: Token, check: Check, jwks_server: HTTPServer, claims: dict[str, Any]
) -> None:
    assert check(token(claims)).issuer == ISSUER


@pytest.mark.conformance("63")
def test_a_client_without_jku_is_checked_with_its_file(
    token: Token, check: Check, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(JWKS))
    known = replace(client, jku=None, jwks_file=file)

    assert check(token(header={"jku": None}), client=known).issuer == ISSUER
    assert "jku is given" in refusal(check, token(), client=known)


@pytest.mark.conformance("63", "66")
def test_a_jku_beside_a_file_is_compared_and_never_fetched(
    token: Token, check: Check, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(JWKS))
    known = replace(client, jwks_file=file)

    assert check(token(), client=known).issuer == ISSUER
    assert "jku" in refusal(check, token(header={"jku": "https://evil.example/jwks.json"}), client=known)


@pytest.mark.parametrize("token_sent", [None, "", "whatever"])
def test_in_the_open_mode_everybody_may_call(check: Check, token_sent: str | None) -> None:
    clients = Clients.open(["http://localhost:8080/fhir/"], "nice-ng127")

    caller = check(token_sent, clients=clients)

    assert caller.fhir_servers == ("http://localhost:8080/fhir",)
    assert (caller.issuer, caller.pathway, caller.private_network) == ("", "nice-ng127", True)


# What is no token


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "",
        "garbage",
        "a.b",
        "a.b.c",
        "....",
        "é.é.é",
        "\ud800.a.b",
        "e30.e30.",
        f"{part([])}.{part({})}.AAAA",
        f"{part({'alg': 'ES384'})}.{part([])}.AAAA",
        f"{part({'alg': 'ES384'})}.{part(b'[' * 4000)}.AAAA",
        f"{part({'alg': 'ES384', 'kid': 7})}.{part({})}.AAAA",
        f"{part(b'{' + bytes([34]) + b'alg')}.{part({})}.AAAA",
        f"{part({'alg': 'ES384'})}.{part(b'1' * 5000)}.AAAA",
        f"{part(bytes([0xFF, 0xFE]))}.{part({})}.AAAA",
    ],
)
def test_garbage_is_refused(check: Check, garbage: str | None) -> None:
    assert "token" in refusal(check, garbage) or "iss" in refusal(check, garbage)


@given(st.text(max_size=60) | st.binary(max_size=60).map(part).map(lambda p: f"{p}.{p}.{p}"))
def test_no_text_gets_through(text: str) -> None:
    with pytest.raises(ClientNotTrusted):
        verify(
            text,
            audience_urls=(HERE,),
            now=NOW,
            clients=Clients({ISSUER: Client(issuer=ISSUER)}),
            keys=Keys(),
            seen=Seen(),
        )


def test_an_oversized_token_is_refused_unread(token: Token, check: Check) -> None:
    assert "longer" in refusal(check, token({"more": "x" * 9000}))


# The claims


@pytest.mark.conformance("64")
@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti"])
@pytest.mark.parametrize("value", [None, 17.5j, True, [], {}, "", [[]]])
def test_every_required_claim_must_be_there_and_make_sense(
    token: Token, check: Check, client: Client, claim: str, value: Any
) -> None:
    if value == 17.5j:  # JSON has null, which is not the same as nothing
        header, claims, _ = parts(token())
        forged = f"{part(header)}.{part({**claims, claim: None})}.AAAA"
    else:
        forged = token({claim: value})

    assert claim in refusal(check, forged)


@pytest.mark.parametrize("time", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [str(THEN), float("nan"), float("inf"), -1, 10**400, 10**13, True])
def test_times_must_be_numbers_of_seconds(token: Token, check: Check, time: str, value: Any) -> None:
    header, claims, _ = parts(token())
    forged = f"{part(header)}.{part({**claims, time: value})}.AAAA"

    assert "time" in refusal(check, forged)


@pytest.mark.conformance("66", "67")
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://unknown.example"}, "iss"),
        ({"iss": ISSUER + "/"}, "iss"),
        ({"iss": [ISSUER]}, "iss"),
        ({"iss": {ISSUER: 1}}, "iss"),
        ({"aud": "https://cds.example/cds-services/another"}, "aud"),
        ({"aud": "https://cds.example"}, "aud"),
        ({"aud": HERE + "/"}, "aud"),
        ({"aud": HERE.upper()}, "aud"),
        ({"aud": HERE.replace("https", "http")}, "aud"),
        ({"aud": ["https://elsewhere.example"]}, "aud"),
        ({"aud": [HERE, 7]}, "aud"),
        ({"aud": {HERE: 1}}, "aud"),
        ({"iat": THEN - 600, "exp": THEN - LEEWAY_S}, "expired"),
        ({"nbf": THEN + LEEWAY_S + 1}, "not valid for another"),
        ({"iat": THEN + LEEWAY_S + 1}, "iat"),
        ({"exp": THEN + 3601}, "lifetime"),
        ({"iat": THEN - 3000, "exp": THEN + 601}, "lifetime"),
        ({"iat": THEN, "exp": THEN}, "lifetime"),
        ({"iat": THEN, "exp": THEN - 10}, "lifetime"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"jti": "a\u0000b"}, "jti"),
        ({"jti": "a\ud800b"}, "jti"),
        ({"tenant": 7}, "tenant"),
        ({"tenant": "line\nbreak"}, "tenant"),
    ],
)
def test_a_claim_that_is_not_right_is_refused_before_anything_is_fetched(
    token: Token, check: Check, client: Client, httpserver: HTTPServer, claims: dict[str, Any], reason: str
) -> None:
    assert reason in refusal(check, token(claims))
    assert not httpserver.log


def test_the_longest_lifetime_is_a_setting(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    assert check(token(), max_lifetime_s=300).issuer == ISSUER
    assert "lifetime" in refusal(check, token(), max_lifetime_s=299)


def test_without_a_public_url_nobody_is_accepted(token: Token, check: Check) -> None:
    assert "aud" in refusal(check, token(), audience_urls=())


@pytest.mark.parametrize("tenant", [None, "hospital-b", "HOSPITAL-A", ""])
def test_only_registered_tenants_are_accepted(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client, tenant: str | None
) -> None:
    known = replace(client, tenants=("hospital-a",))

    assert check(token({"tenant": "hospital-a"}), client=known).tenant == "hospital-a"
    assert "tenant" in refusal(check, token({"tenant": tenant}), client=known)


# The header


@pytest.mark.conformance("63", "66", "67")
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": None}, "typ"),
        ({"typ": "JWE"}, "typ"),
        ({"jku": ""}, "jku"),
        ({"jku": "https://evil.example/jwks.json"}, "jku"),
        ({"jku": "http://169.254.169.254/latest/meta-data"}, "jku"),
        ({"jku": "file:///etc/passwd"}, "jku"),
        ({"jku": ["https://evil.example"]}, "jku"),
        ({"kid": ""}, "kid"),
        ({"kid": "x" * 256}, "kid"),
        ({"kid": "line\nbreak"}, "kid"),
    ],
)
def test_a_header_that_is_not_right_is_refused_before_anything_is_fetched(
    token: Token, check: Check, httpserver: HTTPServer, header: dict[str, Any], reason: str
) -> None:
    assert reason in refusal(check, token(header=header))
    assert not httpserver.log


@pytest.mark.conformance("63")
def test_a_token_without_kid_is_refused(token: Token, check: Check, httpserver: HTTPServer) -> None:
    assert "kid" in refusal(check, token(header={"kid": None}))
    assert not httpserver.log


@pytest.mark.conformance("63")
def test_a_token_without_jku_is_checked_with_the_keys_at_the_registered_one(
    token: Token, check: Check, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/jwks.json").respond_with_json(JWKS)

    assert check(token(header={"jku": None})).issuer == ISSUER
    assert [request.path for request, _ in httpserver.log] == ["/jwks.json"]


@pytest.mark.conformance("66")
def test_the_jku_is_compared_to_the_letter(token: Token, check: Check, client: Client) -> None:
    for bent in (f"{client.jku}?x", f"{client.jku}/", f"{client.jku}#k", str(client.jku).upper()):
        assert "jku" in refusal(check, token(header={"jku": bent}))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp", ["https://example/x"]])
def test_an_extension_that_must_be_understood_is_refused(
    token: Token, check: Check, httpserver: HTTPServer, crit: Any
) -> None:
    header, claims, signature = parts(token())
    forged = f"{part({**header, 'crit': crit, 'b64': True})}.{part(claims)}.{signature}"

    refusal(check, forged)
    assert not httpserver.log


# The signature


@pytest.mark.conformance("65")
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "HS384", "ES256", "RS512", None, 7, []])
def test_an_algorithm_that_is_not_the_clients_is_refused(
    token: Token, check: Check, httpserver: HTTPServer, alg: Any
) -> None:
    header, claims, signature = parts(token())

    for ending in ("", signature):
        forged = f"{part({**header, 'alg': alg})}.{part(claims)}.{ending}"
        assert "alg" in refusal(check, forged)
    assert not httpserver.log


@pytest.mark.conformance("65")
def test_the_public_key_is_no_password(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    header, claims, _ = parts(token(kid="rsa-1"))
    pem = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    said = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    forged = f"{said}.{part(hmac.new(pem, said.encode(), hashlib.sha256).digest())}"

    assert "alg" in refusal(check, forged)


def test_a_signature_by_another_key_is_refused(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    seen = Seen()

    assert "signature" in refusal(check, token(key=OTHER_EC_KEY), seen=seen)
    assert not seen.tokens


def test_a_key_in_the_token_itself_is_not_used(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    forged = token(header={"jwk": jwk(OTHER_EC_KEY, "ec-1"), "x5u": "https://evil.example"}, key=OTHER_EC_KEY)

    assert "signature" in refusal(check, forged)


def test_claims_that_were_changed_after_signing_are_refused(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    header, claims, signature = parts(token({"tenant": "hospital-a"}))
    forged = f"{part(header)}.{part({**claims, 'tenant': 'hospital-b'})}.{signature}"

    assert "signature" in refusal(check, forged)


@pytest.mark.parametrize("length", [0, 1, 95, 97, 192])
def test_a_signature_of_another_length_is_refused(
    token: Token, check: Check, jwks_server: HTTPServer, length: int
) -> None:
    said = token().rpartition(".")[0]

    assert "signature" in refusal(check, f"{said}.{part(os.urandom(length))}")
    assert "signature" in refusal(check, f"{said}.{part(bytes(96))}")


def test_an_algorithm_that_is_not_the_keys_is_refused(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    known = replace(client, algorithms=("ES384", "RS384", "RS256", "ES256"))
    p256 = ec.generate_private_key(ec.SECP256R1())

    assert "no key" in refusal(check, token(key=RSA_KEY, kid="ec-1", alg="RS384"))
    assert "no key" in refusal(check, token(kid="rsa-1"))
    assert "no key" in refusal(check, token(key=p256, kid="ec-1", alg="ES256"), client=known)


def test_a_key_that_states_its_alg_serves_no_other(
    token: Token, check: Check, httpserver: HTTPServer, client: Client
) -> None:
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [jwk(RSA_KEY, "rsa-1", alg="RS384")]})
    known = replace(client, algorithms=("RS256", "RS384"))

    assert check(token(key=RSA_KEY, kid="rsa-1", alg="RS384"), client=known).issuer == ISSUER
    assert "no key" in refusal(check, token(key=RSA_KEY, kid="rsa-1", alg="RS256"), client=known)


def test_a_short_rsa_key_is_refused(token: Token, check: Check, httpserver: HTTPServer) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [jwk(short, "short")]})

    with pytest.warns(jwt.InsecureKeyLengthWarning):
        signed = token(key=short, kid="short", alg="RS384")

    assert "signature" in refusal(check, signed)


# Used before


@pytest.mark.conformance("67")
def test_a_token_is_accepted_once(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    seen, keys = Seen(), Keys()

    assert check(token(), seen=seen, keys=keys).jti == "a-jti"
    assert "used before" in refusal(check, token(), seen=seen, keys=keys)
    assert check(token({"jti": "another"}), seen=seen, keys=keys).jti == "another"


@pytest.mark.conformance("67")
def test_a_token_is_remembered_as_long_as_it_would_be_accepted(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    seen = Seen()

    check(token(), seen=seen)

    assert seen.tokens == {(ISSUER, "a-jti"): NOW + timedelta(seconds=300 + LEEWAY_S)}


def test_the_same_jti_of_another_issuer_is_another_token(
    token: Token, check: Check, jwks_server: HTTPServer, client: Client
) -> None:
    seen, other = Seen(), replace(client, issuer="https://another.example")

    check(token(), seen=seen)

    assert check(token({"iss": other.issuer}), seen=seen, client=other).issuer == other.issuer


@pytest.mark.conformance("67")
def test_of_many_at_once_one_gets_through(
    token: Token, check: Check, jwks_server: HTTPServer, shared_memory: Callable[[], Any]
) -> None:
    """Four workers, each with keys and a connection of its own, and one database."""
    workers = [(Keys(), shared_memory()) for _ in range(4)]
    signed = token()

    def trusted(worker: tuple[Keys, Any]) -> bool:
        try:
            check(signed, keys=worker[0], seen=worker[1])
        except ClientNotTrusted as refused:
            assert refused.reason == "the token was used before"
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(trusted, workers * 3))

    assert outcomes.count(True) == 1


# What a log may hold


@pytest.mark.conformance("69")
def test_nothing_of_a_token_is_in_a_reason(token: Token, check: Check, jwks_server: HTTPServer) -> None:
    secret = "Sentinelson"
    bent = [
        token({"iss": secret}),
        token({"aud": secret}),
        token({"aud": [secret]}),
        token({"exp": secret}),
        token({"tenant": secret + "\n"}),
        token({"jti": secret * 40}),
        token(header={"typ": secret}),
        token(header={"jku": secret}),
        token(kid=secret),
        token({"sub": secret}, key=OTHER_EC_KEY),
        secret,
        f"{part({'alg': secret})}.{part({'iss': secret})}.{part(secret)}",
    ]

    for sent in bent:
        with pytest.raises(ClientNotTrusted) as caught:
            check(sent)
        shown = f"{caught.value.reason} {caught.value} {caught.value.issuer}"
        assert secret not in shown
        assert not any(piece in shown for piece in sent.split(".") if len(piece) > 8)


def test_a_refusal_names_the_registered_client_and_never_an_unknown_one(token: Token, check: Check) -> None:
    with pytest.raises(ClientNotTrusted) as known:
        check(token({"aud": "x"}))
    with pytest.raises(ClientNotTrusted) as unknown:
        check(token({"iss": "x"}))

    assert (known.value.issuer, unknown.value.issuer) == (ISSUER, None)
    assert str(known.value) == str(unknown.value)


def test_the_clock_that_is_handed_in_is_the_only_one(
    token: Token, check: Check, jwks_server: HTTPServer
) -> None:
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    then = int(long_ago.timestamp())

    assert check(token({"iat": then, "exp": then + 60}), now=long_ago).issuer == ISSUER
