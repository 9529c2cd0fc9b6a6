"""Changing an order through the API while nobody runs orders: checked, kept, answered once (CHG1, CHG13, CHG14)."""

import json
from typing import Any

import pytest

from domain.process.read_model import Action, ChangeAnswer, Terms
from domain.process.words import ActionWord, ChangeOutcome
from store.keys import Role
from tests.api.desk import Desk, Json, from_source

ADDRESS = {"name": "Ana Trujillo", "street": "Elm 1", "city": "Burgos", "postal_code": "09003", "country": "ES"}
EDIT: Json = {
    "change_id": "c-1",
    "base_revision": 1,
    "reason": "Ana has moved",
    "set": {"ship_to": ADDRESS, "warehouse": None},
    "lines": [
        {"number": 1, "quantity": 5, "unit_price": "13.5"},
        {"number": 2, "cancel": True},
        {"add": {"sku": "42", "quantity": 3}},
    ],
}


def path(number: str) -> str:
    return f"/v1/orders/{number}/changes"


async def kept(desk: Desk) -> Json:
    [row] = await desk.rows("SELECT * FROM change_request")
    return row


def given(outcome: ChangeOutcome, **values: Any) -> str:
    """What the order would have answered."""
    whole = {"change_id": "c-1", "kind": "edit", "revision": 2, "code": "changed", "words": "It is changed."}
    return ChangeAnswer(outcome=outcome, at="2026-05-06T09:00:00Z", **{**whole, **values}).model_dump_json()


async def answered(desk: Desk, outcome: ChangeOutcome, **values: Any) -> None:
    await desk.run("UPDATE change_request SET outcome = %s, answer = %s::jsonb", outcome, given(outcome, **values))


async def test_a_change_is_kept_whole_and_told_without_personal_data(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(path(number), EDIT)
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/orders/{number}/changes/c-1"
    body = response.json()
    assert body == {
        "change_id": "c-1",
        "kind": "edit",
        "base_revision": 1,
        "requested_by": "admin",
        "reason": "Ana has moved",
        "received_at": body["received_at"],
        "outcome": "in_progress",
        **dict.fromkeys(("revision", "code", "words", "at", "cost", "price", "promise", "approval", "answer")),
        "actions": [],
        "assumptions": [],
        "reasons": [],
        "not_done": [],
        "to_return": [],
        "new_preview": None,
    }
    assert (await kept(desk))["document"] == {
        "reason": "Ana has moved",
        "base_revision": 1,
        "set": {"ship_to": {**ADDRESS, "region": None}, "warehouse": None},
        "lines": [
            {"number": 1, "quantity": 5, "unit_price": "13.50"},
            {"number": 2, "cancel": True},
            {"add": {"sku": "42", "quantity": 3}},
        ],
    }
    [message] = await desk.rows("SELECT order_number, payload, delivered_at FROM dispatch WHERE kind = 'change'")
    assert message == {
        "order_number": number,
        "delivered_at": None,
        "payload": {"change_id": "c-1", "change": "edit", "base_revision": 1, "reason": "", "requested_by": "admin"},
    }
    assert await desk.get(response.headers["location"]) == body


async def test_the_same_change_again_sends_no_second_message(desk: Desk) -> None:
    number = await desk.place()
    first = await desk.post(path(number), EDIT)
    lines = [{**EDIT["lines"][0], "unit_price": 13.5}, *EDIT["lines"][1:]]
    second = await desk.post(path(number), {**EDIT, "lines": lines})
    assert (first.json(), second.status_code) == (second.json(), 202)
    assert len(await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'")) == 1


@pytest.mark.parametrize(
    "other", [{"base_revision": 2}, {"reason": "else"}, {"set": {"note": "x"}}, {"lines": []}, {"cancel": True}]
)
async def test_an_id_used_for_another_change_is_refused(desk: Desk, other: Json) -> None:
    number = await desk.place()
    await desk.post(path(number), EDIT)
    body = {"reason": EDIT["reason"], "base_revision": 1, "change_id": "c-1"} if "cancel" in other else EDIT
    response = await desk.post(path(number), {**body, **other})
    assert (response.status_code, response.json()["code"]) == (422, "change_id_reused")
    assert await desk.count("change_request") == 1


async def test_a_change_that_came_as_a_signal_is_the_same_by_this_door(desk: Desk) -> None:
    number = await desk.place()
    edit = {"set": {}, "lines": [{"number": 1, "quantity": 5}]}
    await desk.run(
        "INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)"
        " VALUES (%s, 'c-1', 'edit', %s::jsonb, 'shop', 'accepted', %s::jsonb)",
        number,
        json.dumps(edit),
        given(ChangeOutcome.ACCEPTED),
    )
    same = await desk.post(path(number), {"change_id": "c-1", "lines": edit["lines"]})
    other = await desk.post(path(number), {"change_id": "c-1", "lines": [{"number": 1, "quantity": 6}]})
    assert (same.status_code, same.json()["requested_by"]) == (200, "shop")
    assert (other.status_code, other.json()["code"]) == (422, "change_id_reused")


async def test_a_cancel_by_this_door_is_a_cancel(desk: Desk) -> None:
    number = await desk.place()
    here = await desk.post(path(number), {"change_id": "c-1", "cancel": True, "reason": "not needed"})
    there = await desk.post(f"/v1/orders/{number}/cancel", {"change_id": "c-1", "reason": "not needed"})
    assert (here.status_code, here.json()["kind"]) == (202, "cancel")
    assert here.json() == there.json()
    assert (await kept(desk))["document"] == {"reason": "not needed", "base_revision": None}


async def test_an_accepted_change_tells_its_plan_price_and_promise(desk: Desk) -> None:
    number = await desk.place()
    await desk.post(path(number), EDIT)
    await answered(
        desk,
        ChangeOutcome.ACCEPTED,
        actions=("the shipment request was cancelled",),
        plan=(
            Action(
                step="ship",
                do=ActionWord.CANCEL_AND_CREATE,
                lines=(1,),
                adapter="carrier",
                reason="quantity_up",
                words="The shipment request is cancelled, and a new one made.",
            ),
        ),
        before=Terms(promise_date="2026-05-20", total=5140, currency="USD"),
        after=Terms(promise_date="2026-05-21", total=9305, currency="USD"),
        cost=500,
        assumptions=("the carrier has not picked",),
        requested_by="admin",
        reason="",
    )
    response = await desk.post(path(number), EDIT)
    body = response.json()
    assert response.status_code == 200
    names = ("outcome", "revision", "code", "words", "at", "actions", "cost", "price", "promise", "assumptions")
    assert {name: body[name] for name in (*names, "reasons")} == {
        "outcome": "accepted",
        "revision": 2,
        "code": "changed",
        "words": "It is changed.",
        "at": "2026-05-06T09:00:00Z",
        "actions": [
            {
                "step": "ship",
                "do": "cancel_and_create",
                "lines": [1],
                "adapter": "carrier",
                "reason": "quantity_up",
                "words": "The shipment request is cancelled, and a new one made.",
            }
        ],
        "cost": {"amount": "5.00", "currency": "USD"},
        "price": {"before": "51.40", "after": "93.05", "currency": "USD"},
        "promise": {"before": "2026-05-20", "after": "2026-05-21"},
        "assumptions": ["the carrier has not picked"],
        "reasons": [],
    }
    assert body["answer"] == {
        "change_id": "c-1",
        "kind": "edit",
        "outcome": "accepted",
        "revision": 2,
        "code": "changed",
        "words": "It is changed.",
        "at": "2026-05-06T09:00:00Z",
        "actions": ["the shipment request was cancelled"],
        "requested_by": "admin",
        "reason": "",
    }
    [shown] = (await desk.get(f"/v1/orders/{number}"))["changes"]
    assert {**shown, "received_at": body["received_at"]} == body


async def test_a_refused_change_is_a_conflict_with_its_reasons(desk: Desk) -> None:
    number = await desk.place()
    await desk.post(path(number), EDIT)
    words = "Line 1 has shipped 3 units; it cannot go below."
    await answered(desk, ChangeOutcome.REFUSED, revision=1, code="below_shipped", words=words)
    response = await desk.post(path(number), EDIT)
    body = response.json()
    assert (response.status_code, body["code"], body["reason"]) == (409, "change_refused", "below_shipped")
    assert body["detail"] == words
    assert body["change"]["reasons"] == [{"code": "below_shipped", "words": words}]
    assert (body["change"]["outcome"], body["change"]["price"]) == ("refused", None)


async def test_a_closed_order_answers_at_once(desk: Desk) -> None:
    number = await desk.place()
    await desk.run("UPDATE sales_order SET finished = true, status = 'completed'")
    response = await desk.post(path(number), EDIT)
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "order_closed")
    assert body["detail"] == "The order is completed; nothing of it can be changed any more."
    assert (body["change"]["kind"], body["change"]["answer"]["reason"]) == ("edit", "Ana has moved")
    assert await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'") == []
    again = await desk.post(path(number), EDIT)
    assert again.json()["change"] == body["change"]


async def test_an_order_that_is_not_is_unknown(desk: Desk) -> None:
    for response in (
        await desk.post(path("none"), EDIT),
        await desk.http.get(path("none")),
        await desk.http.get(path("none%00")),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "order_unknown")
    assert await desk.count("change_request") == 0


async def test_all_problems_of_a_change_come_at_once_and_nothing_is_kept(desk: Desk) -> None:
    number = await desk.place()
    body = {
        "change_id": "c-1",
        "role": "admin",
        "set": {"ship_to": {**ADDRESS, "postal_code": None}, "note": "card 4111111111111111", "ship_metod": "x"},
        "lines": [
            {"number": 1, "quantity": 0},
            {"number": 1, "cancel": True},
            {"add": {"sku": "11", "quantity": 1, "unit_price": "1.005"}},
        ],
    }
    response = await desk.post(path(number), body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_document")
    assert [(problem["path"], problem["code"]) for problem in response.json()["problems"]] == [
        ("$.set.note", "card_number"),
        ("$.set.ship_metod", "unknown_field"),
        ("$.lines[0].quantity", "out_of_range"),
        ("$.role", "unknown_field"),
        ("$.set.ship_to.postal_code", "missing"),
        ("$.lines[2].add.unit_price", "too_many_decimals"),
        ("$.lines[1].number", "repeated_line"),
    ]
    assert "1111" not in response.text.split('"instance"')[0]
    assert await desk.count("change_request") == 0
    assert await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'") == []


async def test_2001_lines_are_too_many(desk: Desk) -> None:
    number = await desk.place()
    lines = [{"number": line, "quantity": 1} for line in range(1, 2002)]
    response = await desk.post(path(number), {"lines": lines})
    assert response.status_code == 422
    assert response.json()["problems"] == [
        {"path": "$.lines", "code": "too_many", "words": "Too many entries: 2001, at most 2,000."}
    ]


async def test_a_parameter_that_is_not_is_refused(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"{path(number)}?dry_run=true", EDIT)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_query")
    assert await desk.count("change_request") == 0


async def test_who_may_change_an_order(desk: Desk) -> None:
    number = await desk.place()
    reader = await desk.key(Role.ORDERS_READ, Role.ORDERS_WRITE, Role.OPERATIONS)
    clerk = await desk.key(Role.CHANGES_WRITE, principal="clerk")
    assert (await desk.post(path(number), EDIT, **reader)).status_code == 403
    assert (await desk.post(path(number), EDIT, Authorization="Bearer none")).status_code == 401
    assert await desk.count("change_request") == 0
    assert (await desk.http.get(path(number), headers=clerk)).status_code == 403
    assert (await desk.post(path(number), EDIT, **clerk)).json()["requested_by"] == "clerk"
    listed = (await desk.http.get(path(number), headers=reader)).json()["changes"]
    assert [(change["change_id"], change["requested_by"]) for change in listed] == [("c-1", "clerk")]


async def test_the_changes_of_an_order_come_in_pages_as_they_came(desk: Desk) -> None:
    number = await desk.place()
    other = await desk.place(**from_source("W-2"))
    for change_id in ("c-3", "c-1", "c-2"):
        await desk.post(path(number), {"change_id": change_id, "set": {"note": change_id}})
    await desk.post(path(other), {"change_id": "c-9", "cancel": True})
    first = await desk.get(path(number), limit=2)
    second = await desk.get(path(number), limit=2, after=first["next"])
    assert [change["change_id"] for change in first["changes"]] == ["c-3", "c-1"]
    assert ([change["change_id"] for change in second["changes"]], second["next"]) == (["c-2"], None)
    assert first["changes"][0] == await desk.get(f"{path(number)}/c-3")
