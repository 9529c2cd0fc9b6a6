"""Where a story takes place: a whole stack of its own, a shop with stock, and somebody who tells what happens."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from settings import Settings
from stack.scratch import scratch_stack

PATIENCE = 30.0
PAUSE = 0.1

console = Console(highlight=False)


class NotSoError(Exception):
    """The story did not go as it should; the words say what was seen."""


def must(seen: object, wanted: object, what: str) -> None:
    """Raises NotSoError unless both are the same."""
    if seen != wanted:
        raise NotSoError(f"{what}: expected {wanted!r}, seen {seen!r}")


@dataclass(frozen=True)
class Ground:
    """The doors of the running stack: its API, the outside's own books, its settings."""

    api: httpx.AsyncClient
    outside: httpx.AsyncClient
    settings: Settings

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the API that has to work; its answer."""
        response = await self.api.request(method, path, json=body)
        if response.status_code >= 300:
            raise NotSoError(f"{method} {path} answered {response.status_code}: {response.text}")
        return response.json()

    async def admin(self, path: str, body: Mapping[str, Any]) -> None:
        """Has the carrier's or the payment provider's people do something."""
        (await self.outside.post(path, json=body)).raise_for_status()

    async def books(self, partner: str, order: str) -> dict[str, Any]:
        """What a partner has written down about an order."""
        response = await self.outside.get(f"/{partner}/admin/books", params={"order": order})
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    async def until(self, number: str, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The order, as soon as it is as told; NotSoError when it never is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            order: dict[str, Any] = await self.send("GET", f"/v1/orders/{number}")
            if holds(order):
                return order
            if time.monotonic() > deadline:
                raise NotSoError(f"after {PATIENCE:.0f} s still not: {what}; the order is {order['status']}")
            await asyncio.sleep(PAUSE)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """A stack in a folder that is thrown away. Its own lines go to the console in grey."""

    def tell(words: str) -> None:
        console.print(words, style="dim")

    with tempfile.TemporaryDirectory(prefix="ordito-story-") as folder:
        async with scratch_stack(Path(folder), tell=tell) as stack:
            given = stack.settings
            headers = {"Authorization": f"Bearer {given.api_key}"}
            outside = f"http://127.0.0.1:{given.simulators_port}"
            async with (
                httpx.AsyncClient(base_url=given.api_url, headers=headers, timeout=30, trust_env=False) as api,
                httpx.AsyncClient(base_url=outside, timeout=30, trust_env=False) as simulators,
            ):
                yield Ground(api, simulators, given)


async def open_shop(shop: Ground, sku: str, units: int, price: str) -> None:
    """The policies of the checkout, and one item with stock."""
    await shop.send("POST", "/v1/policies", {"note": "story"})
    await shop.send(
        "PUT", "/v1/items", {"items": [{"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": price}]}]}
    )
    movement = {"id": f"open-{sku}", "location": "main", "sku": sku, "quantity": units, "reason": "receipt"}
    await shop.send("POST", "/v1/stock/movements", {"movements": [movement]})
