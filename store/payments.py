"""Money held and taken by the payment provider, and its postings (PAY2, PAY4, I3).

Every statement may run twice: what moves an amount hangs on the row that it inserts.
"""

from datetime import datetime

from domain.process.messages import AuthorizePayment, Call, CapturePayment, Undo
from store.effects import INTENT, Intent, intent_of, intent_values
from store.pool import Connection

INTEND = f"""
WITH intent AS ({INTENT}), held AS (
    INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state)
    VALUES (%(key)s, %(order)s, %(group)s, %(amount)s, 0, %(currency)s, 'intended')
    ON CONFLICT (key) DO NOTHING
)
SELECT i.at, i.outcome, o.party -> 'payment' ->> 'token' AS token
FROM intent i LEFT JOIN sales_order o ON o.number = %(order)s
"""  # noqa: S608 - put together from constants
AUTHORIZED = """
UPDATE payment_authorization SET state = 'authorized', ref = %s, expires_at = %s WHERE key = %s AND state = 'intended'
"""
REFUSED = "UPDATE payment_authorization SET state = 'refused' WHERE key = %s AND state = 'intended'"
EXPIRED = "UPDATE payment_authorization SET state = 'expired' WHERE key = %s AND state = 'authorized'"
VOIDED = "UPDATE payment_authorization SET state = 'voided' WHERE key = %s AND state IN ('intended', 'authorized')"
CAPTURED = """
WITH taken AS (
    INSERT INTO payment_capture
        (key, order_number, authorization_key, shipment_key, ref, amount, refunded, currency, at)
    VALUES (%(key)s, %(order)s, %(authorization)s, %(shipment)s, %(ref)s, %(amount)s, 0, %(currency)s, %(at)s)
    ON CONFLICT (key) DO NOTHING
    RETURNING key, order_number, authorization_key, amount, currency, at
), posted AS (
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT key, 'cash', order_number, 'cash:card', 'receivable', amount, currency, at FROM taken
)
UPDATE payment_authorization a SET captured = a.captured + t.amount FROM taken t WHERE a.key = t.authorization_key
"""
REFUNDED = """
WITH posted AS (
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT %(key)s::text, 'cash', order_number, 'receivable', 'cash:card', %(amount)s::bigint, currency,
           %(at)s::timestamptz
    FROM payment_capture WHERE key = %(capture)s
    ON CONFLICT (key, entry) DO NOTHING
    RETURNING amount
)
UPDATE payment_capture c SET refunded = c.refunded + p.amount FROM posted p WHERE c.key = %(capture)s
"""


async def intend_authorization(connection: Connection, call: Call, work: AuthorizePayment) -> tuple[Intent, str | None]:
    """Enter an authorization before the provider is asked; with the order's payment token, None if it has none."""
    amounts = {"group": call.group, "amount": work.amount, "currency": work.currency}
    cursor = await connection.execute(INTEND, {**intent_values(call), **amounts})
    row = await cursor.fetchone()
    assert row is not None
    return intent_of(row), row["token"]


async def authorized(connection: Connection, key: str, ref: str | None, expires_at: datetime | None) -> None:
    """The provider holds the money."""
    await connection.execute(AUTHORIZED, (ref, expires_at, key))


async def refused(connection: Connection, key: str) -> None:
    """The provider declined."""
    await connection.execute(REFUSED, (key,))


async def expired(connection: Connection, key: str) -> None:
    """The provider no longer holds the money."""
    await connection.execute(EXPIRED, (key,))


async def voided(connection: Connection, key: str) -> None:
    """What was not captured of the authorization is given back."""
    await connection.execute(VOIDED, (key,))


async def captured(connection: Connection, call: Call, work: CapturePayment, ref: str | None) -> None:
    """Money is in: once per effect, once per shipment, never more than authorized; posted cash against receivable."""
    values = {
        "key": call.key,
        "order": call.order,
        "authorization": work.authorization,
        "shipment": work.shipment,
        "ref": ref,
        "amount": work.amount,
        "currency": work.currency,
        "at": call.at,
    }
    await connection.execute(CAPTURED, values)


async def refunded(connection: Connection, call: Call, work: Undo) -> None:
    """Money of the capture `work.of` is given back: never more than was captured."""
    await connection.execute(REFUNDED, {"key": call.key, "capture": work.of, "amount": work.amount, "at": call.at})
