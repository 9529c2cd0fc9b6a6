"""The worker of the bare orders: `python -m bench.floor.worker`. Its options are those of our worker.

A local activity commits one row; a remote one makes one call to the simulators.
"""

import asyncio
import os
import signal
from collections.abc import Mapping

import aiohttp
from psycopg_pool import AsyncConnectionPool
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from bench.floor import tuning
from bench.floor.asking import AMOUNT, authorize_more, cancel, inquire
from bench.floor.driver import QUEUE, SOCKET
from bench.floor.shapes import BareOrder
from bench.floor.workflow import BareOrderWorkflow
from settings import Settings
from worker import OPTIONS

CHANNEL = "bench_answered"
ANSWER = "WITH saved AS (INSERT INTO bench_step (number, step) VALUES (%s, %s)) SELECT pg_notify(%s, %s)"


class BareActivities:
    """Everything that happens outside of the workflow."""

    def __init__(
        self, pool: AsyncConnectionPool, http: aiohttp.ClientSession, settings: Settings, told: asyncio.StreamWriter
    ):
        self._pool = pool
        self._http = http
        self._settings = settings
        self._told = told

    @activity.defn
    async def commit(self, number: str, step: str) -> None:
        """One row."""
        async with self._pool.connection() as connection:
            await connection.execute("INSERT INTO bench_step (number, step) VALUES (%s, %s)", (number, step))

    @activity.defn
    async def authorize(self, order: BareOrder) -> None:
        """Holds the money."""
        body = {
            "order": order.number,
            "amount": AMOUNT,
            "currency": order.currency,
            "token": order.payment.token,
            "at": order.ordered_at.isoformat(),
        }
        await self._post(f"{self._settings.payment_url}/v1/authorizations", f"{order.number}/authorize", body)

    @activity.defn
    async def ship(self, order: BareOrder) -> None:
        """Asks for the shipment, and says when the call has returned: the driver then sends the signal."""
        body = {
            "order": order.number,
            "group": "1",
            "method": order.ship_method,
            "at": order.ordered_at.isoformat(),
            "ship_to": order.ship_to.model_dump(),
            "lines": [
                {"line": str(at), "sku": line.sku, "quantity": line.quantity, "ordered": line.quantity}
                for at, line in enumerate(order.lines)
            ],
        }
        await self._post(f"{self._settings.carrier_url}/v1/shipments", f"{order.number}/ship", body)
        self._told.write(f"shipped {order.number}\n".encode())

    @activity.defn
    async def capture(self, order: BareOrder) -> None:
        """Takes the money."""
        body = {
            "authorization_key": f"{order.number}/authorize",
            "amount": AMOUNT,
            "at": order.ordered_at.isoformat(),
        }
        await self._post(f"{self._settings.payment_url}/v1/captures", f"{order.number}/capture", body)

    @activity.defn
    async def make_calls(self, order: BareOrder) -> None:
        """The calls of a change, each entered before it is made and with its outcome after; the last row tells."""
        await inquire(self._http, self._settings, order.number)
        await self.commit(order.number, "held, to be authorized")
        await authorize_more(self._http, self._settings, order.number)
        await self.commit(order.number, "authorized, to be cancelled")
        await cancel(self._http, self._settings, order.number)
        async with self._pool.connection() as connection:
            await connection.execute(ANSWER, (order.number, "cancelled, saved", CHANNEL, order.number))

    async def _post(self, url: str, key: str, body: Mapping[str, object]) -> None:
        async with self._http.post(url, json=body, headers={"Idempotency-Key": key}) as response:
            response.raise_for_status()
            await response.json()


async def main() -> None:
    """Works until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    settings = Settings.from_env()
    client = await Client.connect(
        settings.temporal_address,
        data_converter=pydantic_data_converter,
        grpc_compression=tuning.compression(settings),
    )
    _, told = await asyncio.open_unix_connection(os.environ[SOCKET])
    async with (
        AsyncConnectionPool(settings.database(), min_size=2, max_size=16, kwargs={"autocommit": True}) as pool,
        aiohttp.ClientSession() as http,
    ):
        steps = BareActivities(pool, http, settings, told)
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareOrderWorkflow],
            activities=[steps.commit, steps.authorize, steps.ship, steps.capture, steps.make_calls],
            **OPTIONS,
        ):
            await stopped.wait()


if __name__ == "__main__":
    tuning.run(main())
