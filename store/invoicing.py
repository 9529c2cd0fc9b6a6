"""Invoices and credit memos: numbered without a gap, posted in the same transaction (PAY3, PAY4).

A number is taken by UPDATE of its range's row, which stays locked until the transaction ends: a rollback gives the
number back, and nobody has taken the next one meanwhile.
"""

from datetime import datetime
from typing import Any

from domain.process.calls import Call, CreateInvoice
from store.effects import intent_values
from store.pool import Connection
from store.saving import save_values, with_save

INVOICE = with_save("""
WITH go AS (SELECT 1), next AS (
    INSERT INTO number_range (name, last) VALUES ('invoice', 1)
    ON CONFLICT (name) DO UPDATE SET last = number_range.last + 1
    RETURNING last
), made AS (
    INSERT INTO invoice (number, key, order_number, shipment_key, currency, goods, charges, tax, total, lines, at)
    SELECT next.last, %(key)s::text, %(order)s::text, %(shipment)s::text, %(currency)s::text,
           %(goods)s::bigint, %(charges)s::bigint, %(tax)s::bigint,
           %(goods)s::bigint + %(charges)s::bigint + %(tax)s::bigint, (
               SELECT coalesce(jsonb_agg(jsonb_build_object('line', l.number, 'sku', l.sku, 'quantity', w.quantity)
                                         ORDER BY l.number), '[]')
               FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS w (number, quantity)
               JOIN order_line l ON l.order_number = %(order)s::text AND l.number = w.number
           ), %(at)s::timestamptz
    FROM next
    RETURNING number, key, order_number, currency, goods, charges, tax, at
), posted AS (
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT m.key, p.entry, m.order_number, 'receivable', p.credit, p.amount, m.currency, m.at
    FROM made m, LATERAL (VALUES ('goods', 'revenue:goods', m.goods), ('charges', 'revenue:charges', m.charges),
                                 ('tax', 'tax', m.tax)) AS p (entry, credit, amount)
    WHERE p.amount > 0
), entered AS (
    INSERT INTO effect (key, order_number, operation, state, outcome, at, settled_at)
    SELECT key, order_number, %(operation)s::text, 'done', jsonb_build_object('ref', number::text, 'at', at),
           at, now()
    FROM made
    RETURNING key, outcome
), {saved}
SELECT number::text AS number FROM made
""")
CREDIT = """
WITH billed AS (SELECT * FROM invoice WHERE key = %(of)s::text),
next AS (
    INSERT INTO number_range (name, last) SELECT 'credit_memo', 1 FROM billed
    ON CONFLICT (name) DO UPDATE SET last = number_range.last + 1
    RETURNING last
), made AS (
    INSERT INTO credit_memo (number, key, order_number, invoice_number, currency, goods, charges, tax, total, at)
    SELECT next.last, %(key)s::text, b.order_number, b.number, b.currency, b.goods, b.charges, b.tax, b.total,
           %(at)s::timestamptz
    FROM next, billed b
    RETURNING number, key, order_number, currency, goods, charges, tax, at
), posted AS (
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT m.key, p.entry, m.order_number, p.debit, 'receivable', p.amount, m.currency, m.at
    FROM made m, LATERAL (VALUES ('goods', 'revenue:goods', m.goods), ('charges', 'revenue:charges', m.charges),
                                 ('tax', 'tax', m.tax)) AS p (entry, debit, amount)
    WHERE p.amount > 0
)
SELECT number::text AS number FROM made
"""


async def create_invoice(connection: Connection, call: Call, work: CreateInvoice) -> str:
    """Bill a shipment, with the effect and the call's save, in one statement; the invoice's number.

    UniqueViolation if this effect or this shipment was billed before.
    """
    values = {
        **intent_values(call),
        **save_values(call),
        "shipment": work.shipment,
        "currency": work.currency,
        "goods": work.goods,
        "charges": work.charges,
        "tax": work.tax,
        "lines": list(work.lines),
        "quantities": list(work.lines.values()),
    }
    number = await _number(connection, INVOICE.of(call), values)
    assert number is not None
    return number


async def create_credit_memo(connection: Connection, key: str, of: str, at: datetime) -> str | None:
    """Take back the whole invoice that the effect `of` made; the memo's number, None if there is no such invoice."""
    return await _number(connection, CREDIT, {"key": key, "of": of, "at": at})


async def _number(connection: Connection, statement: Any, values: dict[str, Any]) -> str | None:
    cursor = await connection.execute(statement, values)
    row = await cursor.fetchone()
    return str(row["number"]) if row else None
