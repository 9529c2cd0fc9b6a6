"""Stock held while a change is under way: one reservation replaces another, and is trimmed when that is over (CHG8).

What a group's new plan needs is held beside what its old one still needs: per line, location and item the larger of
both. So nothing is given up before the old plan is undone, and nothing is held twice.
"""

from typing import Any

from domain.process.calls import Call, CheckStock, ReserveStock, TrimReservation
from domain.process.outcomes import Outcome
from store.effects import RECORDED, fence, outcome_values
from store.pool import Connection
from store.revisions import IN_FORCE
from store.saving import save_values, with_save
from store.stock import Shortage

REPLACED = Outcome(
    refused=True, code="replaced_before_arrival", words="The reservation was replaced before it arrived."
)
ASKED = f"""
{IN_FORCE}, asked AS MATERIALIZED (
    SELECT w.number AS line, coalesce(w.sku, l.sku) AS sku, w.quantity
    FROM unnest(%(lines)s::int[], %(quantities)s::int[], %(skus)s::text[]) AS w (number, quantity, sku)
    LEFT JOIN line_in_force l ON l.number = w.number
)
"""  # noqa: S608 - put together from constants
LOCK = f"""
WITH {ASKED}
SELECT 1 FROM stock s
WHERE (s.location, s.sku) IN (
    SELECT %(location)s, sku FROM asked
    UNION ALL SELECT location, sku FROM reservation WHERE key = %(of)s AND state = 'live')
ORDER BY s.location, s.sku FOR UPDATE
"""  # noqa: S608 - put together from constants
RESERVE = with_save(f"""
WITH {ASKED}, old AS MATERIALIZED (
    SELECT line, location, sku, quantity FROM reservation WHERE key = %(of)s AND state = 'live'
), holding AS MATERIALIZED (
    SELECT line, location, sku, greatest(o.quantity, a.quantity) AS quantity,
           greatest(coalesce(a.quantity, 0) - coalesce(o.quantity, 0), 0) AS more
    FROM old o
    FULL JOIN (SELECT line, %(location)s::text AS location, sku, quantity FROM asked WHERE sku IS NOT NULL) a
         USING (line, location, sku)
), wanted AS MATERIALIZED (
    SELECT sku, sum(more) AS quantity FROM holding WHERE more > 0 GROUP BY sku
), short AS MATERIALIZED (
    SELECT w.sku, w.quantity::bigint AS wanted, coalesce(s.on_hand - s.reserved, 0) AS available
    FROM wanted w LEFT JOIN stock s ON s.location = %(location)s AND s.sku = w.sku
    WHERE coalesce(s.on_hand - s.reserved, 0) < w.quantity
), go AS MATERIALIZED (
    SELECT 1 WHERE NOT EXISTS (SELECT FROM short) AND NOT EXISTS (SELECT FROM asked WHERE sku IS NULL)
), handed_over AS (
    UPDATE reservation r SET state = 'replaced' FROM go WHERE r.key = %(of)s AND r.state = 'live'
), kept AS (
    INSERT INTO reservation (key, line, order_number, location, sku, quantity, state)
    SELECT %(key)s, h.line, %(order)s, h.location, h.sku, h.quantity, 'live' FROM go, holding h
), taken AS (
    UPDATE stock s SET reserved = s.reserved + w.quantity
    FROM go, wanted w WHERE s.location = %(location)s AND s.sku = w.sku
), entered AS ({RECORDED}), {{saved}}
SELECT (SELECT count(*) FROM go) = 1 AS held, (SELECT coalesce(json_agg(short ORDER BY sku), '[]') FROM short) AS short
""")  # noqa: S608 - put together from constants
"""The rows of stock are locked by a statement before: what is read here stays true until the end."""
TRIM = f"""
WITH {ASKED}, live AS MATERIALIZED (
    SELECT r.line, r.location, r.sku, r.quantity,
           greatest(least(r.quantity, coalesce(
               a.quantity - coalesce(o.shipped, 0), 0)), 0) AS stays
    FROM reservation r
    LEFT JOIN asked a ON r.location = %(location)s AND a.line = r.line AND a.sku = r.sku
    LEFT JOIN (
        SELECT line, sum(shipped) AS shipped FROM shipment_line
        WHERE order_number = %(order)s AND group_id = %(group)s GROUP BY line
    ) o ON o.line = r.line
    WHERE r.key = %(of)s AND r.state = 'live'
), trimmed AS (
    UPDATE reservation r
    SET state = CASE WHEN l.stays = 0 THEN 'released' ELSE 'live' END,
        quantity = CASE WHEN l.stays = 0 THEN r.quantity ELSE l.stays END
    FROM live l
    WHERE r.key = %(of)s AND (r.line, r.location, r.sku) = (l.line, l.location, l.sku) AND l.stays < l.quantity
)
UPDATE stock s SET reserved = s.reserved - f.units
FROM (SELECT location, sku, sum(quantity - stays) AS units FROM live GROUP BY location, sku) f
WHERE s.location = f.location AND s.sku = f.sku AND f.units > 0
"""  # noqa: S608 - put together from constants
"""What has left already is held no more: the carrier may have shipped the old plan while the change was under way.

What left with other groups was never held for this one.
"""

CHECK = """
WITH wanted AS (
    SELECT w.location, w.sku, sum(greatest(w.quantity - coalesce(r.quantity, 0), 0))::bigint AS quantity
    FROM unnest(%(locations)s::text[], %(lines)s::int[], %(skus)s::text[], %(quantities)s::int[], %(keys)s::text[])
         AS w (location, line, sku, quantity, of)
    LEFT JOIN reservation r ON r.key = w.of AND r.state = 'live'
         AND (r.line, r.location, r.sku) = (w.line, w.location, w.sku)
    GROUP BY w.location, w.sku
)
SELECT w.sku, w.quantity AS wanted, coalesce(s.on_hand - s.reserved, 0) AS available
FROM wanted w LEFT JOIN stock s USING (location, sku)
WHERE w.quantity > greatest(coalesce(s.on_hand - s.reserved, 0), 0)
ORDER BY w.location, w.sku
"""


async def reserve(connection: Connection, call: Call, work: ReserveStock) -> list[Shortage]:
    """Hold the lines of the call beside what the effect `replaces` still holds, which passes to this one; or nothing.

    Then it is told what is short; `wanted` is then beyond what is held. In the caller's transaction,
    with the effect and the save. LookupError for a line that the order has not got; UniqueViolation if this effect was
    entered before. An effect that is replaced before it arrived does nothing when it comes.
    """
    values = {
        **outcome_values(call, Outcome()),
        **save_values(call),
        **_asked(call, work, work.replaces),
    }
    if work.replaces is not None:
        await fence(connection, call, work.replaces, call.operation, REPLACED)
    await connection.execute(LOCK, values)
    row = await (await connection.execute(RESERVE.of(call), values)).fetchone()
    assert row is not None
    short = [Shortage(**item) for item in row["short"]]
    if not row["held"] and not short:
        raise LookupError(f"order {call.order} has not got all of the lines {', '.join(map(str, work.lines))}")
    return short


async def check(connection: Connection, work: CheckStock) -> list[Shortage]:
    """What would be short if all of these reservations were made; nothing is written, nor is a row locked (CHG13)."""
    rows = [
        (wanted.location, line, (wanted.skus or {}).get(line), units, wanted.replaces)
        for wanted in work.wanted
        for line, units in wanted.lines.items()
    ]
    names = ("locations", "lines", "skus", "quantities", "keys")
    values = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    return [Shortage(**row) async for row in await connection.execute(CHECK, values)]


async def trim(connection: Connection, call: Call, work: TrimReservation) -> None:
    """Give back what the effect `of` holds beyond what of the call's lines has not left yet; it never takes any."""
    values = {"order": call.order, "group": call.group, **_asked(call, work, work.of)}
    await connection.execute(LOCK, values)
    await connection.execute(TRIM, values)


def _asked(call: Call, work: ReserveStock | TrimReservation, of: str | None) -> dict[str, Any]:
    skus = work.skus or {}
    return {
        "at_revision": call.revision,
        "of": of,
        "location": work.location,
        "lines": list(work.lines),
        "quantities": list(work.lines.values()),
        "skus": [skus.get(line) for line in work.lines],
    }
