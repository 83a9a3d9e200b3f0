"""Settings, from the environment: every variable begins with TWITCH_CDS_.

deploy/env.example lists them all, with what each is for. A variable that does not
read (a number that is none, an unknown time zone) stops the program at its start.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _listed(value: Any) -> Any:
    """The parts of a comma-separated text; anything else as it is."""
    return (
        tuple(part for part in map(str.strip, value.split(",")) if part) if isinstance(value, str) else value
    )


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """What a deployment decides. Secrets are kept out of `repr` and of error messages."""

    model_config = SettingsConfigDict(
        env_prefix="TWITCH_CDS_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(default="sqlite:///twitch-cds.db", repr=False)
    """Where the audit is kept: a SQLAlchemy URL."""
    clients: Path | None = None
    """The TOML file of the registered clients; without it the service is open, on loopback only."""
    fhir_servers: Listed = ()
    """While open: the FHIR base URLs that may be asked."""
    public_url: str | None = None
    """How clients reach the service; what a token's `aud` is compared with."""
    cors_origins: Listed = ()
    """The web origins whose browsers may call."""
    max_body_bytes: PositiveInt = 10_000_000
    """The largest body that is read, also after decompression."""
    pathway: str = "early-referral"
    """Which disposition each rule asks for, where the client does not choose."""
    knowledge_overlay: Path | None = None
    """A TOML file laid over thresholds, pathways, codes and words."""
    fetch_deadline_s: PositiveFloat = 3.0
    """The time for everything that is fetched for one call."""
    hash_key: SecretStr | None = None
    """The key of the patient hashes in the audit; without it none is kept."""
    rate_limit: NonNegativeInt = 0
    """Calls a minute and client; 0 switches it off."""
    max_token_lifetime_s: PositiveInt = 3600
    """The longest lifetime of a token that is accepted."""
    timezone: str = "UTC"
    """Whose today it is; an IANA name."""

    @field_validator("clients")
    @classmethod
    def _not_yet(cls, path: Path | None) -> Path | None:
        """Tokens are not checked yet, and whoever sets this relies on it."""
        if path is not None:
            raise ValueError("is not supported by this version, which would answer everybody; unset it")
        return path

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            _zone(name)
        except (KeyError, ValueError, OSError) as cause:
            raise ValueError(
                "is no time zone that this machine knows; write it like Europe/Berlin"
            ) from cause
        return name

    @property
    def hash_secret(self) -> str | None:
        """The key of the patient hashes, to be handed to the store and nobody else."""
        return self.hash_key.get_secret_value() if self.hash_key else None

    def today(self) -> date:
        """The day on which a call is assessed. Only the edges ask."""
        return datetime.now(_zone(self.timezone)).date()


def _zone(name: str) -> tzinfo:
    """UTC needs no time zone database, which a slim container may lack."""
    return UTC if name == "UTC" else ZoneInfo(name)
