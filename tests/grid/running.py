"""Runs every cell of the grid on one stack, and keeps what became of each."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from domain.policy.model import TaskWord
from tests.grid.alone import HAPPENS, place_services
from tests.grid.buyer import BEHIND_THE_GOODS, Buyer
from tests.grid.policies import publish
from tests.grid.waves import in_a_wave, kill_worker, lose_answers, pause_database, recovered, survived
from tests.support.shop import Shop
from tools.docs.saga_grid import UNDOING, Cell, cells

AT_ONCE = 12
Ran = dict[Cell, BaseException | None]
Judge = Callable[[Cell, Buyer], Awaitable[None]]


async def run_all(shop: Shop) -> Ran:
    """First what hits everybody, then all that does not, side by side; the waves' orders are judged beside those."""
    lap = _laps()
    await _services(shop)
    lap("services")
    lost = await lose_answers(shop)
    lap("answers lost")
    away = await pause_database(shop)
    lap("database paused")
    dead = await kill_worker(shop)
    lap("worker killed")
    judging = [(survived, dead), (recovered, lost | away)]
    works: dict[Cell, Awaitable[None]] = {
        cell: judge(cell, buyer) for judge, found in judging for cell, buyer in found.items()
    }
    works |= {cell: HAPPENS[cell.hazard](shop, cell) for cell in cells() if not in_a_wave(cell)}
    ran = await _side_by_side(works)
    lap("side by side")
    return ran


async def _services(shop: Shop) -> None:
    """Orders of a service under two other wordings of the process; all later ones follow the shipped one."""
    undone = [cell for cell in cells() if cell.hazard in UNDOING and cell.task in BEHIND_THE_GOODS]
    for billed_first in (False, True):
        await publish(shop, service=True, billed_first=billed_first)
        await place_services(shop, [cell for cell in undone if (cell.task is TaskWord.INVOICE) == billed_first])
    await publish(shop)


async def _side_by_side(works: dict[Cell, Awaitable[None]]) -> Ran:
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(work: Awaitable[None]) -> None:
        async with gate:
            await work

    found = await asyncio.gather(*map(guarded, works.values()), return_exceptions=True)
    return dict(zip(works, found, strict=True))


def _laps() -> Callable[[str], None]:
    last = [time.monotonic()]

    def lap(name: str) -> None:
        now = time.monotonic()
        sys.stderr.write(f"saga grid, {name}: {now - last[0]:.1f} s\n")
        last[0] = now

    return lap
