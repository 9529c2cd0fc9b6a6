"""Cells that touch nothing but their own order, so that all of them run side by side."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from domain.policy.model import TaskWord
from domain.process.events import CarrierFact
from domain.process.words import REMOTE, UNDO, Operation
from tests.grid.again import reset_at, until_asked_again
from tests.grid.buyer import BEHIND_THE_GOODS, EFFECT, MORE, STOCK, UNITS, Buyer, new_buyer, ordered
from tests.grid.comparing import at_the_outside, has_ended, keys_are, step_of
from tests.grid.database import Lock, effect_locked, stock_locked
from tests.grid.policies import ATTEMPTS
from tests.support.shop import Shop
from tools.docs.saga_grid import Cell, Hazard, shipped_process

AWAY = {Operation.SHIP: "carrier", Operation.CANCEL_SHIPMENT: "carrier"}
TOO_LATE = {TaskWord.INVOICE: "order_closed"}
"""What is asked while the last step is done is heard when the order is complete."""
one_invoice_lock = asyncio.Lock()
"""Whoever invoices holds the range of numbers, so the next one would not come to its own lock."""


async def prepared(shop: Shop, cell: Cell) -> Buyer:
    """An order that stands right before the step; one that is not accepted yet where that is among the first."""
    if cell.task in BEHIND_THE_GOODS:
        return await ordered(shop, cell.task)
    return await new_buyer(shop)


async def begun(cell: Cell, buyer: Buyer) -> None:
    """The step begins."""
    await (buyer.ship() if cell.task in BEHIND_THE_GOODS else buyer.place())


def locked(cell: Cell, buyer: Buyer) -> AbstractAsyncContextManager[Lock]:
    """Keeps the local step of the cell from getting on."""
    return stock_locked(buyer) if cell.task is TaskWord.RESERVE else effect_locked(buyer, cell.step, EFFECT[cell.task])


async def fails_before(shop: Shop, cell: Cell) -> None:
    buyer = await prepared(shop, cell)
    if EFFECT[cell.task] in REMOTE:
        await buyer.fault(EFFECT[cell.task], "unavailable", times=ATTEMPTS - 1)
        await begun(cell, buyer)
    else:
        await _session_ended(cell, buyer)
    await buyer.completes()
    await buyer.nobody_was_asked()


async def _session_ended(cell: Cell, buyer: Buyer) -> None:
    async with one_invoice_lock, locked(cell, buyer) as lock:
        await begun(cell, buyer)
        await lock.end_the_waiting()
        await lock.blocked()


async def times_out(shop: Shop, cell: Cell) -> None:
    buyer = await prepared(shop, cell)
    await buyer.fault(EFFECT[cell.task], "drop_connection_after_success", times=ATTEMPTS - 1)
    await begun(cell, buyer)
    await buyer.completes()
    await buyer.nobody_was_asked()
    await keys_are(buyer, cell, 1)


async def exhausted(shop: Shop, cell: Cell) -> None:
    buyer = await prepared(shop, cell)
    await buyer.fault(EFFECT[cell.task], "drop_connection_after_success", times=ATTEMPTS)
    await begun(cell, buyer)
    waiting = await buyer.parked("outside_unavailable")
    partner = AWAY.get(EFFECT[cell.task], "payment provider")
    assert waiting["what"] == cell.step
    assert waiting["who"] == (step_of(cell).owner or shipped_process().owner)
    assert waiting["why"].startswith(f"The {partner} cannot be reached or hung up")
    assert await at_the_outside(buyer, cell.task) == 1, "it took place"
    await buyer.retry()
    await buyer.completes()
    await keys_are(buyer, cell, 1)


async def refused(shop: Shop, cell: Cell) -> None:
    if cell.task is TaskWord.RESERVE:
        await out_of_stock(shop, cell)
        return
    buyer = await prepared(shop, cell)
    await buyer.fault(EFFECT[cell.task], "refuse", code="not_here")
    await begun(cell, buyer)
    waiting = await buyer.parked("not_here")
    on_error = step_of(cell).on_error
    assert on_error is not None
    assert (waiting["what"], waiting["who"]) == (cell.step, on_error.role)
    assert await at_the_outside(buyer, cell.task) == 0
    await buyer.retry()
    await buyer.completes()
    await keys_are(buyer, cell, 2)


async def out_of_stock(shop: Shop, cell: Cell) -> None:
    buyer = await new_buyer(shop, stock=UNITS - 1)
    await begun(cell, buyer)
    waiting = await buyer.parked("out_of_stock")
    assert (waiting["what"], waiting["who"]) == ("reserve", "fulfillment_lead")
    assert f"{buyer.sku}: {UNITS} wanted, {UNITS - 1} available" in waiting["why"]
    assert (await shop.stock(buyer.sku))["reserved"] == 0
    await shop.receive(buyer.sku, STOCK - UNITS + 1, f"more-{buyer.sku}")
    buyer.stock = STOCK
    await buyer.retry()
    await buyer.completes()


async def cancelled(shop: Shop, cell: Cell) -> None:
    buyer = await _asked_amid(shop, cell, Buyer.cancel)
    if cell.task in BEHIND_THE_GOODS:
        assert await buyer.answered() == ("refused", TOO_LATE.get(cell.task, "already_shipped"))
        await buyer.completes()
    else:
        assert await buyer.answered() == ("accepted", "cancelled")
        await buyer.is_cancelled()


async def changed(shop: Shop, cell: Cell) -> None:
    buyer = await _asked_amid(shop, cell, Buyer.change)
    if cell.task in TOO_LATE:
        assert await buyer.answered() == ("refused", TOO_LATE[cell.task])
        await buyer.completes()
    else:
        assert await buyer.answered() == ("accepted", "changed")
        await buyer.completes(MORE, revision=2, beside=MORE - UNITS if cell.task in BEHIND_THE_GOODS else 0)


async def _asked_amid(shop: Shop, cell: Cell, ask: Callable[[Buyer], Awaitable[object]]) -> Buyer:
    """Asks for something while the step's call is on its way, or the order waits there."""
    buyer = await prepared(shop, cell)
    if cell.task is TaskWord.WAIT:
        await begun(cell, buyer)
        await buyer.released()
        await ask(buyer)
        return buyer
    if EFFECT[cell.task] in REMOTE:
        await buyer.fault(EFFECT[cell.task], "slow", seconds=2)
        await begun(cell, buyer)
        await buyer.in_flight(EFFECT[cell.task])
        await ask(buyer)
        return buyer
    async with one_invoice_lock, locked(cell, buyer) as lock:
        await begun(cell, buyer)
        await lock.blocked()
        asking = asyncio.ensure_future(ask(buyer))
        await asyncio.sleep(0.5)  # until it is with the order
    await asking
    return buyer


async def done_twice(shop: Shop, cell: Cell) -> None:
    buyer = await ordered(shop, cell.task)
    await buyer.released()
    if cell.task is TaskWord.WAIT:
        await told_twice(buyer)
        return
    if cell.task in BEHIND_THE_GOODS:
        await buyer.completes()
    run = await reset_at(buyer, EFFECT[cell.task])
    await until_asked_again(buyer, EFFECT[cell.task], run)
    await buyer.completes()
    await keys_are(buyer, cell, 1)
    await has_ended(buyer, run)


async def told_twice(buyer: Buyer) -> None:
    """The carrier's word that it has shipped comes four times: twice by its webhook, twice by signals."""
    await buyer.fault(Operation.CAPTURE, "slow", seconds=2)
    await buyer.ship()
    await buyer.in_flight(Operation.CAPTURE)
    ((key, lines),) = [
        (one["request_key"], {line["line"]: line["quantity"] for line in one["lines"]})
        for one in (await buyer.shop.books("carrier", buyer.number))["requests"]
    ]
    for name in ("again-1", "again-2"):
        fact = CarrierFact(id=name, request_key=key, status="shipped", at=datetime.now(UTC), lines=lines)
        await buyer.shop.workflow(buyer.number).signal("carrier", fact)
    await buyer.completes()


async def undone_twice(shop: Shop, cell: Cell) -> None:
    buyer = await to_be_undone(shop, cell)
    assert await buyer.cancel() == (200, "cancelled")
    await buyer.is_cancelled()
    undo = UNDO[EFFECT[cell.task]]
    run = await reset_at(buyer, undo)
    await until_asked_again(buyer, undo, run)
    await has_ended(buyer, run)
    await buyer.is_cancelled()


async def undo_late(shop: Shop, cell: Cell) -> None:
    buyer = await to_be_undone(shop, cell)
    undo = UNDO[EFFECT[cell.task]]
    if undo in REMOTE:
        await buyer.fault(undo, "unavailable", times=ATTEMPTS - 1)
        assert await buyer.cancel() == (200, "cancelled")
    else:
        async with undo_locked(cell, buyer) as lock:
            asking = asyncio.ensure_future(buyer.cancel())
            await lock.end_the_waiting()
            await lock.blocked()
        assert await asking == (200, "cancelled")
    await buyer.is_cancelled()
    assert "undo_failed" not in await buyer.codes_parked()


def undo_locked(cell: Cell, buyer: Buyer) -> AbstractAsyncContextManager[Lock]:
    """Keeps the local undo of the cell's step from getting on."""
    if cell.task is TaskWord.RESERVE:
        return stock_locked(buyer)
    return effect_locked(buyer, cell.step, UNDO[EFFECT[cell.task]])


async def undo_fails(shop: Shop, cell: Cell) -> None:
    buyer = await to_be_undone(shop, cell)
    undo = UNDO[EFFECT[cell.task]]
    await buyer.fault(undo, "unavailable", times=ATTEMPTS)
    assert (await buyer.cancel(seconds=1))[0] == 202
    waiting = await buyer.parked("undo_failed")
    assert (waiting["what"], waiting["who"]) == (cell.step, step_of(cell).owner or shipped_process().owner)
    assert waiting["why"].startswith("Could not be taken back: The ")
    assert (await shop.order(buyer.number))["status"] == "cancelling"
    await buyer.retry()
    await buyer.is_cancelled()


_services: dict[Cell, Buyer] = {}


async def place_services(shop: Shop, cells: list[Cell]) -> None:
    """Orders of which nothing is to be shipped, each held behind the step that is to be undone; under one wording."""

    async def one(cell: Cell) -> None:
        buyer = await new_buyer(shop, service=True)
        await buyer.fault(Operation.AUTHORIZE, "slow", seconds=2)
        await buyer.place()
        await buyer.hold("capture" if cell.task is TaskWord.INVOICE else "invoice")
        _services[cell] = buyer

    await asyncio.gather(*map(one, cells))


async def to_be_undone(shop: Shop, cell: Cell) -> Buyer:
    """An order whose step is done, and which can still be cancelled."""
    if cell.task in BEHIND_THE_GOODS:
        await _services[cell].parked("credit")
        return _services[cell]
    buyer = await ordered(shop, cell.task)
    await buyer.released()
    return buyer


HAPPENS: dict[Hazard, Callable[[Shop, Cell], Awaitable[None]]] = {
    Hazard.FAILS_BEFORE: fails_before,
    Hazard.TIMES_OUT: times_out,
    Hazard.EXHAUSTED: exhausted,
    Hazard.REFUSED: refused,
    Hazard.CANCELLED: cancelled,
    Hazard.CHANGED: changed,
    Hazard.DONE_TWICE: done_twice,
    Hazard.UNDONE_TWICE: undone_twice,
    Hazard.UNDO_LATE: undo_late,
    Hazard.UNDO_FAILS: undo_fails,
}
