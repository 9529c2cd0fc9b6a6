"""A line may be asked for by several groups, each with a part of its units: one live request a line and group."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shipment_line", sa.Column("group_id", sa.String(), server_default="", nullable=False))
    op.execute("UPDATE shipment_line l SET group_id = s.group_id FROM shipment s WHERE s.key = l.key")
    op.drop_index("shipment_line_one_live", table_name="shipment_line")
    op.create_index(
        "shipment_line_one_live",
        "shipment_line",
        ["order_number", "line", "group_id"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
