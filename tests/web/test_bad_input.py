"""Whatever is wrong with a request: its own status, and words that say what to do. Never 500, never []."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

HOOK, EVALUATE = "/cds-services/fasciculation-red-flags", "/evaluate"
JSON = "application/json"
CONTEXT = {"userId": "Practitioner/d1", "patientId": "p1"}
PREFETCH = {"conditions": None, "observations": None}
CALL = {"hook": "patient-view", "hookInstance": "h1", "context": CONTEXT, "prefetch": PREFETCH}


@pytest.fixture
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in CALL.items() if name != member}


def saying(body: bytes) -> bytes:
    """A call whose prefetch holds the text of a twitch and then `body`."""
    return orjson.dumps(without("prefetch"))[:-1] + b',"prefetch":{"conditions":' + body + b"}}"


MALFORMED = {
    "nothing": b"",
    "half an object": b'{"hook": "patient-view"',
    "no JSON": b"hook=patient-view",
    "NaN": saying(b'{"resourceType":"Bundle","total":NaN}'),
    "Infinity": saying(b"[-Infinity]"),
    "a comment": saying(b"null /* none */"),
    "a trailing comma": saying(b"[1,]"),
    "single quotes": saying(b"['a']"),
    "a control character": saying(b'"a\x01b"'),
    "not UTF-8": saying(b'"\xff\xfe"'),
    "Latin-1": saying('"Müller"'.encode("latin-1")),
    "half a surrogate pair": saying(rb'"\ud83d"'),
    "a surrogate in UTF-8": saying(b'"\xed\xa0\x80"'),
    "a byte order mark": b"\xef\xbb\xbf" + orjson.dumps(CALL),
    "two documents": orjson.dumps(CALL) * 2,
    "nested 100 000 deep": saying(b"[" * 100_000 + b"]" * 100_000),
    "nested 100 000 deep in objects": saying(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "opened 100 000 times": b'{"a":' + b"[" * 100_000,
}

MISTAKEN = [
    ("an array", [], None, "object"),
    ("a text", "patient-view", None, "object"),
    ("null", None, None, "object"),
    ("no hook", without("hook"), "hook", "hook must be"),
    ("a hook that is a number", {**CALL, "hook": 1}, "hook", "hook must be"),
    ("another hook", {**CALL, "hook": "order-sign"}, "hook", "patient-view"),
    ("no hookInstance", without("hookInstance"), "hookInstance", "UUID"),
    ("an empty hookInstance", {**CALL, "hookInstance": ""}, "hookInstance", "UUID"),
    ("no context", without("context"), "context", "object"),
    ("a context that is null", {**CALL, "context": None}, "context", "object"),
    ("a context that is a text", {**CALL, "context": "p1"}, "context", "object"),
    ("no patient", {**CALL, "context": {"userId": "Practitioner/d1"}}, "context.patientId", "chart"),
    (
        "a patient that is a number",
        {**CALL, "context": {**CONTEXT, "patientId": 1}},
        "context.patientId",
        "id",
    ),
    (
        "a patient with a path",
        {**CALL, "context": {**CONTEXT, "patientId": "a/b"}},
        "context.patientId",
        "id of one Patient",
    ),
    *(
        (
            f"a patient named {written!r}",
            {**CALL, "context": {**CONTEXT, "patientId": written}},
            "context.patientId",
            "id of one Patient",
        )
        for written in ("*", "a|b", "p1,p2", "p1&_count=1", "p1 ", "p1\n", "ü", "x" * 65)
    ),
    (
        "a patient with no id",
        {**CALL, "context": {**CONTEXT, "patientId": "Patient/"}},
        "context.patientId",
        "id",
    ),
    ("no user", {**CALL, "context": {"patientId": "p1"}}, "context.userId", "Practitioner"),
    (
        "an encounter that is an object",
        {**CALL, "context": {**CONTEXT, "encounterId": {}}},
        "context.encounterId",
        "",
    ),
    ("a prefetch that is an array", {**CALL, "prefetch": []}, "prefetch", "object"),
    ("a prefetch that is a text", {**CALL, "prefetch": "none"}, "prefetch", "object"),
    ("a fhirServer that is a number", {**CALL, "fhirServer": 1}, "fhirServer", "URL"),
    (
        "fhirAuthorization without fhirServer",
        {**CALL, "fhirAuthorization": {"access_token": "t"}},
        "fhirServer",
        "fhirAuthorization",
    ),
    ("a fhirAuthorization that is a text", {**CALL, "fhirAuthorization": "t"}, "fhirAuthorization", "object"),
    (
        "a fhirAuthorization without a token",
        {**CALL, "fhirServer": "https://ehr.example", "fhirAuthorization": {}},
        "fhirAuthorization.access_token",
        "text",
    ),
]

BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": []}
ORDERS = "/cds-services/fasciculation-order-check"
# Address, hook, what else stands in the context, and the member at fault.
CARRIED = [
    (HOOK, "problem-list-item-create", {}, "context.conditions"),
    (HOOK, "problem-list-item-create", {"conditions": None}, "context.conditions"),
    (HOOK, "problem-list-item-create", {"conditions": "twitch"}, "context.conditions"),
    (HOOK, "order-sign", {"draftOrders": BUNDLE}, "hook"),
    (ORDERS, "patient-view", {}, "hook"),
    (ORDERS, "order-sign", {}, "context.draftOrders"),
    (ORDERS, "order-sign", {"draftOrders": 7}, "context.draftOrders"),
    (ORDERS, "order-select", {"selections": []}, "context.draftOrders"),
    (ORDERS, "order-select", {"draftOrders": BUNDLE}, "context.selections"),
    (ORDERS, "order-select", {"draftOrders": BUNDLE, "selections": "ServiceRequest/1"}, "context.selections"),
]

NO_BUNDLES = [
    ("a bare array", [{"resourceType": "Patient"}], "not an array"),
    ("a text", "Bundle", "Bundle"),
    ("null", None, "Bundle"),
    ("one resource", {"resourceType": "Patient"}, "Bundle"),
    ("a Bundle without a type", {"resourceType": "Bundle"}, "type"),
    ("a history", {"resourceType": "Bundle", "type": "history"}, "type"),
    ("entries that are no array", {"resourceType": "Bundle", "type": "collection", "entry": {}}, "entry"),
]

MISASKED = [
    ("on=yesterday", "on", "2026-11-23"),
    ("on=", "on", "2026-11-23"),
    ("on=2026-02-30", "on", "2026-11-23"),
    ("on=20261123", "on", "2026-11-23"),
    ("on=2026-11", "on", "2026-11-23"),
    ("all=yes", "all", "true or false"),
    ("pathway=gentle", "pathway", "early-referral"),
    ("pathway=", "pathway", "early-referral"),
    ("patient=", "patient", "id"),
]


def said(answer: Any, status: int) -> dict[str, Any]:
    """The one issue of an error's OperationOutcome."""
    assert answer.status_code == status
    assert answer.content_type == "application/fhir+json"
    assert answer.json["resourceType"] == "OperationOutcome"
    (issue,) = answer.json["issue"]
    assert issue["severity"] == "error"
    assert issue["diagnostics"].endswith((".", "/evaluate")) and "Traceback" not in issue["diagnostics"]
    return dict(issue)


@pytest.mark.conformance("status-400")
@pytest.mark.parametrize("address", [HOOK, EVALUATE])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_body_that_is_not_json_is_400(client: FlaskClient, address: str, body: bytes) -> None:
    issue = said(client.post(address, data=body, content_type=JSON), 400)

    assert issue["code"] == "structure"


@pytest.mark.parametrize("twitch", [b"", b'"82470000",'], ids=["without a twitch", "with one"])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_an_error_is_the_same_whether_or_not_the_record_is_parsed(
    client: FlaskClient, body: bytes, twitch: bytes
) -> None:
    call = body.replace(b'"prefetch":{', b'"prefetch":{"x":[' + twitch + b"0],", 1)

    said(client.post(HOOK, data=call, content_type=JSON), 400)


@pytest.mark.conformance("27", "cds-r-1", "status-400")
@pytest.mark.parametrize(("call", "where", "words"), [m[1:] for m in MISTAKEN], ids=[m[0] for m in MISTAKEN])
def test_a_mistaken_call_is_400_and_names_the_member(
    client: FlaskClient, call: Any, where: str | None, words: str
) -> None:
    issue = said(client.post(HOOK, data=orjson.dumps(call), content_type=JSON), 400)

    assert issue.get("expression") == ([where] if where else None)
    assert words in issue["diagnostics"]


@pytest.mark.parametrize(("address", "hook", "context", "where"), CARRIED, ids=repr)
def test_a_context_without_what_its_hook_is_about_is_400(
    client: FlaskClient, address: str, hook: str, context: dict[str, Any], where: str
) -> None:
    call = {**CALL, "hook": hook, "context": {**CONTEXT, **context}}

    assert said(client.post(address, json=call), 400)["expression"] == [where]


@pytest.mark.parametrize("address", [HOOK, ORDERS])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_json_is_the_same_at_every_service(client: FlaskClient, address: str, body: bytes) -> None:
    said(client.post(address, data=body, content_type=JSON), 400)


@pytest.mark.parametrize(
    "value",
    ["<html>502</html>", [], 7, {}, {"resourceType": "OperationOutcome"}, {"resourceType": "Condition"}],
    ids=repr,
)
def test_a_required_key_that_is_no_fhir_is_412_and_quotes_nothing(client: FlaskClient, value: Any) -> None:
    call = {**CALL, "prefetch": {**PREFETCH, "conditions": value}}

    issue = said(client.post(HOOK, json=call), 412)

    assert issue["code"] == "incomplete"
    assert issue["expression"] == ["prefetch.conditions"]
    assert "502" not in issue["diagnostics"]


def test_orders_that_are_none_of_our_business_need_no_prefetch(client: FlaskClient) -> None:
    medicine = {"resourceType": "MedicationRequest", "id": "m"}
    drafts = {**BUNDLE, "entry": [{"resource": medicine}]}
    call = {**without("prefetch"), "hook": "order-sign", "context": {**CONTEXT, "draftOrders": drafts}}

    answer = client.post(ORDERS, json=call)

    assert (answer.status_code, answer.json) == (200, {"cards": []})


@pytest.mark.parametrize("hook", ["encounter-start", "patient-view"])
def test_an_encounter_is_taken_where_it_comes_and_not_insisted_on(client: FlaskClient, hook: str) -> None:
    assert client.post(HOOK, json={**CALL, "hook": hook}).json == {"cards": []}


@pytest.mark.parametrize(("body", "words"), [m[1:] for m in NO_BUNDLES], ids=[m[0] for m in NO_BUNDLES])
def test_what_is_no_bundle_is_400(client: FlaskClient, body: Any, words: str) -> None:
    answer = client.post(EVALUATE, data=orjson.dumps(body), content_type=JSON)

    assert words in said(answer, 400)["diagnostics"]


@pytest.mark.parametrize(("query", "where", "words"), MISASKED, ids=[m[0] for m in MISASKED])
def test_a_parameter_that_cannot_be_read_is_400(
    client: FlaskClient, teacher: dict[str, Any], query: str, where: str, words: str
) -> None:
    issue = said(client.post(f"{EVALUATE}?{query}", json=teacher), 400)

    assert issue["expression"] == [where]
    assert words in issue["diagnostics"]


def test_two_patients_are_422_that_asks_whom_to_assess(client: FlaskClient) -> None:
    entry = [
        {"resource": {"resourceType": "Condition", "subject": {"reference": f"Patient/{name}"}}}
        for name in "ab"
    ]

    issue = said(
        client.post(EVALUATE, json={"resourceType": "Bundle", "type": "collection", "entry": entry}), 422
    )

    assert "?patient=" in issue["diagnostics"]


@pytest.mark.conformance("status-404")
def test_an_unknown_service_is_404_that_lists_the_known(client: FlaskClient) -> None:
    issue = said(client.post("/cds-services/twitch", json=CALL), 404)

    assert issue["code"] == "not-found"
    assert "fasciculation-red-flags" in issue["diagnostics"]


def test_an_unknown_address_is_404(client: FlaskClient) -> None:
    assert "/cds-services" in said(client.get("/cds-services/a/b/c"), 404)["diagnostics"]


@pytest.mark.conformance("status-405")
@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("GET", HOOK, "POST"),
        ("PUT", EVALUATE, "POST"),
        ("POST", "/cds-services", "GET"),
        ("DELETE", "/livez", "GET"),
    ],
)
def test_the_wrong_method_is_405_and_says_which_is_right(
    client: FlaskClient, method: str, address: str, allowed: str
) -> None:
    answer = client.open(address, method=method)

    assert allowed in said(answer, 405)["diagnostics"]
    assert allowed in answer.headers["Allow"]


@pytest.mark.conformance("status-415")
@pytest.mark.parametrize("address", [HOOK, EVALUATE])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ],
)
def test_another_content_type_is_415(client: FlaskClient, address: str, content_type: str | None) -> None:
    issue = said(client.post(address, data=orjson.dumps(CALL), content_type=content_type), 415)

    assert issue["code"] == "not-supported"


@pytest.mark.parametrize("content_type", ["application/fhir+json", "application/json; charset=UTF-8"])
def test_both_content_types_of_fhir_are_read(
    client: FlaskClient, teacher: dict[str, Any], content_type: str
) -> None:
    answer = client.post(EVALUATE, data=orjson.dumps(teacher), content_type=content_type)

    assert answer.status_code == 200


def test_one_invalid_resource_is_set_aside_and_the_rest_is_assessed(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    entries = hook_call["prefetch"]["conditions"]["entry"]
    entries += [
        {"resource": {**entries[0]["resource"], "id": "bad", "onsetDateTime": "last spring"}},
        None,
        {},
    ]

    answer = client.post(HOOK, json=hook_call)

    assert answer.json["cards"][0]["indicator"] == "warning"


@pytest.mark.parametrize("depth", [100, 900])
def test_deep_json_that_can_be_parsed_is_read(
    client: FlaskClient, hook_call: dict[str, Any], make_deep: Callable[[int], Any], depth: int
) -> None:
    hook_call["prefetch"]["conditions"]["entry"][0]["resource"]["extension"] = make_deep(depth)

    assert client.post(HOOK, json=hook_call).status_code == 200


def test_json_about_as_deep_as_a_parser_goes_is_read_or_refused(client: FlaskClient) -> None:
    statuses = set()
    for depth in range(900, 1030, 3):
        answer = client.post(HOOK, data=saying(b"[" * depth + b"]" * depth), content_type=JSON)

        statuses.add(answer.status_code)
        assert answer.json["resourceType"] == "OperationOutcome"
    # Those that can be parsed hold an array where a Bundle is required.
    assert statuses == {412, 400}


@pytest.fixture
def make_deep() -> Callable[[int], Any]:
    def deep(depth: int) -> Any:
        return orjson.loads(b'[{"extension":' * (depth // 2) + b"[]" + b"}]" * (depth // 2))

    return deep
