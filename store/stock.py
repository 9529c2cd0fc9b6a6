"""Stock on hand and held: all lines of a call together, never more than there is (GOP13, I1).

Rows of `stock` are locked in the order of location and sku by everyone, so that two orders never wait for each other.
"""

from typing import Any, NamedTuple

from domain.process.messages import Lines
from store.issuing import issue
from store.pool import Connection

__all__ = ["UnknownLineError", "Wanted", "hold", "issue", "lock_wanted", "release"]

LOCK_WANTED = """
WITH wanted AS MATERIALIZED (
    SELECT l.sku, sum(w.quantity) AS quantity, count(*) AS lines
    FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
    JOIN order_line l ON l.order_number = %(order)s AND l.number = w.number
    GROUP BY l.sku
), held AS MATERIALIZED (
    SELECT s.sku, s.on_hand - s.reserved AS available
    FROM stock s JOIN wanted USING (sku)
    WHERE s.location = %(location)s
    ORDER BY s.sku
    FOR UPDATE OF s
)
SELECT w.sku, w.quantity::bigint AS wanted, w.lines, coalesce(h.available, 0) AS available
FROM wanted w LEFT JOIN held h USING (sku)
ORDER BY w.sku
"""
HOLD = """
WITH kept AS (
    INSERT INTO reservation (key, line, order_number, location, sku, quantity, state)
    SELECT %(key)s, w.number, %(order)s, %(location)s, l.sku, w.quantity, 'live'
    FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
    JOIN order_line l ON l.order_number = %(order)s AND l.number = w.number
    RETURNING sku, quantity
)
UPDATE stock s SET reserved = s.reserved + k.quantity
FROM (SELECT sku, sum(quantity) AS quantity FROM kept GROUP BY sku) k
WHERE s.location = %(location)s AND s.sku = k.sku
"""
LOCK_HELD = """
SELECT 1 FROM stock s
WHERE (s.location, s.sku) IN (SELECT location, sku FROM reservation WHERE key = %(key)s AND state = 'live')
ORDER BY s.location, s.sku FOR UPDATE
"""
RELEASE = """
WITH freed AS (
    UPDATE reservation SET state = 'released' WHERE key = %(key)s AND state = 'live'
    RETURNING location, sku, quantity
)
UPDATE stock s SET reserved = s.reserved - f.quantity
FROM (SELECT location, sku, sum(quantity) AS quantity FROM freed GROUP BY location, sku) f
WHERE s.location = f.location AND s.sku = f.sku
"""


class Wanted(NamedTuple):
    """Units of a sku that a reservation asks for, and what is available at its location."""

    sku: str
    wanted: int
    available: int


class UnknownLineError(ValueError):
    """A call names a line that the order has not got."""


async def lock_wanted(connection: Connection, order: str, location: str, lines: Lines) -> list[Wanted]:
    """Lock the stock that these lines need, and say per sku what is wanted and what is there."""
    cursor = await connection.execute(LOCK_WANTED, _asked(order, location, lines))
    rows = await cursor.fetchall()
    if sum(row["lines"] for row in rows) != len(lines):
        raise UnknownLineError(f"order {order} has not got all of the lines {', '.join(map(str, lines))}")
    return [Wanted(row["sku"], row["wanted"], row["available"]) for row in rows]


async def hold(connection: Connection, key: str, order: str, location: str, lines: Lines) -> None:
    """Hold every line under the effect's key. The stock must be locked and sufficient: CHECK refuses an oversell."""
    await connection.execute(HOLD, {"key": key, **_asked(order, location, lines)})


async def release(connection: Connection, key: str) -> None:
    """Give back what is still held under a reserve effect's key; a second time does nothing."""
    await connection.execute(LOCK_HELD, {"key": key})
    await connection.execute(RELEASE, {"key": key})


def _asked(order: str, location: str, lines: Lines) -> dict[str, Any]:
    return {"order": order, "location": location, "lines": list(lines), "quantities": list(lines.values())}
