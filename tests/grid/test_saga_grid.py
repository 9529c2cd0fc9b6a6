"""Every step of the shipped process with everything that can happen to it, on the whole stack (CHG9, ORC19, I1-I14).

All cells run on one stack, each with an order of its own. Those that hit everybody, a database that does not answer
and a dead worker, come first; the others run side by side. Each has its own test; the last ones look at what is left.
"""

import asyncio
import re

import pytest
import pytest_asyncio

from tests.grid.running import Ran, run_all
from tests.support.shop import Shop
from tools.docs.generated import FOLDER
from tools.docs.saga_grid import Cell, cells


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> Ran:
    """What became of each cell."""
    return await run_all(shop)


def test_the_page_of_the_grid_names_the_tests_that_there_are() -> None:
    page = (FOLDER / "saga-grid.md").read_text(encoding="utf-8")
    named = re.findall(r"`tests/grid/test_saga_grid.py::test_a_cell_on_the_whole_stack\[([^`]+)\]`", page)
    assert named == [cell.name for cell in cells()]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cell", cells(), ids=lambda cell: cell.name)
async def test_a_cell_on_the_whole_stack(ran: Ran, cell: Cell) -> None:
    error = ran[cell]
    if error is not None:
        raise error


async def test_the_outside_was_never_asked_for_what_a_correct_caller_never_asks(shop: Shop, ran: Ran) -> None:
    assert await shop.violations() == []
    books = await shop.outside.get("/carrier/admin/books")
    assert {one["status"] for one in books.json()["requests"]} == {"shipped", "cancelled"}
    books = await shop.outside.get("/payments/admin/books")
    money = books.json()["authorizations"]
    held = [one for one in money if one["status"] == "authorized" and one["captured"] < one["amount"]]
    assert held == [], "money is held for orders that have ended (I2)"


async def test_no_order_still_runs(shop: Shop, ran: Ran) -> None:
    for _ in range(20):
        left = [one.id async for one in shop.temporal.list_workflows("ExecutionStatus = 'Running'")]
        if not left:
            break
        await asyncio.sleep(0.5)
    assert left == []


async def test_the_audit_finds_nothing(shop: Shop, ran: Ran) -> None:
    await shop.wholly_audited()
