"""The floor of a change: its calls to the outside one after another, and an update that does nothing.

The bare orders that it is measured on really wait for the carrier, as ours do: nobody sends them their signal.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.floor.asking import authorize_more, cancel, inquire
from bench.floor.driver import QUEUE
from bench.floor.shapes import BareOrder
from settings import Settings
from workflows.connecting import compression


@dataclass
class BareOrders:
    """Starts bare orders, hears when they wait, and changes them."""

    client: Client
    http: aiohttp.ClientSession
    settings: Settings
    _waiting: set[str] = field(default_factory=set)

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

    async def rework(self, order: dict[str, Any]) -> None:
        """The same calls and the commits of a change as activities of the workflow."""
        handle = self.client.get_workflow_handle(f"bare-{order['number']}")
        await handle.execute_update("rework", BareOrder.model_validate(order))

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
    bare = BareOrders(client, http, settings)
    server = await asyncio.start_unix_server(bare.listen, socket)
    try:
        yield bare
    finally:
        server.close()
        if socket.exists():
            os.unlink(socket)
