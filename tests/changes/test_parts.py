"""Further units of what the carrier has in hand go by themselves, as a part of their line: real stack (CHG3, CHG11).

An order has 3 units of line 1 and 2 of line 2 at 10.00; the carrier has picked them, or shipped them.
"""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from domain.process.words import Stage
from tests.changes import cases
from tests.changes.cases import Case, ends, more, sent, statuses
from tests.changes.ground import Customer, document, ready, stocked
from tests.changes.matrix import PLACE, STOCK
from tests.changes.test_splits import leaves, of_lines
from tests.orders.scenarios import now
from tests.support.shop import Order, Shop

FIRST, SECOND, MORE = (1, "a", 3), (2, "b", 2), (1, "a", 2)


async def raised(shop: Shop, stage: Stage = Stage.PICKED) -> Customer:
    """An order at a stage that was asked for two more units of its first line."""
    customer = await ready(shop, stage)
    status, answer = await customer.change(more())
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    assert "By themselves, as group 2, go 2 of line 1." in answer["words"]
    await customer.until(lambda order: len(order["shipments"]) == 2 and not _flows(order))
    return customer


def _flows(order: Order) -> bool:
    return any(shipment["status"] == "requested" for shipment in order["shipments"])


def groups(order: Order) -> list[tuple[Any, ...]]:
    return [(one["id"], one["lines"], one["units"]) for one in order["groups"]]


async def ref_of(customer: Customer, group: str) -> str:
    order = await customer.shop.order(customer.number)
    found: str = next(one["ref"] for one in order["shipments"] if one["group_id"] == group)
    return found


async def what_is_picked_goes_as_it_is_and_the_line_is_in_two_groups(shop: Shop) -> None:
    customer = await raised(shop)
    order = await shop.order(customer.number)
    assert groups(order) == [("1", [1, 2], {"1": 3}), ("2", [1], {"1": 2})]
    assert of_lines(order, "number", "quantity", "amount", "open") == [(1, 5, "50.00", 5), (2, 2, "20.00", 2)]
    assert [one[:2] for one in await customer.requests()] == [("picked", (FIRST, SECOND)), ("released", (MORE,))]
    assert await customer.money() == [("authorized", 2000, 0), ("authorized", 5000, 0)]
    assert (await customer.stock())[PLACE, "a"] == (STOCK, 5)
    code, said, _ = await shop.cli("order", "show", customer.number)
    assert code == 0
    assert "Line 1 goes in parts: 3 in group 1 (released), 2 in group 2 (released)." in said
    await ends(customer, 7000)
    order = await shop.order(customer.number)
    assert sorted(one["total"] for one in order["invoices"]) == ["20.00", "50.00"]
    assert of_lines(order, "shipped", "open", "cancelled") == [(5, 0, 0), (2, 0, 0)]


async def the_newest_part_leaves_first_and_takes_only_what_it_holds(shop: Shop) -> None:
    """I1, I2: the first group still holds its own three when the other two have left."""
    customer = await raised(shop)
    await shop.admin("carrier/admin/advance", shipment=await ref_of(customer, "2"), to="shipped", at=now())
    order = await customer.until(lambda order: len(order["invoices"]) == 1)
    assert [one["total"] for one in order["invoices"]] == ["20.00"]
    assert (await customer.stock())[PLACE, "a"] == (STOCK - 2, 3)
    status, answer = await customer.change(more(4, "c-2"))
    assert (status, answer["outcome"]) == (202, "pending_approval"), answer
    path = f"/v1/orders/{customer.number}/changes/c-2/refuse"
    await shop.ok("POST", path, json={"reason": "no"})
    await ends(customer, 7000)


async def a_price_that_does_not_divide_is_billed_to_the_cent(shop: Shop) -> None:
    """PRC3: 3 at 9.99 less 12.5 % are 26.22, 5 are 43.71; the two further ones come to 17.49."""
    (skus,) = await stocked(shop, 1)
    asked = document(shop, skus)
    asked["lines"] = [{"sku": skus["a"], "quantity": 3, "unit_price": "9.99", "discount": "0.125"}]
    await shop.ok("POST", "/v1/orders", json=asked)
    customer = Customer(shop, asked["number"], skus)
    await customer.at_rest("released")
    await shop.advance(customer.number, "picked")
    status, answer = await customer.change(more())
    assert (status, answer["outcome"], answer["price"]["after"]) == (200, "accepted", "43.71"), answer
    await ends(customer, 4371)
    order = await shop.order(customer.number)
    assert sorted(one["total"] for one in order["invoices"]) == ["17.49", "26.22"]


async def it_is_lowered_again_and_never_below_what_has_left(shop: Shop) -> None:
    customer = await raised(shop, Stage.SHIPPED)
    status, answer = await customer.change(more(4, "c-2"))
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    assert [one["lines"] for one in answer["actions"] if one["do"] == "cancel_and_create"] == [[1]]
    status, answer = await customer.change(more(2, "c-3"))
    assert (status, answer["code"]) == (409, "below_shipped"), answer
    await sent(customer, [("cancelled", (MORE,)), ("released", ((1, "a", 1),)), ("shipped", (FIRST, SECOND))])
    assert (await customer.stock())[PLACE, "a"] == (STOCK - 3, 1)
    await customer.retry()
    await customer.until(lambda order: len(order["invoices"]) == 1)
    await ends(customer, 6000)
    assert of_lines(await shop.order(customer.number), "quantity", "shipped") == [(4, 4), (2, 2)]


async def a_terminated_order_is_resumed_with_its_line_in_parts(shop: Shop) -> None:
    customer = await raised(shop)
    await shop.workflow(customer.number).terminate("a test")
    await asyncio.sleep(0.5)
    code, said, errors = await shop.cli("order", "resume", customer.number)
    assert code == 0, said + errors
    await customer.until(lambda order: order["status"] == "released" and bool(order["waiting"]))
    assert groups(await shop.order(customer.number)) == [("1", [1, 2], {"1": 3}), ("2", [1], {"1": 2})]
    status, answer = await customer.change(more(6, "c-2"))
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    await ends(customer, 8000)
    assert statuses(await customer.requests()) == ["cancelled", "shipped", "shipped"]


async def the_carrier_ships_less_of_a_part(shop: Shop) -> None:
    customer = await raised(shop)
    await leaves(shop, await ref_of(customer, "2"), {1: 1})
    await customer.until(lambda order: len(order["groups"]) == 3 and len(order["shipments"]) == 3)
    order = await shop.order(customer.number)
    assert groups(order) == [("1", [1, 2], {"1": 3}), ("2", [1], {"1": 1}), ("2.2", [1], {"1": 1})]
    await ends(customer, 7000)
    order = await shop.order(customer.number)
    assert sorted(one["total"] for one in order["invoices"]) == ["10.00", "10.00", "50.00"]


CASES: tuple[Case, ...] = (
    what_is_picked_goes_as_it_is_and_the_line_is_in_two_groups,
    the_newest_part_leaves_first_and_takes_only_what_it_holds,
    a_price_that_does_not_divide_is_billed_to_the_cent,
    it_is_lowered_again_and_never_below_what_has_left,
    a_terminated_order_is_resumed_with_its_line_in_parts,
    the_carrier_ships_less_of_a_part,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> dict[str, BaseException | None]:
    """What became of each case."""
    return await cases.run_together(shop, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_a_line_in_parts(ran: dict[str, BaseException | None], case: Case) -> None:
    cases.judge(ran, case)


async def test_the_books_agree(ran: dict[str, BaseException | None], shop: Shop) -> None:
    """I1, I2, I3, I5, I12: by our own audit, and by the books of the others."""
    assert ran
    await shop.audited()
    assert await shop.violations() == []
