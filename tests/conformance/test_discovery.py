"""Discovery, and the prefetch templates that it lists."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from service.hooks.dialects import DIALECTS
from service.web.schemas import discovery_json
from tests.conformance import schemas
from tests.conformance.ehr import ADDRESS, CARRIES, KEYS, TWITCH, WEAKNESS, post, request
from tests.patients.stories import knowledge
from tests.web.trusted import bearing

PATH = "/cds-services"
# Of the hooks' definitions: the members of a context that may stand in a template.
TOKENS = {"userId", "patientId", "encounterId"}
SUBSET = re.compile(r"_count|_sort|_include|patient|subject|code|date|category|status|encounter")
each_dialect = pytest.mark.parametrize("profile", DIALECTS)


def services(client: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(PATH, headers=bearing(PATH)).json["services"]
    return found


def templates(client: FlaskClient) -> dict[str, str]:
    """All templates by key; a key means the same wherever it stands."""
    every = [pair for service in services(client) for pair in service["prefetch"].items()]
    assert len(set(every)) == len(dict(every))
    return dict(every)


def queried(template: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(template).query, strict_parsing=True) if "?" in template else []


@pytest.mark.conformance("9", "10", "12", "13", "14", "4", "5", "74", "status-200")
@each_dialect
def test_the_list_is_what_its_version_of_the_standard_defines(
    client_with: Callable[..., FlaskClient], profile: str
) -> None:
    answer = client_with(f'profile = "{profile}"').get(PATH, headers=bearing(PATH))

    version = "1.0" if profile in ("1.0", "cerner") else "2.0"
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert schemas.faults(schemas.discovery(version), answer.json) == []
    assert list(schemas.empty_members(answer.json)) == []


@pytest.mark.conformance("11")
def test_a_list_without_services_is_still_a_list() -> None:
    assert discovery_json((), knowledge(), DIALECTS["2.0"]) == {"services": []}


@pytest.mark.conformance("9")
def test_the_list_is_also_where_clients_with_a_slash_behind_its_address_look(client: FlaskClient) -> None:
    answer = client.get(f"{PATH}/", headers=bearing(f"{PATH}/"))

    assert (answer.status_code, answer.get_json()) == (200, {"services": services(client)})


@pytest.mark.conformance("14")
def test_versions_are_semver_and_no_hook_version_is_claimed(client: FlaskClient) -> None:
    for service in services(client):
        assert re.fullmatch(r"\d+\.\d+\.\d+", service["version"])
        assert "hookVersion" not in service
        assert service["title"] and service["usageRequirements"]


@pytest.mark.conformance("16", "54")
def test_one_id_stands_on_several_hooks_and_the_one_that_all_know_is_last(client: FlaskClient) -> None:
    hooks: dict[str, list[str]] = {}
    for service in services(client):
        hooks.setdefault(service["id"], []).append(service["hook"])

    assert all(len(each) > 1 for each in hooks.values())
    assert hooks["fasciculation-red-flags"][-1] == "patient-view"


@pytest.mark.conformance("54")
def test_a_later_hook_of_the_same_id_speaks_of_the_same_topics(client: FlaskClient) -> None:
    topics = [
        {
            card["source"]["topic"]["code"]
            for card in post(client, request(hook, TWITCH, WEAKNESS)).json["cards"]
        }
        for hook in ("patient-view", "encounter-start", "problem-list-item-create")
    ]

    assert topics[0] == topics[1] == topics[2] != set()


@pytest.mark.conformance("13", "17")
def test_every_service_that_is_listed_is_called_below_the_list(client: FlaskClient) -> None:
    for service in services(client):
        path = f"{PATH}/{service['id']}"

        assert path == ADDRESS[service["hook"]]
        assert post(client, request(service["hook"]), path).status_code == 200


@pytest.mark.conformance("18")
def test_the_list_asks_for_a_token_for_its_own_address(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=bearing(f"{PATH}/fasciculation-red-flags")).status_code == 401
    assert client.get(PATH, headers=bearing(PATH)).status_code == 200


@pytest.mark.conformance("21", "22")
def test_tokens_are_fields_that_every_hook_may_put_into_a_template(client: FlaskClient) -> None:
    for template in templates(client).values():
        tokens = re.findall(r"\{\{(.*?)\}\}", template)

        assert tokens
        assert {token.removeprefix("context.") for token in tokens} <= TOKENS
        assert all(token.startswith("context.") for token in tokens)


@pytest.mark.conformance("21")
def test_no_template_relies_on_a_token_that_a_call_may_lack(client: FlaskClient) -> None:
    assert all("encounterId" not in template for template in templates(client).values())


@pytest.mark.conformance("23")
def test_queries_are_reads_and_searches_of_one_type_with_common_parameters(client: FlaskClient) -> None:
    for key, template in templates(client).items():
        names = [name for name, _ in queried(template)]

        assert re.match(r"[A-Z][A-Za-z]+(/\{\{context\.patientId\}\}$|\?)", template)
        assert len(names) == len(set(names))
        assert all(SUBSET.fullmatch(name) for name in names)
        assert "_include" not in names or key in ("medications", "medicationStatements")


@pytest.mark.conformance("23")
def test_a_query_is_filled_by_plain_replacement_and_is_still_a_url(client: FlaskClient) -> None:
    for template in templates(client).values():
        filled = template.replace("{{context.patientId}}", "p-1.2")

        assert "{" not in filled and " " not in filled
        assert len(filled) < 8000


@pytest.mark.conformance("24")
def test_what_is_required_is_asked_for_by_patient_and_code_alone(client: FlaskClient) -> None:
    required = {key: templates(client)[key] for key in ("conditions", "observations")}

    assert {name for query in required.values() for name, _ in queried(query)} <= {
        "patient",
        "code",
        "_sort",
        "_count",
    }


@pytest.mark.conformance("25")
def test_no_template_depends_on_another(client: FlaskClient) -> None:
    assert not any(
        "%" in token for t in templates(client).values() for token in re.findall(r"\{\{.*?\}\}", t)
    )


@pytest.mark.conformance("26")
def test_the_keys_are_those_that_a_client_was_told(client: FlaskClient) -> None:
    assert templates(client).keys() == {"patient", *KEYS}


@pytest.mark.conformance("71")
def test_every_query_is_about_the_one_patient(client: FlaskClient) -> None:
    for template in templates(client).values():
        assert template.count("{{context.patientId}}") == 1


@pytest.mark.conformance("9")
def test_a_client_that_asks_for_the_head_alone_gets_no_body(client: FlaskClient) -> None:
    answer = client.head(PATH, headers=bearing(PATH))

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.conformance("13")
def test_no_two_entries_have_the_same_id_and_hook(client: FlaskClient) -> None:
    pairs = [(service["id"], service["hook"]) for service in services(client)]

    assert len(pairs) == len(set(pairs))
    assert {hook for _, hook in pairs} == set(CARRIES)
