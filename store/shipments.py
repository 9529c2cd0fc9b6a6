"""Shipment requests: entered before the carrier is asked, moved on by its answers (SHP1, I12)."""

from typing import Any, NamedTuple

from domain.process.calls import Call, RequestShipment, Undo
from domain.process.outcomes import Outcome
from store.effects import INTENT, SETTLED, Intent, intent_of, intent_values, outcome_values
from store.pool import Connection
from store.revisions import IN_FORCE
from store.saving import save_values, with_save

_REQUEST = f"""
intent AS ({INTENT}), asked AS (
    SELECT * FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
), requested AS (
    INSERT INTO shipment (key, order_number, group_id, method, location, wakes, status)
    VALUES (%(key)s, %(order)s, %(group)s, %(method)s, %(location)s, %(wakes)s, 'requested')
    ON CONFLICT (key) DO NOTHING
), carried AS (
    INSERT INTO shipment_line (key, line, order_number, quantity, shipped, live, group_id)
    SELECT %(key)s, number, %(order)s, quantity, 0, true, %(group)s FROM asked
    ON CONFLICT (key, line) DO NOTHING
), kept AS MATERIALIZED (
    SELECT document, party FROM order_revision WHERE order_number = %(order)s AND revision = %(at_revision)s
), line_kept AS (
    SELECT l.number, l.sku, l.quantity
    FROM kept k, jsonb_to_recordset(k.document -> 'lines') AS l (number int, sku text, quantity int)
)
SELECT i.at, i.outcome, coalesce((SELECT party FROM kept), o.party) -> 'ship_to' AS ship_to, (
    SELECT jsonb_agg(jsonb_build_object('line', l.number, 'sku', coalesce(k.sku, l.sku), 'quantity', w.quantity,
                                        'ordered', coalesce(k.quantity, l.quantity)) ORDER BY l.number)
    FROM asked w JOIN {{lines}} l ON l.number = w.number LEFT JOIN line_kept k ON k.number = w.number
) AS lines
FROM intent i LEFT JOIN {{order}} o ON true
"""  # noqa: S608 - put together from constants
"""Sent again after the order has moved on, it says what it said: the order at the request's own revision is told."""
_STORED = {
    "{order}": "(SELECT party FROM sales_order WHERE number = %(order)s)",
    "{lines}": "(SELECT number, sku, quantity FROM order_line WHERE order_number = %(order)s)",
}
_IN_FORCE = {"{order}": "in_force", "{lines}": "line_in_force"}


def _reading(statement: str, sources: dict[str, str]) -> str:
    for name, source in sources.items():
        statement = statement.replace(name, source)
    return statement


REQUEST = "WITH " + _reading(_REQUEST, _STORED)
REQUEST_OF_REVISION = f"WITH {IN_FORCE}, " + _reading(_REQUEST, _IN_FORCE)
SETTLING = f"WITH go AS (SELECT 1), entered AS ({SETTLED}), {{saved}}"
ACCEPTED = with_save(f"""
{SETTLING}
UPDATE shipment
SET ref = coalesce(ref, %(ref)s), status_at = coalesce(status_at, %(told_at)s),
    status = CASE WHEN status = 'requested' THEN 'released' ELSE status END
WHERE key = %(key)s
""")  # noqa: S608 - put together from constants
"""The carrier's webhooks may have come first: a status never goes back."""
CLOSE = """
parcel AS MATERIALIZED (
    SELECT key FROM shipment WHERE key = %(shipment)s FOR UPDATE
), closed AS (
    UPDATE shipment s SET status = %(closed_as)s, status_at = %(at)s
    FROM parcel p WHERE s.key = p.key AND s.status IN ('requested', 'released', 'picked', 'packed')
)
UPDATE shipment_line l SET live = false FROM parcel p WHERE l.key = p.key AND l.live
"""
"""Nothing more comes of it, also when a part has left before: so the rest can be asked for anew (I12).

The shipment is locked before its lines, as by the carrier's own word of the same, which comes at the same moment.
"""
REFUSED = f"WITH entered AS ({SETTLED}), {CLOSE}"
CANCELLED = with_save(f"{SETTLING}, {CLOSE}")
LOST = """
WITH parcel AS MATERIALIZED (
    SELECT key FROM shipment WHERE key = %s FOR UPDATE
), gone AS (
    SELECT i.key, i.line, i.order_number, i.shipped FROM shipment_line i JOIN parcel USING (key) WHERE i.shipped > 0
), uncounted AS (
    UPDATE shipment_line i SET shipped = 0, live = false FROM gone g WHERE (i.key, i.line) = (g.key, g.line)
)
UPDATE order_line l SET shipped = l.shipped - g.shipped FROM gone g
WHERE l.order_number = g.order_number AND l.number = g.line
"""
SETTLED_ONLY = f"WITH entered AS ({SETTLED}) SELECT 1"


class ToSend(NamedTuple):
    """The personal part of a request, read only to be sent; and its lines with sku, quantity and ordered quantity."""

    ship_to: dict[str, Any]
    lines: list[dict[str, Any]]


async def request(connection: Connection, call: Call, work: RequestShipment) -> tuple[Intent, ToSend]:
    """Enter a request with its lines, and read what the carrier must be told; entered again, it stays as it is.

    UniqueViolation of shipment_line_one_live when the group has another live request for one of the lines (I12);
    LookupError for a line that the order has not got.
    """
    asked = {
        **intent_values(call),
        "group": call.group,
        "method": work.method,
        "location": work.location,
        "wakes": list(work.wakes),
        "lines": list(work.lines),
        "quantities": list(work.lines.values()),
        "at_revision": call.revision,
    }
    cursor = await connection.execute(REQUEST if call.revision == 1 else REQUEST_OF_REVISION, asked)
    row = await cursor.fetchone()
    if row is None or len(row["lines"] or ()) != len(work.lines):
        raise LookupError(f"order {call.order} has not got all of the lines of {call.key}")
    return intent_of(row), ToSend(row["ship_to"], row["lines"])


async def requested(connection: Connection, call: Call, outcome: Outcome) -> None:
    """The carrier took the request on, or refused it; with the settled effect and the call's save."""
    if outcome.refused:
        values = {**outcome_values(call, outcome), "shipment": call.key, "closed_as": "refused"}
        await connection.execute(REFUSED, values)
    else:
        told = {"ref": outcome.ref, "told_at": outcome.at}
        await connection.execute(ACCEPTED.of(call), {**outcome_values(call, outcome), **save_values(call), **told})


async def cancelled(connection: Connection, call: Call, work: Undo, outcome: Outcome) -> None:
    """The undone request is cancelled, and nothing of it is live any more; or it is too late, and all stays."""
    values = outcome_values(call, outcome)
    if outcome.refused:
        await connection.execute(SETTLED_ONLY, values)
    else:
        closed = {"shipment": work.of, "closed_as": "cancelled"}
        await connection.execute(CANCELLED.of(call), {**values, **save_values(call), **closed})


async def lost(connection: Connection, key: str) -> None:
    """What left under this request is lost, and will not be sent again: it counts as shipped no more (SHP2, I5)."""
    await connection.execute(LOST, (key,))
