"""A change of an order on its way: how long its caller waits, what it adds to the history, whom it asks.

A quantity is raised while the carrier has the request: it is asked how far it is, the card is authorized for more, the
request is cancelled; then the caller is answered. The new request and the void of the old money follow behind.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import aiohttp
from temporalio.client import Client

from bench import orders
from bench.documents import documents, skus
from bench.figures import Goal, Measure
from bench.floor import driver
from bench.floor.changing import BareOrders, bare_orders
from bench.ground import Ground, running_program, say, until
from bench.happened import Happened, rests_at, since
from workflows.connecting import connect

CHANGES = 10
"""Of each round, on each side."""
WARM_UP = 4
MANY_LINES = 200
PATIENCE = 60.0
UP, DOWN = 1, -1


@dataclass
class Shop:
    """Ours: orders that wait for the carrier, and the doors through which they are changed."""

    ground: Ground
    http: aiohttp.ClientSession
    temporal: Client
    _at: dict[str, int] = field(default_factory=dict)
    """Number of the last event of each order's history when it came to rest."""

    async def place(self, placed: Sequence[dict[str, Any]]) -> None:
        """Places the orders, and waits until all wait for the carrier."""
        for order in placed:
            (await self.ground.api.post("/v1/orders", json=order)).raise_for_status()
        for order in placed:
            await self._come_to_rest(order["number"], 1)

    async def change(self, order: dict[str, Any], by: int) -> tuple[float, Happened]:
        """Moves the quantity of line 1; milliseconds until the answer, and what the history has of it at rest."""
        number, line = order["number"], order["lines"][0]
        line["quantity"] += by
        revision = order["revision"] = order.get("revision", 1) + 1
        body = {
            "change_id": f"to-{revision}",
            "base_revision": revision - 1,
            "lines": [{"number": 1, "quantity": line["quantity"]}],
        }
        headers = {"Authorization": f"Bearer {self.ground.settings.api_key}"}
        url = f"{self.ground.settings.api_url}/v1/orders/{number}/changes"
        before, started = self._at[number], time.perf_counter()
        async with self.http.post(url, json=body, headers=headers) as response:
            answer = await response.json()
        took = (time.perf_counter() - started) * 1000
        if response.status != 200 or answer["outcome"] != "accepted":
            raise RuntimeError(f"the change of {number} was not accepted at once: {response.status} {answer}")
        await self._come_to_rest(number, revision)
        return took, await since(self.temporal.get_workflow_handle(f"order-{number}"), before)

    async def _come_to_rest(self, number: str, revision: int) -> None:
        waits = (
            f"SELECT count(*) FROM sales_order WHERE number = '{number}' AND revision = {revision}"
            " AND status = 'released' AND jsonb_array_length(row -> 'waiting') > 0"
        )
        handle = self.temporal.get_workflow_handle(f"order-{number}")

        async def rests() -> bool:
            if not await self.ground.count(waits):
                return False
            at = await rests_at(handle)
            if at is not None:
                self._at[number] = at
            return at is not None

        await until(rests, PATIENCE, f"{number} waits for the carrier at revision {revision}")


@asynccontextmanager
async def _sides(ground: Ground) -> AsyncIterator[tuple[Shop, BareOrders]]:
    """Ours and the floor's, each with its worker."""
    socket = ground.folder / "changes.sock"
    environment = {**ground.settings.environment(), driver.SOCKET: str(socket)}
    await ground.database.execute(orders.STEPS)
    await orders.quieten(ground)
    async with (
        aiohttp.ClientSession() as http,
        bare_orders(ground.settings, socket, http) as bare,
        running_program("bench.floor.worker", ground.folder, environment) as works,
    ):
        await until(lambda: orders.polls(ground, works), PATIENCE, "the floor's worker polls")
        yield Shop(ground, http, await connect(ground.settings)), bare


async def measure(ground: Ground, rounds: int) -> list[Measure]:
    """All measures of changes."""
    async with _sides(ground) as (shop, bare):
        pairs, raised, lowered = [], [], []
        for number in range(rounds + 1):
            count = CHANGES if number else WARM_UP
            took, seen, last = await _round(shop, bare, str(number), count)
            if number:
                pairs.append(took)
                raised += seen
                lowered.append((await shop.change(last, DOWN))[1])
        few, many = await _change_of_one_line(shop, 2), await _change_of_one_line(shop, MANY_LINES)
    counted = [_events("change_events", raised), _events("change_events_less", lowered)]
    return [
        Measure(
            "accepted_change", "ms", Goal(2.0), ours=[one for one, _ in pairs], floor=[other for _, other in pairs]
        ),
        *counted,
        Measure(
            "outside_calls_200",
            "calls",
            Goal(1.0),
            ours=[float(many.calls.total())],
            floor=[float(few.calls.total())],
        ),
    ]


async def _round(
    shop: Shop, bare: BareOrders, name: str, count: int
) -> tuple[tuple[float, float], list[Happened], dict[str, Any]]:
    """Medians of both in milliseconds, what happened in ours, and one of our orders. Changes of both take turns."""
    ours, theirs = documents(f"C{name}", count), documents(f"D{name}", count)
    await shop.place(ours)
    await bare.start(theirs)
    await until(lambda: _all_wait(bare, theirs), PATIENCE, "the bare orders wait")
    times, floors, seen = [], [], []
    for index, (order, other) in enumerate(zip(ours, theirs, strict=True)):
        if index % 2:
            floors.append(await _timed(lambda number=other["number"]: bare.change(number)))  # type: ignore[misc]
        took, happened = await shop.change(order, UP)
        times.append(took)
        seen.append(happened)
        if not index % 2:
            floors.append(await _timed(lambda number=other["number"]: bare.change(number)))  # type: ignore[misc]
    return (median(times), median(floors)), seen, ours[-1]


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def _all_wait(bare: BareOrders, started: Sequence[dict[str, Any]]) -> bool:
    return all(bare.waits(order["number"]) for order in started)


async def _change_of_one_line(shop: Shop, lines: int) -> Happened:
    """One line of an order with so many is raised."""
    (order,) = documents(f"L{lines}", 1)
    order["ordered_at"] = datetime.now(UTC).isoformat()
    order["lines"] = [{"sku": skus()[index % len(skus())], "quantity": 1} for index in range(lines)]
    await shop.place([order])
    _, happened = await shop.change(order, UP)
    say(f"one of {lines} lines changed: {happened.in_words()}")
    return happened


def _events(name: str, seen: Sequence[Happened]) -> Measure:
    """Events against what may be; the kinds are told where that is too much."""
    measure = Measure(name, "events", Goal(1.0), ours=[one.events for one in seen], floor=[one.allowed for one in seen])
    if not measure.met:
        say(f"{name}: {seen[0].in_words()}")
    return measure
