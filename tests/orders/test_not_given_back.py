"""What becomes of a change when the carrier keeps what it would replace, on the real stack (CHG10, CHG14)."""

from domain.policy.model import CancelRefused
from tests.orders import not_given_back as ways
from tests.support.shop import Shop, settled


async def test_a_change_is_done_in_part_and_its_answer_names_the_rest(shop: Shop) -> None:
    number = await ways.two_groups(shop)
    response = await shop.api.post(f"/v1/orders/{number}/changes", json=ways.PARTLY)
    answer = response.json()
    assert (response.status_code, answer["outcome"], answer["code"]) == (200, "partly", "changed_in_part"), answer
    assert [(one["line"], one["what"], one["code"]) for one in answer["not_done"]] == [
        (2, "an earlier date for line 2", "too_late"),
        (None, "another ship method", "too_late"),
    ]
    assert answer["words"].startswith("Revision 2: line 1 from 2 to 5 units, another reference.")
    assert (answer["price"]["before"], answer["price"]["after"]) == ("50.00", "80.00")
    assert answer["reasons"] == [{"code": "changed_in_part", "words": answer["words"]}]
    kept = [one for one in answer["actions"] if (one["step"], one["lines"]) == ("ship", [2])]
    assert [one["do"] for one in kept] == ["keep"]
    order = await shop.until_status(number, "released")
    assert (order["revision"], order["document"]["ship_method"], order["document"]["purchase_order"]) == (
        *(2, "ground"),
        "PO-7",
    )
    assert [(line["number"], line["quantity"]) for line in order["lines"]] == [(1, 5), (2, 3)]
    assert "requested_date" not in order["document"]["lines"][1]
    books = await shop.books("carrier", number)
    alive = [one for one in books["requests"] if one["status"] != "cancelled"]
    assert sorted((one["lines"][0]["line"], one["lines"][0]["quantity"], one["method"]) for one in alive) == [
        *((1, 5, "ground"), (2, 3, "ground")),
    ]
    again = await shop.api.post(f"/v1/orders/{number}/changes", json=ways.PARTLY)
    assert (again.status_code, again.json()["not_done"]) == (200, answer["not_done"])
    assert "change.partly" in await shop.timeline(number)
    await ways.shipped(shop, number)
    await shop.audited()


async def test_a_refused_change_leaves_a_line_in_parts_as_it_is_and_no_unit_goes_out_twice(shop: Shop) -> None:
    number = await ways.a_line_in_parts(shop)
    before = await shop.order(number)
    await ways.refused_for_line_2(shop, number)
    await shop.until_status(number, "released")
    order = await shop.until(number, settled)
    assert (order["revision"], order["lines"]) == (2, before["lines"])
    assert [(line["number"], line["quantity"]) for line in order["lines"]] == [(1, 2), (2, 5)]
    await ways.shipped(shop, number)
    books = await shop.books("carrier", number)
    gone = [one for one in books["requests"] if one["status"] == "shipped"]
    assert sorted((one["lines"][0]["line"], one["lines"][0]["quantity"]) for one in gone) == [(1, 2), (2, 2), (2, 3)]
    await shop.audited()


async def test_a_cancel_of_the_order_is_done_for_all_that_the_carrier_gives_back(shop: Shop) -> None:
    number = await ways.two_groups(shop)
    body = {"change_id": "c-1", "reason": "ordered twice"}
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json=body)
    answer = response.json()
    told = (response.status_code, answer["kind"], answer["outcome"], answer["code"])
    assert told == (200, "cancel", "partly", "cancelled_in_part"), answer
    assert answer["words"].startswith("Revision 2: line 1 cancelled. Still promised for ")
    assert " The total is 30.00 USD now. Not done: line 2 cancelled: " in answer["words"]
    assert [(one["line"], one["what"], one["code"]) for one in answer["not_done"]] == [
        (2, "line 2 cancelled", "too_late")
    ]
    assert (answer["price"]["before"], answer["price"]["after"]) == ("50.00", "30.00")
    assert answer["reasons"] == [{"code": "cancelled_in_part", "words": answer["words"]}]
    order = await shop.until_status(number, "released")
    assert (order["revision"], [line["number"] for line in order["document"]["lines"]]) == (2, [2])
    assert {line["number"]: (line["quantity"], line["status"]) for line in order["lines"]} == {
        1: (2, "cancelled"),
        2: (3, "released"),
    }
    books = await shop.books("carrier", number)
    statuses = {one["lines"][0]["line"]: one["status"] for one in books["requests"]}
    assert (len(books["requests"]), statuses) == (2, {1: "cancelled", 2: "picked"})
    again = await shop.api.post(f"/v1/orders/{number}/cancel", json=body)
    assert (again.status_code, again.json()["not_done"]) == (200, answer["not_done"])
    code, said, errors = await shop.cli("order", "cancel", number, "--change-id", "c-2")
    assert (code, said) == (1, "")
    assert "Cannot be cancelled any more" in errors
    timeline = await shop.timeline(number)
    assert ("change.partly" in timeline, "order.cancelled" in timeline) == (True, False)
    await ways.shipped(shop, number)
    await shop.audited()


async def test_what_goes_out_all_the_same_is_on_record_as_a_return(shop: Shop) -> None:
    number = await ways.one_group(shop, CancelRefused.LET_SHIP_THEN_RETURN)
    body = {"change_id": "c-1", "lines": [{"number": 1, "quantity": 1}]}
    response = await shop.api.post(f"/v1/orders/{number}/changes", json=body)
    assert (response.status_code, response.json()["reason"]) == (409, "use_return")
    assert response.json()["change"]["to_return"] == [{"line": 1, "quantity": 2}]
    entries = (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]
    (asked,) = (one for one in entries if one["type"] == "return.requested")
    assert asked["words"] == "Return requested: 2 of line 1."
    await ways.shipped(shop, number)
    assert (await shop.order(number))["revision"] == 1
    await shop.audited()


async def test_a_refused_cancel_waits_for_a_person_who_has_it_tried_once_more(shop: Shop) -> None:
    number = await ways.one_group(shop, CancelRefused.ASK)
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"change_id": "c-1", "reason": "not wanted"})
    answer = response.json()
    assert (response.status_code, answer["outcome"], answer["approval"]["role"]) == (
        *(202, "pending_approval"),
        "operations",
    )
    code, said, errors = await shop.cli("order", "approve", number, "c-1", "--reason", "they agreed on the phone")
    assert (code, errors) == (0, "")
    assert said.startswith(f"Order {number}: The order is cancelled: ")
    await shop.until_status(number, "cancelled")
    await shop.audited()
