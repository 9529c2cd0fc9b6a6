"""Changes that go wrong, meet each other, or come at a bad moment (CHG1, CHG6, CHG8, CHG10, CHG12, CHG14, PAY2).

The cases run side by side, each with orders of its own; every case is a test.
"""

import asyncio
from collections import Counter
from typing import Any

import pytest
import pytest_asyncio

from domain.process.words import Stage
from tests.changes import cases, ground
from tests.changes.cases import Case, answers, ends, more, sent, statuses, untouched
from tests.changes.ground import Customer, look, ready
from tests.changes.matrix import OTHER_PLACE, PLACE, PRICES, STOCK
from tests.orders.scenarios import now
from tests.support.shop import Shop

UP, TOTAL = 7000, 5000
"""Cents: with 5 units of the first line, and as ordered."""


# ---- the outside says no, or nothing --------------------------------------------------------------------


async def the_carrier_refuses_the_cancel(shop: Shop) -> None:
    """CHG10: what was held and funded for the change is given back; the order goes on as it was."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "refuse", customer.number, code="too_late")
    before = await look(customer)
    status, answer = await customer.change(more())
    assert (status, answer["outcome"], answer["code"]) == (409, "refused", "too_late")
    assert "goes on as it was" in answer["words"]
    await untouched(customer, before)
    assert await customer.money() == [("authorized", TOTAL, 0), ("voided", UP, 0)]
    await ends(customer, TOTAL)


async def the_carrier_has_picked_since_it_was_asked(shop: Shop) -> None:
    """CHG10, after `picked`: a change that the matrix allows there meets the carrier's own no."""
    customer = await ready(shop, Stage.PICKED)
    before = await look(customer)
    status, answer = await customer.change({"change_id": "c-1", "set": {"ship_method": "express"}})
    assert (status, answer["code"]) == (409, "too_late")
    await untouched(customer, before)
    await ends(customer, TOTAL)


async def the_carrier_is_away_while_it_should_cancel(shop: Shop) -> None:
    """The caller is told `in_progress`; the cancel is tried again, then parked, and a retry ends the change."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "unavailable", customer.number, times=8)  # once in the sequence
    status, answer = await customer.change(more(), seconds=1)
    assert (status, answer["outcome"]) == (202, "in_progress")
    await customer.parked("undo_failed")
    assert (await shop.order(customer.number))["revision"] == 1
    await customer.retry()
    await customer.until(lambda order: order["revision"] == 2)
    assert await answers(customer) == Counter({("change.accepted", "c-1"): 1})
    await ends(customer, UP)


async def the_new_card_is_declined(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    card = {"method": "card", "token": "tok_declined"}
    status, answer = await customer.change({"change_id": "c-1", "set": {"payment": card}})
    assert (status, answer["code"]) == (409, "declined")
    await untouched(customer, before)
    assert await customer.money() == before.money
    await ends(customer, TOTAL)


async def more_is_not_authorized(shop: Shop) -> None:
    """The stock that was held for the change is given back, and the carrier is not even asked to cancel."""
    customer = await ready(shop)
    before = await look(customer)
    await shop.fault("payments", "authorizations", "refuse", customer.number, code="insufficient_funds")
    status, answer = await customer.change(more())
    assert (status, answer["code"]) == (409, "insufficient_funds")
    await untouched(customer, before)
    assert "shipment.cancelled" not in await customer.told()
    await ends(customer, TOTAL)


async def there_is_not_enough_stock(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    status, answer = await customer.change(more(200))
    assert (status, answer["code"]) == (409, "out_of_stock")
    assert f"Not enough stock at {PLACE}" in answer["words"]
    await untouched(customer, before)
    assert await customer.money() == before.money
    await ends(customer, TOTAL)


def _added(customer: Customer, units: int, change_id: str = "c-1") -> dict[str, Any]:
    return {"change_id": change_id, "lines": [{"add": {"sku": customer.skus["c"], "quantity": units}}]}


def _moved() -> dict[str, Any]:
    return {"change_id": "c-1", "lines": [{"number": 2, "warehouse": OTHER_PLACE}]}


async def there_is_not_enough_stock_for_an_added_line(shop: Shop) -> None:
    """CHG8: it would go by itself, and is refused all the same; the next try founds the group."""
    customer = await ready(shop)
    before = await look(customer)
    status, answer = await customer.change(_added(customer, STOCK + 1))
    assert (status, answer["code"]) == (409, "out_of_stock")
    assert answer["words"] == (
        f"Not enough stock at {PLACE}. {customer.skus['c']}: {STOCK + 1} more wanted, {STOCK} available."
        " Nothing was changed."
    )
    await untouched(customer, before)
    assert await customer.money() == before.money
    status, answer = await customer.change(_added(customer, 2, "c-2"))
    assert (status, answer["outcome"]) == (200, "accepted")
    assert [(one["step"], one["do"], one["lines"]) for one in answer["actions"][:3]] == [
        ("schedule", "do", [3]),
        ("reserve", "do", [3]),
        ("authorize", "do", [3]),
    ]
    await sent(customer, [("released", ((1, "a", 3), (2, "b", 2))), ("released", ((3, "c", 2),))])
    assert (await customer.stock())[PLACE, "c"] == (STOCK, 2)
    await ends(customer, TOTAL + 2 * PRICES["c"])


async def the_card_is_declined_for_an_added_line(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    await shop.fault("payments", "authorizations", "refuse", customer.number, code="insufficient_funds")
    status, answer = await customer.change(_added(customer, 2))
    assert (status, answer["code"]) == (409, "insufficient_funds")
    await untouched(customer, before)
    assert [group["id"] for group in (await shop.order(customer.number))["groups"]] == ["1"]
    await ends(customer, TOTAL)


async def one_line_that_moves_is_held_there_or_stays(shop: Shop) -> None:
    """CHG8: the other warehouse has nothing of it; once it has, the line goes there and the rest goes on as it was."""
    (skus,) = await ground.stocked(shop, 1, [PLACE])
    customer = await ground.placed(shop, skus, Stage.RELEASED)
    await ground.brought(customer, Stage.RELEASED)
    before = await look(customer)
    status, answer = await customer.change(_moved())
    assert (status, answer["code"]) == (409, "out_of_stock")
    assert f"Not enough stock at {OTHER_PLACE}" in answer["words"]
    await untouched(customer, before)
    arrived = {"id": f"late-{skus['b']}", "location": OTHER_PLACE, "sku": skus["b"], "quantity": 2, "reason": "receipt"}
    await shop.ok("POST", "/v1/stock/movements", json={"movements": [arrived]})
    status, answer = await customer.change({**_moved(), "change_id": "c-2"})
    assert (status, answer["outcome"]) == (200, "accepted")
    wanted = [
        ("cancelled", ((1, "a", 3), (2, "b", 2))),
        ("released", ((1, "a", 3),)),
        ("released", ((2, "b", 2),)),
    ]
    await sent(customer, wanted)
    stock = await customer.stock()
    assert (stock[PLACE, "b"], stock[OTHER_PLACE, "b"]) == ((STOCK, 0), (2, 2))
    await ends(customer, TOTAL)


async def a_refused_cancel_gives_back_what_a_moved_line_had(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    await shop.fault("carrier", "cancellations", "refuse", customer.number, code="too_late")
    status, answer = await customer.change(_moved())
    assert (status, answer["code"]) == (409, "too_late")
    await untouched(customer, before)
    await ends(customer, TOTAL)


# ---- what makes no sense --------------------------------------------------------------------------------


async def what_makes_no_sense_is_refused(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    wrong = {
        "nothing_left": [{"number": 1, "cancel": True}, {"number": 2, "cancel": True}],
        "unknown_line": [{"number": 9, "quantity": 1}],
        "unknown_sku": [{"add": {"sku": "no-such-thing", "quantity": 1}}],
        "nothing_changed": [{"number": 1, "quantity": 3}],
    }
    for code, lines in wrong.items():
        status, answer = await customer.change({"change_id": code, "lines": lines})
        assert (status, answer["code"], bool(answer["words"])) == (409, code, True)
    status, answer = await customer.change(more(change_id="stale", base_revision=7))
    assert (status, answer["code"]) == (409, "stale_revision")
    assert "at revision 1" in answer["words"]
    await untouched(customer, before, refusals=5)
    await ends(customer, TOTAL)


# ---- two groups -----------------------------------------------------------------------------------------


async def the_group_that_has_left_is_left_alone(shop: Shop) -> None:
    customer = await ready(shop, Stage.INVOICED)
    status, answer = await customer.change({"change_id": "c-1", "lines": [{"number": 2, "quantity": 4}]})
    assert (status, answer["outcome"]) == (200, "accepted")
    assert {line for action in answer["actions"] for line in action["lines"]} == {2}
    wanted = [("cancelled", ((2, "b", 2),)), ("released", ((2, "b", 4),)), ("shipped", ((1, "a", 3),))]
    await sent(customer, wanted)
    await ends(customer, 7000)


async def the_last_line_of_a_group_is_cancelled(shop: Shop) -> None:
    """All that was done for the group is undone; the other group has long been billed, so the order is complete."""
    customer = await ready(shop, Stage.INVOICED)
    status, answer = await customer.change({"change_id": "c-1", "lines": [{"number": 2, "cancel": True}]})
    assert (status, answer["outcome"]) == (200, "accepted")
    order = await customer.at_rest("completed")
    assert await customer.money() == [("authorized", 3000, 3000), ("voided", 2000, 0)]
    assert statuses(await customer.requests()) == ["cancelled", "shipped"]
    assert (await customer.stock())[PLACE, "b"] == (100, 0)
    assert {line["number"]: line["cancelled"] for line in order["lines"]} == {1: 0, 2: 2}
    assert [one["total"] for one in order["invoices"]] == ["30.00"]


async def what_has_left_of_a_line_cannot_be_changed_any_more(shop: Shop) -> None:
    """CHG11: two of three units have left."""
    customer = await ready(shop)
    (shipment,) = (await shop.order(customer.number))["shipments"]
    part = [{"line": 1, "quantity": 2}]
    await shop.admin("carrier/admin/advance", shipment=shipment["ref"], to="shipped", at=now(), lines=part)
    await customer.until(lambda order: order["lines"][0]["shipped"] == 2)
    before = await look(customer)
    for units, code in ((1, "below_shipped"), (2, "use_return")):
        status, answer = await customer.change(more(units, f"c-{units}"))
        assert (status, answer["code"]) == (409, code)
    await untouched(customer, before, refusals=2)
    await customer.ship()
    await customer.at_rest("completed")
    assert await customer.money() == [("authorized", TOTAL, TOTAL)]


# ---- several things at once -----------------------------------------------------------------------------


async def one_change_of_many_kinds_cancels_and_creates_once(shop: Shop) -> None:
    customer = await ready(shop)
    lines = [
        {"number": 1, "quantity": 5},
        {"number": 2, "cancel": True},
        {"add": {"sku": customer.skus["c"], "quantity": 1}},
    ]
    fields = {"ship_method": "express", "purchase_order": "PO-9"}
    status, answer = await customer.change({"change_id": "c-1", "set": fields, "lines": lines})
    assert (status, answer["outcome"], answer["price"]["after"]) == (200, "accepted", "70.00")
    wanted = [
        ("cancelled", ((1, "a", 3), (2, "b", 2)), "ground"),
        ("released", ((1, "a", 5),), "express"),
        ("released", ((3, "c", 1),), "express"),
    ]
    await sent(customer, wanted, 0, 1, 2)
    stock = await customer.stock()
    assert [stock[PLACE, item] for item in "abc"] == [(100, 5), (100, 0), (100, 1)]
    await ends(customer, UP)


async def an_order_paid_by_card_is_put_on_terms(shop: Shop) -> None:
    """CHG4: the money is not required any more, and is given back; the goods go as they were to go."""
    customer = await ready(shop)
    status, answer = await customer.change({"change_id": "c-1", "set": {"payment": {"method": "terms"}}})
    assert (status, answer["outcome"]) == (200, "accepted")
    await customer.until(lambda order: order["authorizations"][0]["state"] == "voided")
    await customer.ship()
    order = await customer.at_rest("completed")
    assert await customer.money() == [("voided", TOTAL, 0)]
    assert statuses(await customer.requests()) == ["shipped"]
    assert [one["total"] for one in order["invoices"]] == ["50.00"]


# ---- changes that meet ----------------------------------------------------------------------------------


async def two_changes_at_once_are_done_one_after_the_other(shop: Shop) -> None:
    customer = await ready(shop)
    found = await asyncio.gather(customer.change(more(5, "c-1")), customer.change(more(4, "c-2")))
    assert [(status, answer["outcome"]) for status, answer in found] == [(200, "accepted")] * 2
    assert sorted(answer["revision"] for _, answer in found) == [2, 3]
    units = {2: None, 3: None} | {answer["revision"]: answer["change_id"] for _, answer in found}
    last = {"c-1": 5, "c-2": 4}[str(units[3])]
    order = await customer.at_rest("released")
    assert [line["quantity"] for line in order["lines"]] == [last, 2]
    await customer.until(lambda order: order["revision"] == 3)
    await ends(customer, last * 1000 + 2000)
    requested = statuses(await customer.requests())
    # The second may come before the new request of the first is sent; then there is none to cancel.
    assert requested in (["cancelled", "shipped"], ["cancelled", "cancelled", "shipped"])


async def of_two_changes_for_one_revision_the_second_is_stale(shop: Shop) -> None:
    customer = await ready(shop)
    found = await asyncio.gather(*(customer.change(more(5, f"c-{n}", base_revision=1)) for n in range(2)))
    assert sorted((status, answer["code"]) for status, answer in found) == [(200, "changed"), (409, "stale_revision")]
    await ends(customer, UP)


async def a_change_during_a_change_is_in_line(shop: Shop) -> None:
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=1.5)
    first = asyncio.create_task(customer.change(more(5, "c-1")))
    await customer.until(lambda order: len(order["changes"]) == 1)
    second = asyncio.create_task(customer.change({"change_id": "c-2", "lines": [{"number": 2, "quantity": 1}]}))
    answered = [(await first)[1], (await second)[1]]
    assert [(one["outcome"], one["revision"]) for one in answered] == [("accepted", 2), ("accepted", 3)]
    assert answered[1]["price"] == {"before": "70.00", "after": "60.00", "currency": "USD"}
    await ends(customer, 6000)


async def changes_that_come_amid_a_change_go_to_the_carrier_once(shop: Shop) -> None:
    """Each has its own answer; the request of no version in between is ever sent (CHG12)."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=0.8)
    first = asyncio.create_task(customer.change(more(5, "c-1")))
    await customer.until(lambda order: len(order["changes"]) == 1)
    others = [
        asyncio.create_task(customer.change(more(6, "c-2"))),
        asyncio.create_task(customer.change({"change_id": "c-3", "lines": [{"number": 2, "quantity": 1}]})),
    ]
    found = [(await first)[1], *[(await other)[1] for other in others]]
    assert {one["outcome"] for one in found} == {"accepted"}
    assert sorted(one["revision"] for one in found) == [2, 3, 4]
    await sent(customer, [("cancelled", ((1, "a", 3), (2, "b", 2))), ("released", ((1, "a", 6), (2, "b", 1)))])
    await ends(customer, 7000)
    assert statuses(await customer.requests()) == ["cancelled", "shipped"]


async def a_cancel_overtakes_a_change(shop: Shop) -> None:
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=1.5)
    edit = asyncio.create_task(customer.change(more()))
    await customer.until(lambda order: len(order["changes"]) == 1)
    status, cancelled = await customer.change({"change_id": "c-2", "cancel": True, "reason": "not needed"})
    assert (status, cancelled["outcome"], cancelled["code"]) == (200, "accepted", "cancelled")
    status, answer = await edit
    assert (status, answer["code"]) == (409, "overtaken")
    await customer.at_rest("cancelled")
    assert statuses(await customer.requests()) == ["cancelled"]
    assert {one[0] for one in await customer.money()} == {"voided"}
    assert all(stock == (100, 0) for stock in (await customer.stock()).values())


async def the_same_change_many_times_is_one_change(shop: Shop) -> None:
    customer = await ready(shop)
    found = await asyncio.gather(*(customer.change(more()) for _ in range(5)))
    assert {status for status, _ in found} == {200}
    assert all(answer == found[0][1] for _, answer in found)
    assert await customer.change(more()) == found[0]
    other = await shop.api.post(f"/v1/orders/{customer.number}/changes", json=more(6))
    assert (other.status_code, other.json()["code"]) == (422, "change_id_reused")
    assert await answers(customer) == Counter({("change.accepted", "c-1"): 1})
    await sent(customer, [("cancelled",), ("released",)], 0)
    await ends(customer, UP)


# ---- changes of an order that stands still ----------------------------------------------------------------


async def an_order_that_waits_for_stock_gets_smaller_and_goes_on(shop: Shop) -> None:
    (skus,) = await ground.stocked(shop, 1)
    document = ground.document(shop, skus)
    document["lines"][0]["quantity"] = 150
    await shop.ok("POST", "/v1/orders", json=document)
    customer = Customer(shop, document["number"], skus)
    await customer.parked("out_of_stock")
    status, answer = await customer.change(more(3))
    assert (status, answer["outcome"]) == (200, "accepted")
    await ends(customer, TOTAL)
    assert [one[2] for one in await customer.requests()] == ["ground"]


async def an_order_whose_card_was_declined_gets_another_and_goes_on(shop: Shop) -> None:
    (skus,) = await ground.stocked(shop, 1)
    document = ground.document(shop, skus, token="tok_insufficient")
    await shop.ok("POST", "/v1/orders", json=document)
    customer = Customer(shop, document["number"], skus)
    await customer.parked("insufficient_funds")
    card = {"method": "card", "token": "tok_other"}
    status, answer = await customer.change({"change_id": "c-1", "set": {"payment": card}})
    assert (status, answer["outcome"]) == (200, "accepted")
    await ends(customer, TOTAL)
    assert await customer.money() == [("authorized", TOTAL, TOTAL)]


async def a_line_of_two_hundred_costs_no_more_calls_than_one_of_two(shop: Shop) -> None:
    """CHG6: the same calls to the outside, and the same number of events of history."""
    seen = []
    for lines in (2, 200):
        sku = await shop.stocked(10_000)
        number = await shop.place([(sku, 1)] * lines)
        await shop.until_status(number, "released")
        before = await _activities(shop, number)
        await shop.ok("POST", f"/v1/orders/{number}/changes", json=more(4))
        await shop.until(number, lambda order: order["revision"] == 2 and order["status"] == "released")
        await shop.until(
            number, lambda order: {one["state"] for one in order["authorizations"]} == {"authorized", "voided"}
        )
        seen.append(await _activities(shop, number) - before)
        await shop.ship(number)
        await shop.until_status(number, "completed")
    assert seen[0] == seen[1]
    assert set(seen[0].values()) == {1}


async def _activities(shop: Shop, number: str) -> Counter[str]:
    """Calls to the outside that the order's workflow made."""
    history = await shop.workflow(number).fetch_history()
    return Counter(
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    )


CASES: tuple[Case, ...] = (
    the_carrier_is_away_while_it_should_cancel,
    the_carrier_refuses_the_cancel,
    the_carrier_has_picked_since_it_was_asked,
    the_new_card_is_declined,
    more_is_not_authorized,
    there_is_not_enough_stock,
    there_is_not_enough_stock_for_an_added_line,
    the_card_is_declined_for_an_added_line,
    one_line_that_moves_is_held_there_or_stays,
    a_refused_cancel_gives_back_what_a_moved_line_had,
    what_makes_no_sense_is_refused,
    the_group_that_has_left_is_left_alone,
    the_last_line_of_a_group_is_cancelled,
    what_has_left_of_a_line_cannot_be_changed_any_more,
    one_change_of_many_kinds_cancels_and_creates_once,
    an_order_paid_by_card_is_put_on_terms,
    two_changes_at_once_are_done_one_after_the_other,
    of_two_changes_for_one_revision_the_second_is_stale,
    a_change_during_a_change_is_in_line,
    changes_that_come_amid_a_change_go_to_the_carrier_once,
    a_cancel_overtakes_a_change,
    the_same_change_many_times_is_one_change,
    an_order_that_waits_for_stock_gets_smaller_and_goes_on,
    an_order_whose_card_was_declined_gets_another_and_goes_on,
    a_line_of_two_hundred_costs_no_more_calls_than_one_of_two,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> dict[str, BaseException | None]:
    """What became of each case."""
    return await cases.run_together(shop, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_a_hard_case(ran: dict[str, BaseException | None], case: Case) -> None:
    cases.judge(ran, case)


async def test_a_carrier_that_gives_picked_goods_back_costs_what_the_policy_says(shop: Shop) -> None:
    """CHG10, CHG13: the carrier's own rule is for all orders, so this one is alone."""
    await _carrier(shop, refuse_cancel_once_picked=False)
    try:
        customer = await ready(shop, Stage.PICKED)
        status, answer = await customer.change({"change_id": "c-1", "set": {"ship_method": "express"}})
        assert (status, answer["outcome"]) == (200, "accepted")
        assert answer["cost"] == {"amount": "20.00", "currency": "USD"}
        assert answer["assumptions"] == ["The carrier said the request was picked."]
        await ends(customer, TOTAL)
        assert [(one[0], one[2]) for one in await customer.requests()] == [
            ("cancelled", "ground"),
            ("shipped", "express"),
        ]
    finally:
        await _carrier(shop, refuse_cancel_once_picked=True)


async def test_a_carrier_that_cannot_be_asked_how_far_it_is_leaves_all_as_it_was(shop: Shop) -> None:
    """CHG8: nothing is decided by a guess. A question names no order, so the fault is for all and this one is alone."""
    customer = await ready(shop)
    before = await look(customer)
    await shop.admin("carrier/admin/faults", operation="requests", kind="unavailable", times=-1)
    try:
        await customer.change(more(), seconds=1)
        await customer.until(lambda order: order["changes"][0]["outcome"] != "in_progress")
        status, answer = await customer.change(more())
    finally:
        await shop.outside.delete("/carrier/admin/faults")
    assert (status, answer["code"]) == (409, "carrier_unavailable")
    await untouched(customer, before)
    await ends(customer, TOTAL)


async def _carrier(shop: Shop, **config: bool) -> None:
    response = await shop.outside.put("/carrier/admin/config", json=config)
    assert response.is_success, response.text
