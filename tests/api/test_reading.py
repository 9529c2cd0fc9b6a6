"""Reading orders, sums, stock and exceptions; who sees what (OPS2, OPS5, EXC8)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.keys import Role, create_key, revoke_keys
from tests.api.desk import Desk, captured_log, from_source


async def test_an_order_before_it_is_opened(desk: Desk) -> None:
    number = await desk.place()
    shown = await desk.get(f"/v1/orders/{number}")
    assert shown["status"] == "accepted"
    assert [(line["number"], line["sku"], line["open"], line["amount"]) for line in shown["lines"]] == [
        (1, "11", 2, None),
        (2, "42", 1, None),
    ]
    assert (shown["total"], shown["waiting"], shown["changes"]) == (None, [], [])
    assert shown["document"]["charges"] == [{"code": "freight", "amount": "12.40"}]
    assert shown["personal"]["ship_to"]["name"] == "Mercedes Alba"


async def test_an_order_with_everything(desk: Desk) -> None:
    number = await desk.place()
    waterfall = [{"component": "price", "rule": "order", "amount": "28.00"}]
    await desk.run("UPDATE sales_order SET goods = 2800, charges = 1240, tax = 0, version = 4, status = 'released'")
    await desk.run(
        "INSERT INTO order_line (order_number, number, sku, quantity, amount, waterfall, group_id, cancelled)"
        " VALUES (%s, 1, '11', 2, 2800, %s::jsonb, '1', 0), (%s, 2, '42', 1, 0, '[]', '1', 1)",
        number, json.dumps(waterfall), number,
    )  # fmt: skip
    row = {
        "status": "released",
        "lowest": "released",
        "highest": "released",
        "counts": {"released": 1},
        "revision": 1,
        "groups": [{"id": "1", "process": "standard", "status": "released", "lines": [1, 2]}],
        "waiting": [],
    }
    await desk.run("UPDATE sales_order SET row = %s::jsonb", json.dumps(row))
    await desk.run(
        "INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)"
        " VALUES ('a', %s, '1', 4040, 4040, 'USD', 'authorized')",
        number,
    )
    await desk.run(
        "INSERT INTO payment_capture (key, order_number, authorization_key, shipment_key, amount, currency, at)"
        " VALUES ('c', %s, 'a', 's', 4040, 'USD', now())",
        number,
    )
    await desk.run(
        "INSERT INTO invoice (number, key, order_number, shipment_key, currency, goods, charges, tax, total, lines, at)"
        " VALUES (1, 'i', %s, 's', 'USD', 2800, 1240, 0, 4040, '[]', now())",
        number,
    )
    shown = await desk.get(f"/v1/orders/{number}")
    assert (shown["goods"], shown["charges"], shown["tax"], shown["total"]) == ("28.00", "12.40", "0.00", "40.40")
    assert [(line["amount"], line["status"], line["waterfall"]) for line in shown["lines"]] == [
        ("28.00", "released", waterfall),
        ("0.00", "cancelled", []),
    ]
    assert shown["roll_up"] == {"lowest": "released", "highest": "released", "counts": {"released": 1}}
    assert [(held["amount"], held["captured"]) for held in shown["authorizations"]] == [("40.40", "40.40")]
    assert [(taken["amount"], taken["refunded"]) for taken in shown["captures"]] == [("40.40", "0.00")]
    assert [(bill["number"], bill["total"]) for bill in shown["invoices"]] == [(1, "40.40")]
    [sums] = (await desk.get("/v1/totals"))["totals"]
    assert sums == {
        "currency": "USD",
        "orders": {"released": 1},
        "invoiced": {"count": 1, "goods": "28.00", "charges": "12.40", "tax": "0.00", "total": "40.40"},
        "credited": {"count": 0, "goods": "0.00", "charges": "0.00", "tax": "0.00", "total": "0.00"},
        "captured": {"count": 1, "total": "40.40", "refunded": "0.00"},
    }
    [listed] = (await desk.get("/v1/orders"))["orders"]
    assert listed["total"] == "40.40"


async def test_yen_have_no_decimals(desk: Desk) -> None:
    charges = [{"code": "freight", "amount": 500}]
    lines = [{"sku": "11", "quantity": 1}]
    number = await desk.place(currency="JPY", charges=charges, lines=lines)
    await desk.run("UPDATE sales_order SET goods = 3000, charges = 500, tax = 0")
    assert (await desk.get(f"/v1/orders/{number}"))["total"] == "3500"


async def test_pages_hold_every_order_once(desk: Desk) -> None:
    placed = [await desk.place(source={"system": "shop", "id": str(n)}) for n in range(7)]
    seen: list[str] = []
    after, pages = "", 0
    while True:
        page = await desk.get("/v1/orders", limit=3, after=after)
        seen += [order["number"] for order in page["orders"]]
        pages += 1
        if page["next"] is None:
            break
        after = page["next"]
    assert (seen, pages) == (placed[::-1], 3)


async def test_filters(desk: Desk) -> None:
    now = datetime.now(UTC)
    a = await desk.place(number="A-1", customer={"id": "ALFKI"}, requested_date="1998-05-01", as_of="1998-05-06")
    b = await desk.place(number="B-1", channel="edi", source={"system": "edi", "id": "1"})
    await desk.run("UPDATE sales_order SET parked = true, status = 'reserved' WHERE number = %s", b)
    await desk.run("UPDATE sales_order SET requested_date = NULL WHERE number = %s", b)

    async def found(**query: Any) -> list[str]:
        return [order["number"] for order in (await desk.get("/v1/orders", **query))["orders"]]

    assert await found() == [b, a]
    assert await found(customer="ALFKI") == [a]
    assert await found(channel="edi") == [b]
    assert await found(source_system="edi", source_id="1") == [b]
    assert await found(status="reserved,shipped") == [b]
    assert await found(parked="true") == [b]
    assert await found(finished="true") == []
    assert await found(late="true") == [a]
    assert await found(late="false") == [b]
    assert await found(number="A") == [a]
    assert await found(number="%") == []
    assert await found(accepted_from=(now - timedelta(minutes=5)).isoformat()) == [b, a]
    assert await found(accepted_to=(now - timedelta(minutes=5)).isoformat()) == []
    assert await found(shipped="false") == [b, a]


@pytest.mark.parametrize(
    ("shipped_at", "status", "late"),
    [
        ("1998-05-01T23:59:59Z", "completed", False),
        ("1998-05-02T00:00:00Z", "completed", True),
        (None, "released", True),
        (None, "cancelled", False),
    ],
)
async def test_late_is_judged_by_the_order_s_own_clock(
    desk: Desk, shipped_at: str | None, status: str, late: bool
) -> None:
    await desk.place(requested_date="1998-05-01", as_of="1998-05-06", ordered_at="1998-04-01T00:00:00Z")
    await desk.run("UPDATE sales_order SET shipped_at = %s::timestamptz, status = %s", shipped_at, status)
    [listed] = (await desk.get("/v1/orders"))["orders"]
    assert listed["late"] is late


async def waits(desk: Desk, number: str, *waiting: dict[str, Any]) -> None:
    whole = [{"what": "w", "why": "y", "who": "csr", "step": "ship", "group": "1", **entry} for entry in waiting]
    await desk.run(
        "UPDATE sales_order SET row = jsonb_build_object('waiting', %s::jsonb) WHERE number = %s",
        json.dumps(whole), number,
    )  # fmt: skip


async def test_exceptions_are_what_is_parked_or_overdue(desk: Desk) -> None:
    for number in ("A", "B", "C", "D", "E"):
        await desk.place(number=number, source={"system": "shop", "id": number}, as_of="1998-05-06")
    await waits(desk, "A", {"parked": True, "code": "declined", "what": "Payment was declined"}, {"parked": False})
    await waits(desk, "B", {"parked": False, "until": "1998-05-06T12:00:00Z"})
    await waits(desk, "C", {"parked": False, "until": "1998-05-07T00:00:01Z"})
    await waits(desk, "D", {"parked": True})
    await desk.run("UPDATE sales_order SET finished = true WHERE number = 'D'")
    answer = await desk.get("/v1/exceptions")
    assert [(entry["number"], entry["kind"], entry["retry"]) for entry in answer["exceptions"]] == [
        ("A", "parked", "POST /v1/orders/A/retry"),
        ("B", "overdue", None),
    ]
    assert answer["exceptions"][0] == {
        "number": "A", "customer": "C-1", "channel": "web", "status": "accepted", "kind": "parked",
        "what": "Payment was declined", "why": "y", "owner": "csr", "until": None, "step": "ship", "group": "1",
        "code": "declined", "retry": "POST /v1/orders/A/retry", "change": None, "approve": None, "refuse": None,
    }  # fmt: skip
    await waits(desk, "A", {"parked": True, "code": "needs_a_person", "change": "c 1/2"})
    (entry,) = (entry for entry in (await desk.get("/v1/exceptions"))["exceptions"] if entry["number"] == "A")
    path = "POST /v1/orders/A/changes/c%201%2F2"
    assert (entry["change"], entry["retry"]) == ("c 1/2", None)
    assert (entry["approve"], entry["refuse"]) == (f"{path}/approve", f"{path}/refuse")
    first = await desk.get("/v1/exceptions", limit=1)
    assert [entry["number"] for entry in first["exceptions"]] == ["A"]
    second = await desk.get("/v1/exceptions", limit=1, after=first["next"])
    assert [entry["number"] for entry in second["exceptions"]] == ["B"]


async def test_personal_data_is_for_those_who_may_see_it(desk: Desk) -> None:
    number = await desk.place(note="ring twice")
    reader = await desk.key(Role.ORDERS_READ)
    response = await desk.http.get(f"/v1/orders/{number}", headers=reader)
    assert response.json()["personal"] is None
    assert "Mercedes" not in response.text
    assert "ring twice" not in response.text
    entitled = await desk.key(Role.ORDERS_READ, Role.ORDERS_PERSONAL)
    response = await desk.http.get(f"/v1/orders/{number}", headers=entitled)
    assert response.json()["personal"]["note"] == "ring twice"


ROUTES = [
    ("POST", "/v1/orders", Role.ORDERS_WRITE),
    ("GET", "/v1/orders", Role.ORDERS_READ),
    ("GET", "/v1/orders/A", Role.ORDERS_READ),
    ("GET", "/v1/orders/A/timeline", Role.ORDERS_READ),
    ("GET", "/v1/orders/A/revisions", Role.ORDERS_READ),
    ("GET", "/v1/orders/A/revisions/compare", Role.ORDERS_READ),
    ("POST", "/v1/orders/A/cancel", Role.CHANGES_WRITE),
    ("GET", "/v1/orders/A/changes/1", Role.ORDERS_READ),
    ("POST", "/v1/orders/A/retry", Role.OPERATIONS),
    ("POST", "/v1/orders/A/skip", Role.OPERATIONS),
    ("GET", "/v1/events", Role.ORDERS_READ),
    ("GET", "/v1/exceptions", Role.ORDERS_READ),
    ("GET", "/v1/stock", Role.ORDERS_READ),
    ("POST", "/v1/stock/movements", Role.STOCK_WRITE),
    ("PUT", "/v1/items", Role.CATALOGUE_WRITE),
    ("GET", "/v1/totals", Role.ORDERS_READ),
    ("GET", "/v1/policies/status", Role.ORDERS_READ),
    ("POST", "/v1/policies", Role.POLICIES_WRITE),
]


async def test_no_key_a_wrong_key_and_a_wrong_role(desk: Desk) -> None:
    everything_else = {role: await desk.key(*(set(Role) - {role, Role.ADMIN})) for _, _, role in ROUTES}
    for method, path, role in ROUTES:
        for headers, detail in (
            ({"Authorization": ""}, "The request has no API key."),
            ({"Authorization": "Basic eDp5"}, "The request has no API key."),
            ({"Authorization": "Bearer nonsense"}, "The API key is not valid."),
        ):
            response = await desk.http.request(method, path, headers=headers)
            assert (response.status_code, response.json()["code"]) == (401, "no_key"), (method, path)
            assert response.json()["detail"] == detail
            assert response.headers["www-authenticate"] == 'Bearer realm="ordito"'
        response = await desk.http.request(method, path, headers=everything_else[role])
        assert (response.status_code, response.json()["role"]) == (403, role), (method, path)
        assert response.json()["detail"] == f"This needs the role {role}, which the key has not."
        only = await desk.key(role)
        assert (await desk.http.request(method, path, headers=only)).status_code not in (401, 403), (method, path)


async def test_a_key_is_kept_as_its_hash_and_can_be_revoked(desk: Desk) -> None:
    async with desk.pool.connection() as connection:
        key = await create_key(connection, "shop", frozenset({Role.ORDERS_READ}))
    headers = {"Authorization": f"Bearer {key}"}
    stored = str(await desk.rows("SELECT * FROM api_key"))
    assert key not in stored
    assert (await desk.http.get("/v1/orders", headers=headers)).status_code == 200
    async with desk.pool.connection() as connection:
        assert await revoke_keys(connection, "shop") == 1
    desk.app.state.services.keyring._known.clear()
    assert (await desk.http.get("/v1/orders", headers=headers)).status_code == 401


async def test_what_is_logged_of_a_request(desk: Desk) -> None:
    with captured_log() as log:
        await desk.post("/v1/orders", from_source("W-1", number="A-1", note="ring twice"), x_request_id="req-12345")
    [entry] = log.entries
    assert {name: value for name, value in entry.items() if name != "ms"} == {
        "event": "request",
        "log_level": "info",
        "request_id": "req-12345",
        "principal": "admin",
        "order": "A-1",
        "method": "POST",
        "route": "/v1/orders",
        "status": 201,
    }


async def test_health_and_metrics_need_no_key(desk: Desk) -> None:
    await desk.place()
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await desk.http.get(path, headers={"Authorization": ""})).status_code == 200
    metrics = (await desk.http.get("/metrics")).text
    assert 'ordito_messages_waiting{box="outbox"} 1.0' in metrics
    assert 'ordito_messages_waiting{box="inbox"} 0.0' in metrics
    assert 'ordito_orders{status="accepted"} 1.0' in metrics
    assert 'ordito_http_answers_total{method="POST",route="/v1/orders",status="201"} 1.0' in metrics
