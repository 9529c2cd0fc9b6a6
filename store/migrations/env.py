"""Run by Alembic: hands it the connection of `store.migrate` and the tables."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel.sql.sqltypes import AutoString

from store.tables import Order


def _render(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Revision files name plain SQLAlchemy types only."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Order.metadata,
    compare_server_default=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
