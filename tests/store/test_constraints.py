"""The database refuses what the invariants forbid, whoever asks (design rule 8)."""

import psycopg
import pytest

from domain.process.words import Operation
from tests.store.shop import Shop, key_of

RESERVE = key_of("O-1", "reserve", Operation.RESERVE)

FORBIDDEN = [
    ("stock_no_oversell", "UPDATE stock SET reserved = 11"),
    ("stock_no_oversell", "UPDATE stock SET reserved = -1"),
    ("stock_no_oversell", "UPDATE stock SET on_hand = 3"),
    ("reservation_positive", "UPDATE reservation SET quantity = 0"),
    ("reservation_state", "UPDATE reservation SET state = 'lost'"),
    ("line_quantities", "UPDATE order_line SET shipped = 5"),
    ("line_quantities", "UPDATE order_line SET shipped = 3, cancelled = 2"),
    ("line_quantities", "UPDATE order_line SET cancelled = -1"),
    ("line_positive", "UPDATE order_line SET quantity = 0, shipped = 0"),
    ("effect_state", "UPDATE effect SET state = 'maybe'"),
    (
        "captured_within_authorized",
        "INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)"
        " VALUES ('a', 'O-1', '1', 100, 101, 'USD', 'authorized')",
    ),
    (
        "authorization_state",
        "INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)"
        " VALUES ('a', 'O-1', '1', 100, 0, 'USD', 'held')",
    ),
    (
        "posting_positive",
        "INSERT INTO posting VALUES ('k', 'goods', 'O-1', 'receivable', 'revenue:goods', 0, 'USD', now())",
    ),
    (
        "posting_two_accounts",
        "INSERT INTO posting VALUES ('k', 'goods', 'O-1', 'receivable', 'receivable', 5, 'USD', now())",
    ),
    ("dispatch_kind", "INSERT INTO dispatch (order_number, kind, payload, note) VALUES ('O-1', 'poke', '{}', '')"),
]


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1 holds 4 of 10."""
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    await shop.reserve("O-1", {1: 4})
    return shop


@pytest.mark.parametrize(("rule", "statement"), FORBIDDEN, ids=lambda text: text[:40])
async def test_refused_by_a_check(order: Shop, rule: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        await order.write(statement)
    assert raised.value.diag.constraint_name == rule
    assert await order.units("1") == (10, 4)


async def test_one_live_request_a_line(order: Shop) -> None:
    insert = (
        "WITH s AS (INSERT INTO shipment (key, order_number, group_id, method, location, wakes, status)"
        " VALUES (%s, 'O-1', '1', 'm', 'main', '{}', 'requested') RETURNING key)"
        " INSERT INTO shipment_line (key, line, order_number, quantity, shipped, live)"
        " SELECT key, 1, 'O-1', 1, 0, true FROM s"
    )
    await order.write(insert, "s1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="shipment_line_one_live"):
        await order.write(insert, "s2")
    await order.write("UPDATE shipment_line SET live = false")
    await order.write(insert, "s2")


async def test_one_capture_a_shipment(order: Shop) -> None:
    await order.write(
        "INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)"
        " VALUES ('a', 'O-1', '1', 100, 0, 'USD', 'authorized')"
    )
    insert = (
        "INSERT INTO payment_capture"
        " (key, order_number, authorization_key, shipment_key, amount, refunded, currency, at)"
        " VALUES (%s, 'O-1', 'a', 's1', 50, %s, 'USD', now())"
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="refund_within_capture"):
        await order.write(insert, "c1", 51)
    await order.write("INSERT INTO posting VALUES ('c1', 'cash', 'O-1', 'cash:card', 'receivable', 50, 'USD', now())")
    await order.write(insert, "c1", 0)
    with pytest.raises(psycopg.errors.UniqueViolation, match="payment_capture_shipment_key_key"):
        await order.write(insert, "c2", 0)
