"""What a prefetch value means: the standard's table, one row after the other, through the service's door."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.store import Store
from tests.conformance.ehr import TWITCH, WEAKNESS, cards, post, request, searchset
from tests.conformance.test_calls import AUTHORIZATION, outcome
from tests.fhir.servers.faults import FaultServer, gives

TOKEN = "sentinel-token-of-this-call"
OUTCOME = {"resourceType": "OperationOutcome"}
HTML = "<html><body>502 Bad Gateway</body></html>"
REQUIRED = ("conditions", "observations")


def issue(severity: str) -> dict[str, Any]:
    return {**OUTCOME, "issue": [{"severity": severity, "code": "processing"}]}


def only(*severities: str) -> dict[str, Any]:
    """A searchset whose only entries are OperationOutcomes."""
    entries = [{"resource": issue(severity), "search": {"mode": "outcome"}} for severity in severities]
    return {**searchset(), "entry": entries}


def with_next(*resources: Any) -> dict[str, Any]:
    return searchset(*resources, link=[{"relation": "next", "url": "https://ehr.example/fhir?page=2"}])


@pytest.fixture
def fhir() -> Iterator[FaultServer]:
    """The EHR's FHIR server: a twitch with weakness on record."""
    with FaultServer() as server:
        server.answers["/fhir/Condition"] = gives(searchset(TWITCH, WEAKNESS))
        server.answers["/fhir/Observation"] = gives(searchset())
        yield server


@pytest.fixture
def served(client_with: Callable[..., FlaskClient], fhir: FaultServer) -> FlaskClient:
    """The service for the client whose FHIR server that is."""
    return client_with(f'fhir_servers = ["{fhir.base}"]', "private_network = true", fetch_deadline_s=5.0)


def sent(values: dict[str, Any], fhir: FaultServer | None = None) -> dict[str, Any]:
    """A patient-view with these prefetch values, and perhaps with the way to the FHIR server."""
    authorization = {**AUTHORIZATION, "access_token": TOKEN}
    way = {"fhirServer": fhir.base, "fhirAuthorization": authorization} if fhir else {}
    return request("patient-view", prefetch=values, **way)


def asked_types(fhir: FaultServer) -> set[str]:
    return {path.split("?")[0].removeprefix("/fhir/") for path, _ in fhir.asked}


# --- With nowhere to ask -------------------------------------------------------------------------------

NOTHING = {
    "null": None,
    "no entries": searchset(),
    "an empty array of entries": {**searchset(), "entry": []},
    "entries that are null": {**searchset(), "entry": None},
    "an outcome that is a warning": only("warning"),
    "an outcome that informs": only("information", "warning"),
}
MISSING = {
    "an outcome": OUTCOME,
    "an outcome that is an error": issue("error"),
    "an outcome that is a warning, instead of a Bundle": issue("warning"),
    "a Bundle with an error only": only("error"),
    "a Bundle with something fatal among warnings": only("warning", "fatal"),
    "HTML": HTML,
    "a text": "",
    "a number": 0,
    "false": False,
    "an array": [],
    "an object without a type": {},
    "another resource": {"resourceType": "Condition", "id": "c"},
    "a Bundle whose entries are an object": {**searchset(), "entry": {}},
}
PARTS = {
    "a first page": with_next(),
    "a first page with entries": with_next({**TWITCH, "subject": {"reference": "Patient/other"}}),
    "entries and an error": {
        **searchset(),
        "entry": [{"resource": {"resourceType": "Condition", "id": "c"}}, *only("error")["entry"]],
    },
}


@pytest.mark.conformance(
    "prefetch-null", "prefetch-empty", "prefetch-only-outcomes", "37", "41", "status-200"
)
@pytest.mark.parametrize("key", REQUIRED)
@pytest.mark.parametrize("value", NOTHING.values(), ids=NOTHING)
def test_nothing_found_is_an_answer(client: FlaskClient, key: str, value: Any) -> None:
    answer = post(client, sent({**dict.fromkeys(REQUIRED), key: value}))

    assert (answer.status_code, answer.json) == (200, {"cards": []})


@pytest.mark.conformance("36", "37", "42", "prefetch-outcome", "prefetch-no-fhir", "status-412")
@pytest.mark.parametrize("key", REQUIRED)
@pytest.mark.parametrize("value", MISSING.values(), ids=MISSING)
def test_what_a_client_failed_to_send_is_412_and_names_the_key(
    client: FlaskClient, key: str, value: Any
) -> None:
    said = outcome(post(client, sent({**dict.fromkeys(REQUIRED), key: value})), 412)

    assert said["expression"] == [f"prefetch.{key}"]
    assert "Gateway" not in said["diagnostics"]


@pytest.mark.conformance("36", "prefetch-absent", "status-412")
@pytest.mark.parametrize("absent", [("conditions",), ("observations",), REQUIRED])
def test_required_keys_that_were_not_sent_are_412_and_all_named(
    client: FlaskClient, absent: tuple[str, ...]
) -> None:
    values = {key: None for key in REQUIRED if key not in absent}

    said = outcome(post(client, sent(values)), 412)

    assert said["expression"] == [f"prefetch.{key}" for key in absent]


@pytest.mark.conformance("36", "42", "prefetch-next", "prefetch-only-outcomes", "status-412")
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_part_that_shows_no_twitch_is_not_silence(client: FlaskClient, part: Any) -> None:
    said = outcome(post(client, sent({"conditions": part, "observations": None})), 412)

    assert said["expression"] == ["prefetch.conditions"]


@pytest.mark.conformance("38", "prefetch-next", "75")
def test_a_part_that_shows_a_twitch_is_answered_and_called_a_part(client: FlaskClient) -> None:
    shown = cards(post(client, sent({"conditions": with_next(TWITCH), "observations": None})))

    assert "conditions" in shown[0]["detail"]


@pytest.mark.conformance("26", "75", "prefetch-absent")
def test_optional_keys_that_were_not_sent_are_named_on_the_card(client: FlaskClient) -> None:
    shown = cards(post(client, sent({"conditions": searchset(TWITCH), "observations": None})))

    assert "medications" in shown[0]["detail"]


@pytest.mark.conformance("26")
@pytest.mark.parametrize("key", ["patient", "serviceRequests", "medications", "procedures", "familyHistory"])
@pytest.mark.parametrize(
    "value", [None, HTML, OUTCOME, searchset(), ...], ids=["null", "HTML", "o", "none", "absent"]
)
def test_an_optional_key_never_costs_the_answer(client: FlaskClient, key: str, value: Any) -> None:
    call = request("patient-view", TWITCH, WEAKNESS)
    call["prefetch"] |= {key: value}
    if value is ...:
        del call["prefetch"][key]

    assert cards(post(client, call))[0]["indicator"] == "warning"


@pytest.mark.conformance("26", "31", "32")
@pytest.mark.parametrize("hook", ["patient-view", "encounter-start", "order-sign"])
@pytest.mark.parametrize(
    "way", [{"fhirServer": "https://ehr.example/fhir"}, {}], ids=["no token", "no server"]
)
def test_without_server_or_token_nothing_can_be_fetched(client: FlaskClient, hook: str, way: Any) -> None:
    outcome(post(client, request(hook, prefetch={}, **way)), 412)


# --- With a FHIR server --------------------------------------------------------------------------------


@pytest.mark.conformance("31", "32", "33", "35", "26", "prefetch-absent")
@pytest.mark.parametrize("values", [{}, {"conditions": searchset(TWITCH)}, {"observations": None}], ids=repr)
def test_what_was_not_sent_is_fetched_with_the_calls_token(
    served: FlaskClient, fhir: FaultServer, values: dict[str, Any]
) -> None:
    assert cards(post(served, sent(values, fhir)))
    assert {key.capitalize().removesuffix("s") for key in REQUIRED if key not in values} <= asked_types(fhir)
    assert {headers["Authorization"] for _, headers in fhir.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.conformance("prefetch-null", "prefetch-empty", "prefetch-only-outcomes")
@pytest.mark.parametrize("value", NOTHING.values(), ids=NOTHING)
def test_nothing_found_is_not_asked_for_again(served: FlaskClient, fhir: FaultServer, value: Any) -> None:
    assert cards(post(served, sent({"conditions": value, "observations": None}, fhir))) == []
    assert fhir.asked == []


@pytest.mark.conformance("prefetch-outcome")
@pytest.mark.parametrize("value", [issue("error"), only("fatal")], ids=["alone", "in a Bundle"])
def test_what_the_client_failed_to_read_is_not_asked_for_again(
    served: FlaskClient, fhir: FaultServer, value: Any
) -> None:
    outcome(post(served, sent({"conditions": value, "observations": None}, fhir)), 412)

    assert "Condition" not in asked_types(fhir)


@pytest.mark.conformance("38", "prefetch-next")
def test_a_first_page_is_completed_from_the_registered_server(served: FlaskClient, fhir: FaultServer) -> None:
    elsewhere = searchset(TWITCH, link=[{"relation": "next", "url": "http://169.254.169.254/latest"}])

    shown = cards(post(served, sent({"conditions": elsewhere, "observations": None}, fhir)))

    assert "weakness" in shown[0]["summary"]
    assert "Condition" in asked_types(fhir)


@pytest.mark.conformance("prefetch-no-fhir", "35")
@pytest.mark.parametrize("value", [HTML, 7, {}, []], ids=repr)
def test_what_is_no_fhir_is_fetched_as_if_it_had_not_been_sent(
    served: FlaskClient, fhir: FaultServer, value: Any
) -> None:
    assert cards(post(served, sent({"conditions": value, "observations": None}, fhir)))
    assert "Condition" in asked_types(fhir)


@pytest.mark.conformance("34", "69", "71")
def test_the_token_is_forgotten_with_the_call(
    served: FlaskClient, fhir: FaultServer, store: Store, logged: list[Any]
) -> None:
    answer = post(served, sent({}, fhir))
    del fhir.asked[:]
    fhir.answers.clear()
    without = post(served, sent({}))

    store.flush()
    assert without.status_code == 412
    assert fhir.asked == []
    assert TOKEN not in answer.text + without.text + str(logged) + str(store.rows())
