"""Orders that were changed, or are being changed, lose their workflow and are resumed (CHG8, CHG9, CHG14, I2, I12).

The cases run side by side, each with an order of its own; every case is a test.
"""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio

from tests.changes import cases
from tests.changes.cases import Case, answers, ends, more, statuses
from tests.changes.ground import Customer, ready
from tests.changes.matrix import PLACE, STOCK
from tests.support.shop import Shop

UP, TOTAL = 7000, 5000
"""Cents: with 5 units of the first line, and as ordered."""
FIRST, SECOND = (1, "a", 3), (2, "b", 2)
MORE = (1, "a", 5)


async def terminated(customer: Customer) -> None:
    await customer.shop.workflow(customer.number).terminate("an operator pressed Terminate")


async def resumed(customer: Customer, told_again: int) -> None:
    answer = await customer.shop.ok("POST", f"/v1/orders/{customer.number}/resume")
    assert answer["told_again"] == told_again
    await customer.until(lambda order: order["version"] > answer["version"])


async def a_changed_order(shop: Shop) -> None:
    """It meets what was done at either revision, and ships once what was ordered last."""
    customer = await ready(shop)
    status, answer = await customer.change(more())
    assert (status, answer["outcome"], answer["revision"]) == (200, "accepted", 2)
    await customer.at_rest("released")
    await terminated(customer)
    await asyncio.sleep(1)  # until the server's list knows it
    code, said, _ = await shop.cli("audit")
    assert code == 1
    assert f"ordito order resume {customer.number}" in said

    code, said, errors = await shop.cli("order", "resume", customer.number)
    assert code == 0, said + errors
    again, same = await customer.change(more())
    assert (again, same) == (status, answer)
    await ends(customer, UP)

    assert [one[:2] for one in await customer.requests()] == [
        ("cancelled", (FIRST, SECOND)),
        ("shipped", (MORE, SECOND)),
    ]
    assert await customer.money() == [("authorized", UP, UP), ("voided", TOTAL, 0)]
    assert (await customer.stock())[PLACE, "a"] == (STOCK - 5, 0)
    told = Counter(await customer.told())
    assert (told["change.accepted"], told["order.completed"], told["invoice.created"]) == (1, 1, 1)


async def a_change_with_its_request_not_cancelled_yet(shop: Shop) -> None:
    """Stock and money are held twice when its workflow goes; the change is asked again, and comes about once."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "unavailable", customer.number, times=8)
    status, _ = await customer.change(more(), seconds=1)
    assert status == 202
    await customer.parked("undo_failed")
    assert (await customer.stock())[PLACE, "a"] == (STOCK, 5)
    await terminated(customer)

    await resumed(customer, told_again=1)
    await customer.until(lambda order: order["revision"] == 2)
    assert await answers(customer) == Counter({("change.accepted", "c-1"): 1})
    await ends(customer, UP)
    assert statuses(await customer.requests()) == ["cancelled", "shipped"]
    assert [one for one in await customer.money() if one[0] != "voided"] == [("authorized", UP, UP)]


async def a_change_that_the_carrier_refuses_in_the_end(shop: Shop) -> None:
    """What was held for it before its workflow went is given back, and the order goes on as it was."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "unavailable", customer.number, times=8)
    await customer.change(more(), seconds=1)
    await customer.parked("undo_failed")
    await terminated(customer)
    await shop.fault("carrier", "cancellations", "refuse", customer.number, code="too_late")

    await resumed(customer, told_again=1)
    await customer.until(lambda order: order["changes"][0]["outcome"] == "refused")
    order = await customer.at_rest("released")
    assert order["revision"] == 1
    assert (await customer.stock())[PLACE, "a"] == (STOCK, 3)
    await ends(customer, TOTAL)
    assert [one[:2] for one in await customer.requests()] == [("shipped", (FIRST, SECOND))]
    assert [one for one in await customer.money() if one[0] != "voided"] == [("authorized", TOTAL, TOTAL)]


async def a_changed_order_whose_old_card_is_to_be_voided(shop: Shop) -> None:
    """The authorization on the card that was replaced is still held when the workflow goes."""
    customer = await ready(shop)
    await shop.fault("payments", "voids", "unavailable", customer.number, times=7)
    card = {"method": "card", "token": "tok_other"}
    status, answer = await customer.change({"change_id": "c-1", "set": {"payment": card}})
    assert (status, answer["outcome"]) == (200, "accepted")
    await customer.parked("undo_failed")
    assert await customer.money() == [("authorized", TOTAL, 0), ("authorized", TOTAL, 0)]
    await terminated(customer)

    await resumed(customer, told_again=0)
    await ends(customer, TOTAL)
    assert await customer.money() == [("authorized", TOTAL, TOTAL), ("voided", TOTAL, 0)]
    assert statuses(await customer.requests()) == ["shipped"]
    (capture,) = (await shop.order(customer.number))["captures"]
    assert capture["authorization_key"].endswith("/authorize_payment/2")


CASES: tuple[Case, ...] = (
    a_changed_order,
    a_change_with_its_request_not_cancelled_yet,
    a_change_that_the_carrier_refuses_in_the_end,
    a_changed_order_whose_old_card_is_to_be_voided,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> dict[str, BaseException | None]:
    return await cases.run_together(shop, CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
async def test_a_resumed_order_ends_as_if_nothing_had_been(ran: dict[str, BaseException | None], case: Case) -> None:
    cases.judge(ran, case)
