"""The relay: tells Temporal what was committed for it, in order per order. `python -m api.relay`.

One relay delivers, others stand by: it holds an advisory lock rather than an open transaction, for a transaction that
lasts as long as a call to Temporal would hold back the feed of events. What was delivered but not yet marked when a
relay dies is delivered again; starting and every signal can be repeated.
"""

import asyncio
import contextlib
import itertools
import signal
import sys
import time
from collections.abc import AsyncIterator
from typing import Literal, cast

import psycopg
import structlog
import uvloop
from psycopg_pool import PoolTimeout

import tracing
from api.keyring import Keyring
from api.late_gateway import LateGateway
from api.mass_running import MassWorker
from api.services import Services, wall_clock
from domain.process.doors import Start
from domain.process.events import RetryAsked
from limits import MASS_ORDERS_AT_ONCE, RELAY_BATCH, RELAY_CALL_SECONDS, RELAY_LONGEST_PAUSE, RELAY_ORDERS_AT_ONCE
from logs import set_up_logs
from settings import Settings, SettingsError
from store import changes, dispatch
from store.dispatch import Message
from store.pool import Pool, create_pool
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError, TemporalTroubleError

POOL_SIZE = 3 + MASS_ORDERS_AT_ONCE
SWEEP_SECONDS = 1.0
AWAY_PAUSE_SECONDS = 2.0
SAY_AGAIN_SECONDS = 60.0
NOT_RUNNING = "no workflow of this order runs"

log = structlog.get_logger("relay")


class Relay:
    """Delivers messages until stopped."""

    def __init__(self, pool: Pool, gateway: LateGateway, mass: MassWorker | None = None) -> None:
        self._pool = pool
        self._gateway = gateway
        self._mass = mass
        self._resting: dict[str, tuple[float, int]] = {}
        """Orders whose last message failed: when to try again, and how often it failed."""
        self._away_since: float | None = None
        self._said_at = float("-inf")
        self._slots = asyncio.Semaphore(RELAY_ORDERS_AT_ONCE)

    async def run(self, database_url: str) -> None:
        """Deliver for ever; only cancelling ends it. The database may go and come back."""
        while True:
            try:
                async with _listening(database_url) as listener:
                    await self._lead(listener)
            except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                log.warning("the database is away", error=type(error).__name__)
                await asyncio.sleep(SWEEP_SECONDS)

    async def _lead(self, listener: psycopg.AsyncConnection[object]) -> None:
        while not await _is_leader(listener):  # noqa: ASYNC110 - the lock of another process tells nobody
            await asyncio.sleep(SWEEP_SECONDS)
        log.info("the relay delivers")
        if self._mass is None:
            await self._deliver_for_ever(listener)
            return
        works = [asyncio.create_task(self._deliver_for_ever(listener)), asyncio.create_task(self._mass.run())]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()  # neither ends but by an error, and the other ends with it
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _deliver_for_ever(self, listener: psycopg.AsyncConnection[object]) -> None:
        while True:
            found = await self.deliver()
            if self._away_since is not None:
                await asyncio.sleep(AWAY_PAUSE_SECONDS)
            elif found < RELAY_BATCH:
                said = await _woken(listener)
                if self._mass is not None and dispatch.MASS_ACTION in said:
                    self._mass.wake()

    async def deliver(self) -> int:
        """Deliver a batch; how many messages were looked at."""
        now = time.monotonic()
        resting = [number for number, (until, _) in self._resting.items() if until > now]
        async with self._pool.connection() as connection:
            messages = await dispatch.undelivered(connection, RELAY_BATCH, resting)
        if not messages:
            return 0
        self._away_since = None
        by_order = itertools.groupby(sorted(messages, key=lambda m: (m.order_number, m.id)), lambda m: m.order_number)
        results = await asyncio.gather(*(self._tell_order(list(of_order)) for _, of_order in by_order))
        await self._note([result for of_order in results for result in of_order])
        return len(messages)

    async def _tell_order(self, messages: list[Message]) -> list[tuple[Message, str | None]]:
        """The messages of one order in turn, up to the first that fails: each with None, or why it failed."""
        results: list[tuple[Message, str | None]] = []
        async with self._slots:
            for message in messages:
                if self._away_since is not None:
                    break
                problem = await self._tell(message)
                results.append((message, problem))
                if problem is not None:
                    break
        return results

    async def _tell(self, message: Message) -> str | None:
        """Deliver one message; None when it arrived."""
        try:
            change = message.payload.get("change_id") if message.kind == "change" else None
            with tracing.delivering(message.kind, message.order_number, change, message.traceparent):
                async with asyncio.timeout(RELAY_CALL_SECONDS):
                    arrived = await self._call(message)
        except TemporalTroubleError as error:
            log.warning("Temporal does not take a message", id=message.id, order=message.order_number, error=str(error))
            return "Temporal does not take it now"
        except (TemporalAwayError, TimeoutError) as error:
            self._note_away(error)
            return "Temporal is away"
        except Exception as error:  # noqa: BLE001 - one broken message must not stop the others
            log.error(
                "a message cannot be delivered", id=message.id, order=message.order_number, error=type(error).__name__
            )
            return f"failed: {type(error).__name__}"
        return None if arrived else NOT_RUNNING

    async def _call(self, message: Message) -> bool:
        if message.kind == "start":
            await self._gateway.start(Start.model_validate(message.payload))
            return True
        if message.kind == "retry":
            with contextlib.suppress(RefusedError):
                try:
                    await self._gateway.retry(message.order_number, RetryAsked.model_validate(message.payload))
                except OrderNotRunningError:
                    return False
            return True
        kind = cast(Literal["carrier", "payment", "change"], message.kind)
        return await self._gateway.signal(message.order_number, kind, message.payload)

    def _note_away(self, error: Exception) -> None:
        now = time.monotonic()
        self._away_since = self._away_since or now
        if now - self._said_at > SAY_AGAIN_SECONDS:
            self._said_at = now
            log.warning("Temporal is away; messages are kept", error=str(error)[:200])

    async def _note(self, results: list[tuple[Message, str | None]]) -> None:
        """Mark what arrived; what is for an order that has ended counts as delivered too, with a note."""
        failed = [(message, problem) for message, problem in results if problem is not None]
        arrived = [message for message, problem in results if problem is None]
        lost = [message for message, problem in failed if problem == NOT_RUNNING]
        async with self._pool.connection() as connection:
            await dispatch.mark_delivered(connection, [message.id for message in arrived])
            finished = await dispatch.finished_orders(connection, [m.order_number for m in lost]) if lost else set()
            late = [message for message in lost if message.order_number in finished]
            for message in late:
                if message.kind == "change":
                    change_id = str(message.payload["change_id"])
                    await changes.answer_closed(connection, message.order_number, change_id, wall_clock())
            await dispatch.mark_delivered(connection, [message.id for message in late], "the order had ended")
            remaining = [(message, problem) for message, problem in failed if message not in late]
            await dispatch.mark_failed(connection, [(message.id, problem) for message, problem in remaining])
        for message in (*arrived, *late):
            self._resting.pop(message.order_number, None)
        for message, _ in remaining:
            self._rest(message.order_number)

    def _rest(self, number: str) -> None:
        """Leave an order alone for a while, longer each time; orders are not punished for a server that is away."""
        if self._away_since is not None:
            return
        _, times = self._resting.get(number, (0.0, 0))
        pause = min(RELAY_LONGEST_PAUSE, 2.0 ** min(times, 10))
        self._resting[number] = (time.monotonic() + pause, times + 1)


@contextlib.asynccontextmanager
async def _listening(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[object]]:
    connection = await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, connect_timeout=5, application_name="ordito relay"
    )
    async with connection:
        await connection.execute("LISTEN dispatch")
        yield cast("psycopg.AsyncConnection[object]", connection)


async def _is_leader(listener: psycopg.AsyncConnection[object]) -> bool:
    cursor = await listener.execute("SELECT pg_try_advisory_lock(%s)", (dispatch.RELAY_LOCK,))
    row = cast("tuple[bool] | None", await cursor.fetchone())
    return row is not None and row[0]


async def _woken(listener: psycopg.AsyncConnection[object]) -> set[str]:
    """Wait for a commit that announces something, or for the sweep; what was announced."""
    return {said.payload async for said in listener.notifies(timeout=SWEEP_SECONDS, stop_after=1)}


async def serve(settings: Settings) -> None:
    """Run the relay until SIGINT or SIGTERM."""
    pool = create_pool(settings.database(), size=POOL_SIZE, name="ordito relay")
    async with pool:
        gateway = LateGateway(settings)
        relay = Relay(pool, gateway, MassWorker(Services(settings, pool, gateway, Keyring(pool), None)))
        task = asyncio.create_task(relay.run(settings.database()))
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main() -> None:
    """`python -m api.relay`."""
    try:
        settings = Settings.from_env()
        settings.database()
    except SettingsError as error:
        sys.exit(f"ordito: {error}")
    tracing.set_up(settings.otlp_endpoint, "ordito-relay")
    set_up_logs(settings.log_level)
    uvloop.run(serve(settings))
    tracing.end()


if __name__ == "__main__":
    main()
