"""What a change would come to, on the real stack: told without a trace, and then exactly that (CHG13, I14)."""

import base64
import json
import re
from typing import Any

from domain.process.events import ChangeAsked, PreviewAsked
from domain.process.read_model import ChangeAnswer
from tests.orders import scenarios
from tests.support.shop import SHIP_TO, Order, Shop

SAID = ("change_id", "kind", "outcome", "revision", "code", "words", "actions", "cost", "price", "promise", "reasons")
MORE: dict[str, Any] = {"change_id": "c-1", "reason": "more of it", "lines": [{"number": 1, "quantity": 5}]}


async def preview(shop: Shop, number: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await shop.ok("POST", f"/v1/orders/{number}/changes?preview=true", json=body)
    assert answer["preview"] is True
    return answer


async def commit(shop: Shop, number: str, body: dict[str, Any], token: str | None) -> tuple[int, dict[str, Any]]:
    response = await shop.api.post(f"/v1/orders/{number}/changes", json={**body, "token": token})
    return response.status_code, response.json()


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in SAID}


async def traces(shop: Shop, number: str) -> list[Any]:
    """All that a preview could leave behind."""
    order = await shop.order(number)
    books = [await shop.books(partner, number) for partner in ("carrier", "payments")]
    changes = await shop.ok("GET", f"/v1/orders/{number}/changes")
    stock = [await shop.stock(line["sku"]) for line in order["lines"]]
    return [order, books, changes, stock, await shop.timeline(number)]


async def test_a_change_comes_to_what_its_preview_said(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    before = await traces(shop, number)
    first, again = await preview(shop, number, MORE), await preview(shop, number, MORE)
    assert await traces(shop, number) == before
    assert {**first, "at": None} == {**again, "at": None}
    assert (first["outcome"], first["revision"]) == ("accepted", 2)
    assert first["price"] == {"before": "30.00", "after": "50.00", "currency": "USD"}
    assert first["assumptions"] == [
        "The carrier said the request was released.",
        "50.00 USD can be authorized.",
        "The carrier takes the shipment request back.",
    ]
    status, answer = await commit(shop, number, MORE, first["token"])
    assert (status, said(answer)) == (200, said(first))
    assert answer["new_preview"] is None
    order = await shop.until_status(number, "released")
    assert (order["total"], order["lines"][0]["quantity"]) == ("50.00", 5)
    await shop.audited()


async def test_when_the_stock_is_gone_meanwhile_the_answer_holds_a_new_preview(shop: Shop) -> None:
    sku = await shop.stocked(5)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    token = (await preview(shop, number, MORE))["token"]
    await shop.until_status(await shop.place([(sku, 1)]), "released")
    before = (await traces(shop, number))[:2]
    short = await preview(shop, number, MORE)
    assert (short["outcome"], short["code"], short["token"]) == ("refused", "out_of_stock", None)
    status, refused = await commit(shop, number, MORE, token)
    assert (status, refused["code"], refused["reason"]) == (409, "change_refused", "stale_preview")
    now = refused["change"]["new_preview"]
    assert said(now) == said(short)
    order, books = (await traces(shop, number))[:2]
    assert [order["lines"], order["shipments"], books] == [before[0]["lines"], before[0]["shipments"], before[1]]
    await shop.receive(sku, 9, f"more-{sku}")
    status, answer = await commit(shop, number, {**MORE, "change_id": "c-2"}, token)
    assert (status, answer["code"]) == (200, "changed")


async def test_after_another_change_the_new_preview_can_be_had(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    token = (await preview(shop, number, MORE))["token"]
    other = {"change_id": "c-0", "reason": "sooner", "set": {"requested_date": "2026-12-20"}}
    await shop.ok("POST", f"/v1/orders/{number}/changes", json=other)
    await shop.until_status(number, "released")
    _, refused = await commit(shop, number, MORE, token)
    now = refused["change"]["new_preview"]
    assert (now["outcome"], now["revision"]) == ("accepted", 3)
    status, answer = await commit(shop, number, {**MORE, "change_id": "c-2"}, now["token"])
    assert status == 200
    assert {**said(answer), "change_id": "c-1"} == said(now)


async def test_a_token_is_of_one_change_only(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    before = await traces(shop, number)
    token = (await preview(shop, number, MORE))["token"]
    for other in ({**MORE, "lines": [{"number": 1, "quantity": 6}]}, {**MORE, "set": {"note": "by the door"}}):
        status, refused = await commit(shop, number, other, token)
        assert (status, refused["problems"][0]["path"], refused["problems"][0]["code"]) == (
            422,
            "$.token",
            "other_change",
        )
    assert await traces(shop, number) == before


async def test_what_the_carrier_has_picked_is_previewed_as_refused(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    await shop.advance(number, "picked")
    refused = await preview(shop, number, {"lines": [{"number": 1, "sku": await shop.stocked()}]})
    assert (refused["outcome"], refused["code"]) == ("refused", "too_late")
    assert refused["reasons"] == [{"code": "too_late", "words": refused["words"]}]


async def test_a_carrier_that_is_away_cannot_be_looked_at(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    await shop.admin("carrier/admin/faults", operation="requests", kind="unavailable", times=-1)
    before = await traces(shop, number)
    answer = await preview(shop, number, MORE)
    assert (answer["outcome"], answer["code"], answer["token"]) == ("refused", "not_known_now", None)
    await scenarios.leave_nothing_broken(shop)
    assert await traces(shop, number) == before
    assert (await preview(shop, number, MORE))["outcome"] == "accepted"


async def test_a_closed_order_has_nothing_to_preview(shop: Shop) -> None:
    number = await scenarios.shipped(shop)
    response = await shop.api.post(f"/v1/orders/{number}/changes?preview=true", json=MORE)
    assert (response.status_code, response.json()["code"]) == (409, "order_closed")


async def test_personal_data_of_a_preview_stays_out_of_the_history(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    moved = {**SHIP_TO, "street": "9 Secret Lane"}
    await preview(shop, number, {"reason": "Bob Secret has moved", "set": {"ship_to": moved}})
    history = (await shop.workflow(number).fetch_history()).to_json()
    told = b"\n".join(base64.b64decode(data) for data in re.findall(r'"data": "([^"]*)"', history))
    assert b'"preview_asked"' in told
    assert b"Secret" not in told


async def test_the_update_in_temporal_does_the_same(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    edit = {"set": {}, "lines": [{"number": 1, "quantity": 5}]}
    asked = ChangeAsked.model_validate({"change_id": "c-1", "change": "edit", "edit": edit, "at": scenarios.now()})
    question = PreviewAsked(id="by-hand", asked=asked, at=asked.at)
    looked: ChangeAnswer = await shop.workflow(number).execute_update("preview", question, result_type=ChangeAnswer)
    assert (looked.preview, looked.outcome, looked.revision) == (True, "accepted", 2)
    done: ChangeAnswer = await shop.workflow(number).execute_update(
        "change", asked.model_copy(update={"token": looked.token}), result_type=ChangeAnswer
    )
    assert (done.outcome, done.plan, done.after) == ("accepted", looked.plan, looked.after)


async def test_at_the_command_line(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    code, text, errors = await shop.cli("order", "change", number, "--line", "1=5", "--preview")
    assert code == 0, errors
    assert text.startswith("A preview: nothing was changed.")
    assert "Total 50.00 USD, before 30.00." in text
    token = re.search(r"--token (\S+)", " ".join(text.split()))
    assert token is not None
    raw = await shop.cli("order", "change", number, "--line", "1=5", "--preview", "--json")
    assert json.loads(raw[1])["token"] == token[1]
    done = await shop.cli("order", "change", number, "--line", "1=5", "--token", token[1])
    assert done[0] == 0, done[2]
    order: Order = await shop.until_status(number, "released")
    assert order["revision"] == 2
