"""Audit, feedback and the tokens that were seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("client", sa.String(255)),
        sa.Column("tenant", sa.String(255)),
        sa.Column("jti", sa.String(255)),
        sa.Column("hook_instance", sa.String(36)),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("hook", sa.String(64)),
        sa.Column("rules", json, nullable=False),
        sa.Column("disposition", sa.String(32)),
        sa.Column("cards", json, nullable=False),
        sa.Column("refusal", sa.String(64)),
        sa.Column("knowledge_version", sa.String(64), nullable=False),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("patient_hash", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_patient_hash", "audit", ["patient_hash"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_at", moment, nullable=False),
        sa.Column("suggestions", json, nullable=False),
        sa.Column("reason_system", sa.String(255)),
        sa.Column("reason_code", sa.String(255)),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint(
            "client", "card", "outcome", "outcome_at", name="uq_feedback_client_card_outcome_outcome_at"
        ),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_table(
        "seen_tokens",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("jti", sa.String(255), nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name="pk_seen_tokens"),
    )
    op.create_index("ix_seen_tokens_expires", "seen_tokens", ["expires"])


def downgrade() -> None:
    for table in ("seen_tokens", "feedback", "audit"):
        op.drop_table(table)
