"""Brings a database's schema up to the program's: `upgrade` at every start, `draft` when the tables change."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_017_483
"""Advisory lock of the schema: of several processes that start together, one migrates and the others wait."""


def upgrade(database_url: str) -> None:
    """Apply every migration that is missing, each once, in one transaction. Safe to call from many processes at once.

    Raises sqlalchemy.exc.OperationalError when the database cannot be reached.
    """
    with _connect(database_url) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.upgrade(_config(connection), "head")


def pending(database_url: str) -> bool:
    """Whether the schema is not the program's: `upgrade` would change it, or a newer program has been here."""
    with _connect(database_url) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found != ScriptDirectory(str(MIGRATIONS)).get_current_head()


def draft(database_url: str, words: str) -> None:
    """Write a new revision file with what `store.tables` has and the (upgraded) database has not."""
    with _connect(database_url) as connection:
        command.revision(_config(connection), words, autogenerate=True)


def _connect(database_url: str) -> AbstractContextManager[Connection]:
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    return create_engine(url, poolclass=NullPool).begin()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    if sys.argv[1:2] != ["draft"] or len(sys.argv) != 3:
        sys.exit('usage: DATABASE_URL=... python -m store.migrate draft "what changes"')
    draft(Settings.from_env().database(), sys.argv[2])
