"""The settings and their documentation."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.config import Settings

EXAMPLE = Path(__file__).parents[1] / "deploy" / "env.example"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TWITCH_CDS_{name.upper()}", raising=False)


def documented() -> dict[str, str]:
    lines = (line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    assert set(documented()) == {f"TWITCH_CDS_{name.upper()}" for name in Settings.model_fields}


def test_every_setting_of_the_example_has_a_comment() -> None:
    paragraphs = EXAMPLE.read_text().strip().split("\n\n")[1:]

    assert all(p.startswith("# ") and p.count("TWITCH_CDS_") == 1 for p in paragraphs)


def test_the_example_holds_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings()
    for name, value in documented().items():
        monkeypatch.setenv(name, value)

    assert Settings() == defaults


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWITCH_CDS_CORS_ORIGINS", "https://a.example, https://b.example,")

    assert Settings().cors_origins == ("https://a.example", "https://b.example")


def test_networks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWITCH_CDS_METRICS_FROM", "10.0.0.0/8, 2001:db8::/32,")

    assert Settings().metrics_from == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWITCH_CDS_HASH_KEY", "sesame")
    monkeypatch.setenv("TWITCH_CDS_DATABASE_URL", "postgresql://user:sesame@host/db")

    settings = Settings()

    assert "sesame" not in repr(settings)
    assert settings.hash_secret == "sesame"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("MAX_BODY_BYTES", "-4711"),
        ("MAX_BODY_BYTES", "ten"),
        ("FETCH_DEADLINE_S", "-4711"),
        ("RATE_LIMIT", "-4711"),
        ("METRICS_FROM", "prometheus"),
        ("METRICS_FROM", "10.0.0.7/8"),
        ("PUBLIC_URL", "cds.hospital.example"),
        ("PUBLIC_URL", "ftp://cds.hospital.example"),
        ("PUBLIC_URL", "https://cds.hospital.example?a=b"),
        ("PUBLIC_URL", "https://[cds"),
    ],
)
def test_a_setting_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TWITCH_CDS_{name}", value)

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert value not in str(caught.value)


def test_the_public_url_is_kept_without_its_last_slash() -> None:
    assert Settings(public_url="https://cds.example/twitch/").public_url == "https://cds.example/twitch"


def test_today_is_the_day_in_the_configured_zone() -> None:
    east, west = Settings(timezone="Pacific/Kiritimati"), Settings(timezone="Pacific/Niue")

    assert east.today() - west.today() in (timedelta(days=1), timedelta(days=2))
    assert abs(Settings().today() - datetime.now(UTC).date()) <= timedelta(days=1)
