"""Webhooks in: signed, kept once, applied forward only, passed on to the order (SHP1, I11; design, case 3)."""

import asyncio
import json
from typing import Any

import pytest

from tests.api.desk import Desk, Json

KEY = "A-1/ship/1/r1/request_shipment/1"
HOLD = "A-1/reserve/1/r1/reserve_stock/1"
HELD = "A-1/authorize/1/r1/authorize_payment/1"
AT = "2026-05-08T14:00:00Z"


@pytest.fixture
async def warehouse(desk: Desk) -> Desk:
    """Order A-1: two lines opened, held, authorized and requested at the carrier; it waits for `shipped`."""
    await desk.place(number="A-1")
    await desk.run("UPDATE dispatch SET delivered_at = now()")
    for line, sku, units in ((1, "11", 2), (2, "42", 1)):
        await desk.run(
            "INSERT INTO order_line (order_number, number, sku, quantity, amount, waterfall, group_id)"
            " VALUES ('A-1', %s, %s, %s, 100, '[]', '1')",
            line, sku, units,
        )  # fmt: skip
        await desk.run(
            "INSERT INTO reservation (key, line, order_number, location, sku, quantity, state)"
            " VALUES (%s, %s, 'A-1', 'main', %s, %s, 'live')",
            HOLD, line, sku, units,
        )  # fmt: skip
        await desk.run("UPDATE stock SET reserved = %s WHERE sku = %s", units, sku)
    await desk.run(
        "INSERT INTO shipment (key, order_number, group_id, method, location, wakes, status)"
        " VALUES (%s, 'A-1', '1', 'speedy-express', 'main', ARRAY['shipped'], 'released')",
        KEY,
    )
    await desk.run(
        "INSERT INTO shipment_line (key, line, order_number, quantity, shipped, live)"
        " VALUES (%s, 1, 'A-1', 2, 0, true), (%s, 2, 'A-1', 1, 0, true)",
        KEY, KEY,
    )  # fmt: skip
    await desk.run(
        "INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)"
        " VALUES (%s, 'A-1', '1', 300, 0, 'USD', 'authorized')",
        HELD,
    )
    return desk


def report(status: str, **changes: Any) -> Json:
    return {
        "id": f"evt_{status}",
        "type": f"shipment.{status}",
        "at": AT,
        "shipment": "S-1",
        "request_key": KEY,
        "order": "A-1",
        "lines": [{"line": 1, "sku": "11", "quantity": 2}, {"line": 2, "sku": "42", "quantity": 1}],
        "sequence": 1,
        **changes,
    }


async def facts(desk: Desk) -> list[Json]:
    """What the workflow is told."""
    rows = await desk.rows("SELECT kind, payload FROM dispatch WHERE delivered_at IS NULL ORDER BY id")
    return [{"told": row["kind"], **row["payload"]} for row in rows]


async def test_a_status_nobody_waits_for_is_in_the_timeline_and_wakes_no_order(warehouse: Desk) -> None:
    response = await warehouse.webhook("carrier", report("picked"))
    assert (response.status_code, response.json()) == (200, {"id": "evt_picked", "note": "applied"})
    [shipment] = await warehouse.rows("SELECT status, status_at::text FROM shipment")
    assert shipment == {"status": "picked", "status_at": "2026-05-08 14:00:00+00"}
    entries = (await warehouse.get("/v1/orders/A-1/timeline"))["entries"]
    assert [(e["type"], e["at"], e["words"]) for e in entries if e["type"].startswith("shipment")] == [
        ("shipment.picked", AT, "The warehouse has picked the goods.")
    ]
    assert await facts(warehouse) == []


async def test_a_delay_wakes_the_order_when_it_says_until_when(warehouse: Desk) -> None:
    await warehouse.webhook("carrier", report("delayed"))
    assert await facts(warehouse) == []
    dated = report("delayed", id="evt_dated", expected_on="2026-05-20")
    assert (await warehouse.webhook("carrier", dated)).json()["note"] == "told in the timeline"
    [told] = await facts(warehouse)
    assert (told["told"], told["status"], told["expected_on"]) == ("carrier", "delayed", "2026-05-20")
    assert (await warehouse.webhook("carrier", dated)).json()["note"] == "seen before"
    assert len(await facts(warehouse)) == 1
    undated = report("delayed", id="evt_odd", expected_on="soon")
    assert (await warehouse.webhook("carrier", undated)).status_code == 422


async def test_shipped_moves_stock_dates_the_order_and_wakes_it(warehouse: Desk) -> None:
    response = await warehouse.webhook("carrier", report("shipped", tracking="1Z9"))
    assert response.json()["note"] == "applied"
    stock = {row["sku"]: row for row in (await warehouse.get("/v1/stock"))["stock"]}
    assert (stock["11"]["on_hand"], stock["11"]["reserved"], stock["11"]["available"]) == (98, 0, 98)
    assert (stock["42"]["on_hand"], stock["42"]["reserved"]) == (99, 0)
    shown = await warehouse.get("/v1/orders/A-1")
    assert shown["shipped_at"] == AT
    assert [(line["shipped"], line["open"]) for line in shown["lines"]] == [(2, 0), (1, 0)]
    assert (shown["shipments"][0]["status"], shown["shipments"][0]["tracking"]) == ("shipped", "1Z9")
    assert await facts(warehouse) == [
        {
            "told": "carrier",
            "kind": "carrier",
            "id": "evt_shipped",
            "request_key": KEY,
            "status": "shipped",
            "at": AT,
            "lines": {"1": 2, "2": 1},
            "words": "",
        }
    ]


async def test_a_report_that_names_no_lines_means_all_of_them(warehouse: Desk) -> None:
    await warehouse.webhook("carrier", report("shipped", lines=[]))
    assert (await warehouse.get("/v1/orders/A-1"))["shipped_at"] == AT


async def test_a_part_that_leaves_does_not_date_the_order(warehouse: Desk) -> None:
    part = report("shipped", lines=[{"line": 1, "sku": "11", "quantity": 2}])
    await warehouse.webhook("carrier", part)
    assert (await warehouse.get("/v1/orders/A-1"))["shipped_at"] is None
    rest = report("shipped", id="evt_rest", at="2026-05-09T08:00:00Z", lines=[{"line": 2, "sku": "42", "quantity": 1}])
    await warehouse.webhook("carrier", rest)
    assert (await warehouse.get("/v1/orders/A-1"))["shipped_at"] == "2026-05-09T08:00:00Z"
    assert [fact["lines"] for fact in await facts(warehouse)] == [{"1": 2}, {"1": 2, "2": 1}]


async def test_of_two_parcels_that_leave_at_once_the_later_dates_the_order(warehouse: Desk) -> None:
    """Neither has told all when they begin; the order is dated all the same, each time."""
    second = KEY.replace("/1/", "/2/")
    await warehouse.run("UPDATE order_line SET group_id = '2' WHERE number = 2")
    await warehouse.run(
        "INSERT INTO shipment (key, order_number, group_id, method, location, wakes, status)"
        " VALUES (%s, 'A-1', '2', 'speedy-express', 'main', ARRAY['shipped'], 'released')",
        second,
    )
    await warehouse.run("UPDATE shipment_line SET key = %s WHERE line = 2", second)
    parcels = (
        report("shipped", lines=[{"line": 1, "sku": "11", "quantity": 2}]),
        report("shipped", id="evt_2", request_key=second, lines=[{"line": 2, "sku": "42", "quantity": 1}]),
    )
    async with await warehouse.connection() as holder:
        await holder.execute("SELECT FROM stock FOR UPDATE")  # both are under way before either can go on
        told = [asyncio.create_task(warehouse.webhook("carrier", parcel)) for parcel in parcels]
        await asyncio.sleep(0.3)
        await holder.rollback()
        assert [(await one).json()["note"] for one in told] == ["applied", "applied"]
    assert (await warehouse.get("/v1/orders/A-1"))["shipped_at"] == AT


async def test_a_line_that_leaves_in_parts_is_told_as_it_adds_up(warehouse: Desk) -> None:
    """I6: the order counts the most it was told, so single parts would never come to the whole."""
    for n, day in enumerate(("07", "08")):
        part = [{"line": 1, "sku": "11", "quantity": 1}]
        await warehouse.webhook("carrier", report("shipped", id=f"evt_{n}", at=f"2026-05-{day}T08:00:00Z", lines=part))
    assert [fact["lines"] for fact in await facts(warehouse)] == [{"1": 1}, {"1": 2}]


async def test_twenty_times_at_once_is_once(warehouse: Desk) -> None:
    answers = await asyncio.gather(*(warehouse.webhook("carrier", report("shipped")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["note"] for answer in answers) == ["applied"] + ["seen before"] * 19
    assert (await warehouse.get("/v1/stock", sku="11"))["stock"][0]["on_hand"] == 98
    assert len(await facts(warehouse)) == 1
    assert len(await warehouse.rows("SELECT 1 FROM event WHERE type = 'shipment.shipped'")) == 1


async def test_out_of_order_the_status_never_goes_back(warehouse: Desk) -> None:
    for status in ("delivered", "picked", "shipped", "packed"):
        assert (await warehouse.webhook("carrier", report(status))).status_code == 200
    [shipment] = await warehouse.rows("SELECT status FROM shipment")
    assert shipment == {"status": "delivered"}
    notes = {row["type"]: row["note"] for row in await warehouse.rows("SELECT type, note FROM inbox")}
    assert notes == {
        "shipment.delivered": "applied",
        "shipment.picked": "the shipment was delivered before",
        "shipment.shipped": "line 1: 2 told, 0 left to ship; line 2: 1 told, 0 left to ship",
        "shipment.packed": "the shipment was delivered before",
    }
    assert (await warehouse.get("/v1/stock", sku="11"))["stock"][0]["on_hand"] == 98
    assert [fact["status"] for fact in await facts(warehouse)] == ["delivered", "shipped"]


@pytest.mark.parametrize(
    "lines", [[], [{"line": 1, "sku": "11", "quantity": 2}, {"line": 2, "sku": "42", "quantity": 1}]]
)
async def test_what_was_delivered_has_left_also_if_nobody_said_so(warehouse: Desk, lines: list[Json]) -> None:
    await warehouse.webhook("carrier", report("delivered", lines=lines))
    stock = {row["sku"]: row for row in (await warehouse.get("/v1/stock"))["stock"]}
    assert (stock["11"]["on_hand"], stock["11"]["reserved"], stock["42"]["on_hand"]) == (98, 0, 99)
    shown = await warehouse.get("/v1/orders/A-1")
    assert (shown["shipped_at"], shown["shipments"][0]["status"]) == (AT, "delivered")
    assert [(line["shipped"], line["open"]) for line in shown["lines"]] == [(2, 0), (1, 0)]
    assert [(fact["status"], fact["lines"]) for fact in await facts(warehouse)] == [("delivered", {"1": 2, "2": 1})]


async def test_a_delivery_of_a_part_that_left_ships_nothing_more(warehouse: Desk) -> None:
    part = [{"line": 1, "sku": "11", "quantity": 1}]
    await warehouse.webhook("carrier", report("shipped", lines=part))
    await warehouse.webhook("carrier", report("delivered", lines=[]))
    assert [(line["shipped"], line["open"]) for line in (await warehouse.get("/v1/orders/A-1"))["lines"]] == [
        (1, 1), (0, 1)
    ]  # fmt: skip
    assert [fact["status"] for fact in await facts(warehouse)] == ["shipped"]


async def test_a_cancelled_shipment_stays_cancelled(warehouse: Desk) -> None:
    await warehouse.webhook("carrier", report("cancelled"))
    assert (await warehouse.rows("SELECT DISTINCT live FROM shipment_line")) == [{"live": False}]
    response = await warehouse.webhook("carrier", report("picked"))
    assert response.json()["note"] == "the shipment was cancelled before"
    assert (await warehouse.rows("SELECT status FROM shipment")) == [{"status": "cancelled"}]
    assert (await warehouse.get("/v1/stock", sku="11"))["stock"][0]["reserved"] == 2


@pytest.mark.parametrize("status", ["delayed", "lost"])
async def test_trouble_is_told_and_moves_nothing(warehouse: Desk, status: str) -> None:
    response = await warehouse.webhook("carrier", report(status))
    assert response.json()["note"] == "told in the timeline"
    assert (await warehouse.rows("SELECT status FROM shipment")) == [{"status": "released"}]


async def test_a_shipment_we_do_not_know_is_kept(warehouse: Desk) -> None:
    response = await warehouse.webhook("carrier", report("shipped", request_key="nobody's"))
    assert (response.status_code, response.json()["note"]) == (200, "unknown shipment")
    [kept] = await warehouse.rows("SELECT body ->> 'request_key' AS key, order_number FROM inbox")
    assert kept == {"key": "nobody's", "order_number": None}
    assert await facts(warehouse) == []


async def test_a_word_nobody_knows_is_kept_and_not_told(warehouse: Desk) -> None:
    assert (await warehouse.webhook("carrier", report("teleported"))).json()["note"] == "a status nobody knows"
    body = {"id": "evt_x", "type": "authorization.blessed", "at": AT, "authorization_key": HELD}
    assert (await warehouse.webhook("payment", body)).json()["note"] == "a type nobody knows"
    assert [row["type"] for row in await warehouse.rows("SELECT type FROM event")] == ["order.accepted"]
    assert await warehouse.count("inbox") == 2


async def test_an_expired_authorization_is_told_to_the_order(warehouse: Desk) -> None:
    body = {"id": "evt_p", "type": "authorization.expired", "at": AT, "authorization_key": HELD, "amount": 300}
    assert (await warehouse.webhook("payment", body)).json()["note"] == "applied"
    assert (await warehouse.webhook("payment", body)).json()["note"] == "seen before"
    assert (await warehouse.rows("SELECT state FROM payment_authorization")) == [{"state": "expired"}]
    assert await facts(warehouse) == [
        {"told": "payment", "kind": "payment", "id": "evt_p", "authorization": HELD, "status": "expired", "at": AT}
    ]


async def test_what_was_captured_or_voided_does_not_expire(warehouse: Desk) -> None:
    await warehouse.run("UPDATE payment_authorization SET captured = amount")
    body = {"id": "evt_p", "type": "authorization.expired", "at": AT, "authorization_key": HELD}
    assert (await warehouse.webhook("payment", body)).json()["note"] == "nothing was open any more"
    assert (await warehouse.rows("SELECT state FROM payment_authorization")) == [{"state": "authorized"}]
    assert await facts(warehouse) == []


async def test_a_settled_capture_is_kept_and_told(warehouse: Desk) -> None:
    body = {"id": "evt_s", "type": "capture.settled", "at": AT, "authorization_key": HELD}
    assert (await warehouse.webhook("payment", body)).json()["note"] == "kept"
    assert (await warehouse.rows("SELECT words FROM event WHERE type = 'capture.settled'")) == [
        {"words": "The captured amount has reached the account."}
    ]


@pytest.mark.parametrize("sender", ["carrier", "payment"])
async def test_a_signature_that_does_not_fit_is_refused_and_nothing_kept(warehouse: Desk, sender: str) -> None:
    wrong = "whsec_" + "Wk9P" * 8
    good = await warehouse.webhook(sender, report("shipped"), secret=wrong)
    assert (good.status_code, good.json()["code"]) == (401, "bad_signature")
    text = json.dumps(report("shipped"))
    for headers in (
        {},
        {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,xx"},
        {"webhook-id": "x", "webhook-timestamp": "nan", "webhook-signature": "v1"},
        {"webhook-id": "x", "webhook-timestamp": "1779999999", "webhook-signature": "v1,ü".encode("latin-1")},
    ):
        response = await warehouse.http.post(f"/v1/inbox/{sender}", content=text, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "bad_signature")
    assert await warehouse.count("inbox") == 0


async def test_a_signed_body_that_makes_no_sense_is_refused_by_place(warehouse: Desk) -> None:
    response = await warehouse.webhook("carrier", {"id": "evt", "type": "order.shipped", "at": "now"})
    assert response.status_code == 422
    assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [
        ("$.type", "wrong_form"),
        ("$.at", "not_a_moment"),
        ("$.request_key", "missing"),
    ]


async def test_webhooks_wait_for_the_orders_they_are_about_not_for_others(warehouse: Desk) -> None:
    """A carrier's report commits while another transaction holds another order."""
    await warehouse.place(number="B-1", source={"system": "shop", "id": "2"})
    async with await warehouse.connection() as other:
        await other.execute("SELECT 1 FROM sales_order WHERE number = 'B-1' FOR UPDATE")
        async with asyncio.timeout(5):
            assert (await warehouse.webhook("carrier", report("shipped"))).status_code == 200
