"""Items, list prices and movements of stock that no order makes (PRC2, INV1, GOP13)."""

import json
from datetime import date
from typing import NamedTuple

from psycopg.errors import CheckViolation

from store.pool import Connection


class ItemPrice(NamedTuple):
    """A list price from a day on; `amount` in minor units."""

    currency: str
    amount: int
    valid_from: date


class NewItem(NamedTuple):
    """An item to add or to change."""

    sku: str
    title: str
    prices: tuple[ItemPrice, ...]


class Movement(NamedTuple):
    """Units that come (positive) or go (negative). The id makes it happen once (I11)."""

    id: str
    location: str
    sku: str
    quantity: int
    reason: str


class StockTooLowError(Exception):
    """A movement would take units that are reserved, or that are not there."""


async def put_items(connection: Connection, items: list[NewItem]) -> None:
    """Add items, or change their title and prices, in the caller's transaction. Other prices stay."""
    rows = [{"sku": item.sku, "title": item.title} for item in items]
    await connection.execute(
        "INSERT INTO item (sku, title, type) SELECT sku, title, 'physical'"
        " FROM jsonb_to_recordset(%s::jsonb) AS i(sku text, title text)"
        " ORDER BY sku ON CONFLICT (sku) DO UPDATE SET title = excluded.title WHERE item.title <> excluded.title",
        (json.dumps(rows),),
    )
    prices = [
        {"sku": item.sku, "currency": p.currency, "amount": p.amount, "valid_from": p.valid_from.isoformat()}
        for item in items
        for p in item.prices
    ]
    await connection.execute(
        "INSERT INTO list_price (sku, currency, valid_from, amount) SELECT sku, currency, valid_from, amount"
        " FROM jsonb_to_recordset(%s::jsonb) AS p(sku text, currency text, valid_from date, amount bigint)"
        " ORDER BY sku, currency, valid_from"
        " ON CONFLICT (sku, currency, valid_from) DO UPDATE SET amount = excluded.amount"
        " WHERE list_price.amount <> excluded.amount",
        (json.dumps(prices),),
    )


async def unknown_skus(connection: Connection, skus: list[str]) -> set[str]:
    """Which of these are no items."""
    cursor = await connection.execute(
        "SELECT sku FROM unnest(%s::text[]) AS w(sku) WHERE NOT EXISTS (SELECT FROM item WHERE item.sku = w.sku)",
        (skus,),
    )
    return {row["sku"] for row in await cursor.fetchall()}


_PLACES = """
INSERT INTO stock (location, sku, on_hand, reserved)
SELECT DISTINCT location, sku, 0, 0 FROM jsonb_to_recordset(%(movements)s::jsonb) AS m(location text, sku text)
ORDER BY location, sku ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT 1 FROM stock WHERE (location, sku) IN (
    SELECT location, sku FROM jsonb_to_recordset(%(movements)s::jsonb) AS m(location text, sku text))
ORDER BY location, sku FOR UPDATE
"""
_MOVE = """
WITH made AS (
    INSERT INTO stock_movement (id, location, sku, quantity, reason)
    SELECT id, location, sku, quantity, reason
    FROM jsonb_to_recordset(%(movements)s::jsonb) AS m(id text, location text, sku text, quantity int, reason text)
    ON CONFLICT DO NOTHING
    RETURNING id, location, sku, quantity
), moved AS (
    UPDATE stock s SET on_hand = s.on_hand + m.quantity
    FROM (SELECT location, sku, sum(quantity) AS quantity FROM made GROUP BY location, sku) m
    WHERE s.location = m.location AND s.sku = m.sku
)
SELECT id FROM made
"""


async def move_stock(connection: Connection, movements: list[Movement]) -> set[str]:
    """Make the movements that were not made before, in the caller's transaction; the ids of those made now.

    All or nothing: StockTooLowError when one would go below what is reserved.
    """
    values = {"movements": json.dumps([m._asdict() for m in movements])}
    await connection.execute(_PLACES, values)
    await connection.execute(_LOCK, values)
    try:
        cursor = await connection.execute(_MOVE, values)
    except CheckViolation:
        raise StockTooLowError from None
    return {row["id"] for row in await cursor.fetchall()}


async def known_movements(connection: Connection, ids: list[str]) -> dict[str, Movement]:
    """Movements made before, by id."""
    cursor = await connection.execute(
        "SELECT id, location, sku, quantity, reason FROM stock_movement WHERE id = ANY(%s::text[])", (ids,)
    )
    return {row["id"]: Movement(**row) for row in await cursor.fetchall()}
