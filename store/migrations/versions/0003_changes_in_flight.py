"""Changes in flight: proposals, the versions of an order, reservations that replace others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change_request", sa.Column("proposal", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_table(
        "order_revision",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.String(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("party", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("revision >= 1", name="revision_counted_from_1"),
        sa.ForeignKeyConstraint(["order_number"], ["sales_order.number"]),
        sa.PrimaryKeyConstraint("order_number", "revision"),
        sa.UniqueConstraint("order_number", "change_id", name="revision_once_per_change"),
    )
    op.drop_constraint("reservation_pkey", "reservation", type_="primary")
    op.create_primary_key("reservation_pkey", "reservation", ["key", "line", "location", "sku"])
    op.drop_constraint("reservation_state", "reservation", type_="check")
    op.create_check_constraint(
        "reservation_state", "reservation", "state IN ('live', 'released', 'replaced', 'issued')"
    )
