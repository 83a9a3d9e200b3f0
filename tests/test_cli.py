"""The command line: what it prints, and how it ends."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from service.cli import main

EXAMPLES = Path(__file__).parents[1] / "examples"
TEACHER = str(EXAMPLES / "teacher.json")
STUDENT = str(EXAMPLES / "eyelid-student.json")
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command as if started anew; it may end with an exit code, and never with a traceback."""
    monkeypatch.setenv("TWITCH_CDS_DATABASE_URL", f"sqlite:///{tmp_path}/audit.db")
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return command


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that `serve` would have become."""
    lines: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda program, line: lines.append(line))
    return lines


def test_assess_prints_the_disposition_the_findings_and_their_sources(run: Run) -> None:
    result = run("assess", TEACHER, "--on", "2026-11-23")

    assert result.exit_code == 0
    for words in (
        "urgent-referral",
        "for 95 d",
        "hand-right",
        "muscle weakness",
        "Condition/weak-hand",
        "since 2026-08-20",
        "High caffeine intake",
        "electromyography",
        "Not documented",
        "not a diagnosis",
    ):
        assert words in result.output


def test_assess_prints_the_lifestyle_steps_of_an_eyelid_twitch(run: Run) -> None:
    result = run("assess", STUDENT, "--on", "2026-11-23")

    assert "Disposition: lifestyle" in result.output
    assert "stretching" in result.output


def test_assess_reads_standard_input(run: Run) -> None:
    result = run("assess", "-", "--on", "2026-11-23", stdin=Path(TEACHER).read_bytes())

    assert "urgent-referral" in result.output


def test_json_is_what_evaluate_answers(run: Run) -> None:
    result = run("assess", TEACHER, "--on", "2026-11-23", "--json")

    answer = orjson.loads(result.output)
    assert answer["disposition"] == "urgent-referral"
    assert answer["on"] == "2026-11-23"


def test_cards_are_what_a_hook_answers(run: Run) -> None:
    result = run("assess", TEACHER, "--on", "2026-11-23", "--cards")

    assert "warning: " in result.output
    assert "Refer to neurology (urgent)" in result.output


def test_without_a_twitch_there_is_no_card(run: Run) -> None:
    empty = b'{"resourceType": "Bundle", "type": "collection"}'

    result = run("assess", "-", "--cards", stdin=empty)

    assert result.output == "No card: no twitch is on record.\n"


def test_the_pathway_can_be_chosen(run: Run) -> None:
    result = run("assess", STUDENT, "--on", "2026-12-23", "--pathway", "nice-ng127", "--json")

    assert orjson.loads(result.output)["pathway"] == "nice-ng127"


def test_what_could_not_be_read_is_listed(run: Run) -> None:
    bundle: dict[str, Any] = orjson.loads(Path(TEACHER).read_bytes())
    bundle["entry"][4]["resource"]["onsetDateTime"] = "in [bold]autumn[/bold]"

    result = run("assess", "-", stdin=orjson.dumps(bundle))

    assert "Could not be read" in result.output
    assert "Condition/weak-hand" in result.output


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["nowhere.json"], b"", "cannot be read"),
        (["."], b"", "cannot be read"),
        (["-"], b"", "not valid JSON"),
        (["-"], b"{", "not valid JSON"),
        (["-"], b"\xff", "not valid JSON"),
        (["-"], b"[]", "not an array"),
        (["-"], b"7", "Expected a FHIR Bundle"),
        (["-"], b'{"resourceType": "Patient"}', "Expected a FHIR Bundle"),
        ([TEACHER, "--on", "tomorrow"], b"", "2026-11-23"),
        ([TEACHER, "--on", "2026-02-30"], b"", "2026-11-23"),
        ([TEACHER, "--pathway", "gentle"], b"", "early-referral"),
    ],
)
def test_bad_input_ends_with_2_and_one_line(run: Run, arguments: list[str], stdin: bytes, words: str) -> None:
    result = run("assess", *arguments, stdin=stdin)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_several_patients_ask_for_the_option_of_the_command_line(run: Run) -> None:
    entry = [
        {"resource": {"resourceType": "Condition", "subject": {"reference": f"Patient/{name}"}}}
        for name in "ab"
    ]
    bundle = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry})

    result = run("assess", "-", stdin=bundle)

    assert result.exit_code == 2
    assert "--patient ID" in result.stderr
    assert run("assess", "-", "--patient", "a", stdin=bundle).exit_code == 0


@pytest.fixture
def port() -> str:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return str(chosen.getsockname()[1])


def test_serve_prepares_the_database_and_says_how_to_try_it(
    run: Run, started: list[list[str]], tmp_path: Path, port: str
) -> None:
    result = run("serve", "--port", port, "--workers", "3")

    assert (tmp_path / "audit.db").exists()
    assert f"http://127.0.0.1:{port}" in result.output
    assert f"curl -s http://127.0.0.1:{port}/evaluate" in result.output
    assert "examples/teacher.json" in result.output
    (line,) = started
    assert line[1:3] == ["-m", "gunicorn"]
    assert line[-4:] == ["--bind", f"127.0.0.1:{port}", "--workers", "3"]


def test_serve_starts_without_its_database_and_warns(
    run: Run, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("TWITCH_CDS_DATABASE_URL", "sqlite:////no/such/folder/audit.db")

    result = run("serve", "--port", port)

    assert "Warning" in result.stderr
    assert started


def test_serve_says_that_its_port_is_taken(run: Run, started: list[list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 2
    assert "choose another" in result.stderr
    assert not started


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "cds.example"])
def test_serve_refuses_an_address_that_others_can_reach(
    run: Run, started: list[list[str]], host: str
) -> None:
    result = run("serve", "--host", host)

    assert result.exit_code == 2
    assert "loopback" in result.stderr
    assert not started


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TIMEZONE", "Mars/Olympus", "TWITCH_CDS_TIMEZONE"),
        ("CLIENTS", "clients.toml", "TWITCH_CDS_CLIENTS"),
        ("DATABASE_URL", "oracular://", "TWITCH_CDS_DATABASE_URL"),
        ("DATABASE_URL", "mysql://x", "a database of SQLite or PostgreSQL"),
        ("PATHWAY", "gentle", "early-referral"),
        ("KNOWLEDGE_OVERLAY", "/nowhere.toml", "cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_with_2(
    run: Run, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"TWITCH_CDS_{name}", value)

    result = run("serve")

    assert result.exit_code == 2
    assert words in result.stderr
    assert not started


def test_serve_says_what_the_overlay_changes_and_warns_of_what_it_plays_down(
    run: Run, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: str
) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text(
        "[thresholds.twitch_long]\nvalue = 21\n[pathways.nice-ng127]\nmuscle-weakness = 'lifestyle'\n"
    )
    monkeypatch.setenv("TWITCH_CDS_KNOWLEDGE_OVERLAY", str(overlay))

    result = run("serve", "--port", port)

    assert "  - twitch_long 14 d → 21 d\n" in result.stdout
    assert "  - nice-ng127: muscle-weakness urgent-referral → lifestyle\n" in result.stdout
    assert "Warning: pathways.nice-ng127.muscle-weakness is lifestyle" in result.stderr
    assert started
    assert "twitch_long 14 d → 21 d" in run("knowledge").output


def test_serve_says_that_overrides_silence_nothing_without_a_key(
    run: Run, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    without = run("serve", "--port", port).stderr
    monkeypatch.setenv("TWITCH_CDS_HASH_KEY", "sesame")
    with_a_key = run("serve", "--port", port).stderr

    assert "no override silences" in without
    assert with_a_key == ""
