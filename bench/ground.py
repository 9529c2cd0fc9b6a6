"""The ground that ours and the floors stand on: a stack of its own, on free ports, in a folder that is thrown away."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.documents import skus
from settings import Settings
from stack.child import Child, Command
from stack.running import RunningStack
from stack.scratch import scratch_stack

UNITS = 1_000_000
LOCATION = "main"
PAUSE = 0.1


@dataclass(frozen=True)
class Ground:
    """The running stack, its API, its simulators and its database."""

    stack: RunningStack
    api: httpx.AsyncClient
    outside: httpx.AsyncClient
    database: psycopg.AsyncConnection[Any]
    folder: Path

    @property
    def settings(self) -> Settings:
        """Complete settings of the stack."""
        return self.stack.settings

    def pids(self, *parts: str) -> dict[str, int]:
        """Process ids of these parts."""
        children = self.stack.supervisor.children()
        return {part: children[part].pid for part in parts}

    def pause_relay(self) -> None:
        """From now on orders are accepted, but nobody starts them."""
        os.kill(self.pids("relay")["relay"], signal.SIGSTOP)

    def resume_relay(self) -> None:
        """The relay goes on where it was stopped."""
        os.kill(self.pids("relay")["relay"], signal.SIGCONT)

    async def count(self, query: str, *values: object) -> int:
        """The one number that a query gives."""
        row = await (await self.database.execute(query, values or None)).fetchone()
        return int(row[0]) if row is not None else 0


@asynccontextmanager
async def running_ground(folder: Path, *, fast_commit: bool = False) -> AsyncIterator[Ground]:
    """Starts the stack, publishes the policies as they are in the checkout, and fills the warehouse."""
    async with scratch_stack(folder, tell=say, fast_commit=fast_commit) as stack:
        given = stack.settings
        headers = {"Authorization": f"Bearer {given.api_key}"}
        simulators = f"http://127.0.0.1:{given.simulators_port}"
        async with (
            httpx.AsyncClient(base_url=given.api_url, headers=headers, timeout=30, trust_env=False) as api,
            httpx.AsyncClient(base_url=simulators, timeout=30, trust_env=False) as outside,
            await psycopg.AsyncConnection.connect(given.database(), autocommit=True) as database,
        ):
            ground = Ground(stack, api, outside, database, folder)
            await _fill(api)
            try:
                yield ground
            finally:
                ground.resume_relay()  # a stopped process does not hear that it should end


@asynccontextmanager
async def running_program(module: str, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Child]:
    """A Python module as a process of its own, for as long as the block; it prints to a log in the folder."""
    log = folder / f"{module}.log"
    child = await Child.start(Command((sys.executable, "-m", module), log, environment))
    try:
        yield child
    finally:
        await child.stop()


async def _fill(api: httpx.AsyncClient) -> None:
    """Policies, items with prices, and stock that never runs out."""
    items = [{"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": "12.50"}]} for sku in skus()]
    movements = [
        {"id": f"open-{sku}", "location": LOCATION, "sku": sku, "quantity": UNITS, "reason": "receipt"}
        for sku in skus()
    ]
    for method, path, body in (
        ("POST", "/v1/policies", {"note": "bench"}),
        ("PUT", "/v1/items", {"items": items}),
        ("POST", "/v1/stock/movements", {"movements": movements}),
    ):
        (await api.request(method, path, json=body)).raise_for_status()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Waits until the coroutine function `holds` answers yes; TimeoutError with words when it does not."""
    async with asyncio.timeout(seconds) as deadline:
        try:
            while not await holds():
                await asyncio.sleep(PAUSE)
        except asyncio.CancelledError:
            if deadline.expired():
                raise TimeoutError(f"after {seconds:.0f} s still not: {what}") from None
            raise


def say(words: str) -> None:
    """A line about the course of things, beside the result."""
    print(f"bench: {words}", file=sys.stderr, flush=True)
