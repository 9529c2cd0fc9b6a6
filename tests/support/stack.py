"""Real servers for tests: PostgreSQL, Temporal, or both, on free ports in a folder of the test.

async with running_postgres(folder) as postgres:          # ~1.5 s the first time in a folder
    url = await postgres.fresh_database(schema=upgrade)    # a copy of a migrated template: 350 files, ~200 ms
    url = await postgres.emptied_database(schema=upgrade)  # the one of the test before, with nothing in it
async with running_temporal(folder) as temporal:
    client = await temporal.client()
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from temporalio.client import Client

from stack import part as stack_part
from stack import temporal as stack_temporal
from stack.child import Child
from stack.part import Part
from stack.postgres import PostgresServer
from stack.temporal import TemporalServer
from tests.support.ports import free_port

PASSWORD = "test-only"
NAMESPACE = "default"
SKIP_TIME = ("frontend.WorkflowTimeSkippingEnabled=true",)


CUT_OFF = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica
"""
"""No other connection is left, and neither references nor triggers are heeded from here on."""
BEGIN_AGAIN = "SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences"


@dataclass
class Running:
    """A part that runs, and may be killed and started again on the same data and port."""

    part: Part
    child: Child

    @property
    def pid(self) -> int:
        return self.child.pid

    async def kill(self) -> None:
        """kill -9 of the server itself."""
        await self.child.kill()

    async def stop(self) -> None:
        """An orderly stop."""
        await self.child.stop()

    async def start(self) -> None:
        """Starts it again."""
        self.child = await stack_part.start(self.part)


@dataclass
class RunningPostgres(Running):
    """An embedded PostgreSQL that a test owns."""

    server: PostgresServer
    _templates: dict[Callable[[str], None], str] = field(default_factory=dict)
    _emptied: dict[Callable[[str], None], tuple[str, set[str]]] = field(default_factory=dict)
    """Of each schema the database that is emptied for the next test, and the tables that belong to it."""

    def url(self, database: str = "ordito") -> str:
        return self.server.url(database)

    async def fresh_database(self, schema: Callable[[str], None] | None = None) -> str:
        """The URL of a new database; with `schema` (say `store.migrate.upgrade`), a copy of one it was applied to."""
        template = None
        if schema is not None:
            template = self._templates.get(schema)
            if template is None:
                template = f"template_{secrets.token_hex(4)}"
                await asyncio.to_thread(schema, await self.server.ensure_database(template))
                self._templates[schema] = template
        return await self.server.ensure_database(f"test_{secrets.token_hex(4)}", template)

    async def emptied_database(self, schema: Callable[[str], None]) -> str:
        """The URL of a database with this schema and without a row, for one test at a time.

        Whoever is still connected is cut off, and what a test has left is gone, tables of its own too.
        """
        if schema not in self._emptied:
            url = await self.fresh_database(schema)
            async with await AsyncConnection.connect(url) as connection:
                self._emptied[schema] = url, await _tables(connection)
        url, tables = self._emptied[schema]
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(CUT_OFF)
            emptying = [
                f'{"DELETE FROM" if table in tables else "DROP TABLE"} "{table}";'
                for table in await _tables(connection)
            ]
            await connection.execute("".join((*emptying, BEGIN_AGAIN)))
        return url


async def _tables(connection: AsyncConnection[Any]) -> set[str]:
    """All tables but the one that says which migrations the schema has."""
    found = await connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    return {name for (name,) in await found.fetchall()}


@dataclass
class RunningTemporal(Running):
    """A Temporal server that a test owns; the search attributes of orders are registered."""

    server: TemporalServer

    @property
    def address(self) -> str:
        return self.server.address

    async def client(self) -> Client:
        """A plain client, without our data converter."""
        return await stack_temporal.connect(self.address, NAMESPACE)


@asynccontextmanager
async def running_postgres(folder: Path, *, port: int | None = None) -> AsyncIterator[RunningPostgres]:
    """A server on data in `folder`; commits do not wait for the disk, which tests of crashes of processes allow."""
    server = PostgresServer(
        data=folder / "postgres",
        port=port or free_port(),
        password=PASSWORD,
        log=folder / "logs" / "postgres.log",
        fast_commit=True,
    )
    part = Part("PostgreSQL", server.prepare, lambda _: server.is_ready(), settle=lambda: _ensure(server))
    running = RunningPostgres(part, await stack_part.start(part), server)
    try:
        yield running
    finally:
        await running.stop()


async def _ensure(server: PostgresServer) -> None:
    await server.ensure_database()


@asynccontextmanager
async def running_temporal(
    folder: Path,
    *,
    ui: bool = False,
    time_skipping: bool = False,
    port: int | None = None,
    dynamic_config: tuple[str, ...] = (),
) -> AsyncIterator[RunningTemporal]:
    """A server on a file in `folder`, with the retention of production."""
    server = TemporalServer(
        database=folder / "temporal.db",
        log=folder / "logs" / "temporal.log",
        port=port or free_port(),
        ui_port=free_port() if ui else None,
        metrics_port=free_port(),
        dynamic_config=(*dynamic_config, *(SKIP_TIME if time_skipping else ())),
    )
    part = Part(
        "Temporal",
        server.prepare,
        lambda _: stack_temporal.is_ready(server.address, NAMESPACE),
        settle=lambda: stack_temporal.register(server.address, NAMESPACE, retention=stack_temporal.RETENTION),
    )
    running = RunningTemporal(part, await stack_part.start(part), server)
    try:
        yield running
    finally:
        await running.stop()
