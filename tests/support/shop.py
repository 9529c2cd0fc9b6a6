"""A running shop for tests: `ordito up` with every part real, seen through the doors that people use."""

import asyncio
import itertools
import json
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle

from cli.audit import run_audit
from settings import PROJECT_ROOT, Settings
from store.auditing import Verdict, audit_database, snapshot
from tests.support.up import UpProcess, environment, ordito, ordito_up
from workflows.connecting import connect

SHIP_TO = {"name": "Ann Lee", "street": "1 Main St", "city": "Reno", "postal_code": "89501", "country": "US"}
PATIENCE = 90.0
"""Seconds that something may take on a machine that has other work; nothing waits for them to pass."""
KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2)
"""The servers hang up after five quiet seconds: a connection that is given up before is never used in that moment."""

Order = dict[str, Any]


@dataclass
class Shop:
    """The stack, and short words for what its people do."""

    up: UpProcess
    api: httpx.AsyncClient
    outside: httpx.AsyncClient
    temporal: Client
    settings: Settings
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # ---- the engineer upstream -------------------------------------------------------------------

    async def stocked(self, quantity: int = 100, price: str = "10.00") -> str:
        """A new item with stock at `main` and a list price in USD; its sku."""
        sku = f"sku-{next(self._numbers)}"
        item = {"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": price}]}
        await self.ok("PUT", "/v1/items", json={"items": [item]})
        if quantity:
            await self.receive(sku, quantity, f"open-{sku}")
        return sku

    async def receive(self, sku: str, quantity: int, movement_id: str) -> None:
        """Units come in at `main`."""
        movement = {"id": movement_id, "location": "main", "sku": sku, "quantity": quantity, "reason": "receipt"}
        await self.ok("POST", "/v1/stock/movements", json={"movements": [movement]})

    def document(self, lines: list[tuple[str, int]], **changes: Any) -> Order:
        """An order document; `token` changes the card."""
        number = f"T-{next(self._numbers)}"
        token = changes.pop("token", "tok_test")
        return {
            "number": number,
            "source": {"system": "test", "id": number},
            "channel": "web",
            "currency": "USD",
            "ordered_at": "2026-11-23T09:00:00Z",
            "customer": {"id": "C-1"},
            "ship_to": SHIP_TO,
            "requested_date": "2026-12-10",
            "ship_method": "ground",
            "payment": {"method": "card", "token": token},
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
            **changes,
        }

    async def place(self, lines: list[tuple[str, int]], **changes: Any) -> str:
        """Places an order; its number."""
        answer = await self.ok("POST", "/v1/orders", json=self.document(lines, **changes))
        number: str = answer["number"]
        return number

    async def ok(self, method: str, path: str, **more: Any) -> Any:
        """An API call that must succeed; its JSON."""
        response = await self.api.request(method, path, **more)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    async def order(self, number: str) -> Order:
        answer: Order = await self.ok("GET", f"/v1/orders/{number}")
        return answer

    async def until(self, number: str, what: Callable[[Order], bool], seconds: float = PATIENCE) -> Order:
        """The order, as soon as it is as asked."""
        deadline = time.monotonic() + seconds
        for looked in itertools.count():
            try:
                order = await self.order(number)
            except httpx.TransportError:
                order = {"status": "the API is away", "waiting": [], "finished": False}
            if what(order):
                return order
            assert time.monotonic() < deadline, json.dumps(order, indent=1)[:3000]
            await pause(looked)
        raise AssertionError("counting never ends")

    async def until_status(self, number: str, status: str, seconds: float = PATIENCE) -> Order:
        return await self.until(number, lambda order: order["status"] == status and settled(order), seconds)

    async def until_parked(self, number: str, code: str) -> dict[str, Any]:
        """What a parked order says it waits for."""
        order = await self.until(number, lambda o: any(w["code"] == code for w in o.get("waiting", [])))
        found: dict[str, Any] = next(w for w in order["waiting"] if w["code"] == code)
        return found

    async def timeline(self, number: str) -> list[str]:
        """What happened, by type."""
        answer = await self.ok("GET", f"/v1/orders/{number}/timeline")
        return [entry["type"] for entry in answer["entries"]]

    async def stock(self, sku: str) -> dict[str, int]:
        answer = await self.ok("GET", "/v1/stock", params={"sku": sku})
        (row,) = answer["stock"]
        return {name: row[name] for name in ("on_hand", "reserved", "available")}

    # ---- the business user ------------------------------------------------------------------------

    @asynccontextmanager
    async def policy(self, name: str, edit: Callable[[str], str]) -> AsyncIterator[None]:
        """Orders that begin within are pinned to policies of which this file was edited."""
        path = self.settings.policies / name
        text = path.read_text(encoding="utf-8")
        path.write_text(edit(text), encoding="utf-8")
        try:
            await self.publish()
            yield
        finally:
            path.write_text(text, encoding="utf-8")
            await self.publish()

    async def publish(self) -> None:
        """New orders take what the policy folder says."""
        await self.ok("POST", "/v1/policies", json={"note": "by a test"})

    # ---- the outside world -----------------------------------------------------------------------

    async def advance(self, number: str, to: str = "shipped") -> None:
        """The carrier's warehouse gets on with the order, and says so."""
        await self.admin("carrier/admin/advance", order=number, to=to, at=datetime.now(UTC).isoformat())

    async def ship(self, number: str) -> None:
        await self.advance(number)

    async def admin(self, path: str, **body: Any) -> Any:
        response = await self.outside.post(f"/{path}", json=body)
        assert response.is_success, f"{path}: {response.status_code} {response.text}"
        return response.json()

    async def fault(self, partner: str, operation: str, kind: str, number: str, **more: Any) -> None:
        await self.admin(f"{partner}/admin/faults", operation=operation, kind=kind, order=number, **more)

    async def books(self, partner: str, number: str) -> dict[str, Any]:
        response = await self.outside.get(f"/{partner}/admin/books", params={"order": number})
        answer: dict[str, Any] = response.json()
        return answer

    async def violations(self) -> list[Any]:
        """What the outside holds against us, by its own books."""
        found: list[Any] = []
        for partner in ("carrier", "payments"):
            response = await self.outside.get(f"/{partner}/admin/books", params={"summary": "1"})
            found += response.json()["violations"]
        return found

    # ---- the operator ----------------------------------------------------------------------------

    def workflow(self, number: str) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(f"order-{number}")

    async def details(self, number: str) -> str:
        """What the Temporal UI shows of the order."""
        metadata = await self.workflow(number).query("__temporal_workflow_metadata")
        return str(metadata["currentDetails"] if isinstance(metadata, dict) else metadata.current_details)

    async def cli(self, *arguments: str) -> tuple[int, str, str]:
        """A command of `ordito`, as an operator types it."""
        return await ordito(*arguments, env=self.up.env)

    async def kill(self, part: str) -> None:
        """kill -9 of one part; the supervisor starts it again."""
        pid = self.up.children()[part]
        os.kill(pid, signal.SIGKILL)
        await self.runs_again(part, pid)

    async def runs_again(self, part: str, before: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.up.children().get(part) == before:
            assert time.monotonic() < deadline, f"{part} did not come back:\n{self.up.said}"
            await asyncio.sleep(0.1)

    async def audited(self) -> None:
        """What `ordito audit` asks of the database finds nothing."""
        async with snapshot(self.settings.database()) as connection:
            _nothing_found(await audit_database(connection))

    async def wholly_audited(self) -> None:
        """Nor what it asks of Temporal, which looks at every workflow and replays some: once, when all tests are over.

        The command itself has tests of its own.
        """
        _nothing_found(await run_audit(self.settings))


def _nothing_found(verdicts: list[Verdict]) -> None:
    assert verdicts
    assert [verdict for verdict in verdicts if verdict.offenders] == []


async def pause(looked: int) -> None:
    """Between two looks, after so many: short at first, then longer, for hundreds wait at the same time."""
    await asyncio.sleep(0.05 * 1.3 ** min(looked, 9))


def settled(order: Order) -> bool:
    return bool(order["waiting"]) or order["finished"]


@asynccontextmanager
async def running_shop(folder: Path, **changes: str) -> AsyncIterator[Shop]:
    """The whole stack on free ports, with policies whose retries are quick enough for tests."""
    folder.mkdir(parents=True, exist_ok=True)
    policies = folder / "policies"
    shutil.copytree(PROJECT_ROOT / "policies", policies)
    workspace = policies / "00-workspace.yaml"
    text = workspace.read_text()
    hasty = re.sub(r"times: \d+", "times: 7", re.sub(r"(first_wait|longest_wait): \w+", r"\1: 1s", text))
    assert hasty != text, f"{workspace} has no retry styles to make quick"
    workspace.write_text(hasty)
    env = environment(folder, ORDITO_POLICIES=str(policies), **changes)
    async with ordito_up(env) as up:
        settings = Settings.of_running_stack(env)
        temporal = await connect(settings, lazy=False)
        headers = {"Authorization": f"Bearer {settings.api_key}"}
        async with (
            httpx.AsyncClient(base_url=settings.api_url, headers=headers, timeout=30, limits=KEPT) as api,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{settings.simulators_port}", timeout=30, limits=KEPT
            ) as outside,
        ):
            shop = Shop(up, api, outside, temporal, settings)
            await shop.publish()
            yield shop
