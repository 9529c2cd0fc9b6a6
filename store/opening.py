"""Reads what opening an order depends on, and writes what it came to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.opening import OpenedOrder
from domain.policy.model import Bundle
from domain.pricing import DatedPrice
from domain.process.outcomes import KnownEffect, Opened
from domain.process.read_model import GroupRow
from limits import MAX_ANSWERED
from store.pool import Connection

READ = """
SELECT o.document, o.bundle, coalesce((
    SELECT r.opened FROM order_revision r
    WHERE r.order_number = o.number AND r.revision <= %(revision)s ORDER BY r.revision DESC LIMIT 1
), o.opened)::text AS opened, o.row -> 'groups' AS rows, (
    SELECT coalesce(json_agg(DISTINCT (l ->> 'number')::int), '[]')
    FROM order_revision r, jsonb_array_elements(r.opened -> 'lines') AS l
    WHERE r.order_number = o.number AND r.revision <= %(revision)s
) AS ever, (
    SELECT coalesce(json_agg(json_build_array(p.sku, p.valid_from, p.amount)), '[]')
    FROM list_price p
    WHERE p.currency = o.currency AND p.sku IN (
        SELECT l ->> 'sku' FROM jsonb_array_elements(o.document -> 'lines') AS l WHERE NOT l ? 'unit_price')
) AS prices, (
    SELECT coalesce(json_agg(json_build_array(s.location, s.sku, s.on_hand - s.reserved)), '[]')
    FROM stock s
    WHERE s.sku IN (SELECT l ->> 'sku' FROM jsonb_array_elements(o.document -> 'lines') AS l)
) AS stock
FROM sales_order o WHERE o.number = %(order)s
"""
"""A version is kept beside the order when the next one is saved; before that the order itself is it."""
CONTENT = "SELECT content::text AS content FROM policy_bundle WHERE hash = %s"
WRITE = """
WITH written AS (
    INSERT INTO order_line (order_number, number, sku, quantity, amount, waterfall, group_id, shipped, cancelled)
    SELECT %(order)s, l.number, l.sku, l.quantity, l.amount, l.waterfall, l.group_id, 0, 0
    FROM jsonb_to_recordset(%(lines)s::jsonb)
         AS l (number int, sku text, quantity int, amount bigint, waterfall jsonb, group_id text)
)
UPDATE sales_order SET opened = %(opened)s::jsonb, goods = %(goods)s, charges = %(charges)s, tax = %(tax)s
WHERE number = %(order)s
"""
KNOWN = r"""
WITH mine AS (SELECT key, operation, undoes, state FROM effect WHERE order_number = %(order)s),
     paid AS (
        SELECT r.revision, r.change_id
        FROM order_revision r JOIN change_request c USING (order_number, change_id)
        WHERE r.order_number = %(order)s AND c.proposal -> 'revised' -> 'fields' ? 'payment'
        ORDER BY r.revision DESC LIMIT 1
     )
SELECT m.key, m.undoes, m.state, coalesce(CASE
           WHEN m.undoes IS NOT NULL THEN m.state <> 'intended'
           ELSE EXISTS (SELECT FROM mine u WHERE u.undoes = m.key AND u.state = 'done')
                OR EXISTS (SELECT FROM reservation r WHERE r.key = m.key AND r.state = 'replaced')
                OR a.state IN ('voided', 'expired')
       END, false) AS over,
       a.amount, CASE WHEN a.captured > 0 THEN true END AS captured,
       CASE WHEN a.key IS NOT NULL AND NOT CASE
           WHEN a.change_id IS NULL
           THEN coalesce((SELECT revision FROM paid), 1) <= substring(a.key FROM '/r(\d+)/[^/]+/\d+$')::int
           ELSE coalesce(a.change_id = (SELECT change_id FROM paid), false)
       END THEN true END AS other_card, CASE WHEN m.operation = 'request_shipment' THEN (
           SELECT jsonb_object_agg(i.line, i.quantity) FROM shipment_line i
           WHERE i.key = m.key AND EXISTS (SELECT FROM mine u WHERE u.operation = 'update_shipment')
       ) ELSE (
           SELECT jsonb_object_agg(h.line, h.units)
           FROM (SELECT r.line, sum(r.quantity) AS units FROM reservation r
                 WHERE r.key = m.key AND r.state = 'live' GROUP BY r.line) h
       ) END AS lines, (
           SELECT r.location FROM reservation r WHERE r.key = m.key AND r.state = 'live'
           GROUP BY r.location ORDER BY sum(r.quantity) DESC, r.location LIMIT 1
       ) AS location
FROM mine m LEFT JOIN payment_authorization a USING (key)
ORDER BY m.key
"""
"""An authorization is on another card than the order's if a change asked for it that did not come about, or a later one
took another."""

ANSWERED = """
SELECT c.change_id FROM change_request c JOIN sales_order o ON o.number = c.order_number
WHERE c.order_number = %s AND c.outcome IN ('refused', 'accepted', 'partly')
  AND NOT (c.kind = 'cancel' AND c.outcome = 'accepted' AND o.status <> 'cancelled')
ORDER BY c.received_at DESC, c.change_id DESC LIMIT %s
"""
"""Not an accepted cancel: until the order is cancelled, it is still to be carried out."""


@dataclass(frozen=True, slots=True)
class ToOpen:
    """An order as accepted, with the prices and the stock it may need. `opened` is set if it was opened before.

    `rows` are the groups of its read model, `dropped` the lines that changes have cancelled.
    """

    document: dict[str, Any]
    bundle: str
    prices: dict[str, list[DatedPrice]]
    available: dict[str, dict[str, int]]
    opened: Opened | None
    rows: tuple[GroupRow, ...]
    dropped: tuple[int, ...]


async def read(connection: Connection, number: str, revision: int) -> ToOpen:
    """Everything in one statement; LookupError for an order that was never accepted.

    What it was opened as at the revision: later ones are not seen, so that a repeat of an opening tells the same.
    """
    cursor = await connection.execute(READ, {"order": number, "revision": revision})
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"order {number} was never accepted")
    prices: dict[str, list[DatedPrice]] = {}
    for sku, valid_from, amount in row["prices"]:
        prices.setdefault(sku, []).append(DatedPrice(date.fromisoformat(valid_from), amount))
    available: dict[str, dict[str, int]] = {}
    for location, sku, units in row["stock"]:
        available.setdefault(location, {})[sku] = units
    opened = Opened.model_validate_json(row["opened"]) if row["opened"] else None
    rows = tuple(GroupRow.model_validate(group) for group in row["rows"] or ())
    lines = {line.number for line in opened.lines} if opened else set()
    dropped = tuple(number for number in row["ever"] if number not in lines)
    return ToOpen(row["document"], row["bundle"], prices, available, opened, rows, dropped)


async def read_bundle(connection: Connection, digest: str) -> Bundle:
    """A released policy bundle by its hash; LookupError if it was never released."""
    cursor = await connection.execute(CONTENT, (digest,))
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"the policy bundle {digest} was never released")
    return Bundle.model_validate_json(row["content"])


async def read_known(connection: Connection, number: str) -> tuple[KnownEffect, ...]:
    """What the effects ledger knows of an order that is resumed."""
    cursor = await connection.execute(KNOWN, {"order": number})
    return tuple(KnownEffect(**row) for row in await cursor.fetchall())


async def read_answered(connection: Connection, number: str) -> tuple[str, ...]:
    """The changes of an order that have their answers, oldest first; the newest where there are very many."""
    cursor = await connection.execute(ANSWERED, (number, MAX_ANSWERED))
    return tuple(row["change_id"] for row in reversed(await cursor.fetchall()))


async def write(connection: Connection, number: str, order: OpenedOrder) -> None:
    """The lines with their prices, and the answer that a second opening gives. UniqueViolation if opened before."""
    facts = order.opened.facts
    values = {
        "order": number,
        "lines": json.dumps(_lines(order), separators=(",", ":")),
        "opened": order.opened.model_dump_json(exclude_defaults=True),
        "goods": facts.goods,
        "charges": facts.charges,
        "tax": facts.tax,
    }
    await connection.execute(WRITE, values)


def _lines(order: OpenedOrder) -> Sequence[dict[str, Any]]:
    return [
        {
            "number": line.number,
            "sku": line.sku,
            "quantity": line.quantity,
            "amount": line.amount,
            "waterfall": order.waterfalls[line.number],
            "group_id": line.group,
        }
        for line in order.opened.lines
    ]
