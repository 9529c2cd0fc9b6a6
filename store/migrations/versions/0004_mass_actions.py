"""Mass actions: one action on many orders or lines, and what became of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OUTCOMES = "'open', 'begun', 'in_progress', 'done', 'partly', 'refused', 'failed', 'stopped'"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "mass_action",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("accepted_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("stopped_at", moment, nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mass_action_accepted", "mass_action", ["accepted_at", "id"])
    op.create_table(
        "mass_item",
        sa.Column("mass_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="open", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("at", moment, nullable=True),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name="mass_item_outcome"),
        sa.ForeignKeyConstraint(["mass_id"], ["mass_action.id"]),
        sa.PrimaryKeyConstraint("mass_id", "position"),
        sa.UniqueConstraint(
            "mass_id", "order_number", "line", name="mass_item_once", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(
        "mass_item_unsettled",
        "mass_item",
        ["position", "mass_id"],
        postgresql_where=sa.text("outcome IN ('open', 'begun', 'in_progress')"),
    )
