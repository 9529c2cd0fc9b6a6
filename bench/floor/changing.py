"""The floor of a change: its calls to the outside one after another, and an update that does nothing.

The bare orders that it is measured on really wait for the carrier, as ours do: nobody sends them their signal.
"""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.floor.asking import authorize_more, cancel, inquire
from bench.floor.driver import QUEUE
from bench.floor.shapes import BareOrder
from bench.floor.worker import CHANNEL
from settings import Settings
from workflows.connecting import compression

KEEP = "INSERT INTO bench_step (number, step) VALUES (%s, 'change kept')"


@dataclass
class BareOrders:
    """Starts bare orders, hears when they wait, and changes them."""

    client: Client
    http: aiohttp.ClientSession
    settings: Settings
    database: psycopg.AsyncConnection[Any]
    _waiting: set[str] = field(default_factory=set)
    _heard: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def start(self, orders: Sequence[dict[str, Any]]) -> None:
        """Starts them all."""
        for document in orders:
            order = BareOrder.model_validate(document)
            await self.client.start_workflow("bare-order", order, id=f"bare-{order.number}", task_queue=QUEUE)

    def waits(self, number: str) -> bool:
        """Whether the order has its shipment requested and waits for the carrier."""
        return number in self._waiting

    async def change(self, order: dict[str, Any]) -> None:
        """Asks how far the shipment is, authorizes more, cancels the shipment, and has the workflow answer."""
        number = str(order["number"])
        for ask in (inquire, authorize_more, cancel):
            await ask(self.http, self.settings, number)
        await self.client.get_workflow_handle(f"bare-{number}").execute_update("change")

    async def change_for_good(self, order: dict[str, Any]) -> float:
        """The same calls so that none is lost; milliseconds from keeping the change to hearing that it is saved.

        Kept before the workflow is asked, in its history before the outside is asked, each call entered before it is
        made and its outcome after, the last with the answer. Nothing is read, worked out or decided, nor is there a
        route in front of it.
        """
        number, heard = str(order["number"]), self._heard[str(order["number"])]
        handle = self.client.get_workflow_handle(f"bare-{number}")
        started = time.perf_counter()
        await self.database.execute(KEEP, (number,))
        asked = asyncio.create_task(handle.execute_update("change_for_good", BareOrder.model_validate(order)))
        hearing = asyncio.create_task(heard.wait())
        await asyncio.wait((asked, hearing), return_when=asyncio.FIRST_COMPLETED)
        took = (time.perf_counter() - started) * 1000
        hearing.cancel()
        await asked
        return took

    async def hear(self) -> None:
        """Which changes are saved, until it is cancelled."""
        async with await psycopg.AsyncConnection.connect(self.settings.database(), autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            async for said in connection.notifies():
                self._heard[said.payload].set()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the worker says: `shipped <number>`."""
        async for line in reader:
            self._waiting.add(line.decode().split()[1])
        writer.close()


@asynccontextmanager
async def bare_orders(settings: Settings, socket: Path, http: aiohttp.ClientSession) -> AsyncIterator[BareOrders]:
    """Listens on the socket that the floor's worker is told of."""
    client = await Client.connect(
        settings.temporal_address,
        data_converter=pydantic_data_converter,
        grpc_compression=compression(settings.temporal_address),
    )
    async with await psycopg.AsyncConnection.connect(settings.database(), autocommit=True) as database:
        bare = BareOrders(client, http, settings, database)
        server = await asyncio.start_unix_server(bare.listen, socket)
        hearing = asyncio.create_task(bare.hear())
        try:
            yield bare
        finally:
            hearing.cancel()
            server.close()
            if socket.exists():
                os.unlink(socket)
