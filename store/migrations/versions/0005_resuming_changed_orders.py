"""What resuming a changed order needs: how each version was opened, and whose card an authorization is on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_revision", sa.Column("opened", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("payment_authorization", sa.Column("change_id", sa.String(), nullable=True))
