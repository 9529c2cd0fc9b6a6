"""Money held and taken by the payment provider, and its postings (PAY2, PAY4, I3).

Each function is one statement: the answer's rows, the settled effect and, unless refused, the call's save. Every
statement may run twice: what moves an amount hangs on the row that it inserts.
"""

from typing import Any

from domain.process.calls import AuthorizePayment, Call, CapturePayment, Undo
from domain.process.outcomes import Outcome
from store.effects import INTENT, SETTLED, Intent, intent_of, intent_values, outcome_values
from store.pool import Connection
from store.revisions import IN_FORCE
from store.saving import save_values, with_save

_INTENT = f"""
intent AS ({INTENT}), held AS (
    INSERT INTO payment_authorization (key, order_number, group_id, amount, captured, currency, state, change_id)
    VALUES (%(key)s, %(order)s, %(group)s, %(amount)s, 0, %(currency)s, 'intended', %(change_id)s)
    ON CONFLICT (key) DO NOTHING
)
"""  # noqa: S608 - put together from constants
INTEND = f"""
WITH {_INTENT}
SELECT i.at, i.outcome, o.party -> 'payment' ->> 'token' AS token
FROM intent i LEFT JOIN sales_order o ON o.number = %(order)s
"""  # noqa: S608 - put together from constants
INTEND_OF_REVISION = f"""
WITH {IN_FORCE}, {_INTENT}
SELECT i.at, i.outcome, coalesce(c.proposal -> 'party', o.party) -> 'payment' ->> 'token' AS token
FROM intent i
LEFT JOIN in_force o ON true
LEFT JOIN change_request c
     ON c.order_number = %(order)s AND c.change_id = %(change_id)s AND c.proposal ? 'document'
"""  # noqa: S608 - put together from constants
"""The card is that which the call's change proposes, else that of the order at the call's revision."""
DONE = f"WITH go AS (SELECT 1), entered AS ({SETTLED}), {{saved}}, rows AS ({{rows}}) SELECT 1"
REFUSED = f"WITH entered AS ({SETTLED}), rows AS ({{rows}}) SELECT 1"

AUTHORIZED = with_save(
    DONE.replace(
        "{rows}",
        """
    UPDATE payment_authorization SET state = 'authorized', ref = %(ref)s, expires_at = %(expires_at)s
    WHERE key = %(key)s AND state = 'intended'
    """,
    )
)
DECLINED = REFUSED.replace(
    "{rows}", "UPDATE payment_authorization SET state = 'refused' WHERE key = %(key)s AND state = 'intended'"
)
VOIDED = with_save(
    DONE.replace(
        "{rows}",
        """
    UPDATE payment_authorization SET state = 'voided'
    WHERE key = %(undoes)s AND state IN ('intended', 'authorized')
    """,
    )
)
CAPTURED = with_save(
    DONE.replace(
        "{rows}",
        """
    INSERT INTO payment_capture
        (key, order_number, authorization_key, shipment_key, ref, amount, refunded, currency, at)
    SELECT key, %(order)s, %(authorization)s, %(shipment)s, %(ref)s::text, %(amount)s::bigint, 0, %(currency)s,
           %(at)s::timestamptz
    FROM entered
    RETURNING key, order_number, authorization_key, amount, currency, at
), posted AS (
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT key, 'cash', order_number, 'cash:card', 'receivable', amount, currency, at FROM rows
), counted AS (
    UPDATE payment_authorization a SET captured = a.captured + t.amount FROM rows t WHERE a.key = t.authorization_key
    """,
    )
)
NOT_CAPTURED = REFUSED.replace(
    "{rows}",
    """
    UPDATE payment_authorization SET state = 'expired'
    WHERE key = %(authorization)s AND state = 'authorized' AND %(expired)s
    """,
)
REFUNDED = with_save(
    DONE.replace(
        "{rows}",
        """
    INSERT INTO posting (key, entry, order_number, debit, credit, amount, currency, at)
    SELECT %(key)s::text, 'cash', order_number, 'receivable', 'cash:card', %(amount)s::bigint, currency,
           %(at)s::timestamptz
    FROM payment_capture WHERE key = %(undoes)s AND %(refunded)s
    ON CONFLICT (key, entry) DO NOTHING
    RETURNING amount
), counted AS (
    UPDATE payment_capture c SET refunded = c.refunded + p.amount FROM rows p WHERE c.key = %(undoes)s
    """,
    )
)
SETTLED_ONLY = f"WITH entered AS ({SETTLED}) SELECT 1"


async def intend_authorization(connection: Connection, call: Call, work: AuthorizePayment) -> tuple[Intent, str | None]:
    """Enter an authorization before the provider is asked; with the payment token to use, None if there is none."""
    amounts = {"group": call.group, "amount": work.amount, "currency": work.currency}
    card = {"at_revision": call.revision, "change_id": work.change_id}
    as_accepted = call.revision == 1 and work.change_id is None
    statement = INTEND if as_accepted else INTEND_OF_REVISION
    cursor = await connection.execute(statement, {**intent_values(call), **amounts, **card})
    row = await cursor.fetchone()
    assert row is not None
    return intent_of(row), row["token"]


async def authorized(connection: Connection, call: Call, outcome: Outcome) -> None:
    """The provider holds the money, or declined."""
    values = {"ref": outcome.ref, "expires_at": outcome.expires_at}
    await connection.execute(DECLINED if outcome.refused else AUTHORIZED.of(call), _values(call, outcome, values))


async def voided(connection: Connection, call: Call, outcome: Outcome) -> None:
    """What was not captured of the undone authorization is given back, or it could not be."""
    await connection.execute(SETTLED_ONLY if outcome.refused else VOIDED.of(call), _values(call, outcome, {}))


async def captured(connection: Connection, call: Call, work: CapturePayment, outcome: Outcome) -> None:
    """Money is in: once per effect, once per shipment, never more than authorized; posted cash against receivable."""
    values = {
        "authorization": work.authorization,
        "shipment": work.shipment,
        "ref": outcome.ref,
        "amount": work.amount,
        "currency": work.currency,
        "expired": outcome.code == "authorization_expired",
    }
    await connection.execute(NOT_CAPTURED if outcome.refused else CAPTURED.of(call), _values(call, outcome, values))


async def refunded(connection: Connection, call: Call, work: Undo, outcome: Outcome) -> None:
    """Money of the undone capture is given back, never more than was captured; or there was none to give back."""
    values = {"amount": work.amount, "refunded": outcome.code == "refunded"}
    await connection.execute(SETTLED_ONLY if outcome.refused else REFUNDED.of(call), _values(call, outcome, values))


def _values(call: Call, outcome: Outcome, more: dict[str, Any]) -> dict[str, Any]:
    return {**outcome_values(call, outcome), **save_values(call), **more}
