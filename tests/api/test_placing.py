"""Placing orders: once, for good, while Temporal is away (CAP1, OPS2, I11)."""

import asyncio
from typing import Any

import pytest

from store.keys import Role
from tests.api.desk import Desk, from_source, order


async def test_an_accepted_order_is_kept_with_all_that_starts_it(desk: Desk) -> None:
    response = await desk.post("/v1/orders", order(number="A-1"))
    assert response.status_code == 201
    assert response.headers["location"] == "/v1/orders/A-1"
    assert "idempotent-replay" not in response.headers
    body = response.json()
    [stored] = await desk.rows("SELECT * FROM sales_order")
    assert body == {
        "number": "A-1",
        "status": "accepted",
        "accepted_at": stored["accepted_at"].isoformat().replace("+00:00", "Z"),
        "policy_bundle": stored["bundle"],
        "links": {"order": "/v1/orders/A-1", "timeline": "/v1/orders/A-1/timeline"},
    }
    assert stored["party"]["ship_to"]["name"] == "Mercedes Alba"
    assert "Mercedes" not in str(stored["document"])
    assert "tok_visa" not in str(stored["document"])
    assert stored["document"]["ship_to_country"] == "ES"
    [message] = await desk.rows("SELECT kind, order_number, payload, delivered_at FROM dispatch")
    assert message == {
        "kind": "start",
        "order_number": "A-1",
        "delivered_at": None,
        "payload": {
            "number": "A-1",
            "bundle": stored["bundle"],
            "ordered_at": "2026-05-06T09:00:00Z",
            "accepted_at": stored["accepted_at"].isoformat(),
            "as_of": None,
            "customer": "C-1",
            "channel": "web",
            "version": 0,
        },
    }
    [event] = await desk.rows("SELECT type, key, words, why, correlation FROM event")
    assert event == {
        "type": "order.accepted",
        "key": "A-1/accepted",
        "words": "Order accepted from shop, channel web, 2 lines.",
        "why": "Placed by admin.",
        "correlation": "A-1",
    }


async def test_orders_without_a_number_are_counted(desk: Desk) -> None:
    assert [await desk.place(source={"system": "shop", "id": id_}) for id_ in "ab"] == ["O-100001", "O-100002"]


async def test_a_number_that_someone_gave_by_hand_is_skipped(desk: Desk) -> None:
    await desk.place(number="O-100001")
    assert await desk.place(source={"system": "shop", "id": "W-2"}) == "O-100002"


async def test_the_same_order_again_is_the_same_order(desk: Desk) -> None:
    first = await desk.post("/v1/orders", order())
    second = await desk.post("/v1/orders", order())
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert second.headers["idempotent-replay"] == "true"
    for table in ("sales_order", "event", "dispatch"):
        assert await desk.count(table) == 1


async def test_the_same_order_written_otherwise_is_the_same_order(desk: Desk) -> None:
    await desk.place(number="A-1")
    again = order(
        number="A-1",
        ordered_at="2026-05-06T11:00:00+02:00",
        charges=[{"amount": 12.4, "code": "freight"}],
        lines=[{"number": 1, "sku": " 11", "quantity": 2, "unit_price": 14}, {"sku": "42", "quantity": 1}],
    )
    assert (await desk.post("/v1/orders", again)).status_code == 200


async def test_an_idempotency_key_gives_the_same_answer(desk: Desk) -> None:
    first = await desk.post("/v1/orders", order(), idempotency_key="k-1")
    second = await desk.post("/v1/orders", order(), idempotency_key="k-1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()


async def test_a_key_used_for_another_body_is_refused(desk: Desk) -> None:
    await desk.post("/v1/orders", order(), idempotency_key="k-1")
    response = await desk.post("/v1/orders", from_source("W-2"), idempotency_key="k-1")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert await desk.count("sales_order") == 1


async def test_a_new_key_for_an_order_known_by_its_source_is_used_up_too(desk: Desk) -> None:
    await desk.post("/v1/orders", order())
    assert (await desk.post("/v1/orders", order(), idempotency_key="k-2")).status_code == 200
    response = await desk.post("/v1/orders", from_source("W-2"), idempotency_key="k-2")
    assert response.json()["code"] == "idempotency_key_reused"


async def test_keys_of_different_callers_do_not_meet(desk: Desk) -> None:
    other = await desk.key(Role.ORDERS_WRITE, principal="other")
    await desk.post("/v1/orders", order(), idempotency_key="k-1")
    response = await desk.post("/v1/orders", from_source("W-2"), idempotency_key="k-1", **other)
    assert response.status_code == 201


async def test_a_source_id_with_another_content_is_refused(desk: Desk) -> None:
    await desk.post("/v1/orders", order())
    response = await desk.post("/v1/orders", order(note="and quickly"))
    assert (response.status_code, response.json()["code"]) == (422, "source_id_reused")


async def test_a_number_of_another_source_is_taken(desk: Desk) -> None:
    await desk.place(number="A-1")
    response = await desk.post("/v1/orders", order(number="A-1", source={"system": "edi", "id": "7"}))
    assert (response.status_code, response.json()["code"]) == (409, "number_taken")
    assert await desk.count("sales_order") == 1


@pytest.mark.parametrize("key", [None, "k-1"])
async def test_fifty_at_once_make_one_order(desk: Desk, key: str | None) -> None:
    headers = {"idempotency_key": key} if key else {}
    answers = await asyncio.gather(*(desk.post("/v1/orders", order(), **headers) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.text for answer in answers}) == 1
    for table in ("sales_order", "event", "dispatch"):
        assert await desk.count(table) == 1


async def test_fifty_at_once_with_one_key_and_different_bodies_make_one_order(desk: Desk) -> None:
    bodies = [from_source(f"W-{n}") for n in range(50)]
    answers = await asyncio.gather(*(desk.post("/v1/orders", body, idempotency_key="k") for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 49
    assert await desk.count("sales_order") == 1
    assert await desk.count("dispatch") == 1


async def test_two_hundred_different_orders_at_once_get_different_numbers(desk: Desk) -> None:
    bodies = [from_source(f"W-{n}") for n in range(200)]
    answers = await asyncio.gather(*(desk.post("/v1/orders", body) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 200


async def test_waiting_for_the_promise_while_temporal_is_away_gives_202(desk: Desk) -> None:
    response = await desk.http.post("/v1/orders", params={"wait": "promised", "timeout": 1}, json=order(number="A-1"))
    assert response.status_code == 202
    assert response.headers["location"] == "/v1/orders/A-1"
    assert response.json()["promise"] is None
    assert await desk.count("dispatch") == 1


async def test_an_imported_order_has_its_business_date(desk: Desk) -> None:
    number = await desk.place(as_of="1998-05-06", ordered_at="1998-04-01T00:00:00Z")
    [event] = await desk.rows("SELECT at::text FROM event")
    assert event == {"at": "1998-04-01 00:00:00+00"}
    [message] = await desk.rows("SELECT payload ->> 'as_of' AS as_of FROM dispatch")
    assert message == {"as_of": "1998-05-06"}
    [listed] = (await desk.get("/v1/orders"))["orders"]
    assert (listed["number"], listed["requested_date"], listed["late"]) == (number, "2026-05-20", False)


async def test_only_importers_set_the_business_date(desk: Desk) -> None:
    seller = await desk.key(Role.ORDERS_WRITE)
    response = await desk.post("/v1/orders", order(as_of="1998-05-06"), **seller)
    assert response.status_code == 403
    assert response.json()["problems"] == [
        {
            "path": "$.as_of",
            "code": "role_needed",
            "words": "Only a key with the role importer may set the business date.",
        }
    ]
    assert await desk.count("sales_order") == 0


async def test_an_order_takes_the_bundle_that_is_live_and_keeps_it(desk: Desk) -> None:
    first = await desk.place()
    await desk.run("INSERT INTO policy_bundle (hash, content, files) VALUES ('next', '{}', '{}')")
    await desk.run("INSERT INTO policy_release (hash, effective_at, author, note) VALUES ('next', now(), 'me', '')")
    second = await desk.place(source={"system": "shop", "id": "W-2"})
    bundles: dict[str, Any] = {row["number"]: row["bundle"] for row in await desk.rows("SELECT * FROM sales_order")}
    assert bundles[second] == "next"
    assert bundles[first] != "next"


async def test_a_release_of_the_future_is_not_live_yet(desk: Desk) -> None:
    await desk.run("INSERT INTO policy_bundle (hash, content, files) VALUES ('next', '{}', '{}')")
    await desk.run(
        "INSERT INTO policy_release (hash, effective_at, author, note)"
        " VALUES ('next', now() + interval '1 hour', 'me', '')"
    )
    await desk.place()
    assert (await desk.rows("SELECT count(*) AS n FROM sales_order WHERE bundle = 'next'"))[0]["n"] == 0


async def test_without_a_policy_nothing_is_accepted(desk: Desk) -> None:
    await desk.run("DELETE FROM policy_release")
    response = await desk.post("/v1/orders", order())
    assert (response.status_code, response.json()["code"]) == (503, "no_policy")
    assert (await desk.http.get("/readyz")).status_code == 503
    assert await desk.count("sales_order") == 0
