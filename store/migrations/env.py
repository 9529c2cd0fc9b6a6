"""Run by Alembic: hands it the connection of `store.migrate` and the tables."""

from typing import Any

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from store import tables


def _render(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Revision files name plain SQLAlchemy types only."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.SQLModel.metadata,
    compare_server_default=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
