"""The commands that explain what we know: rules, knowledge, codes."""

from collections.abc import Callable

import orjson
import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.knowledge import load
from service.rules import RULES
from service.rules.book import rule_book

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return command


def test_the_rule_book_holds_every_rule_in_every_format(run: Run) -> None:
    for form in ("text", "markdown", "json"):
        output = run("rules", "--format", form).output

        assert all(rule in output for rule in RULES)
        assert load().version in output


def test_a_rule_says_what_it_looks_at_by_which_numbers_and_what_it_asks_for(run: Run) -> None:
    rules = {rule["id"]: rule for rule in orjson.loads(run("rules", "--format", "json").output)["rules"]}

    compromise = rules["respiratory-compromise"]
    assert "oxygen-saturation" in compromise["looksAt"]
    assert {"name": "oxygen_saturation_low", "value": 92.0, "unit": "%"} in compromise["thresholds"]
    assert compromise["asksFor"]["nice-ng127"] == "same-day"
    assert all(claim["cite"] for claim in compromise["evidence"])


def test_the_rule_book_in_markdown_cites_its_evidence(run: Run) -> None:
    output = run("rules", "--format", "markdown").output

    assert output.startswith("# Rule book\n")
    assert "## muscle-weakness" in output
    assert "NICE." in output
    assert "<https://www.nice.org.uk/guidance/ng127>" in output


def test_knowledge_says_which_it_is_and_what_it_holds(run: Run) -> None:
    output = run("knowledge", "--on", "2026-11-23").output

    assert load().version in output
    assert "codes of concepts" in output
    assert "thresholds" in output
    assert "Evidence due on 2026-11-23: 0" in output


def test_evidence_that_is_due_is_listed_with_what_rests_on_it(run: Run) -> None:
    output = run("knowledge", "--due", "--on", "2099-01-01").output

    assert "nice-ng127-fasciculation" in output
    assert "2027-11-23" in output
    assert "red-flag-cluster" in output


def test_when_nothing_is_due_it_says_so(run: Run) -> None:
    assert run("knowledge", "--due", "--on", "2026-11-23").output == (
        "No review of evidence is due on 2026-11-23.\n"
    )


def test_a_day_that_is_none_ends_with_2(run: Run) -> None:
    assert run("knowledge", "--due", "--on", "soon").exit_code == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("82470000", "concept fasciculation"),
        ("R25.3", "icd-10-cm"),
        ("g12.21", "aspect als"),
        ("80243003", "body site: eyelid (no region)"),
        ("2823-3", "analyte potassium"),
        ("R03AC02", "medicine of class beta-agonist"),
        ("183521007", "test neurology-referral"),
        ("394591006", "specialty: neurology"),
        ("103696004", "only together with that specialty"),
        ("7771000", "qualifier of a body site: left"),
        ("260415000", "as an answer: NO"),
        ("LA4489-6", "as an answer: UNKNOWN"),
        ("twitch-course", "our own code: Course of the twitching"),
    ],
)
def test_a_code_says_what_it_means_here(run: Run, code: str, words: str) -> None:
    result = run("codes", code)

    assert result.exit_code == 0
    assert words in result.output


def test_a_code_names_the_red_flags_that_look_at_it(run: Run) -> None:
    assert "critical-electrolytes" in run("codes", "2823-3").output


def test_every_code_of_a_concept_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known = load()
    book = rule_book(known)
    monkeypatch.setattr("service.cli.reference.load_knowledge", lambda _: known)
    monkeypatch.setattr("service.rules.meanings.rule_book", lambda _: book)

    for concept in known.concepts.values():
        system, code, meaning = concept.codes[0]
        if meaning is not None:
            assert f"concept {concept.id}" in run("codes", code, "--system", system).output


@pytest.mark.parametrize("code", ["8867-5", "E", "xyz", "0", "", "[bold]x"])
def test_an_unknown_code_says_what_that_means_and_ends_with_1(run: Run, code: str) -> None:
    result = run("codes", code)

    assert result.exit_code == 1
    assert "unknown here" in result.output
    assert "neither a yes nor a no" in result.output


@pytest.mark.parametrize("system", ["loinc", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"])
def test_a_code_is_looked_up_in_one_system(run: Run, system: str) -> None:
    assert "potassium" in run("codes", "2823-3", "--system", system).output
    assert "unknown here in loinc" in run("codes", "82470000", "--system", system).output


def test_a_system_that_we_do_not_know_ends_with_2(run: Run) -> None:
    result = run("codes", "1", "--system", "cpt")

    assert result.exit_code == 2
    assert "snomed" in result.stderr
