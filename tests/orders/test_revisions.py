"""The versions of an order: each with its change, and any two beside each other (CAP11)."""

from store.keys import Role
from tests.support.shop import Shop


async def changed_twice(shop: Shop) -> tuple[str, str]:
    """An order at revision 3: more units, then another address and line; its number and the item that came in."""
    first, second = await shop.stocked(10, price="10.00"), await shop.stocked(10, price="4.00")
    number = await shop.place([(first, 3)])
    await shop.until_status(number, "released")
    path = f"/v1/orders/{number}/changes"
    more = {"change_id": "c-1", "reason": "two more", "lines": [{"number": 1, "quantity": 5}]}
    assert (await shop.ok("POST", path, json=more))["outcome"] == "accepted"
    address = {"name": "Ana Secret", "street": "Elm 1", "city": "Burgos", "postal_code": "09003", "country": "ES"}
    other = {"change_id": "c-2", "set": {"ship_to": address}, "lines": [{"add": {"sku": second, "quantity": 2}}]}
    answer = await shop.ok("POST", path, json=other)
    assert answer["outcome"] in ("accepted", "in_progress")
    await shop.until(number, lambda order: order["revision"] == 3)
    return number, second


async def test_versions_with_their_changes_and_what_differs(shop: Shop) -> None:
    number, second = await changed_twice(shop)

    listed = (await shop.ok("GET", f"/v1/orders/{number}/revisions"))["revisions"]
    assert [(one["revision"], one["change_id"], one["reason"]) for one in listed] == [
        (1, None, ""),
        (2, "c-1", "two more"),
        (3, "c-2", ""),
    ]

    compare = f"/v1/orders/{number}/revisions/compare"
    early = await shop.ok("GET", compare, params={"from": 1, "to": 2})
    assert early["differences"] == [
        {
            "line": 1, "field": "quantity", "before": 3, "after": 5, "personal": False, "hidden": False,
            "words": "Line 1, quantity: 5 instead of 3.",
        }
    ]  # fmt: skip
    newest = await shop.ok("GET", compare)
    assert (newest["from"], newest["to"]) == (2, 3)
    assert f"Line 2 came in: 2 x {second}." in [one["words"] for one in newest["differences"]]
    across = await shop.ok("GET", compare, params={"from": 3, "to": 1})
    words = [one["words"] for one in across["differences"]]
    assert "Line 1, quantity: 3 instead of 5." in words
    assert f"Line 2 was taken out: 2 x {second}." in words
    assert (await shop.ok("GET", compare, params={"from": 2, "to": 2}))["differences"] == []


async def test_personal_values_are_for_those_who_may_see_them(shop: Shop) -> None:
    number, _ = await changed_twice(shop)
    seen = await shop.ok("GET", f"/v1/orders/{number}/revisions/compare")
    _, said, _ = await shop.cli("key", "create", "reader", "--role", Role.ORDERS_READ)
    headers = {"Authorization": f"Bearer {said.split()[-1]}"}
    response = await shop.api.get(f"/v1/orders/{number}/revisions/compare", headers=headers)

    [name] = [one for one in seen["differences"] if one["field"] == "ship_to.name"]
    assert (name["after"], name["personal"], name["hidden"]) == ("Ana Secret", True, False)
    assert response.status_code == 200
    assert "Ana Secret" not in response.text
    [name] = [one for one in response.json()["differences"] if one["field"] == "ship_to.name"]
    assert (name["before"], name["after"], name["hidden"]) == (None, None, True)
    assert name["words"] == "Ship to, name is another."


async def test_an_unchanged_order_has_one_version_and_others_are_refused(shop: Shop) -> None:
    number = await shop.place([(await shop.stocked(), 1)])
    listed = await shop.ok("GET", f"/v1/orders/{number}/revisions")
    assert [(one["revision"], one["change_id"]) for one in listed["revisions"]] == [(1, None)]
    assert (await shop.ok("GET", f"/v1/orders/{number}/revisions/compare"))["differences"] == []
    for query, status, code in (
        ({"to": "2"}, 404, "revision_unknown"),
        ({"from": "0"}, 422, "invalid_query"),
        ({"form": "1"}, 422, "invalid_query"),
    ):
        response = await shop.api.get(f"/v1/orders/{number}/revisions/compare", params=query)
        assert (response.status_code, response.json()["code"]) == (status, code)
    missing = await shop.api.get("/v1/orders/no-such/revisions")
    assert (missing.status_code, missing.json()["code"]) == (404, "order_unknown")


async def test_the_command_tells_the_same_in_words(shop: Shop) -> None:
    number, _ = await changed_twice(shop)
    listed = await shop.cli("order", "revisions", number)
    compared = await shop.cli("order", "compare", number, "--from", "1", "--to", "2")
    assert (listed[0], compared[0]) == (0, 0)
    assert "two more" in listed[1]
    assert compared[1] == f"Order {number}, revision 1 to 2:\n  Line 1, quantity: 5 instead of 3.\n"
