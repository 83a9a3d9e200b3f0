"""Settings, from the environment: every variable begins with TWITCH_CDS_.

deploy/env.example lists them all, with what each is for. A variable that does not
read (a number that is none, an unknown time zone) stops the program at its start.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
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
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_listed)]


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
    ca_bundle: Path | None = None
    """The certificate authorities (PEM) of clients' keys and FHIR servers, instead of the public ones."""
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
    """The key of the patient hashes; without it none is kept, and no override silences anything."""
    quiet_days: NonNegativeInt = 90
    """For how long an override silences the same advice on the same evidence, in days; 0: not at all."""
    retention_days: PositiveInt = 2190
    """How old the audit and the feedback become before `twitch-cds purge` deletes them, in days."""
    rate_limit: NonNegativeInt = 0
    """Calls a minute and client; 0 switches it off."""
    metrics_from: Networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    """The networks that may read /metrics."""
    max_token_lifetime_s: PositiveInt = 3600
    """The longest lifetime of a token that is accepted."""
    timezone: str = "UTC"
    """Whose today it is; an IANA name."""

    @field_validator("public_url")
    @classmethod
    def _base_address(cls, url: str | None) -> str | None:
        """Without its last slash: what is called is appended."""
        if url is None:
            return None
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = SplitResult("", "", "", "", "")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an http(s) address with a host, and without ? and #")
        return url.rstrip("/")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            _zone(name)
        except (KeyError, ValueError, OSError) as cause:
            raise ValueError(
                "is not a time zone that this machine knows; write it like Europe/Berlin"
            ) from cause
        return name

    @property
    def hash_secret(self) -> str | None:
        """The key of the patient hashes, to be handed to the store and nobody else."""
        return self.hash_key.get_secret_value() if self.hash_key else None

    @staticmethod
    def now() -> datetime:
        """The moment by which a token is judged. Only the edges ask."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The day on which a call is assessed. Only the edges ask."""
        return datetime.now(_zone(self.timezone)).date()


def _zone(name: str) -> tzinfo:
    """UTC needs no time zone database, which a slim container may lack."""
    return UTC if name == "UTC" else ZoneInfo(name)
