"""Starts bare orders and sends their signals: `python -m bench.floor.driver`, told what to do by lines on a socket.

start <prefix> <count>     from the bench: as our relay, 50 at once
shipped <number>           from the worker: its call to the carrier has returned
"""

import asyncio
import os
import signal

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.documents import documents
from bench.floor import tuning
from bench.floor.shapes import BareOrder
from limits import RELAY_ORDERS_AT_ONCE
from settings import Settings

QUEUE = "bare-orders"
SOCKET = "BENCH_SOCKET"
"""Environment variable: path of the socket."""


class Driver:
    """The floor's part of what the relay does."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(RELAY_ORDERS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obeys one connection's lines."""
        async for line in reader:
            word, *rest = line.decode().split()
            if word == "start":
                for document in documents(rest[0], int(rest[1])):
                    self._begin(self._start(BareOrder.model_validate(document)))
            else:
                self._begin(self._ship(rest[0]))
        writer.close()

    def _begin(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, order: BareOrder) -> None:
        async with self._slots:
            await self._client.start_workflow("bare-order", order, id=f"bare-{order.number}", task_queue=QUEUE)

    async def _ship(self, number: str) -> None:
        async with self._slots:
            await self._client.get_workflow_handle(f"bare-{number}").signal("shipped")


async def main() -> None:
    """Serves until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    settings = Settings.from_env()
    client = await Client.connect(
        settings.temporal_address,
        data_converter=pydantic_data_converter,
        grpc_compression=tuning.compression(settings),
    )
    async with await asyncio.start_unix_server(Driver(client).listen, os.environ[SOCKET]):
        await stopped.wait()


if __name__ == "__main__":
    tuning.run(main())
