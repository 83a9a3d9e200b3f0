"""The table of conformance: complete, up to date, and told to whoever asks."""

import ast
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import __version__
from tests.conformance import table

ITEM = {"text": "…", "strength": "SHALL", "versions": "2.0"}


def told(items: dict[str, Any], tests: dict[str, list[str]]) -> list[str]:
    return list(table.problems([{"items": items}], tests))


def test_every_item_has_a_test_or_a_reason() -> None:
    assert told({}, {}) == []
    assert list(table.problems(table.chapters(), table.tests_by_item())) == []


def test_the_table_that_is_committed_is_the_one_that_the_tests_make() -> None:
    stale = table.stale(table.contents())

    assert not stale, "run python3 dev.py conformance --write"


def test_the_items_are_those_of_the_standard_from_the_first_to_the_last() -> None:
    names = [name for chapter in table.chapters() for name in chapter["items"]]

    assert {str(number) for number in range(1, 76)} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("item", "tests", "problem"),
    [
        ({}, {}, "neither a test nor a reason"),
        ({}, {"2": ["t"]}, "no item"),
        ({"not_met": "…", "lacks": "…"}, {}, "several reasons"),
        ({"not_applicable": "…"}, {"1": ["tests/x::t"]}, "called not applicable"),
        ({}, {"1": ["tests/fhir/servers/test_x.py::t"]}, "only by tests that may be skipped"),
        ({"strength": "MUST"}, {"1": ["tests/x::t"]}, "strength"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_that_would_claim_too_much_is_told_so(
    item: dict[str, str], tests: dict[str, list[str]], problem: str
) -> None:
    assert problem in " ".join(told({"1": {**ITEM, **item}}, tests))


def test_a_mark_is_read_off_the_test_that_it_stands_on() -> None:
    module = ast.parse(
        '@pytest.mark.slow\n@pytest.mark.conformance("36", "42")\ndef test_a() -> None: ...\n'
        "def test_b() -> None: ...\n"
    )

    assert list(table.marked(module)) == [("test_a", ["36", "42"])]


def test_every_test_that_the_table_names_can_be_run() -> None:
    named = {test for tests in table.tests_by_item().values() for test in tests}

    assert len(named) > 100
    assert all((table.ROOT / test.partition("::")[0]).exists() for test in named)


@pytest.mark.conformance("20")
def test_anybody_may_read_the_table_as_json(client: FlaskClient) -> None:
    answer = client.get("/conformance", headers={"Accept": "application/json"})

    assert answer.status_code == 200
    assert answer.json["version"] == __version__
    assert answer.json["standard"] == "CDS Hooks 2.0.1"
    assert {row["item"] for chapter in answer.json["chapters"] for row in chapter["items"]} >= {"1", "75"}


@pytest.mark.parametrize(
    "accept", ["*/*", "text/html", "application/xhtml+xml, text/html;q=0.9", "image/png"]
)
def test_it_is_a_page_for_everybody_else(client: FlaskClient, accept: str) -> None:
    answer = client.get("/conformance", headers={"Accept": accept})

    assert answer.mimetype == "text/html"
    assert 'id="item-36"' in answer.text
    assert "<code>hookInstance</code>" in answer.text
    assert "`" not in answer.text
    assert answer.headers["Vary"] == "Accept"


def test_the_page_runs_no_script_and_loads_nothing(client: FlaskClient) -> None:
    answer = client.get("/conformance")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(sign in answer.text for sign in ("<script", "<link", "src=", "http:", "https:", "style="))


def test_the_page_needs_no_client_to_be_registered_and_takes_no_other_method(client: FlaskClient) -> None:
    assert client.get("/conformance", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    assert client.post("/conformance").status_code == 405
