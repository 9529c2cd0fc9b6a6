"""Hears which changes were answered in the database, so that their callers need not wait for the order to say so.

An accepted change is saved with its answer in one transaction; from then on nothing can refuse it. The order itself
hears of that a moment later, and its caller would after that.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg
import structlog

from store import changes

AGAIN_SECONDS = 2.0

log = structlog.get_logger("api")


class Hearing:
    """The changes whose callers wait in this process; where nothing is heard, they wait for the orders themselves."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def of(self, number: str, change_id: str) -> Iterator[asyncio.Event]:
        """Set when the change is answered while the block is entered."""
        name, answered = changes.announced_as(number, change_id), asyncio.Event()
        self._waiting.setdefault(name, set()).add(answered)
        try:
            yield answered
        finally:
            self._waiting[name].discard(answered)
            if not self._waiting[name]:
                del self._waiting[name]

    async def listen(self, database_url: str) -> None:
        """Until it is cancelled; a connection that breaks is made anew."""
        while True:
            try:
                await self._hear(database_url)
            except psycopg.OperationalError as error:
                log.info("answers are not heard for a while", why=type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, database_url: str) -> None:
        connection = await psycopg.AsyncConnection.connect(
            database_url, autocommit=True, connect_timeout=5, application_name="ordito api hears answers"
        )
        async with connection:
            await connection.execute(f"LISTEN {changes.ANSWERED}")
            async for said in connection.notifies():
                for answered in self._waiting.get(said.payload, ()):
                    answered.set()
