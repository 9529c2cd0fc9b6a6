"""The cells of the change matrix that say `update`, on the real stack, at a carrier that takes updates (CHG7, CHG3).

What becomes of them at a carrier that takes none is in `test_matrix`.
"""

import pytest
import pytest_asyncio

from tests.changes.cases import ends, sent, statuses, untouched
from tests.changes.ground import look, ready
from tests.changes.matrix import BEFORE, UPDATES, Cell
from tests.changes.running import Report, run
from tests.changes.test_matrix import judge
from tests.orders.scenarios import able
from tests.support.shop import Shop

METHOD = {"change_id": "c-1", "set": {"ship_method": "express"}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reports(shop: Shop) -> dict[Cell, Report]:
    async with able(shop, relabel=True):
        return await run(shop, [[], list(UPDATES)])


@pytest.mark.parametrize("cell", UPDATES, ids=lambda cell: cell.name)
async def test_a_cell_at_a_carrier_that_takes_updates(reports: dict[Cell, Report], cell: Cell) -> None:
    judge(reports[cell])


async def test_a_refused_update_becomes_a_cancel_and_another_request(shop: Shop) -> None:
    async with able(shop):
        customer = await ready(shop)
        await shop.fault("carrier", "updates", "refuse", customer.number, code="no_such_service")
        status, answer = await customer.change(METHOD)
        assert (status, answer["outcome"]) == (200, "accepted")
        assert {one["step"]: one["do"] for one in answer["actions"]}["ship"] == "cancel_and_create"
        await sent(customer, [("cancelled", "ground"), ("released", "express")], 0, 2)
        assert "shipment.updated" not in await customer.told()
        await ends(customer, BEFORE.total)


async def test_an_update_whose_answer_is_lost_is_found_by_its_key(shop: Shop) -> None:
    async with able(shop):
        customer = await ready(shop)
        await shop.fault("carrier", "updates", "drop_connection_after_success", customer.number, times=2)
        status, answer = await customer.change(METHOD)
        assert (status, answer["outcome"]) == (200, "accepted")
        assert [(one[0], one[2]) for one in await customer.requests()] == [("released", "express")]
        assert (await customer.told()).count("shipment.updated") == 1
        await ends(customer, BEFORE.total)


async def test_a_carrier_that_is_away_while_it_should_update_waits_for_a_person(shop: Shop) -> None:
    async with able(shop):
        customer = await ready(shop)
        await shop.fault("carrier", "updates", "unavailable", customer.number, times=7)
        status, answer = await customer.change(METHOD, seconds=1)
        assert (status, answer["outcome"]) == (202, "in_progress")
        await customer.parked("update_failed")
        assert [(one[0], one[2]) for one in await customer.requests()] == [("released", "ground")]
        await customer.retry()
        await customer.until(lambda order: order["revision"] == 2)
        assert [(one[0], one[2]) for one in await customer.requests()] == [("released", "express")]
        await ends(customer, BEFORE.total)


async def test_a_preview_says_update_and_is_stale_once_the_carrier_refuses(shop: Shop) -> None:
    """I14: with its token the change is an update or nothing."""
    async with able(shop):
        customer = await ready(shop)
        path = f"/v1/orders/{customer.number}/changes"
        seen = await shop.ok("POST", path, json=METHOD, params={"preview": "true"})
        assert {one["step"]: one["do"] for one in seen["actions"]}["ship"] == "update"
        before = await look(customer)
        await shop.fault("carrier", "updates", "refuse", customer.number, code="no_such_service")
        status, answer = await customer.change({**METHOD, "token": seen["token"]})
        assert (status, answer["code"]) == (409, "stale_preview")
        await untouched(customer, before)
        assert statuses(await customer.requests()) == ["released"]
        await ends(customer, BEFORE.total)
