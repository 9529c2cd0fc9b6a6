"""Means against our own database: rows locked, sessions ended, commits kept from being answered, all of it paused."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psutil
import psycopg

from domain.process.words import Operation
from tests.grid.buyer import PATIENCE, Buyer
from tests.support.shop import Shop

Session = psycopg.AsyncConnection[Any]
BLOCKED = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
UNANSWERED = """
SELECT a.pid FROM pg_stat_activity a
WHERE a.wait_event = 'SyncRep' AND a.application_name = 'ordito-worker' AND a.query LIKE %s
"""
WRITES = {Operation.RESERVE: "%INSERT INTO reservation%", Operation.INVOICE: "%INSERT INTO invoice%"}
"""How to tell the statements of two local steps."""


class Lock:
    """Keeps one order's local step from getting on, by a lock that only it needs."""

    def __init__(self, shop: Shop, session: Session) -> None:
        self._shop = shop
        self._session = session

    async def blocked(self) -> int:
        """The session that waits for the lock, as soon as there is one."""
        deadline = time.monotonic() + PATIENCE
        me = self._session.info.backend_pid
        while not (found := await _rows(self._shop, BLOCKED, me)):
            assert time.monotonic() < deadline, "nobody came to the lock"
            await asyncio.sleep(0.05)
        return int(found[0])

    async def end_the_waiting(self) -> None:
        """Ends the session that waits: its transaction did not happen."""
        await end_session(self._shop, await self.blocked())

    async def give_up(self) -> None:
        await self._session.rollback()


@asynccontextmanager
async def stock_locked(buyer: Buyer) -> AsyncIterator[Lock]:
    """Nobody reserves or gives back the buyer's item."""
    async with _locking(buyer.shop) as session:
        await session.execute("SELECT FROM stock WHERE sku = %s FOR UPDATE", (buyer.sku,))
        yield Lock(buyer.shop, session)


@asynccontextmanager
async def effect_locked(buyer: Buyer, step: str, operation: Operation) -> AsyncIterator[Lock]:
    """The first effect of that kind cannot be entered in the ledger."""
    key = f"{buyer.number}/{step}/1/r1/{operation}/1"
    async with _locking(buyer.shop) as session:
        await session.execute(
            "INSERT INTO effect (key, order_number, operation, state, at) VALUES (%s, %s, %s, 'intended', now())",
            (key, buyer.number, operation),
        )
        yield Lock(buyer.shop, session)


@asynccontextmanager
async def _locking(shop: Shop) -> AsyncIterator[Session]:
    async with await _session(shop) as session:
        try:
            yield session
        finally:
            await session.rollback()


@asynccontextmanager
async def commits_unanswered(shop: Shop) -> AsyncIterator[None]:
    """Every commit is done, and its answer waits for a standby that does not exist."""
    await _configure(shop, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try:
        await asyncio.sleep(0.3)  # until the server has taken it up
        yield
    finally:
        await _configure(shop, "ALTER SYSTEM RESET synchronous_standby_names")


async def unanswered(shop: Shop, operation: Operation) -> int:
    """The worker's session whose commit of such a step is not answered, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await _rows(shop, UNANSWERED, WRITES[operation])):
        assert time.monotonic() < deadline, f"no {operation} was committed"
        await asyncio.sleep(0.05)
    return int(found[0])


async def end_session(shop: Shop, pid: int) -> None:
    await _rows(shop, "SELECT pid FROM (SELECT %s::int AS pid) p WHERE pg_terminate_backend(pid)", pid)


@contextmanager
def paused(shop: Shop) -> Iterator[None]:
    """No process of the database gets on."""
    server = psutil.Process(shop.up.children()["postgres"])
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


async def done_effects(buyer: Buyer, operation: Operation) -> list[str]:
    """Keys of the order's effects of that kind, by our ledger."""
    query = "SELECT key FROM effect WHERE order_number = %s AND operation = %s AND state = 'done' ORDER BY key"
    return [str(key) for key in await _rows(buyer.shop, query, buyer.number, operation)]


async def _configure(shop: Shop, statement: str) -> None:
    async with await _session(shop, autocommit=True) as session:
        await session.execute("SET synchronous_commit = local")
        await session.execute(statement.encode())
        await session.execute("SELECT pg_reload_conf()")


async def _rows(shop: Shop, query: str, *values: object) -> list[Any]:
    async with await _session(shop, autocommit=True) as session:
        cursor = await session.execute(query.encode(), values)
        return [row[0] for row in await cursor.fetchall()]


async def _session(shop: Shop, *, autocommit: bool = False) -> Session:
    return await psycopg.AsyncConnection.connect(shop.settings.database(), autocommit=autocommit)
