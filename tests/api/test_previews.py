"""Asking for a preview while nobody runs orders: checked like a change, answered or not, and never kept (CHG13)."""

import pytest

from store.keys import Role
from tests.api.desk import Desk, Json

EDIT: Json = {"lines": [{"number": 1, "quantity": 5}], "set": {"note": "by the door"}}


async def nothing_is_kept(desk: Desk) -> None:
    assert [await desk.count(table) for table in ("change_request", "inbox")] == [0, 0]
    assert await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'") == []


async def test_a_preview_needs_the_engine_and_leaves_nothing_to_be_done_later(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/changes?preview=true", EDIT)
    assert (response.status_code, response.json()["code"]) == (503, "temporal_away")
    await nothing_is_kept(desk)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "$", "nothing_asked"),
        ({"lines": [{"number": 1, "quantity": 0}]}, "$.lines[0].quantity", "out_of_range"),
        ({"cancel": True, "token": "x"}, "$.token", "contradiction"),
    ],
)
async def test_what_is_wrong_with_a_change_is_wrong_with_its_preview(
    desk: Desk, body: Json, path: str, code: str
) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/changes?preview=true", body)
    assert response.status_code == 422
    assert (path, code) in [(problem["path"], problem["code"]) for problem in response.json()["problems"]]
    await nothing_is_kept(desk)


@pytest.mark.parametrize("token", ["x", "x-y", "0123456789abcdef", "-"])
async def test_a_token_that_is_not_of_this_change_is_refused(desk: Desk, token: str) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/changes", {**EDIT, "token": token})
    assert response.status_code == 422
    assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [("$.token", "other_change")]
    await nothing_is_kept(desk)


async def test_an_order_that_is_closed_or_unknown_has_no_preview(desk: Desk) -> None:
    number = await desk.place()
    await desk.run("UPDATE sales_order SET finished = true")
    closed = await desk.post(f"/v1/orders/{number}/changes?preview=true", EDIT)
    unknown = await desk.post("/v1/orders/none/changes?preview=true", EDIT)
    assert (closed.status_code, closed.json()["code"]) == (409, "order_closed")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "order_unknown")
    await nothing_is_kept(desk)


async def test_who_may_not_change_may_not_preview(desk: Desk) -> None:
    number = await desk.place()
    reader = await desk.key(Role.ORDERS_READ)
    response = await desk.post(f"/v1/orders/{number}/changes?preview=true", EDIT, **reader)
    assert (response.status_code, response.json()["role"]) == (403, "changes:write")


async def test_preview_is_true_or_false(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/changes?preview=yes", EDIT)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_query")
    plain = await desk.post(f"/v1/orders/{number}/changes?preview=false", EDIT)
    assert plain.status_code == 202
