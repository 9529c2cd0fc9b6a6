"""Reads what opening an order depends on, and writes what it came to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.opening import OpenedOrder
from domain.policy.model import Bundle
from domain.pricing import DatedPrice
from domain.process.messages import KnownEffect, Opened
from limits import MAX_ANSWERED
from store.pool import Connection

READ = """
SELECT o.document, o.bundle, o.opened::text AS opened, (
    SELECT coalesce(json_agg(json_build_array(p.sku, p.valid_from, p.amount)), '[]')
    FROM list_price p
    WHERE p.currency = o.currency AND p.sku IN (
        SELECT l ->> 'sku' FROM jsonb_array_elements(o.document -> 'lines') AS l WHERE NOT l ? 'unit_price')
) AS prices, (
    SELECT coalesce(json_agg(json_build_array(s.location, s.sku, s.on_hand - s.reserved)), '[]')
    FROM stock s
    WHERE s.sku IN (SELECT l ->> 'sku' FROM jsonb_array_elements(o.document -> 'lines') AS l)
) AS stock
FROM sales_order o WHERE o.number = %s
"""
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
KNOWN = """
WITH mine AS (SELECT key, undoes, state FROM effect WHERE order_number = %s),
     told AS (
        SELECT key, state, undoes IS NOT NULL AS undo,
               EXISTS (SELECT FROM mine u WHERE u.undoes = mine.key AND u.state = 'done')
               OR EXISTS (SELECT FROM reservation r WHERE r.key = mine.key AND r.state = 'replaced') AS undone
        FROM mine
     )
SELECT key, undo OR undone AS over FROM told
WHERE CASE WHEN undo THEN state <> 'intended' ELSE undone OR state <> 'refused' END
ORDER BY key
"""
"""Not told: an undo without an answer, which is asked for again, and a refusal, which is met again."""

ANSWERED = """
SELECT change_id FROM change_request
WHERE order_number = %s AND (outcome = 'refused' OR (kind = 'edit' AND outcome IN ('accepted', 'partly')))
ORDER BY received_at DESC, change_id DESC LIMIT %s
"""
"""Not an accepted cancel: until the order has ended, it is still to be carried out."""


@dataclass(frozen=True, slots=True)
class ToOpen:
    """An order as accepted, with the prices and the stock it may need. `opened` is set if it was opened before."""

    document: dict[str, Any]
    bundle: str
    prices: dict[str, list[DatedPrice]]
    available: dict[str, dict[str, int]]
    opened: Opened | None


async def read(connection: Connection, number: str) -> ToOpen:
    """Everything in one statement; LookupError for an order that was never accepted."""
    cursor = await connection.execute(READ, (number,))
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
    return ToOpen(row["document"], row["bundle"], prices, available, opened)


async def read_bundle(connection: Connection, digest: str) -> Bundle:
    """A released policy bundle by its hash; LookupError if it was never released."""
    cursor = await connection.execute(CONTENT, (digest,))
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"the policy bundle {digest} was never released")
    return Bundle.model_validate_json(row["content"])


async def read_known(connection: Connection, number: str) -> tuple[KnownEffect, ...]:
    """What the effects ledger knows of an order that is resumed."""
    cursor = await connection.execute(KNOWN, (number,))
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
