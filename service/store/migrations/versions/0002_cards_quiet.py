"""What cards were about, settled advice, and feedback with a digest of what was said.

No release before this one took feedback, so its table is empty and made anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("audit", sa.Column("withheld", json, nullable=False, server_default="{}"))
    op.drop_table("feedback")
    make_feedback()
    op.create_table(
        "cards",
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("rules", json, nullable=False),
        sa.Column("suggestions", json, nullable=False),
        sa.Column("evidence", sa.String(64)),
        sa.Column("patient_hash", sa.String(64)),
        sa.PrimaryKeyConstraint("client", "card", name="pk_cards"),
    )
    op.create_index("ix_cards_at", "cards", ["at"])
    op.create_table(
        "quiet",
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("patient_hash", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.PrimaryKeyConstraint("client", "patient_hash", "topic", name="pk_quiet"),
    )
    op.create_index("ix_quiet_since", "quiet", ["since"])


def make_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_at", moment, nullable=False),
        sa.Column("suggestions", json, nullable=False),
        sa.Column("reason_system", sa.String(255)),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("said", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("client", "said", name="uq_feedback_client_said"),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
    op.create_index("ix_feedback_card", "feedback", ["card"])
