"""FHIR servers that misbehave, and clients that lie about theirs: every service, every door, no harm."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.store import Store
from tests.conformance.ehr import ADDRESS, CARRIES, TWITCH, WEAKNESS, cards, post, request, searchset
from tests.conformance.test_calls import AUTHORIZATION, outcome
from tests.fhir.servers.faults import Asked, FaultServer, endless, gives, hangs_up
from tests.fhir.servers.faults import searchset as page

TOKEN, PATIENT = "sentinel-token-xyz", "sentinel-patient-77"
STRANGER = "http://192.0.2.1/fhir/Condition"
DEADLINE_S = 1.0


@pytest.fixture
def fhir() -> Iterator[FaultServer]:
    with FaultServer() as server:
        server.answers["/fhir/Condition"] = gives(searchset())
        server.answers["/fhir/Observation"] = gives(searchset())
        yield server


@pytest.fixture
def client(client_with: Callable[..., FlaskClient], fhir: FaultServer) -> FlaskClient:
    """The service for the client whose FHIR server that is."""
    lines = (f'fhir_servers = ["{fhir.base}"]', "private_network = true")
    return client_with(*lines, fetch_deadline_s=DEADLINE_S)


def call(server: str, hook: str = "patient-view", **more: Any) -> dict[str, Any]:
    authorization = {**AUTHORIZATION, "access_token": TOKEN}
    context = {"patientId": PATIENT}
    way = {"fhirServer": server, "fhirAuthorization": authorization, "prefetch": {}}
    return request(hook, context=context, **{**way, **more})


def loops(fhir: FaultServer) -> Callable[[Asked], None]:
    """The next page of every page is the page itself."""
    return lambda asked: gives(page(next=fhir.base.removesuffix("/fhir") + asked.path))(asked)


def nested(_: FaultServer) -> Callable[[Asked], None]:
    return gives(b'{"resourceType":"Bundle","type":"searchset","entry":' + b"[" * 100_000)


# Each takes the server, so that it can point to itself.
MISBEHAVES: dict[str, Callable[[FaultServer], Callable[[Asked], None]]] = {
    "hangs": lambda fhir: fhir.hangs,
    "drips its headers": lambda fhir: fhir.drips_headers,
    "drips its body": lambda fhir: fhir.drips_body,
    "hangs up": lambda _: hangs_up,
    "never ends": lambda _: endless,
    "loops": loops,
    "leads elsewhere": lambda _: gives(page(next=STRANGER)),
    "leads to the metadata service": lambda _: gives(page(next="http://169.254.169.254/latest")),
    "leads to a file": lambda _: gives(page(next="file:///etc/passwd")),
    "redirects": lambda _: gives({}, 302, Location=STRANGER),
    "redirects for good": lambda _: gives({}, 308, Location="http://169.254.169.254/"),
    "redirects to itself": lambda fhir: gives({}, 307, Location=f"{fhir.base}/Condition"),
    "answers HTML": lambda _: gives(b"<html>Please log in</html>"),
    "answers HTML as FHIR": lambda _: gives(b"<html>", **{"Content-Type": "application/fhir+json"}),
    "answers nothing": lambda _: gives(b""),
    "answers half": lambda _: gives(b'{"resourceType":"Bundle","type":"searchset","entry":[{'),
    "answers an array": lambda _: gives([]),
    "answers another resource": lambda _: gives({"resourceType": "Patient", "id": PATIENT}),
    "answers a batch": lambda _: gives({"resourceType": "Bundle", "type": "batch-response"}),
    "answers too deep": nested,
    "answers an outcome with 200": lambda _: gives({"resourceType": "OperationOutcome", "issue": []}),
    "lies: counts more than it gives": lambda _: gives(searchset(total=3)),
    "says 401": lambda _: gives({}, 401),
    "says 403": lambda _: gives({}, 403),
    "says 404": lambda _: gives({}, 404),
    "says 410": lambda _: gives({}, 410),
    "says 429": lambda _: gives({}, 429),
    "says 500": lambda _: gives({}, 500),
    "says 503": lambda _: gives(b"<html>", 503),
    "says 204": lambda _: gives(b"", 204),
}
LIES = [
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/latest/meta-data",
    "http://2852039166/latest/meta-data",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://localhost/fhir",
    "http://localhost.localdomain:{port}/fhir",
    "http://127.1:{port}/fhir",
    "http://2130706433:{port}/fhir",
    "http://0x7f000001:{port}/fhir",
    "http://0:{port}/fhir",
    "http://0.0.0.0:{port}/fhir",
    "http://[::1]:{port}/fhir",
    "http://[::ffff:127.0.0.1]:{port}/fhir",
    "http://user:password@127.0.0.1:{port}/fhir",
    "http://127.0.0.1:{port}@evil.example/fhir",
    "http://127.0.0.1:{port}/fhir/../admin",
    "http://127.0.0.1:{port}/fhir%2f..%2fadmin",
    "http://127.0.0.1:{port}/fhir?x=",
    "http://127.0.0.1:{port}/fhir#",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:1/fhir",
    "https://127.0.0.1:{port}/fhir",
    "HTTP://127.0.0.1:{port}/fhir\r\nX-Evil: 1",
    "//127.0.0.1:{port}/fhir",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/fhir",
    "ftp://ehr.example/fhir",
    "javascript:alert(1)",
    "ehr",
    "http://[::1",
    "http://ehr.example\\@127.0.0.1:{port}/fhir",
    "http://evil.example/fhir",
]


@pytest.mark.conformance("36", "42", "43", "status-412")
@pytest.mark.parametrize("fault", MISBEHAVES.values(), ids=MISBEHAVES)
def test_a_server_that_misbehaves_is_412_in_time_and_never_silence(
    client: FlaskClient, fhir: FaultServer, logged: list[Any], fault: Any
) -> None:
    fhir.answers["/fhir/Condition"] = fault(fhir)
    began = time.monotonic()

    answer = post(client, call(fhir.base, prefetch={"observations": None}))

    assert outcome(answer, 412)["expression"] == ["prefetch.conditions"]
    assert time.monotonic() - began < DEADLINE_S + 4
    assert not any(word in answer.text + str(logged) for word in (TOKEN, PATIENT, "Please log in"))


@pytest.mark.conformance("26", "42")
@pytest.mark.parametrize("fault", MISBEHAVES.values(), ids=MISBEHAVES)
def test_a_server_that_misbehaves_over_something_optional_costs_a_line_on_the_card(
    client: FlaskClient, fhir: FaultServer, fault: Any
) -> None:
    fhir.answers["/fhir/FamilyMemberHistory"] = fault(fhir)
    whom = {"subject": {"reference": f"Patient/{PATIENT}"}}
    known = searchset({**TWITCH, **whom}, {**WEAKNESS, **whom})
    asked = call(fhir.base, prefetch={"conditions": known, "observations": None})

    (card, *_) = cards(post(client, asked))

    assert card["indicator"] == "warning"
    assert "familyHistory" in card["detail"]


@pytest.mark.conformance("71", "32")
@pytest.mark.parametrize(("lie", "hook"), [*zip(LIES, cycle(CARRIES))])
def test_a_client_that_lies_about_its_server_makes_us_ask_nobody(
    client: FlaskClient, fhir: FaultServer, logged: list[Any], lie: str, hook: str
) -> None:
    server = lie.replace("{port}", str(fhir.port))

    answer = post(client, call(server, hook), ADDRESS[hook])

    issue = outcome(answer, 412)
    assert "not one that may be asked for this client" in issue["diagnostics"]
    assert fhir.asked == []
    assert not any(word in answer.text + str(logged) for word in (TOKEN, PATIENT, str(fhir.port), "evil"))


@pytest.mark.conformance("1", "71")
@pytest.mark.parametrize(
    "server", ["http://ehr.example/fhir", "http://127.0.0.1/fhir", "https://127.0.0.1/fhir"]
)
def test_without_a_private_network_only_public_https_can_be_registered(
    client_with: Callable[..., FlaskClient], server: str
) -> None:
    with pytest.raises(Exception, match="must be an https address that is not private"):
        client_with(f'fhir_servers = ["{server}"]')


@pytest.mark.conformance("33", "71")
def test_a_token_that_is_none_is_not_sent(client: FlaskClient, fhir: FaultServer) -> None:
    for bad in ("a b", "a\r\nX-Evil: 1", "ü", "x" * 20_000):
        authorization = {**AUTHORIZATION, "access_token": bad}

        answer = post(client, {**call(fhir.base), "fhirAuthorization": authorization})

        assert answer.status_code in (400, 412)
    assert fhir.asked == []


@pytest.mark.conformance("34", "69", "71")
def test_nothing_of_token_or_patient_is_in_log_or_audit_after_everything_went_wrong(
    client: FlaskClient, fhir: FaultServer, store: Store, logged: list[Any]
) -> None:
    texts = []
    for fault in MISBEHAVES.values():
        fhir.answers["/fhir/Condition"] = fault(fhir)
        texts.append(post(client, call(fhir.base, prefetch={"observations": None})).text)

    store.flush()
    said = "".join(texts) + str(logged) + str(store.rows())
    assert len([line for line in logged if line["event"] == "not fetched"]) == len(MISBEHAVES)
    assert not any(word in said for word in (TOKEN, PATIENT))
