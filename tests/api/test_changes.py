"""Cancelling and retrying through the API while nobody runs orders: kept, answered once, never lost (CHG14, ORC19)."""

from domain.process.read_model import ChangeAnswer
from domain.process.words import ChangeOutcome
from store.keys import Role
from tests.api.desk import Desk

CANCEL = {"change_id": "c-1", "reason": "no longer needed", "base_revision": 1}


async def test_a_cancel_is_kept_while_temporal_is_away(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/orders/{number}/changes/c-1"
    body = response.json()
    assert {
        name: body[name] for name in ("change_id", "kind", "base_revision", "requested_by", "reason", "outcome")
    } == {
        "change_id": "c-1",
        "kind": "cancel",
        "base_revision": 1,
        "requested_by": "admin",
        "reason": "no longer needed",
        "outcome": "in_progress",
    }
    assert body["answer"] is None
    [message] = await desk.rows("SELECT order_number, payload, delivered_at FROM dispatch WHERE kind = 'change'")
    assert message == {
        "order_number": number,
        "delivered_at": None,
        "payload": {
            "change_id": "c-1",
            "change": "cancel",
            "base_revision": 1,
            "reason": "",
            "requested_by": "admin",
        },
    }
    assert await desk.get(f"/v1/orders/{number}/changes/c-1") == body


async def test_the_same_cancel_again_sends_no_second_message(desk: Desk) -> None:
    number = await desk.place()
    first = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    second = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    assert (first.json(), second.status_code) == (second.json(), 202)
    assert len(await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'")) == 1


async def test_an_id_used_for_another_change_is_refused(desk: Desk) -> None:
    number = await desk.place()
    await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    response = await desk.post(f"/v1/orders/{number}/cancel", {**CANCEL, "reason": "something else"})
    assert (response.status_code, response.json()["code"]) == (422, "change_id_reused")


async def test_an_answer_that_is_there_is_given_again(desk: Desk) -> None:
    number = await desk.place()
    await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    given = ChangeAnswer(
        change_id="c-1",
        kind="cancel",
        outcome=ChangeOutcome.ACCEPTED,
        revision=2,
        code="cancelled",
        words="The order is cancelled.",
        at="2026-05-06T09:00:00Z",
    )
    await desk.run("UPDATE change_request SET outcome = 'accepted', answer = %s::jsonb", given.model_dump_json())
    response = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    assert response.status_code == 200
    assert response.json()["answer"]["words"] == "The order is cancelled."


async def test_a_refused_change_is_a_conflict_with_its_answer(desk: Desk) -> None:
    number = await desk.place()
    await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    given = ChangeAnswer(
        change_id="c-1",
        kind="cancel",
        outcome=ChangeOutcome.REFUSED,
        revision=1,
        code="already_shipped",
        words="The goods have left.",
        at="2026-05-06T09:00:00Z",
    )
    await desk.run("UPDATE change_request SET outcome = 'refused', answer = %s::jsonb", given.model_dump_json())
    response = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    body = response.json()
    assert (response.status_code, body["code"], body["reason"]) == (409, "change_refused", "already_shipped")
    assert body["detail"] == "The goods have left."
    assert body["change"]["answer"]["outcome"] == "refused"


async def test_a_closed_order_answers_at_once(desk: Desk) -> None:
    number = await desk.place()
    await desk.run("UPDATE sales_order SET finished = true, status = 'completed'")
    response = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "order_closed")
    assert body["detail"] == "The order is completed; nothing of it can be cancelled any more."
    assert await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'") == []
    again = await desk.post(f"/v1/orders/{number}/cancel", CANCEL)
    assert again.json()["change"] == body["change"]


async def test_a_cancel_without_an_id_gets_one(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/cancel", {"reason": "no longer needed"})
    drawn = response.json()["change_id"]
    assert response.headers["location"] == f"/v1/orders/{number}/changes/{drawn}"


async def test_bad_cancels_are_refused_and_not_kept(desk: Desk) -> None:
    number = await desk.place()
    cases = [
        ({}, "$.reason", "missing"),
        ({"reason": ""}, "$.reason", "empty"),
        ({"reason": "x" * 501}, "$.reason", "too_long"),
        ({"reason": "x", "base_revision": 0}, "$.base_revision", "out_of_range"),
        ({"reason": "x", "role": "admin"}, "$.role", "unknown_field"),
        ({"reason": "card 4111111111111111"}, "$.reason", "card_number"),
    ]
    for body, path, code in cases:
        response = await desk.post(f"/v1/orders/{number}/cancel", body)
        assert response.status_code == 422
        assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [(path, code)]
        assert "1111" not in response.text.split('"instance"')[0]
    assert await desk.count("change_request") == 0


async def test_a_retry_needs_the_engine_and_a_running_order(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.http.post(f"/v1/orders/{number}/retry")
    assert (response.status_code, response.json()["code"]) == (503, "temporal_away")
    await desk.run("UPDATE sales_order SET finished = true")
    response = await desk.http.post(f"/v1/orders/{number}/retry")
    assert (response.status_code, response.json()["code"]) == (409, "order_closed")


async def test_who_may_change_and_who_may_retry(desk: Desk) -> None:
    number = await desk.place()
    clerk = await desk.key(Role.CHANGES_WRITE, principal="clerk")
    operator = await desk.key(Role.OPERATIONS)
    assert (await desk.post(f"/v1/orders/{number}/cancel", CANCEL, **operator)).status_code == 403
    assert (await desk.http.post(f"/v1/orders/{number}/retry", headers=clerk)).status_code == 403
    assert await desk.count("change_request") == 0
    response = await desk.post(f"/v1/orders/{number}/cancel", CANCEL, **clerk)
    assert response.json()["requested_by"] == "clerk"
