"""Who is let in, at every door: forged, expired, replayed, mis-addressed and maimed tokens; browsers."""

import base64
import json
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask.testing import FlaskClient
from jwt.algorithms import ECAlgorithm

from service.store import Store
from tests.conformance.ehr import ORDER_CHECK, RED_FLAGS, request
from tests.conformance.test_calls import outcome
from tests.web.trusted import FORGED, ISSUER, KEY, PUBLIC_URL, token

FEEDBACK = f"{RED_FLAGS}/feedback"
DOORS = [
    ("GET", "/cds-services"),
    ("POST", RED_FLAGS),
    ("POST", ORDER_CHECK),
    ("POST", FEEDBACK),
    ("POST", "/evaluate"),
    ("GET", "/feedback/summary"),
]
each_door = pytest.mark.parametrize(("method", "path"), DOORS)
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ADDRESSES = IPv4Network("10.0.0.0/8").hosts()
OWN_JWK = json.loads(ECAlgorithm.to_jwk(FORGED.public_key()))


def unsigned(path: str) -> str:
    """The token of a client, with `none` for an algorithm and nothing for a signature."""
    _, claims, _ = token(path).split(".")
    return f"{encoded({'alg': 'none', 'kid': 'k1', 'typ': 'JWT'})}.{claims}."


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def changed(path: str) -> str:
    """A token whose claims were changed after it was signed."""
    head, claims, signature = token(path, tenant="a").split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{head}.{encoded({**read, 'tenant': 'b'})}.{signature}"


def signed(path: str, key: Any, algorithm: str) -> str:
    claims = jwt.decode(token(path), options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm, {"kid": "k1", "typ": "JWT"})


NOT_TO_BE_TRUSTED: dict[str, Callable[[str], str]] = {
    "forged: another key": lambda path: token(path, key=FORGED),
    "forged: changed after signing": changed,
    "forged: unsigned": unsigned,
    "forged: the public key as a password": lambda path: signed(path, "k" * 64, "HS384"),
    "forged: another algorithm": lambda path: signed(path, RSA_KEY, "RS384"),
    "forged: an algorithm that is not allowed": lambda path: signed(
        path, ec.generate_private_key(ec.SECP256R1()), "ES256"
    ),
    "forged: a key of its own in the header": lambda path: token(path, key=FORGED, header={"jwk": OWN_JWK}),
    "forged: keys at an address of its own": lambda path: token(
        path, key=FORGED, header={"jku": "https://evil.example/jwks.json"}
    ),
    "forged: keys at the metadata service": lambda path: token(
        path, key=FORGED, header={"jku": "http://169.254.169.254/latest/meta-data"}
    ),
    "forged: an extension that must be understood": lambda path: token(path, header={"crit": ["exp"]}),
    "expired": lambda path: token(path, iat=1_000_000, exp=1_000_300),
    "not yet valid": lambda path: token(path, nbf=9_999_999_999),
    "issued in the future": lambda path: token(path, iat=9_999_999_000, exp=9_999_999_300),
    "valid for a year": lambda path: token(path, exp=9_999_999_999),
    "mis-addressed: another service": lambda path: token(path, aud=f"{PUBLIC_URL}/cds-services/other"),
    "mis-addressed: the base only": lambda path: token(path, aud=PUBLIC_URL),
    "mis-addressed: with a slash behind": lambda path: token(path, aud=f"{PUBLIC_URL}{path}/"),
    "mis-addressed: with a query": lambda path: token(path, aud=f"{PUBLIC_URL}{path}?x=1"),
    "mis-addressed: behind the proxy": lambda path: token(path, aud=f"http://localhost{path}"),
    "mis-addressed: in capitals": lambda path: token(path, aud=f"{PUBLIC_URL}{path}".upper()),
    "mis-addressed: an empty list": lambda path: token(path, aud=[]),
    "nobody's": lambda path: token(path, iss="https://evil.example"),
    "nobody's: the sandbox": lambda path: token(path, iss="https://sandbox.cds-hooks.org"),
    "nobody's: almost a client": lambda path: token(path, iss=f"{ISSUER}/"),
    "without kid": lambda path: token(path, header={"kid": ""}),
    "without typ": lambda path: token(path, header={"typ": ""}),
    **{f"without {claim}": lambda path, claim=claim: token(path, **{claim: None})
       for claim in ("iss", "aud", "exp", "iat", "jti")},
    "no token": lambda _: "",
    "no JWT": lambda _: "abc.def.ghi",
    "a long text": lambda _: "e" * 9000,
}  # fmt: skip


def knock(client: FlaskClient, method: str, path: str, bearer: str) -> Any:
    """From another address each time: how often one may be refused is not what is asked here."""
    body = {"json": request()} if method == "POST" else {}
    there = {"REMOTE_ADDR": str(next(ADDRESSES))}
    return client.open(
        path, method=method, headers={"Authorization": f"Bearer {bearer}"}, environ_base=there, **body
    )


@pytest.mark.conformance("61", "62", "63", "64", "65", "66", "67", "70", "status-401", "18", "59")
@pytest.mark.parametrize("bearer", NOT_TO_BE_TRUSTED.values(), ids=NOT_TO_BE_TRUSTED)
def test_a_token_that_is_not_right_opens_no_door_and_is_told_nothing(
    client: FlaskClient, bearer: Callable[[str], str]
) -> None:
    for method, path in DOORS:
        answer = knock(client, method, path, bearer(path))

        issue = outcome(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer", path
        assert issue["code"] == "login", path
        assert issue["diagnostics"] == (
            "The client is not trusted. Send a valid JWT of a registered client as a bearer token."
        ), path


@pytest.mark.conformance("61", "62", "64", "65")
@each_door
@pytest.mark.parametrize("listed", [False, True], ids=["aud is a text", "aud is a list"])
def test_a_right_token_opens_its_door(client: FlaskClient, method: str, path: str, listed: bool) -> None:
    here = f"{PUBLIC_URL}{path}"

    answer = knock(client, method, path, token(path, aud=["https://other.example", here] if listed else here))

    assert answer.status_code != 401


@pytest.mark.conformance("67", "status-401")
@each_door
def test_a_token_that_was_used_opens_no_door(client: FlaskClient, method: str, path: str) -> None:
    once = token(path)

    answers = [knock(client, method, path, once) for _ in range(3)]

    assert [answer.status_code == 401 for answer in answers] == [False, True, True]


@pytest.mark.conformance("67")
def test_a_token_that_was_refused_is_not_used_up_by_a_forger(client: FlaskClient) -> None:
    knock(client, "POST", RED_FLAGS, token(RED_FLAGS, key=FORGED, jti="the-same"))

    assert knock(client, "POST", RED_FLAGS, token(RED_FLAGS, jti="the-same")).status_code == 200


@pytest.mark.conformance("67", "64")
@pytest.mark.parametrize(
    ("tenant", "status"),
    [("hospital-a", 200), ("hospital-b", 401), (None, 401), ("", 401), (["hospital-a"], 401)],
)
def test_where_tenants_are_registered_only_they_come_in(
    client_with: Callable[..., FlaskClient], tenant: Any, status: int
) -> None:
    client = client_with('tenants = ["hospital-a"]')

    assert knock(client, "POST", RED_FLAGS, token(RED_FLAGS, tenant=tenant)).status_code == status


@pytest.mark.conformance("69", "8")
def test_the_log_and_the_audit_name_issuer_tenant_and_id_and_hold_no_token(
    client_with: Callable[..., FlaskClient], store: Store, logged: list[Any]
) -> None:
    client = client_with()
    tokens = [make(RED_FLAGS) for make in NOT_TO_BE_TRUSTED.values()] + [token(RED_FLAGS, jti="the-id")]

    for bearer in tokens:
        knock(client, "POST", RED_FLAGS, bearer)

    store.flush()
    kept = str(logged) + str(store.rows())
    parts = {part for bearer in tokens for part in bearer.split(".") if len(part) > 8}
    assert len(parts) > 30
    assert not any(part in kept for part in parts)
    assert ISSUER in kept


@pytest.mark.conformance("70")
def test_why_is_in_the_log(client_with: Callable[..., FlaskClient], logged: list[Any]) -> None:
    client = client_with()

    for kind in ("forged: another key", "expired", "nobody's", "mis-addressed: another service"):
        knock(client, "POST", RED_FLAGS, NOT_TO_BE_TRUSTED[kind](RED_FLAGS))

    reasons = [line["reason"] for line in logged if line["event"] == "client not trusted"]
    for said, words in zip(reasons, ("signature", "expired", "not registered", "aud"), strict=True):
        assert words in said


@pytest.mark.conformance("8")
def test_a_refusal_is_audited(client_with: Callable[..., FlaskClient], store: Store) -> None:
    knock(client_with(), "POST", RED_FLAGS, token(RED_FLAGS, key=FORGED))

    store.flush()
    assert [(row["client"], row["refusal"]) for row in store.rows()] == [(ISSUER, "ClientNotTrusted")]


@pytest.mark.conformance("61")
@pytest.mark.parametrize("scheme", ["Basic", "Digest", "JWT", "Token", ""])
def test_only_a_bearer_token_counts(client: FlaskClient, scheme: str) -> None:
    header = {"Authorization": f"{scheme} {token(RED_FLAGS)}".strip()}

    assert client.post(RED_FLAGS, json=request(), headers=header).status_code == 401


@pytest.mark.conformance("62")
@pytest.mark.parametrize("place", ["query", "body", "cookie"])
def test_a_token_elsewhere_than_in_its_header_is_none(client: FlaskClient, place: str) -> None:
    bearer = token(RED_FLAGS)
    query = f"?access_token={bearer}" if place == "query" else ""
    body = {**request(), **({"access_token": bearer} if place == "body" else {})}
    headers = {"Cookie": f"Authorization=Bearer {bearer}"} if place == "cookie" else {}

    assert client.post(RED_FLAGS + query, json=body, headers=headers).status_code == 401


# --- Browsers ------------------------------------------------------------------------------------------

HERE, ELSEWHERE = "https://ehr.example", "https://evil.example"


@pytest.fixture
def browser(client_with: Callable[..., FlaskClient]) -> FlaskClient:
    """The service for a page of that origin."""
    return client_with(cors_origins=HERE)


@pytest.mark.conformance("72")
@each_door
def test_a_browser_asks_before_it_calls_and_needs_no_token_for_that(
    browser: FlaskClient, method: str, path: str
) -> None:
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = browser.options(path, headers={"Origin": HERE, **asked})

    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == HERE
    assert allowed == {"authorization", "content-type"}
    assert method in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.conformance("72")
@each_door
@pytest.mark.parametrize("right", [True, False], ids=["served", "refused"])
def test_a_browser_may_read_the_answer_whatever_its_status(
    browser: FlaskClient, method: str, path: str, right: bool
) -> None:
    headers = {"Origin": HERE, "Authorization": f"Bearer {token(path, key=KEY if right else FORGED)}"}

    answer = browser.open(path, method=method, headers=headers)

    assert answer.headers["Access-Control-Allow-Origin"] == HERE
    assert (answer.status_code == 401) != right


@pytest.mark.conformance("72")
@pytest.mark.parametrize("origin", [ELSEWHERE, "null", f"{HERE}.evil.example", "http://ehr.example"])
def test_a_page_of_another_origin_may_not(browser: FlaskClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    for answer in (browser.options(RED_FLAGS, headers=asked), browser.get("/cds-services", headers=asked)):
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.conformance("72")
def test_no_origin_is_let_in_unless_it_is_listed_and_none_brings_cookies(
    client: FlaskClient, browser: FlaskClient
) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/cds-services", headers={"Origin": HERE}).headers
    assert "Access-Control-Allow-Credentials" not in browser.get("/livez", headers={"Origin": HERE}).headers
