"""Cells that hit everybody: the worker is killed, the database does not answer. They run before the others."""

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack

import psutil
from temporalio.service import RPCError

from domain.policy.model import TaskWord
from domain.policy.words import NO_EFFECT
from domain.process.words import REMOTE
from tests.grid.alone import begun, locked, prepared, to_be_undone, undo_locked
from tests.grid.buyer import EFFECT, MORE, Buyer, new_buyer
from tests.grid.database import Lock, commits_unanswered, end_session, paused, unanswered
from tests.support.shop import Shop
from tools.docs.saga_grid import Cell, Hazard, cells

LOCAL_SECONDS = 10
"""How long a local step is tried."""
APART_SECONDS = 30
"""How long one is tried that rests on an update, and is begun apart."""


def is_local(cell: Cell) -> bool:
    return cell.task in EFFECT and EFFECT[cell.task] not in REMOTE


def of_the_kill(cell: Cell) -> bool:
    """The worker dies; what happens to the very first step comes while there is none."""
    return cell.hazard is Hazard.KILLED or cell.task is TaskWord.SCHEDULE


def of_the_time_out(cell: Cell) -> bool:
    """The database does a local step and its answer is lost."""
    return is_local(cell) and cell.hazard is Hazard.TIMES_OUT


def of_the_pause(cell: Cell) -> bool:
    """The database is away for longer than a local step is tried."""
    return is_local(cell) and cell.hazard in (Hazard.EXHAUSTED, Hazard.UNDO_FAILS)


def in_a_wave(cell: Cell) -> bool:
    return of_the_kill(cell) or of_the_time_out(cell) or of_the_pause(cell)


# ---- the worker is killed -------------------------------------------------------------------------------


async def kill_worker(shop: Shop) -> dict[Cell, Buyer]:
    """Kills it while a call of every kind is on its way, an order waits, and three have not had their first task."""
    found: dict[Cell, Buyer] = {}
    async with AsyncExitStack() as stack:
        killed = [cell for cell in cells() if of_the_kill(cell)]
        for cell in [cell for cell in killed if cell.task not in NO_EFFECT or cell.task is TaskWord.WAIT]:
            found[cell] = await prepared(shop, cell)
        for cell, buyer in found.items():
            await _brought_amid(stack, cell, buyer)
        first = {cell: await new_buyer(shop) for cell in killed if cell.task is TaskWord.SCHEDULE}
        worker = psutil.Process(shop.up.children()["worker"])
        worker.suspend()
        for cell, buyer in first.items():
            await _asked_before_the_first_task(cell, buyer)
        os.kill(worker.pid, signal.SIGKILL)
    await shop.runs_again("worker", worker.pid)
    return found | first


async def _brought_amid(stack: AsyncExitStack, cell: Cell, buyer: Buyer) -> None:
    if is_local(cell):
        lock = await stack.enter_async_context(locked(cell, buyer))
        await begun(cell, buyer)
        await lock.blocked()
    elif cell.task is TaskWord.WAIT:
        await begun(cell, buyer)
        await buyer.released()
    else:
        await buyer.fault(EFFECT[cell.task], "slow", seconds=6)
        await begun(cell, buyer)
        await buyer.in_flight(EFFECT[cell.task])


async def _asked_before_the_first_task(cell: Cell, buyer: Buyer) -> None:
    await buyer.place()
    if cell.hazard is Hazard.CANCELLED:
        assert (await buyer.cancel(seconds=1))[0] == 202
    if cell.hazard is Hazard.CHANGED:
        assert (await buyer.change(seconds=1))[0] == 202


async def survived(cell: Cell, buyer: Buyer) -> None:
    """The order ends as if nothing had happened, or as it was asked meanwhile."""
    if cell.hazard is Hazard.CANCELLED:
        await buyer.is_cancelled()
    elif cell.hazard is Hazard.CHANGED:
        await buyer.completes(MORE, revision=2)
    else:
        await buyer.completes()
        await buyer.nobody_was_asked()


# ---- the database does not answer -----------------------------------------------------------------------


async def lose_answers(shop: Shop) -> dict[Cell, Buyer]:
    """Local steps are committed, and their sessions end before the answer."""
    async with AsyncExitStack() as stack:
        found = await _before_their_locks(shop, stack, [cell for cell in cells() if of_the_time_out(cell)])
        async with commits_unanswered(shop):
            for cell, (_, lock) in found.items():
                await lock.give_up()
                await end_session(shop, await unanswered(shop, EFFECT[cell.task]))
    return {cell: buyer for cell, (buyer, _) in found.items()}


async def pause_database(shop: Shop) -> dict[Cell, Buyer]:
    """Some local steps are committed, some undos stand before a lock; then nothing answers for as long as they try."""
    mine = [cell for cell in cells() if of_the_pause(cell)]
    async with AsyncExitStack() as stack:
        undone = await _undone_before_their_locks(shop, stack, [c for c in mine if c.hazard is Hazard.UNDO_FAILS])
        done = await _before_their_locks(shop, stack, [cell for cell in mine if cell.hazard is Hazard.EXHAUSTED])
        async with commits_unanswered(shop):
            for cell, (_, lock) in done.items():
                await lock.give_up()
                await unanswered(shop, EFFECT[cell.task])
            buyers = undone | {cell: buyer for cell, (buyer, _) in done.items()}
            with paused(shop):
                await asyncio.sleep(LOCAL_SECONDS)
                await asyncio.gather(*map(shows_a_fault, buyers.values()))
    return buyers


async def _before_their_locks(shop: Shop, stack: AsyncExitStack, mine: list[Cell]) -> dict[Cell, tuple[Buyer, Lock]]:
    """Orders whose local steps wait for locks."""
    found = {}
    for cell in mine:
        buyer = await prepared(shop, cell)
        lock = await stack.enter_async_context(locked(cell, buyer))
        await begun(cell, buyer)
        await lock.blocked()
        found[cell] = buyer, lock
    return found


async def _undone_before_their_locks(shop: Shop, stack: AsyncExitStack, mine: list[Cell]) -> dict[Cell, Buyer]:
    """Orders whose local undos wait for locks."""
    found = {}
    for cell in mine:
        buyer = await to_be_undone(shop, cell)
        lock = await stack.enter_async_context(undo_locked(cell, buyer))
        assert (await buyer.cancel(seconds=1))[0] == 202
        await lock.blocked()
        found[cell] = buyer
    return found


async def shows_a_fault(buyer: Buyer) -> None:
    """The Temporal UI says that our own database is away, and that nobody has to do anything."""
    deadline = time.monotonic() + APART_SECONDS + 5
    while "tried again by itself" not in (said := await _details(buyer)):
        assert time.monotonic() < deadline, said
        await asyncio.sleep(0.25)
    assert "Owner: operations" in said


async def _details(buyer: Buyer) -> str:
    try:
        return await buyer.shop.details(buyer.number)
    except RPCError:
        return "the order is busy"


async def recovered(cell: Cell, buyer: Buyer) -> None:
    """By itself, with the effect that there was."""
    if cell.hazard is Hazard.UNDO_FAILS:
        await buyer.is_cancelled()
        assert "undo_failed" not in await buyer.codes_parked()
    else:
        await buyer.completes()
        await buyer.nobody_was_asked()
