"""The tables. No column holds a name, a birth date, a resource or a token."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
Json = JSON().with_variant(JSONB(), "postgresql")


class Moment(TypeDecorator[datetime]):
    """A point in time. SQLite forgets the zone, so UTC goes in and UTC comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database; a time without a zone is a mistake of ours."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database, always in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Every call that produced cards or was refused. `cards` are the UUIDs of those that were shown, `withheld`
# says of the others why they were not, by topic.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("client", String(255)),
    Column("tenant", String(255)),
    Column("jti", String(255)),
    Column("hook_instance", String(36)),
    Column("service", String(64), nullable=False),
    Column("hook", String(64)),
    Column("rules", Json, nullable=False),
    Column("disposition", String(32)),
    Column("cards", Json, nullable=False),
    Column("refusal", String(64)),
    Column("knowledge_version", String(64), nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("patient_hash", String(64), index=True),
    Column("withheld", Json, nullable=False, server_default="{}"),
)

# What a card was about, so that feedback on it can be told by rule, topic and kind of suggestion.
cards = Table(
    "cards",
    metadata,
    Column("client", String(255), primary_key=True),
    Column("card", String(36), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("topic", String(64), nullable=False),
    Column("rules", Json, nullable=False),
    Column("suggestions", Json, nullable=False),
    Column("evidence", String(64)),
    Column("patient_hash", String(64)),
)

# What clinicians did with a card. `said` is a digest of the item: the same said twice is one row.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("client", String(255), nullable=False),
    Column("service", String(64), nullable=False),
    Column("card", String(36), nullable=False, index=True),
    Column("known", Boolean(create_constraint=False), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", Moment, nullable=False),
    Column("suggestions", Json, nullable=False),
    Column("reason_system", String(255)),
    Column("reason_code", String(64)),
    Column("said", String(64), nullable=False),
    UniqueConstraint("client", "said"),
)

# Which advice a clinician has settled for a patient, on which evidence, and when.
quiet = Table(
    "quiet",
    metadata,
    Column("client", String(255), primary_key=True),
    Column("patient_hash", String(64), primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("evidence", String(64), nullable=False),
    Column("since", Moment, nullable=False, index=True),
)

# Tokens that were used once, until they expire.
seen_tokens = Table(
    "seen_tokens",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("jti", String(255), primary_key=True),
    Column("expires", Moment, nullable=False),
    Index("ix_seen_tokens_expires", "expires"),
)
