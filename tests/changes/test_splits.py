"""The carrier ships a part and no more; what left is billed, the rest goes on by itself: real stack (ORC16, CHG11).

An order has 3 units of line 1 and 2 of line 2 at 10.00; two of line 1 leave.
"""

import asyncio
from collections import Counter
from typing import Any

import pytest
import pytest_asyncio

from tests.changes import cases
from tests.changes.cases import Case, ends, more, statuses
from tests.changes.ground import Customer, ready
from tests.changes.matrix import PLACE
from tests.orders.scenarios import now
from tests.support.shop import Order, Shop, settled


async def split(shop: Shop) -> Customer:
    """An order of which a part has left, and whose rest is asked for anew."""
    customer = await ready(shop)
    (shipment,) = (await shop.order(customer.number))["shipments"]
    await leaves(shop, shipment["ref"], {1: 2})
    await parted(customer)
    return customer


async def parted(customer: Customer) -> Order:
    """The order, as soon as the rest waits for its own shipment and what left is billed."""
    return await customer.until(
        lambda order: [len(order[name]) for name in ("groups", "shipments", "invoices")] == [2, 2, 1] and settled(order)
    )


async def leaves(shop: Shop, ref: str, lines: dict[int, int], **rest: str) -> None:
    """The carrier ships these units, and says that the rest is backordered."""
    part = [{"line": line, "quantity": units} for line, units in lines.items()]
    told = {"rest": "backordered", **rest}
    await shop.admin("carrier/admin/advance", shipment=ref, to="shipped", at=now(), lines=part, **told)


async def entries(shop: Shop, number: str, kind: str) -> list[dict[str, Any]]:
    found = (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]
    return [entry for entry in found if entry["type"] == kind]


def of_lines(order: Order, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(line[name] for name in names) for line in order["lines"]]


async def what_left_is_billed_and_the_rest_goes_on_by_itself(shop: Shop) -> None:
    customer = await split(shop)
    order = await customer.at_rest("released")
    assert of_lines(order, "number", "shipped", "open", "status") == [(1, 2, 1, "released"), (2, 0, 2, "released")]
    groups = [(one["id"], one["lines"], one["units"], one["status"]) for one in order["groups"]]
    assert groups == [("1", [1], {"1": 2}, "completed"), ("1.2", [1, 2], {"1": 1}, "released")]
    assert [one["total"] for one in order["invoices"]] == ["20.00"]
    assert order["shipped_at"] is None
    stock = await customer.stock()
    assert {item: stock[PLACE, item] for item in ("a", "b")} == {"a": (98, 1), "b": (100, 2)}
    requests = [one[:2] for one in await customer.requests()]
    assert requests == [("released", ((1, "a", 1), (2, "b", 2))), ("shipped", ((1, "a", 3), (2, "b", 2)))]
    (told,) = await entries(shop, customer.number, "order.split")
    assert told["words"] == (
        "2 of 5 units have left. The rest goes on by itself as group 1.2: 1 of line 1, 2 of line 2."
    )
    await ends(customer, 5000)
    order = await shop.order(customer.number)
    assert [one["total"] for one in order["invoices"]] == ["20.00", "30.00"]
    assert of_lines(order, "shipped", "open", "cancelled") == [(3, 0, 0), (2, 0, 0)]
    assert await customer.money() == [("authorized", 3000, 3000), ("voided", 5000, 2000)]
    assert order["shipped_at"] is not None


async def a_part_may_be_followed_by_one_that_ends_the_request(shop: Shop) -> None:
    customer = await ready(shop)
    (shipment,) = (await shop.order(customer.number))["shipments"]
    await leaves(shop, shipment["ref"], {1: 1}, rest="follows")
    await customer.until(lambda order: order["lines"][0]["shipped"] == 1)
    assert len((await shop.order(customer.number))["groups"]) == 1
    await leaves(shop, shipment["ref"], {2: 1})
    order = await parted(customer)
    assert [one["units"] for one in order["groups"]] == [{"1": 1, "2": 1}, {"1": 2, "2": 1}]
    await ends(customer, 5000)


async def the_rest_can_be_made_smaller(shop: Shop) -> None:
    """CHG11: what has left is a group of its own, so the matrix asks how far the rest is."""
    customer = await split(shop)
    status, answer = await customer.change({"change_id": "c-1", "lines": [{"number": 2, "quantity": 1}]})
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    await ends(customer, 4000)
    order = await shop.order(customer.number)
    assert of_lines(order, "quantity", "shipped", "cancelled") == [(3, 3, 0), (1, 1, 0)]
    assert (await customer.stock())[PLACE, "b"] == (99, 0)


async def the_rest_of_a_line_is_cancelled(shop: Shop) -> None:
    customer = await split(shop)
    status, answer = await customer.change({"change_id": "c-1", "lines": [{"number": 1, "cancel": True}]})
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    await ends(customer, 4000)
    order = await shop.order(customer.number)
    assert of_lines(order, "quantity", "shipped", "open") == [(2, 2, 0), (2, 2, 0)]
    assert (await customer.stock())[PLACE, "a"] == (98, 0)


async def all_of_the_rest_is_cancelled(shop: Shop) -> None:
    customer = await split(shop)
    lines = [{"number": 1, "quantity": 2}, {"number": 2, "cancel": True}]
    status, answer = await customer.change({"change_id": "c-1", "lines": lines})
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    order = await customer.at_rest("completed")
    assert [one["total"] for one in order["invoices"]] == ["20.00"]
    assert statuses(await customer.requests()) == ["cancelled", "shipped"]
    assert [reserved for _, reserved in (await customer.stock()).values()] == [0] * 6


async def more_of_the_rest_is_held_before_its_request_is_cancelled(shop: Shop) -> None:
    customer = await split(shop)
    status, answer = await customer.change(more(5))
    assert (status, answer["outcome"]) == (200, "accepted"), answer
    await ends(customer, 7000)
    assert of_lines(await shop.order(customer.number), "quantity", "shipped") == [(5, 5), (2, 2)]


async def what_has_left_stays_as_it_is(shop: Shop) -> None:
    customer = await split(shop)
    for units, code in ((1, "below_shipped"), (200, "out_of_stock")):
        status, answer = await customer.change(more(units, f"c-{units}"))
        assert (status, answer["code"]) == (409, code)
    asked = {"change_id": "c-all", "reason": "too late"}
    response = await shop.api.post(f"/v1/orders/{customer.number}/cancel", json=asked)
    assert (response.status_code, response.json()["reason"]) == (409, "already_shipped"), response.text
    await ends(customer, 5000)


async def the_rest_is_not_sent_without_money(shop: Shop) -> None:
    """I7: the part that left is billed whatever becomes of the money for the rest."""
    customer = await ready(shop)
    await shop.fault("payments", "authorizations", "refuse", customer.number, code="insufficient_funds")
    (shipment,) = (await shop.order(customer.number))["shipments"]
    await leaves(shop, shipment["ref"], {1: 2})
    await customer.parked("insufficient_funds")
    order = await customer.until(lambda order: len(order["invoices"]) == 1)
    assert len(order["shipments"]) == 1
    assert (await customer.stock())[PLACE, "b"] == (100, 2)
    await customer.retry()
    await ends(customer, 5000)


async def a_terminated_order_is_split_again_when_it_is_resumed(shop: Shop) -> None:
    customer = await split(shop)
    await customer.at_rest("released")
    await shop.workflow(customer.number).terminate("a test")
    await asyncio.sleep(0.5)
    code, said, errors = await shop.cli("order", "resume", customer.number)
    assert code == 0, said + errors
    await ends(customer, 5000)
    assert Counter(await customer.told())["order.split"] == 1


CASES: tuple[Case, ...] = (
    what_left_is_billed_and_the_rest_goes_on_by_itself,
    a_part_may_be_followed_by_one_that_ends_the_request,
    the_rest_can_be_made_smaller,
    the_rest_of_a_line_is_cancelled,
    all_of_the_rest_is_cancelled,
    more_of_the_rest_is_held_before_its_request_is_cancelled,
    what_has_left_stays_as_it_is,
    the_rest_is_not_sent_without_money,
    a_terminated_order_is_split_again_when_it_is_resumed,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> dict[str, BaseException | None]:
    """What became of each case."""
    return await cases.run_together(shop, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_a_split(ran: dict[str, BaseException | None], case: Case) -> None:
    cases.judge(ran, case)


async def test_the_books_agree(ran: dict[str, BaseException | None], shop: Shop) -> None:
    """I1, I3, I5, I12: by our own audit, and by the books of the others."""
    assert ran
    await shop.audited()
    assert await shop.violations() == []
