"""The pool of PostgreSQL connections of a process.

`async with pool.connection() as connection:` is one transaction: committed at the end, rolled back by an exception
(design rule 9). Rows come as dicts. Statements are prepared at their first use, so all SQL must be constant text.
"""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

CHECKOUT_SECONDS = 5.0
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 8
"""Below the 10 seconds of a local step: the database gives up before the step does (design rule 9)."""
IDLE_SECONDS = 300.0


BY_KEY = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
"""A statement that finds its rows by key needs no plan of its own for each set of values: planning took as long as the
rest. PostgreSQL guesses a hundred rows where it is given JSON or a list, so it has to be told to use the index."""


def create_pool(
    database_url: str, *, size: int = 8, least: int = 1, name: str = "ordito", by_key: bool = False
) -> Pool:
    """A closed pool of up to `size` connections: `await pool.open()` first, `await pool.close()` last.

    Opening does not wait for the database, so a process boots while it is away; `pool.wait()` does. A checkout raises
    `psycopg_pool.PoolTimeout` after CHECKOUT_SECONDS, and a connection that a restarted server has closed is replaced.
    `by_key`: every statement finds its rows by key, and is planned once.
    """
    options: dict[str, Any] = {
        "row_factory": dict_row,
        "prepare_threshold": 0,
        "application_name": name,
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS}s -c jit=off{BY_KEY if by_key else ''}",
    }
    return AsyncConnectionPool(
        database_url,
        connection_class=AsyncConnection[DictRow],
        kwargs=options,
        min_size=least,
        max_size=size,
        open=False,
        check=check_alive,
        timeout=CHECKOUT_SECONDS,
        max_idle=IDLE_SECONDS,
        reconnect_timeout=float("inf"),
        name=name,
    )


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction whose statements travel together: a round trip for each result that is read, and one for the rest.

    A statement that fails is raised by the next read, or by the end of the block.
    """
    async with pool.connection() as connection:
        try:
            async with connection.pipeline(), connection.transaction():
                yield connection
        finally:
            # Cut short as it begins, psycopg leaves the pipeline open: what the next user writes would never be sent.
            if connection.info.pipeline_status is not PipelineStatus.OFF:
                await connection.close()


@asynccontextmanager
async def repeatable(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction that does not wait for the disk: only for what is done once more if a power cut takes it away."""
    async with transaction(pool) as connection:
        await connection.execute("SET LOCAL synchronous_commit = off")
        yield connection


@asynccontextmanager
async def statement(pool: Pool) -> AsyncIterator[Connection]:
    """For one statement that is a transaction by itself: one round trip, no BEGIN, no COMMIT.

    OperationalError where it is not known to have come to its end.
    """
    async with pool.connection() as connection:
        await connection.set_autocommit(True)
        try:
            yield connection
            if not _is_idle(connection):
                raise psycopg.OperationalError("the statement has not come to its end")
        finally:
            if _is_idle(connection):
                await connection.set_autocommit(False)
            else:  # cut short amid the statement: nobody can use it any more
                await connection.close()


def _is_idle(connection: Connection) -> bool:
    return connection.info.transaction_status is TransactionStatus.IDLE


async def check_alive(connection: AsyncConnection[Any]) -> None:
    """Raises OperationalError for a connection that the server has closed.

    An idle connection has nothing to read unless the server said goodbye, so the usual case costs no round trip.
    """
    if connection.closed:
        raise psycopg.OperationalError("the connection is closed")
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)
