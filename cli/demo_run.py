"""The demo's course: publish, set the outside up, import, and follow the orders until each has ended or waits."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.imports.row import OrderFile
from cli.demo_figures import Reader
from cli.demo_outside import set_up
from cli.demo_truth import Truth
from cli.errors import CommandError
from cli.http import Address, RefusedError
from cli.importing import progress_bar
from cli.sending import Sent, send
from settings import Settings

PAUSE_SECONDS = 0.4
STALLED_SECONDS = 120.0
"""Without any order moving on for so long, the demo has failed and says which orders stand still."""
SHOWN_STUCK = 5


@dataclass(frozen=True)
class Course:
    """What the run did. `settled_here` counts the orders that came to rest in this run."""

    sent: Sent
    settled_here: int
    seconds: float

    @property
    def changed(self) -> bool:
        """False when every order was there and at rest before."""
        return bool(self.sent.taken or self.settled_here)


async def run(settings: Settings, client: httpx.AsyncClient, truth: Truth, file: OrderFile, address: Address) -> Course:
    """Runs the demo; CommandError when an order is refused or stands still."""
    reader = Reader(client, truth)
    await publish_policies(client, reader)
    await set_up(settings, truth)
    before = await _at_rest(reader, truth)
    started = time.monotonic()
    with progress_bar("taking orders", len(file.rows)) as done:
        sent = await send(file, address, done=done)
    if sent.refused:
        first = sent.refused[0]
        words = "; ".join(str(problem["words"]) for problem in first.problems)
        raise CommandError(f"{len(sent.refused)} orders were refused; the first, {first.number}: {words}")
    with progress_bar("orders settled", truth.orders) as done:
        await _follow(reader, truth, done)
    return Course(sent, truth.orders - before, time.monotonic() - started)


async def publish_policies(client: httpx.AsyncClient, reader: Reader) -> None:
    """Releases the policy folder if no bundle is live."""
    if (await reader.get("/v1/policies/status"))["live"]:
        return
    response = await client.post("/v1/policies", json={"note": "first release, by the demo"})
    if not response.is_success:
        raise RefusedError(response)


async def _at_rest(reader: Reader, truth: Truth) -> int:
    """How many of the demo's orders have ended, or wait as they should for ever."""
    orders = await reader.orders()
    return sum(order["finished"] or _waits_for_good(order, truth) for order in orders)


def _waits_for_good(order: dict[str, Any], truth: Truth) -> bool:
    return bool(order["number"] in truth.waiting and order["status"] == "released" and order["waiting"])


async def _follow(reader: Reader, truth: Truth, done: Callable[[int], None]) -> None:
    settled, moved_at, last = 0, time.monotonic(), Counter[str]()
    while True:
        unfinished = await reader.orders(finished="false")
        moving = [order for order in unfinished if not _waits_for_good(order, truth)]
        done(truth.orders - len(moving) - settled)
        settled = truth.orders - len(moving)
        if not moving:
            return
        statuses = Counter(order["status"] for order in moving)
        if statuses != last:
            last, moved_at = statuses, time.monotonic()
        elif time.monotonic() - moved_at > STALLED_SECONDS:
            raise CommandError(_stalled(moving))
        await asyncio.sleep(PAUSE_SECONDS + 0.002 * len(moving))


def _stalled(moving: list[dict[str, Any]]) -> str:
    told = [f"  order {order['number']} is {order['status']}{_why(order)}" for order in moving[:SHOWN_STUCK]]
    more = f"\n  and {len(moving) - SHOWN_STUCK} more" if len(moving) > SHOWN_STUCK else ""
    return f"{len(moving)} orders have not moved for {STALLED_SECONDS:.0f} seconds:\n" + "\n".join(told) + more


def _why(order: dict[str, Any]) -> str:
    return "".join(f"; {waiting['what']} {waiting['why']}" for waiting in order["waiting"])
