"""Goods leave: what was held becomes shipped, on hand goes down (I1, I5). Told by the carrier's fact, not asked for."""

from domain.base import Lines
from store.pool import Connection

LOCK = """
SELECT 1 FROM stock s
WHERE (s.location, s.sku) IN (
    SELECT h.location, l.sku
    FROM shipment h JOIN shipment_line i ON i.key = h.key
    JOIN order_line l ON l.order_number = i.order_number AND l.number = i.line
    WHERE h.key = %(key)s
    UNION ALL
    SELECT r.location, r.sku
    FROM shipment_line i JOIN reservation r ON r.order_number = i.order_number AND r.line = i.line
    WHERE i.key = %(key)s AND r.state = 'live'
)
ORDER BY s.location, s.sku FOR UPDATE
"""
"""Also where else the lines are held: a change under way may hold them for another place."""
ISSUE = """
WITH told AS (
    SELECT * FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS t (line, quantity)
), moved AS (
    UPDATE shipment_line i
    SET shipped = i.shipped + least(t.quantity, i.quantity - i.shipped),
        live = i.live AND i.shipped + t.quantity < i.quantity
    FROM told t
    WHERE i.key = %(key)s AND i.line = t.line AND i.shipped < i.quantity
    RETURNING i.order_number, i.line, i.shipped, t.quantity AS told
), before AS (
    SELECT m.order_number, m.line, m.shipped - i.shipped AS units
    FROM moved m JOIN shipment_line i ON i.key = %(key)s AND i.line = m.line
), counted AS (
    UPDATE order_line l
    SET shipped = l.shipped + least(b.units, l.quantity - l.shipped - l.cancelled)
    FROM before b
    WHERE l.order_number = b.order_number AND l.number = b.line
    RETURNING l.number AS line, l.sku
), held AS (
    SELECT r.key, r.line, r.location, r.sku, r.quantity, greatest(0, least(r.quantity, b.units + r.quantity
               - sum(r.quantity) OVER (
                   PARTITION BY r.line
                   ORDER BY r.location <> h.location, g.name <> h.group_id,
                            split_part(g.name, '.', 1) <> split_part(h.group_id, '.', 1), r.key, r.location))
           ) AS units
    FROM shipment h
    JOIN before b ON b.order_number = h.order_number
    JOIN order_line l ON l.order_number = b.order_number AND l.number = b.line
    JOIN reservation r ON r.order_number = b.order_number AND r.line = b.line AND r.sku = l.sku
    CROSS JOIN LATERAL (SELECT coalesce(substring(r.key FROM '([^/]+)/r[0-9]+/[^/]+/[0-9]+$'), '') AS name) g
    WHERE h.key = %(key)s AND r.state = 'live'
), used AS (
    UPDATE reservation r
    SET state = CASE WHEN h.units = h.quantity THEN 'issued' ELSE 'live' END,
        quantity = CASE WHEN h.units = h.quantity THEN h.quantity ELSE h.quantity - h.units END
    FROM held h
    WHERE (r.key, r.line, r.location, r.sku) = (h.key, h.line, h.location, h.sku) AND h.units > 0
    RETURNING r.line, r.location, r.sku, h.units
), gone AS (
    UPDATE stock s SET on_hand = s.on_hand - u.units, reserved = s.reserved - u.units
    FROM (SELECT location, sku, sum(units) AS units FROM used GROUP BY location, sku) u
    WHERE s.location = u.location AND s.sku = u.sku
)
SELECT t.line, t.quantity AS told, coalesce(b.units, 0) AS moved, c.sku,
       coalesce(b.units, 0) - coalesce((SELECT sum(units) FROM used u WHERE u.line = t.line), 0)::int AS unheld
FROM told t LEFT JOIN before b USING (line) LEFT JOIN counted c USING (line)
ORDER BY t.line
"""
"""Of a line that several groups hold, a shipment takes what its own group holds: the group's name is in the key.

The rest of a split group goes on with what that group held.
"""
TAKE_FREE = """
UPDATE stock s SET on_hand = s.on_hand - least(%(units)s, s.on_hand - s.reserved)
FROM shipment h
WHERE h.key = %(key)s AND s.location = h.location AND s.sku = %(sku)s
"""


async def issue(connection: Connection, shipment_key: str, lines: Lines) -> str:
    """Move these units of a shipment from held to shipped; a note in words if anything was unusual, else "".

    Told again, nothing is left to move. A line ships at most what was asked for, out of what is held for it: first at
    the shipment's location. Units that nobody held come out of what is free, as far as there is any: the goods have
    left, whatever our books said.
    """
    values = {"key": shipment_key, "lines": list(lines), "quantities": list(lines.values())}
    await connection.execute(LOCK, values)
    cursor = await connection.execute(ISSUE, values)
    notes = []
    for row in await cursor.fetchall():
        if row["moved"] < row["told"]:
            notes.append(f"line {row['line']}: {row['told']} told, {row['moved']} left to ship")
        if row["unheld"] > 0:
            await connection.execute(TAKE_FREE, {"key": shipment_key, "sku": row["sku"], "units": row["unheld"]})
            notes.append(f"line {row['line']}: {row['unheld']} were not held")
    return "; ".join(notes)
