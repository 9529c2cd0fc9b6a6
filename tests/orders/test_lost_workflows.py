"""What an order does about calls of which it has not heard when its workflow is lost (CHG7, CHG9, I7)."""

from collections import Counter

from tests.orders.lost_workflows import left_out_by_a_lost_update, shipped_on_new_money
from tests.support.shop import Shop


async def test_what_a_lost_update_left_out_goes_by_itself_and_a_person_is_told(shop: Shop) -> None:
    number = await left_out_by_a_lost_update(shop)

    order = await shop.order(number)
    assert (order["revision"], [line["shipped"] for line in order["lines"]]) == (1, [2, 2])
    (change,) = (await shop.ok("GET", f"/v1/orders/{number}/changes"))["changes"]
    assert (change["outcome"], change["code"]) == ("refused", "too_late")
    requests = (await shop.books("carrier", number))["requests"]
    assert {one["status"] for one in requests} == {"shipped"}, "none was cancelled"
    assert sorted(one["lines"][0]["shipped"] for one in requests) == [1, 1, 2]
    assert sorted(one["total"] for one in order["invoices"]) == ["10.00", "10.00", "20.00"]
    assert sorted(one["amount"] for one in order["captures"]) == ["10.00", "10.00", "20.00"]
    told = Counter(await shop.timeline(number))
    once = ("change.refused", "order.completed")
    assert [told[name] for name in once] == [1, 1]
    assert (told["shipment.requested"], told["invoice.created"]) == (3, 3)
    assert (told["shipment.cancelled"], told["change.accepted"]) == (0, 0)
    await shop.audited()
    assert await shop.violations() == []


async def test_nothing_is_shipped_on_money_that_was_being_given_back(shop: Shop) -> None:
    number = await shipped_on_new_money(shop)

    order = await shop.order(number)
    assert (order["revision"], order["changes"][0]["outcome"]) == (2, "accepted")
    books = await shop.books("payments", number)
    held = [(one["status"], one["amount"], one["captured"]) for one in books["authorizations"]]
    assert held == [("voided", 3000, 0), ("authorized", 3000, 3000)]
    assert [one["status"] for one in (await shop.books("carrier", number))["requests"]] == ["shipped"]
    told = await shop.timeline(number)
    before = told[: told.index("shipment.requested")]
    assert before.count("payment.authorized") == 2
    assert (told.count("payment.voided"), told.count("order.cancelled")) == (1, 0)
    await shop.audited()
    assert await shop.violations() == []
