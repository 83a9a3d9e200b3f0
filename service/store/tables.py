"""The tables. No column holds a name, a birth date, a resource or a token."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
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


# Every call that produced cards or was refused.
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
)

# What clinicians did with a card. The same feedback sent twice is one row.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("client", String(255), nullable=False),
    Column("service", String(64), nullable=False),
    Column("card", String(64), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", Moment, nullable=False),
    Column("suggestions", Json, nullable=False),
    Column("reason_system", String(255)),
    Column("reason_code", String(255)),
    UniqueConstraint("client", "card", "outcome", "outcome_at"),
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
