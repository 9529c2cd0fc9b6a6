"""Updates of a shipment request in place: entered before the carrier is asked, taken over with its yes (CHG7)."""

from domain.process.calls import Call, UpdateShipment
from domain.process.outcomes import Outcome
from store.effects import INTENT, Intent, intent_of, intent_values, outcome_values
from store.pool import Connection
from store.saving import save_values, with_save
from store.shipments import SETTLED_ONLY, SETTLING, ToSend

INTENDED = f"""
WITH intent AS ({INTENT}), asked AS (
    SELECT * FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
), proposed AS (
    SELECT proposal FROM change_request
    WHERE order_number = %(order)s AND change_id = %(change_id)s::text AND proposal ? 'document'
), line AS (
    SELECT l.number, l.sku, l.quantity
    FROM proposed p, jsonb_to_recordset(p.proposal -> 'lines') AS l (number int, sku text, quantity int)
    UNION ALL
    SELECT l.number, l.sku, l.quantity FROM order_line l
    WHERE l.order_number = %(order)s AND %(change_id)s::text IS NULL
)
SELECT i.at, i.outcome, CASE WHEN %(change_id)s::text IS NULL THEN o.party ELSE p.proposal -> 'party' END -> 'ship_to'
    AS ship_to, (
    SELECT jsonb_agg(jsonb_build_object('line', l.number, 'sku', l.sku, 'quantity', w.quantity, 'ordered', l.quantity)
                     ORDER BY l.number)
    FROM asked w JOIN line l ON l.number = w.number
) AS lines
FROM intent i LEFT JOIN sales_order o ON o.number = %(order)s LEFT JOIN proposed p ON true
"""  # noqa: S608 - put together from constants
UPDATED = with_save(f"""
{SETTLING}, parcel AS MATERIALIZED (
    SELECT key, group_id, status IN ('requested', 'released', 'picked', 'packed') AS live
    FROM shipment WHERE key = %(shipment)s FOR UPDATE
), left_out AS (
    DELETE FROM shipment_line i USING parcel p
    WHERE i.key = p.key AND i.shipped = 0 AND i.line <> ALL (%(lines)s::int[])
), carried AS (
    INSERT INTO shipment_line AS i (key, line, order_number, quantity, shipped, live, group_id)
    SELECT p.key, w.number, %(order)s, w.quantity, 0, p.live, p.group_id
    FROM parcel p, unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
    ON CONFLICT (key, line) DO UPDATE
    SET quantity = greatest(excluded.quantity, i.shipped), live = i.live AND i.shipped < excluded.quantity
)
UPDATE shipment s SET method = %(method)s FROM parcel p WHERE s.key = p.key
""")  # noqa: S608 - put together from constants
"""The carrier may have shipped the updated request already: what has left stays counted."""


async def intended(connection: Connection, call: Call, work: UpdateShipment) -> tuple[Intent, ToSend]:
    """Enter an update, and read what the carrier must be told: of the order, or of what the change makes of it.

    LookupError for a line that the order has not got, or for a change without a proposal.
    """
    values = {**intent_values(call), "change_id": work.change_id, **_lines(work)}
    row = await (await connection.execute(INTENDED, values)).fetchone()
    if row is None or len(row["lines"] or ()) != len(work.lines) or row["ship_to"] is None:
        raise LookupError(f"order {call.order} is not as {call.key} says")
    return intent_of(row), ToSend(row["ship_to"], row["lines"])


async def settled(connection: Connection, call: Call, work: UpdateShipment, outcome: Outcome) -> None:
    """The request is what the carrier was told, or what it was; with the settled effect and the call's save."""
    values = outcome_values(call, outcome)
    if outcome.refused:
        await connection.execute(SETTLED_ONLY, values)
        return
    told = {"shipment": work.of, "method": work.method, **_lines(work)}
    await connection.execute(UPDATED.of(call), {**values, **save_values(call), **told})


def _lines(work: UpdateShipment) -> dict[str, list[int]]:
    return {"lines": list(work.lines), "quantities": list(work.lines.values())}
