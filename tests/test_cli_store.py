"""The commands about what the store remembers."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B.auditevent import AuditEvent

from service.cli import main
from service.store import AuditEntry, CardEntry, Feedback, Store, prepare

Run = Callable[..., Result]
CARD, REFERRAL = "00000001-0000-5000-8000-000000000000", "00000001-0000-5000-8000-00000000000f"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/audit.db"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, url: str) -> Run:
    monkeypatch.setenv("TWITCH_CDS_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return command


@pytest.fixture
def remembered(url: str) -> None:
    """One card that was shown and accepted, and one refused call."""
    store = Store(url, hash_key="a key")
    store.upgrade()
    entry = CardEntry(
        uuid=CARD,
        topic="TwitchReferralUrgent",
        rules=("muscle-weakness",),
        suggestions={REFERRAL: "referral"},
    )
    store.record(
        AuditEntry(
            service="s", knowledge_version="v", latency_ms=1.0, client="c", cards=(entry,), patient="p1"
        )
    )
    store.record(AuditEntry(service="s", knowledge_version="v", latency_ms=1.0, refusal="NotJson"))
    said = Feedback(card=CARD, outcome="accepted", outcome_at=datetime.now(UTC), suggestions=(REFERRAL,))
    store.note_feedback("c", "s", [said])
    store.close()


@pytest.mark.usefixtures("remembered")
def test_feedback_is_a_table(run: Run) -> None:
    result = run("feedback")

    assert result.exit_code == 0
    assert "1 cards shown, 1 accepted, 0 overridden" in result.output
    for words in ("TwitchReferralUrgent", "muscle-weakness", "referral", "100%"):
        assert words in result.output


@pytest.mark.usefixtures("remembered")
def test_feedback_as_json_is_what_the_web_answers(run: Run) -> None:
    result = run("feedback", "--json", "--client", "c", "--since", "2020-01-01")

    assert orjson.loads(result.output)["rules"][0]["acceptance"] == 1.0
    assert orjson.loads(run("feedback", "--json", "--client", "d").output)["cards"]["shown"] == 0


def test_without_feedback_there_are_no_tables(run: Run, url: str) -> None:
    assert prepare(url) is None

    assert "Topics" not in run("feedback").output


@pytest.mark.usefixtures("remembered")
def test_the_audit_is_exported_as_one_valid_audit_event_a_line(run: Run) -> None:
    result = run("audit", "export")

    events = [orjson.loads(line) for line in result.output.splitlines()]
    assert [event["outcome"] for event in events] == ["0", "4"]
    for event in events:
        AuditEvent.model_validate(event)


@pytest.mark.usefixtures("remembered")
def test_the_days_of_an_export_are_both_included(run: Run) -> None:
    today = datetime.now(UTC).date().isoformat()

    assert run("audit", "export", "--since", today, "--until", today).output.count("\n") == 2
    assert run("audit", "export", "--until", "2020-01-01").output == ""


@pytest.mark.usefixtures("remembered")
def test_purging_says_what_it_deleted(run: Run) -> None:
    assert "older than 2190 days: 0 of audit" in run("purge").output
    assert "older than 7 days: 0 of audit" in run("purge", "--older-than", "7").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["purge", "--older-than", "0"], "--older-than"),
        (["purge", "--older-than", "soon"], "--older-than"),
        (["audit", "export", "--since", "soon"], "--since must be a day"),
        (["audit", "export", "--until", "2026-02-30"], "--until must be a day"),
        (["feedback", "--since", "soon"], "--since must be a day"),
    ],
)
def test_bad_input_ends_with_2(run: Run, arguments: list[str], words: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("command", [["purge"], ["feedback"], ["audit", "export"]])
@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/audit.db",
        "oracular://x",
        "mysql://x",
        "mssql+pyodbc://x",
        "sqlite+missing:///x",
        "no url",
        "postgresql+psycopg://x@127.0.0.1:1/x",
    ],
)
def test_a_database_that_cannot_be_had_ends_with_2(run: Run, command: list[str], url: str) -> None:
    result = run(*command)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["purge"], ["feedback"], ["audit", "export"]])
def test_a_file_that_is_not_there_is_named_and_not_made(run: Run, command: list[str], tmp_path: Path) -> None:
    result = run(*command)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"There is no database {tmp_path}/audit.db" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["mysql://user:sesame@x/y", "oracular://user:sesame@x", "postgresql+gone://u:sesame@x"]
)
def test_a_database_that_we_do_not_know_is_told_which_we_know(run: Run, url: str) -> None:
    result = run("feedback")

    assert "a database of SQLite or PostgreSQL" in result.stderr
    assert "sesame" not in result.stderr
