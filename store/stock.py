"""Stock on hand and held: all lines of a call together, never more than there is (GOP13, I1).

Rows of `stock` are locked in the order of location and sku by everyone, so that two orders never wait for each other.
"""

from typing import NamedTuple

from domain.process.calls import Call, ReserveStock
from domain.process.outcomes import Outcome
from store.effects import RECORDED, outcome_values
from store.issuing import issue
from store.pool import Connection
from store.saving import save_values, with_save

__all__ = ["Shortage", "UnknownLineError", "issue", "release", "reserve"]

RESERVE = with_save(f"""
WITH asked AS (
    SELECT l.number, l.sku, w.quantity
    FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
    JOIN order_line l ON l.order_number = %(order)s AND l.number = w.number
), wanted AS MATERIALIZED (
    SELECT sku, sum(quantity) AS quantity FROM asked GROUP BY sku
), locked AS MATERIALIZED (
    SELECT s.sku, s.on_hand, s.reserved, s.on_hand - s.reserved AS available
    FROM stock s JOIN wanted USING (sku)
    WHERE s.location = %(location)s
    ORDER BY s.sku
    FOR UPDATE OF s
), short AS MATERIALIZED (
    SELECT w.sku, w.quantity::bigint AS wanted, coalesce(k.available, 0) AS available
    FROM wanted w LEFT JOIN locked k USING (sku)
    WHERE coalesce(k.available, 0) < w.quantity
), go AS MATERIALIZED (
    SELECT 1 WHERE NOT EXISTS (SELECT FROM short) AND (SELECT count(*) FROM asked) = cardinality(%(lines)s::int[])
), kept AS (
    INSERT INTO reservation (key, line, order_number, location, sku, quantity, state)
    SELECT %(key)s, a.number, %(order)s, %(location)s, a.sku, a.quantity, 'live' FROM go, asked a
), taken AS (
    UPDATE stock s SET on_hand = k.on_hand, reserved = k.reserved + w.quantity
    FROM go, wanted w JOIN locked k USING (sku)
    WHERE s.location = %(location)s AND s.sku = w.sku
), entered AS ({RECORDED}), {{saved}}
SELECT (SELECT count(*) FROM go) = 1 AS held, (SELECT coalesce(json_agg(short ORDER BY sku), '[]') FROM short) AS short
""")  # noqa: S608 - put together from constants
"""What is held rests on the rows as they were locked. The statement itself sees them as they were when it began, before
what it has waited for: a condition on that, or the CHECK of the table, would judge by it.
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
WRITE_OFF = RELEASE.replace(
    "SET reserved = s.reserved - f.quantity", "SET reserved = s.reserved - f.quantity, on_hand = s.on_hand - f.quantity"
)


class Shortage(NamedTuple):
    """Units of a sku that a reservation asks for, and the fewer that its location has."""

    sku: str
    wanted: int
    available: int


class UnknownLineError(ValueError):
    """A call names a line that the order has not got."""


async def reserve(connection: Connection, call: Call, work: ReserveStock) -> list[Shortage]:
    """Hold every line of the call, with its effect and its save, in one statement; or nothing: then what is short.

    Stock is locked only while the statement runs. UniqueViolation if this effect was entered before.
    """
    values = {
        **outcome_values(call, Outcome()),
        **save_values(call),
        "location": work.location,
        "lines": list(work.lines),
        "quantities": list(work.lines.values()),
    }
    cursor = await connection.execute(RESERVE.of(call), values)
    row = await cursor.fetchone()
    assert row is not None
    short = [Shortage(**item) for item in row["short"]]
    if not row["held"] and not short:
        raise UnknownLineError(f"order {call.order} has not got all of the lines {', '.join(map(str, work.lines))}")
    return short


async def release(connection: Connection, key: str, *, lost: bool = False) -> None:
    """Give back what is still held under a reserve effect's key; a second time does nothing.

    Of lost goods nothing comes back: what is on hand gets less by as much.
    """
    await connection.execute(LOCK_HELD, {"key": key})
    await connection.execute(WRITE_OFF if lost else RELEASE, {"key": key})
