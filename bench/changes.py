"""A change of an order on its way: how long its caller waits, what it adds to the history, whom it asks.

A quantity is raised while the carrier has the request: it is asked how far it is, the card is authorized for more, the
request is cancelled; then the caller is answered. The new request and the void of the old money follow behind.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, NamedTuple

import aiohttp

from bench import orders
from bench.changing import DOWN, UP, ChangingShop
from bench.documents import documents, skus
from bench.figures import Goal, Measure
from bench.floor import driver
from bench.floor.changing import BareOrders, bare_orders
from bench.ground import Ground, running_program, say, until
from bench.happened import Happened
from workflows.connecting import connect

CHANGES = 10
"""Of each round, on each side."""
WARM_UP = 4
MANY_LINES = 200
FAR_CHANGES = 4
FAR_SECONDS = 0.1
"""How long partners take that are not on the same machine; carriers take longer."""
FAR = {"carrier": ("requests", "cancellations"), "payments": ("authorizations",)}
PATIENCE = 60.0


class Round(NamedTuple):
    """Medians of a round in milliseconds, what happened in our orders, and the last of them."""

    ours: float
    floor: float
    shape: float
    happened: list[Happened]
    order: dict[str, Any]


async def measure(ground: Ground, rounds: int) -> list[Measure]:
    """All measures of changes."""
    async with _sides(ground) as (shop, bare):
        await _round(shop, bare, "0", WARM_UP)
        seen = [await _round(shop, bare, str(number + 1), CHANGES) for number in range(rounds)]
        lowered = [(await shop.change(one.order, DOWN))[1] for one in seen]
        async with _far_partners(ground):
            far = [await _round(shop, bare, f"F{number}", FAR_CHANGES) for number in range(rounds)]
        few, many = await _change_of_one_line(shop, 2), await _change_of_one_line(shop, MANY_LINES)
    bare_shape = median(one.shape / one.floor for one in seen)
    say(f"accepted_change: a bare workflow that loses nothing takes {bare_shape:.2f} times the floor")
    return [
        Measure("accepted_change", "ms", Goal(2.0), [one.ours for one in seen], [one.floor for one in seen]),
        Measure("accepted_change_far", "ms", Goal(2.0), [one.ours for one in far], [one.floor for one in far]),
        _events("change_events", [happened for one in seen for happened in one.happened]),
        _events("change_events_less", lowered),
        Measure("outside_calls_200", "calls", Goal(1.0), [many.calls.total()], [few.calls.total()]),
    ]


@asynccontextmanager
async def _sides(ground: Ground) -> AsyncIterator[tuple[ChangingShop, BareOrders]]:
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
        yield ChangingShop(ground, http, await connect(ground.settings)), bare


@asynccontextmanager
async def _far_partners(ground: Ground) -> AsyncIterator[None]:
    """Carrier and payment provider take their time over what a change asks of them, on all sides."""
    for partner, operations in FAR.items():
        for operation in operations:
            slow = {"operation": operation, "kind": "slow", "seconds": FAR_SECONDS, "times": -1}
            (await ground.outside.post(f"/{partner}/admin/faults", json=slow)).raise_for_status()
    try:
        yield
    finally:
        for partner in FAR:
            (await ground.outside.delete(f"/{partner}/admin/faults")).raise_for_status()


async def _round(shop: ChangingShop, bare: BareOrders, name: str, count: int) -> Round:
    """Changes of all sides take turns."""
    ours, theirs, shaped = (documents(f"{side}{name}", count) for side in "CDE")
    await shop.place(ours)
    await bare.start([*theirs, *shaped])
    await until(lambda: _all_wait(bare, [*theirs, *shaped]), PATIENCE, "the bare orders wait")
    changed, floor, shape = [], [], []
    for order, other, third in zip(ours, theirs, shaped, strict=True):
        changed.append(await shop.change(order, UP))
        floor.append(await _timed(bare.change, other))
        shape.append(await bare.change_for_good(third))
    times = [took for took, _ in changed]
    return Round(median(times), median(floor), median(shape), [happened for _, happened in changed], ours[-1])


async def _timed(change: Callable[[dict[str, Any]], Awaitable[None]], order: dict[str, Any]) -> float:
    started = time.perf_counter()
    await change(order)
    return (time.perf_counter() - started) * 1000


async def _all_wait(bare: BareOrders, started: Sequence[dict[str, Any]]) -> bool:
    return all(bare.waits(order["number"]) for order in started)


async def _change_of_one_line(shop: ChangingShop, lines: int) -> Happened:
    """One line of an order with so many is raised."""
    (order,) = documents(f"L{lines}", 1)
    order["lines"] = [{"sku": skus()[index % len(skus())], "quantity": 1} for index in range(lines)]
    await shop.place([order])
    _, happened = await shop.change(order, UP)
    return happened


def _events(name: str, seen: Sequence[Happened]) -> Measure:
    """Events against what may be; the kinds are told where that is too much."""
    measure = Measure(name, "events", Goal(1.0), [one.events for one in seen], [one.allowed for one in seen])
    if not measure.met:
        say(f"{name}: {seen[0].in_words()}")
    return measure
