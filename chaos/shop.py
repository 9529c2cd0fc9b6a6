"""The doors of the stack while parts of it are dead: whoever gets no answer asks again, in the same words."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from settings import PROJECT_ROOT, Settings
from workflows.connecting import connect

PATIENCE = 120.0
PAUSE = 0.25
CALL_SECONDS = 20.0
SIGNAL_PATIENCE = 15.0
LOCATION = "main"


class NotSoError(Exception):
    """Something that must never happen, whatever is dead; the words say what was seen."""


@dataclass
class Shop:
    """API, simulators and Temporal of a running stack; `repeats` counts who had to be asked again."""

    api: httpx.AsyncClient
    outside: httpx.AsyncClient
    temporal: Client
    settings: Settings
    repeats: Counter[str] = field(default_factory=Counter)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """The API's answer, when there is one; NotSoError for an answer that nobody planned."""
        return await self._until_answered("api", self.api, method, path, body, **more)

    async def get(self, path: str, **parameters: Any) -> Any:
        """What the API shows at a path."""
        response = await self.ask("GET", path, params=parameters)
        if not response.is_success:
            raise NotSoError(f"GET {path} answered {response.status_code}: {response.text}")
        return response.json()

    async def tell(self, path: str, body: Any) -> httpx.Response:
        """Has the people of the carrier or the payment provider do something."""
        return await self._until_answered("simulators", self.outside, "POST", path, body)

    async def books(self, partner: str) -> dict[str, Any]:
        """All that a partner has written down."""
        found: dict[str, Any] = (
            await self._until_answered("simulators", self.outside, "GET", f"/{partner}/admin/books", None)
        ).json()
        return found

    async def _until_answered(
        self, name: str, client: httpx.AsyncClient, method: str, path: str, body: Any, **more: Any
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = ""
            try:
                response = await client.request(method, path, json=body, **more)
                if response.status_code < 500:
                    return response
                seen = f"{response.status_code} {response.text}"
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise NotSoError(f"{method} {path} answered {seen}")
            except httpx.TransportError as error:
                seen = type(error).__name__
            if time.monotonic() > deadline:
                raise NotSoError(f"{method} {path}: no answer for {PATIENCE:.0f} s, {seen} at last")
            self.repeats[name] += 1
            await asyncio.sleep(PAUSE)

    async def signal(self, number: str, payload: dict[str, Any]) -> bool:
        """Sends the raw signal `change_requested`; False when no workflow of the order runs, so nobody was told."""
        handle, deadline = self.temporal.get_workflow_handle(f"order-{number}"), time.monotonic() + SIGNAL_PATIENCE
        while True:
            try:
                await handle.signal("change_requested", payload)
                return True
            except RPCError as error:
                missing = error.status is RPCStatusCode.NOT_FOUND
                if missing and time.monotonic() > deadline:
                    return False
                if not missing and time.monotonic() > deadline + PATIENCE:
                    raise NotSoError(f"Temporal does not take the signal for {number}: {error}") from error
                self.repeats["temporal"] += not missing
            await asyncio.sleep(PAUSE)

    async def orders(self, **wanted: Any) -> list[dict[str, Any]]:
        """All orders of the list that fit."""
        found: list[dict[str, Any]] = []
        after: dict[str, Any] = {}
        while True:
            page = await self.get("/v1/orders", limit=200, **wanted, **after)
            found += page["orders"]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Runs `ordito` as an operator does; its exit status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(str(PROJECT_ROOT / ".venv" / "bin" / "ordito"), *arguments),
            env={**os.environ, **self.settings.environment()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None, "it has ended"
        return process.returncode, output.decode()


@asynccontextmanager
async def open_doors(settings: Settings) -> AsyncIterator[Shop]:
    """A shop on a running stack."""
    quiet = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="ERROR")))  # its repeats are the point
    temporal = await connect(settings, runtime=quiet)
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    outside = f"http://127.0.0.1:{settings.simulators_port}"
    async with (
        httpx.AsyncClient(base_url=settings.api_url, headers=headers, timeout=CALL_SECONDS, trust_env=False) as api,
        httpx.AsyncClient(base_url=outside, timeout=CALL_SECONDS, trust_env=False) as simulators,
    ):
        yield Shop(api, simulators, temporal, settings)


async def stock_up(shop: Shop, prices: dict[str, str], units: dict[str, int]) -> None:
    """Policies are released, items are on sale, and the shelves are full."""
    items = [
        {"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": price}]} for sku, price in prices.items()
    ]
    await _must(shop, "POST", "/v1/policies", {"note": "chaos"})
    await _must(shop, "PUT", "/v1/items", {"items": items})
    await receive(shop, "opening", units)


async def receive(shop: Shop, name: str, units: dict[str, int]) -> None:
    """Units come in; the same name again changes nothing."""
    movements = [
        {"id": f"{name}-{sku}", "location": LOCATION, "sku": sku, "quantity": quantity, "reason": "receipt"}
        for sku, quantity in units.items()
    ]
    await _must(shop, "POST", "/v1/stock/movements", {"movements": movements})


async def _must(shop: Shop, method: str, path: str, body: Any) -> None:
    response = await shop.ask(method, path, body)
    if not response.is_success:
        raise NotSoError(f"{method} {path} answered {response.status_code}: {response.text}")
