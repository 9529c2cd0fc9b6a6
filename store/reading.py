"""Reads for the API: one query each. Rows come as the database has them; the API words them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from store.pool import Connection

Row = dict[str, Any]


class Lag(NamedTuple):
    """What one kind of message waits for: how many, and for how long the oldest."""

    box: str
    waiting: int
    seconds: float


_ORDER = """
SELECT o.*,
    (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'order_number' ORDER BY l.number), '[]')
       FROM order_line l WHERE l.order_number = o.number) AS lines,
    (SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object('lines', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('line', sl.line, 'quantity', sl.quantity, 'shipped',
                    sl.shipped) ORDER BY sl.line), '[]') FROM shipment_line sl WHERE sl.key = s.key))
            ORDER BY s.key), '[]')
       FROM shipment s WHERE s.order_number = o.number) AS shipments,
    (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.key), '[]')
       FROM payment_authorization a WHERE a.order_number = o.number) AS authorizations,
    (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.at, c.key), '[]')
       FROM payment_capture c WHERE c.order_number = o.number) AS captures,
    (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.number), '[]')
       FROM invoice i WHERE i.order_number = o.number) AS invoices,
    (SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.number), '[]')
       FROM credit_memo m WHERE m.order_number = o.number) AS credit_memos,
    (SELECT coalesce(jsonb_agg(to_jsonb(r) - 'proposal' ORDER BY r.received_at, r.change_id), '[]')
       FROM change_request r WHERE r.order_number = o.number) AS changes
FROM sales_order o WHERE o.number = %s
"""

LATE = """
CASE WHEN o.requested_date IS NULL OR o.status = 'cancelled' THEN false
     WHEN o.shipped_at IS NOT NULL THEN o.shipped_at::date > o.requested_date
     ELSE coalesce(o.as_of, %(today)s::date) > o.requested_date END
"""
"""Late: left after the day the customer asked for, or has not left and that day is over. Dates in UTC."""

LIST = f"""
SELECT o.number, o.source_system, o.source_id, o.status, o.customer, o.channel, o.currency, o.goods, o.charges, o.tax,
    o.ordered_at, o.accepted_at, o.promise_date, o.requested_date, o.shipped_at, o.finished, o.parked, o.at_risk,
    o.revision, o.version, coalesce(o.row -> 'waiting', '[]') AS waiting, {LATE} AS late
FROM sales_order o
WHERE (%(status)s::text[] IS NULL OR o.status = ANY(%(status)s::text[]))
  AND (%(customer)s::text IS NULL OR o.customer = %(customer)s)
  AND (%(channel)s::text IS NULL OR o.channel = %(channel)s)
  AND (%(source_system)s::text IS NULL OR o.source_system = %(source_system)s)
  AND (%(source_id)s::text IS NULL OR o.source_id = %(source_id)s)
  AND (%(late)s::bool IS NULL OR {LATE} = %(late)s)
  AND (%(shipped)s::bool IS NULL OR (o.shipped_at IS NOT NULL) = %(shipped)s)
  AND (%(parked)s::bool IS NULL OR o.parked = %(parked)s)
  AND (%(finished)s::bool IS NULL OR o.finished = %(finished)s)
  AND (%(prefix)s::text IS NULL OR starts_with(o.number, %(prefix)s))
  AND (%(accepted_from)s::timestamptz IS NULL OR o.accepted_at >= %(accepted_from)s)
  AND (%(accepted_to)s::timestamptz IS NULL OR o.accepted_at < %(accepted_to)s)
  AND (%(after_at)s::timestamptz IS NULL OR (o.accepted_at, o.number) < (%(after_at)s, %(after_number)s::text))
ORDER BY o.accepted_at DESC, o.number DESC
LIMIT %(limit)s
"""  # noqa: S608 - a constant of ours
"""Orders that a filter finds; `list_values` has its values."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; None means any. `after` is the last order of the page before."""

    today: date
    limit: int
    status: list[str] | None = None
    customer: str | None = None
    channel: str | None = None
    source_system: str | None = None
    source_id: str | None = None
    late: bool | None = None
    shipped: bool | None = None
    parked: bool | None = None
    finished: bool | None = None
    prefix: str | None = None
    accepted_from: datetime | None = None
    accepted_to: datetime | None = None
    after: tuple[datetime, str] | None = None


async def order(connection: Connection, number: str) -> Row | None:
    """An order with everything that belongs to it."""
    return await (await connection.execute(_ORDER, (number,))).fetchone()


async def orders(connection: Connection, wanted: OrderFilter) -> list[Row]:
    """A page of orders, the latest first."""
    return await (await connection.execute(LIST, list_values(wanted))).fetchall()


def list_values(wanted: OrderFilter) -> dict[str, Any]:
    """The values of `LIST`."""
    values = {name: getattr(wanted, name) for name in OrderFilter.__slots__ if name != "after"}
    after_at, after_number = wanted.after or (None, None)
    return {**values, "after_at": after_at, "after_number": after_number}


async def start_of(connection: Connection, number: str) -> Row | None:
    """What the workflow's input needs, and how far the read model is."""
    cursor = await connection.execute(
        "SELECT number, bundle, ordered_at, accepted_at, as_of, customer, channel, version, finished"
        " FROM sales_order WHERE number = %s",
        (number,),
    )
    return await cursor.fetchone()


async def meant_by(connection: Connection, system: str, source_id: str, number: str | None) -> Row | None:
    """Number and currency of the order that a source knows by an id; by our number if the source told it."""
    mine = "number = %(number)s" if number is not None else "source_system = %(system)s"
    values = {"system": system, "source_id": source_id, "number": number}
    query = f"SELECT number, currency FROM sales_order WHERE source_id = %(source_id)s AND {mine}"  # noqa: S608
    return await (await connection.execute(query, values)).fetchone()


async def timeline(connection: Connection, number: str) -> list[Row] | None:
    """What happened to an order, in the order of business time; None when there is no such order.

    An operator's own reason is added here (`store.requests`): it is for those who read the order, not for the feed.
    """
    cursor = await connection.execute("SELECT EXISTS (SELECT FROM sales_order WHERE number = %s) AS known", (number,))
    known = await cursor.fetchone()
    if known is None or not known["known"]:
        return None
    cursor = await connection.execute(
        "SELECT e.key, e.type, e.at, e.recorded_at, e.words, coalesce(i.body ->> 'reason', e.why) AS why, e.data"
        " FROM event e LEFT JOIN inbox i ON i.source = 'operator' AND i.event_id = e.data ->> 'request'"
        " WHERE e.order_number = %s ORDER BY e.at, e.tx, e.id",
        (number,),
    )
    return await cursor.fetchall()


_FEED = """
SELECT id, tx, order_number, key, type, at, recorded_at, words, why, data, correlation FROM event
WHERE (tx, id) > (%s, %s) AND tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY tx, id LIMIT %s
"""


async def feed(connection: Connection, after: tuple[int, int], limit: int) -> list[Row]:
    """Events after a place in the feed. Only transactions older than every open one are shown, so none that commits
    late is ever skipped.
    """
    return await (await connection.execute(_FEED, (*after, limit))).fetchall()


_EXCEPTIONS = """
SELECT o.number, o.customer, o.channel, o.status, w.waiting
FROM (
    SELECT * FROM sales_order o
    WHERE NOT o.finished AND o.number > %(after)s AND EXISTS (
        SELECT FROM jsonb_array_elements(o.row -> 'waiting') AS w(waiting) WHERE {due})
    ORDER BY o.number LIMIT %(limit)s
) o CROSS JOIN LATERAL jsonb_array_elements(o.row -> 'waiting') AS w(waiting)
WHERE {due} ORDER BY o.number
""".replace(
    "{due}",
    "((w.waiting ->> 'parked')::bool"
    " OR (w.waiting ->> 'until')::timestamptz < coalesce((o.as_of + 1)::timestamptz, %(now)s))",
)
"""An imported order is overdue by its own clock, from the end of its business day."""


async def exceptions(connection: Connection, now: datetime, after: str, limit: int) -> list[Row]:
    """What waits for a person, or waits longer than it may. An imported order has its own clock."""
    values = {"now": now, "after": after, "limit": limit}
    return await (await connection.execute(_EXCEPTIONS, values)).fetchall()


_STOCK = """
SELECT location, sku, on_hand, reserved, on_hand - reserved AS available FROM stock
WHERE (%(location)s::text IS NULL OR location = %(location)s) AND (%(sku)s::text[] IS NULL OR sku = ANY(%(sku)s))
  AND (%(after_location)s::text IS NULL OR (location, sku) > (%(after_location)s, %(after_sku)s::text))
ORDER BY location, sku LIMIT %(limit)s
"""


async def stock(
    connection: Connection, location: str | None, skus: list[str] | None, after: tuple[str, str] | None, limit: int
) -> list[Row]:
    """Units by location and item."""
    after_location, after_sku = after or (None, None)
    values = {"location": location, "sku": skus, "after_location": after_location, "after_sku": after_sku}
    return await (await connection.execute(_STOCK, {**values, "limit": limit})).fetchall()


_TOTALS = """
SELECT currency,
    (SELECT jsonb_object_agg(status, n) FROM (
        SELECT status, count(*) AS n FROM sales_order WHERE currency = c.currency GROUP BY status) s) AS orders,
    (SELECT jsonb_build_object('count', count(*), 'goods', coalesce(sum(goods), 0), 'charges',
        coalesce(sum(charges), 0), 'tax', coalesce(sum(tax), 0), 'total', coalesce(sum(total), 0))
       FROM invoice WHERE currency = c.currency) AS invoiced,
    (SELECT jsonb_build_object('count', count(*), 'goods', coalesce(sum(goods), 0), 'charges',
        coalesce(sum(charges), 0), 'tax', coalesce(sum(tax), 0), 'total', coalesce(sum(total), 0))
       FROM credit_memo WHERE currency = c.currency) AS credited,
    (SELECT jsonb_build_object('count', count(*), 'total', coalesce(sum(amount), 0), 'refunded',
        coalesce(sum(refunded), 0)) FROM payment_capture WHERE currency = c.currency) AS captured
FROM (SELECT DISTINCT currency FROM sales_order) c ORDER BY currency
"""


async def totals(connection: Connection) -> list[Row]:
    """Sums by currency, in minor units."""
    return await (await connection.execute(_TOTALS)).fetchall()


_LAGS = """
SELECT box, count(d.id) AS waiting, coalesce(extract(epoch FROM now() - min(d.created_at)), 0)::float AS seconds
FROM (VALUES ('outbox', ARRAY['start', 'change', 'retry']), ('inbox', ARRAY['carrier', 'payment'])) AS b(box, kinds)
LEFT JOIN dispatch d ON d.delivered_at IS NULL AND d.kind = ANY(b.kinds)
GROUP BY box ORDER BY box
"""


async def lags(connection: Connection) -> list[Lag]:
    """How far telling Temporal is behind: orders and changes (outbox), facts from outside (inbox)."""
    return [Lag(**row) for row in await (await connection.execute(_LAGS)).fetchall()]


async def statuses(connection: Connection) -> tuple[dict[str, int], int]:
    """How many orders have each status, and how many wait for a person."""
    cursor = await connection.execute(
        "SELECT status, count(*) AS n, count(*) FILTER (WHERE parked) AS parked FROM sales_order GROUP BY status"
    )
    rows = await cursor.fetchall()
    return {row["status"]: row["n"] for row in rows}, sum(row["parked"] for row in rows)
