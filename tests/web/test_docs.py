"""The description of the interface: complete, valid, true, and readable without anything from elsewhere."""

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from service.hooks.dialects import DIALECTS
from service.web.describe.described import Content, Parameter, described
from service.web.describe.examples import BUNDLE, CALL, CARD, CARDS, FEEDBACK, REFERRAL
from service.web.describe.openapi import MARKED, description, methods_of
from service.web.errors import STATUS
from service.web.pages.patients import golden_patients
from tests.web.trusted import PUBLIC_URL, bearing, registered

HOOK = "/cds-services/fasciculation-red-flags"


@pytest.fixture
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


@pytest.fixture
def api(client: FlaskClient) -> Any:
    return client.get("/openapi.json").json


@pytest.fixture
def trusting(make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    return make_app(clients=registered(tmp_path), public_url=PUBLIC_URL)


def holds(api: Any, shape: str, content: Any) -> bool:
    """Whether the content has the shape that the description names."""
    schema = {"$ref": f"#/components/schemas/{shape}", "components": api["components"]}
    return Draft202012Validator(schema).is_valid(content)


def test_every_route_and_method_is_described_with_each_part_of_its_path(app: Flask, api: Any) -> None:
    routes = {
        (MARKED.sub(r"{\1}", rule.rule), method.lower()): set(rule.arguments)
        for rule in app.url_map.iter_rules()
        for method in methods_of(rule)
    }

    described = {
        (path, method): {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    }

    assert described == routes


def test_a_route_that_says_nothing_is_left_out_and_so_the_test_above_fails() -> None:
    app = Flask(__name__)
    app.add_url_rule("/silent", view_func=lambda: "")

    assert not description(app, address=None, tokens=False)["paths"].get("/silent")


def test_a_new_group_is_told_after_the_others_and_each_method_of_a_route_by_itself() -> None:
    app = Flask(__name__)

    @app.get("/livez")
    @described("Operation", answer=Content(None))
    def livez() -> str:
        """Alive."""
        return ""

    @app.route("/fhir/<kind>/<int:number>", methods=["GET", "PUT"])
    @described(
        "A group of its own",
        answer=Content({"type": "object"}),
        parameters={"kind": Parameter("Its type.")},
        also={304: "The client has it already."},
    )
    def resource(kind: str, number: int) -> str:
        """A resource.

        In *Markdown*.
        """
        return f"{kind}{number}"

    api = description(app, address=None, tokens=True)

    assert [tag["name"] for tag in api["tags"]] == ["Operation", "A group of its own"]
    told = api["paths"]["/fhir/{kind}/{number}"]
    assert {method: told[method]["operationId"] for method in told} == {
        "get": "resource.get",
        "put": "resource.put",
    }
    assert (told["get"]["summary"], told["get"]["description"]) == ("A resource", "In *Markdown*.")
    assert told["get"]["security"] == [{"clientToken": []}]
    assert told["get"]["responses"]["304"] == {"description": "The client has it already."}


def test_the_description_is_valid_openapi(api: Any, trusting: Flask) -> None:
    validate(api)
    validate(trusting.test_client().get("/openapi.json").json)

    assert api["openapi"] == "3.1.0"


def test_every_route_has_its_words_its_group_and_its_errors(api: Any) -> None:
    operations = [each for methods in api["paths"].values() for each in methods.values()]

    groups = {tag["name"] for tag in api["tags"]}
    assert all(each["summary"] and set(each["tags"]) <= groups for each in operations)
    assert all({"405", "500"} <= each["responses"].keys() for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)


def test_a_call_may_be_answered_with_what_the_errors_say(api: Any) -> None:
    call = api["paths"]["/cds-services/{service_id}"]["post"]

    assert call["responses"].keys() == {
        "200", "400", "401", "404", "405", "408", "412", "413", "415", "429", "500",
    }  # fmt: skip
    assert "Retry-After" in call["responses"]["429"]["headers"]


def test_every_error_that_a_client_can_meet_is_described_somewhere(api: Any) -> None:
    told = {
        status
        for methods in api["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }

    assert {str(status) for status, _ in STATUS.values()} <= told


def test_a_token_is_asked_for_where_clients_are_registered(api: Any, trusting: Flask) -> None:
    strict = trusting.test_client().get("/openapi.json").json

    assert api["paths"]["/evaluate"]["post"]["security"] == [{"clientToken": []}, {}]
    assert strict["paths"]["/evaluate"]["post"]["security"] == [{"clientToken": []}]
    assert strict["paths"]["/livez"]["get"]["security"] == []
    assert strict["servers"] == [{"url": PUBLIC_URL}]


def test_the_examples_are_answered_as_the_description_shows(client: FlaskClient) -> None:
    (card,) = client.post(HOOK, json=CALL).json["cards"]
    (shown,) = CARDS["cards"]
    names = ("summary", "indicator", "source")

    # The UUIDs are of another version of the knowledge: each gives its own.
    ours = {CARD: card["uuid"], REFERRAL: card["suggestions"][0]["uuid"]}
    feedback = re.sub("|".join(ours), lambda shown: ours[shown[0]], json.dumps(FEEDBACK))
    assert {name: card[name] for name in names} == {name: shown[name] for name in names}
    assert card["suggestions"][0]["label"].startswith(shown["suggestions"][0]["label"])
    assert (shown["uuid"], shown["suggestions"][0]["uuid"]) == (CARD, REFERRAL)
    assert shown["overrideReasons"][0] in card["overrideReasons"]
    assert client.post("/evaluate?on=2026-11-23", json=BUNDLE).json["disposition"] == "urgent-referral"
    assert client.post(f"{HOOK}/feedback", json=json.loads(feedback)).status_code == 200
    assert client.get("/feedback/summary").json["cards"]["accepted"] == 1


@pytest.mark.parametrize("profile", DIALECTS)
def test_what_is_answered_in_a_dialect_has_the_shape_that_is_described(
    make_app: Callable[..., Flask], tmp_path: Path, hook_call: dict[str, Any], api: Any, profile: str
) -> None:
    clients = registered(tmp_path, f'profile = "{profile}"')
    client = make_app(clients=clients, public_url=PUBLIC_URL).test_client()

    cards = client.post(HOOK, json=hook_call, headers=bearing(HOOK)).json
    discovery = client.get("/cds-services", headers=bearing("/cds-services")).json

    assert cards["cards"]
    assert holds(api, "Cards", cards)
    assert holds(api, "Discovery", discovery)


@pytest.mark.parametrize("patient", sorted(golden_patients()))
def test_the_assessment_of_every_golden_patient_has_the_shape_that_is_described(
    client: FlaskClient, api: Any, patient: str
) -> None:
    bundle = golden_patients()[patient].record

    answer = client.post("/evaluate?all=true", data=bundle, content_type="application/fhir+json")

    assert answer.status_code == 200
    assert holds(api, "Assessment", answer.json)
    assert not holds(api, "Assessment", {**answer.json, "more": 1})


@pytest.mark.parametrize("shape", ["HookCall", "Feedback", "Cards"])
def test_the_examples_have_the_shape_that_is_described(api: Any, shape: str) -> None:
    example = {"HookCall": CALL, "Feedback": FEEDBACK, "Cards": CARDS}[shape]

    assert holds(api, shape, example)
    assert not holds(api, shape, {})


def test_the_probes_and_the_summary_have_the_shape_that_is_described(client: FlaskClient, api: Any) -> None:
    client.post(HOOK, json=CALL)
    client.post(f"{HOOK}/feedback", json=FEEDBACK)

    assert holds(api, "Alive", client.get("/livez").json)
    assert holds(api, "Ready", client.get("/readyz").json)
    assert holds(api, "Summary", client.get("/feedback/summary").json)
    assert holds(api, "OperationOutcome", client.post(HOOK, json={}).json)


def test_the_page_tells_of_every_address_and_shape(client: FlaskClient, api: Any) -> None:
    page = client.get("/docs")
    text = unescape(page.text)

    assert page.content_type == "text/html; charset=utf-8"
    assert all(f"</span> {path}</code>" in text for path in api["paths"])
    assert all(f'<article id="{shape}">' in text for shape in api["components"]["schemas"])


def test_every_link_on_the_page_leads_somewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text

    anchors = re.findall(r'href="#([^"]+)"', page)
    names = re.findall(r'\bid="([^"]+)"', page)
    assert anchors
    assert set(anchors) <= set(names)
    assert set(re.findall(r'(?:href|src)="([^#"]+)"', page)) == {"openapi.json"}


def test_the_page_runs_nothing_and_loads_nothing(client: FlaskClient) -> None:
    page = client.get("/docs")

    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert page.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{allowed}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "<script" not in page.text
    assert " style=" not in page.text


def test_a_newcomer_is_led_to_the_page_also_below_a_path_of_a_proxy(client: FlaskClient) -> None:
    page = client.get("/").text

    assert 'href="docs"' in page
    assert 'href="/' not in page


@pytest.mark.slow
def test_the_calls_on_the_page_can_be_copied_into_a_shell(client: FlaskClient) -> None:
    page = unescape(client.get("/docs").text)
    calls = re.findall(r"<pre tabindex=\"0\"><code>(curl .*?)</code></pre>", page, re.DOTALL)
    said = 'curl() { printf \'%s\\n\' "$@"; case "$*" in *--data-binary*) cat;; esac; }\n'

    echoed = [
        subprocess.run(["/bin/sh", "-c", said + call], capture_output=True, text=True, check=True).stdout
        for call in calls
    ]

    assert len(calls) == len(list(client.application.url_map.iter_rules()))
    assert all("http://127.0.0.1:8000/" in each for each in echoed)
    assert any('"hook": "patient-view"' in each for each in echoed)


def test_the_page_says_how_to_send_a_token_where_clients_are_registered(trusting: Flask) -> None:
    page = unescape(trusting.test_client().get("/docs").text)

    assert f"curl -s '{PUBLIC_URL}/evaluate' \\\n     -H \"Authorization: Bearer $TOKEN\"" in page
