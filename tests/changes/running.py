"""Runs every cell of the matrix at once, each with an order of its own, and keeps what was seen for the asserts."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.policy.change_defaults import DEFAULTS, spoken
from domain.process.words import ChangeKind, Stage
from tests.changes import expected
from tests.changes.ground import SET_A, Customer, World, brought, look, placed, stocked
from tests.changes.matrix import CELLS, OTHERS, Cell, asked
from tests.support.shop import Shop

AT_ONCE = 12
SETTLE = 20.0
POLL = 0.25


@dataclass
class Report:
    """What was seen of one cell; `broken` when it did not come to its end."""

    cell: Cell
    before: World | None = None
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    after: World | None = None
    end: World | None = None
    captures: list[int] = field(default_factory=list)
    invoices: list[int] = field(default_factory=list)
    broken: BaseException | None = None


async def run_all(shop: Shop) -> dict[Cell, Report]:
    """All cells as built in, and all that a policy may choose instead."""
    return await run(shop, _rounds())


async def run(shop: Shop, rounds: list[list[Cell]]) -> dict[Cell, Report]:
    """These cells, with what each round writes into the rules. Orders keep the rules they began with."""
    cells = [cell for cells in rounds for cell in cells]
    skus = iter(await stocked(shop, len(cells)))
    customers: dict[Cell, Customer] = {}
    for number, chosen in enumerate(rounds):
        if number:
            await publish(shop, chosen)
        found = await asyncio.gather(*(placed(shop, next(skus), cell.stage) for cell in chosen))
        customers |= dict(zip(chosen, found, strict=True))
    await publish(shop, ())
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(cell: Cell) -> Report:
        async with gate:
            return await _run(cell, customers[cell])

    return dict(zip(cells, await asyncio.gather(*map(guarded, cells)), strict=True))


def _rounds() -> list[list[Cell]]:
    """The defaults, then one choice a place at a time."""
    rounds, left = [list(CELLS)], list(OTHERS)
    while left:
        chosen = {(cell.kind, cell.stage): cell for cell in reversed(left)}
        rounds.append(list(chosen.values()))
        left = [cell for cell in left if cell not in chosen.values()]
    return rounds


async def publish(shop: Shop, chosen: Sequence[Cell]) -> None:
    """Publishes the change rules with these words in their cells, and the built-in ones in all others."""
    words = {**DEFAULTS, **{(cell.kind, cell.stage): cell.word for cell in chosen}}
    head = "  change | " + " | ".join(map(spoken, Stage))
    rows = [f"  {spoken(kind)} | " + " | ".join(spoken(words[kind, stage]) for stage in Stage) for kind in ChangeKind]
    path = shop.settings.policies / "20-change-rules.yaml"
    text = path.read_text(encoding="utf-8")
    grid = "matrix: |\n" + "\n".join([head, *rows]) + "\n\n"
    path.write_text(re.sub(r"matrix: \|\n(?:  .*\n)+\n", lambda _: grid, text), encoding="utf-8")
    await shop.publish()


async def _run(cell: Cell, customer: Customer) -> Report:
    report = Report(cell)
    try:
        await brought(customer, cell.stage)
        wanted = expected.requests_before(cell.stage), expected.money_before(cell.stage)
        report.before = await _seen(customer, lambda world: (world.requests, world.money) == wanted)
        body = asked(cell.kind, customer.skus, SET_A if cell.stage is Stage.INVOICED else None)
        report.status, report.answer = await customer.change(body)
        report.after = await _seen(customer, lambda world: _as_expected(cell, world, report.before))
        if report.answer.get("outcome") == "pending_approval":
            path = f"/v1/orders/{customer.number}/changes/{report.answer['change_id']}/refuse"
            await customer.shop.ok("POST", path, json={"reason": "no"})
        await _finish(cell, customer, report)
    except Exception as error:
        report.broken = error
    return report


def _as_expected(cell: Cell, world: World, before: World | None) -> bool:
    assert before is not None
    wanted = (expected.requests_after(cell), expected.money_after(cell), expected.stock_after(cell))
    new = world.told[len(before.told) :]
    return (world.requests, world.money, world.stock) == wanted and len(new) >= expected.told(cell).total()


async def _seen(customer: Customer, holds: Callable[[World], bool]) -> World:
    """The world as soon as it is as told, or as it is when the patience is over: the asserts say what is wrong."""
    for _ in range(int(SETTLE / POLL)):
        world = await look(customer)
        if holds(world):
            break
        await asyncio.sleep(POLL)
    return world


async def _finish(cell: Cell, customer: Customer, report: Report) -> None:
    """Mends what stopped the order, has the carrier ship all it has, and reads the books at the end."""
    if expected.stands_still(cell):
        await customer.retry()
        await customer.until(lambda order: order["status"] == "released" and not order["parked"])
    elif cell.stage is Stage.SHIPPED and not expected.collects(cell):
        await customer.retry()
    if any(one[0] in ("released", "picked") for one in await customer.requests()):
        await customer.ship()
    order = await customer.at_rest("completed")
    report.end = await look(customer)
    report.captures = sorted(_cents(one["amount"]) for one in order["captures"])
    report.invoices = sorted(_cents(one["total"]) for one in order["invoices"])


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))
