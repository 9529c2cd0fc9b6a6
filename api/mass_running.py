"""The relay that delivers carries out mass actions: some orders at once, the items of each in turn (CAP13).

Whoever dies leaves its items marked as begun. They are asked for again under the same ids, so each happens once.
"""

import asyncio
import itertools

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from api.mass_items import AwayError, Came, carry_out
from api.services import Services
from domain.process.words import ChangeOutcome
from limits import MASS_ORDERS_AT_ONCE, RELAY_LONGEST_PAUSE
from store import mass
from store.mass import Begun
from store.pool import Connection

SWEEP_SECONDS = 1.0
ANSWERS_AT_ONCE = 500
_OUTCOMES = {ChangeOutcome.ACCEPTED: "done", ChangeOutcome.PARTLY: "partly"}

log = structlog.get_logger("mass")


class MassWorker:
    """Works off what is kept until it is cancelled."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy: set[str] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """Carry out mass actions for ever. The database may go and come back."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    await self._step(group)
                except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                    log.warning("the database is away", error=type(error).__name__)
                    await asyncio.sleep(SWEEP_SECONDS)
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _step(self, group: asyncio.TaskGroup) -> None:
        free = MASS_ORDERS_AT_ONCE - len(self._busy)
        async with self._services.pool.connection() as connection:
            await settle_answered(connection)
            begun = await mass.begin(connection, sorted(self._busy), free) if free > 0 else []
        by_order = itertools.groupby(sorted(begun, key=lambda item: item.order_number), lambda item: item.order_number)
        for number, of_order in by_order:
            self._busy.add(number)
            group.create_task(self._order(number, list(of_order)))

    async def _order(self, number: str, items: list[Begun]) -> None:
        try:
            for item in items:
                await self._item(item)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning("the database is away", error=type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)  # the item is still marked as begun
        finally:
            self._busy.discard(number)
            self.wake()

    async def _item(self, item: Begun) -> None:
        try:
            came = await carry_out(self._services, item)
        except AwayError as error:
            pause = min(float(RELAY_LONGEST_PAUSE), 2.0 ** min(item.tries - 1, 10))
            async with self._services.pool.connection() as connection:
                await mass.try_later(connection, item.mass_id, item.position, pause, f"Tried again: {error}")
            return
        async with self._services.pool.connection() as connection:
            await _settle(connection, item.mass_id, item.position, came)


async def settle_answered(connection: Connection) -> None:
    """Note the answers that changes have got since they were asked for."""
    for row in await mass.answered(connection, ANSWERS_AT_ONCE):
        given = row["answer"]
        outcome = _OUTCOMES.get(row["outcome"], "refused")
        code = "" if outcome == "done" else given.get("code", "")
        await _settle(connection, row["mass_id"], row["position"], Came(outcome, code, given["words"]))


async def _settle(connection: Connection, mass_id: str, position: int, came: Came) -> None:
    await mass.settle(connection, mass_id, position, came.outcome, came.code, came.words)
