"""Facts from outside: kept once by their id, applied to shipments and authorizations, and passed on to the order.

Each is one transaction: inbox row, read side, event and the message for the workflow together (design, hard case 1).
"""

import json
from dataclasses import dataclass
from typing import Any

from domain.process.messages import CarrierFact, Lines, PaymentFact
from store import dispatch, stock
from store.pool import Connection

PROGRESS = ("requested", "released", "picked", "packed", "shipped", "delivered")
"""A shipment's status moves forward only; what comes late is history."""
ENDED = frozenset({"cancelled", "refused"})

_WORDS = {
    "released": "The warehouse has released the shipment for picking.",
    "picked": "The warehouse has picked the goods.",
    "packed": "The warehouse has packed the goods.",
    "shipped": "The goods have left the warehouse.",
    "delivered": "The carrier has delivered the goods.",
    "cancelled": "The carrier has cancelled the shipment.",
    "delayed": "The carrier reports a delay.",
    "lost": "The carrier reports the parcel lost.",
    "damaged": "The carrier reports damage.",
}
_SENDERS = {"payment": "payment provider"}
_PAYMENT_WORDS = {
    "authorization.expired": "The payment provider's authorization has expired.",
    "capture.settled": "The captured amount has reached the account.",
    "refund.settled": "The refund has reached the customer.",
    "chargeback": "The customer's bank has taken the payment back.",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A fact as it came: who sent it, its id and type, and the whole body."""

    source: str
    id: str
    type: str
    body: dict[str, Any]


async def take_carrier_fact(connection: Connection, letter: Letter, fact: CarrierFact, tracking: str | None) -> str:
    """Keep and apply what the carrier says in the caller's transaction; what was done, in words.

    The same id again changes nothing. A fact about a shipment we do not know is kept, with a note.
    """
    if not await _keep(connection, letter):
        return "seen before"
    cursor = await connection.execute(
        "SELECT order_number, status, wakes,"
        " EXISTS (SELECT FROM effect e WHERE e.order_number = shipment.order_number AND e.undoes = %(key)s)"
        " AS cancelled_by_us"
        " FROM shipment WHERE key = %(key)s FOR UPDATE",
        {"key": fact.request_key},
    )
    shipment = await cursor.fetchone()
    if shipment is None:
        return await _note(connection, letter, None, "unknown shipment")
    order = str(shipment["order_number"])
    if fact.status not in _WORDS:
        return await _note(connection, letter, order, "a status nobody knows")
    note = await _move(connection, fact, order, shipment["status"], tracking)
    data = {"shipment": fact.request_key, "status": fact.status, "tracking": tracking}
    words = _WORDS[fact.status]
    # That our request or our cancel has arrived is no news: it is told with its effect.
    if fact.status != "released" and not (fact.status == "cancelled" and shipment["cancelled_by_us"]):
        await _tell(connection, order, letter, (f"shipment.{fact.status}", fact.at.isoformat(), words), data)
    if fact.status in shipment["wakes"]:
        await dispatch.enqueue(connection, order, "carrier", fact.model_dump(mode="json"))
        await dispatch.announce(connection)
    return await _note(connection, letter, order, note)


async def take_payment_fact(connection: Connection, letter: Letter, fact: PaymentFact) -> str:
    """Keep and apply what the payment provider says in the caller's transaction; what was done, in words."""
    if not await _keep(connection, letter):
        return "seen before"
    cursor = await connection.execute(
        "SELECT order_number FROM payment_authorization WHERE key = %s FOR UPDATE", (fact.authorization,)
    )
    found = await cursor.fetchone()
    if found is None:
        return await _note(connection, letter, None, "unknown authorization")
    order = str(found["order_number"])
    if letter.type not in _PAYMENT_WORDS:
        return await _note(connection, letter, order, "a type nobody knows")
    words = _PAYMENT_WORDS[letter.type]
    await _tell(
        connection, order, letter, (letter.type, fact.at.isoformat(), words), {"authorization": fact.authorization}
    )
    if fact.status != "expired":
        return await _note(connection, letter, order, "kept")
    cursor = await connection.execute(
        "UPDATE payment_authorization SET state = 'expired'"
        " WHERE key = %s AND state IN ('intended', 'authorized') AND captured < amount",
        (fact.authorization,),
    )
    if not cursor.rowcount:
        return await _note(connection, letter, order, "nothing was open any more")
    await dispatch.enqueue(connection, order, "payment", fact.model_dump(mode="json"))
    await dispatch.announce(connection)
    return await _note(connection, letter, order, "applied")


async def _move(connection: Connection, fact: CarrierFact, order: str, now: str, tracking: str | None) -> str:
    """Move the shipment forward; stock and the order's shipping date follow when goods leave."""
    if now in ENDED:
        return f"the shipment was {now} before"
    note = "applied"
    if fact.status == "shipped":
        lines = fact.lines or await _not_shipped(connection, fact.request_key)
        note = await stock.issue(connection, fact.request_key, lines) or note
        await connection.execute(_SHIPPED, {"key": fact.request_key, "order": order, "at": fact.at})
    elif fact.status == "cancelled":
        await connection.execute(
            "UPDATE shipment_line SET live = false WHERE key = %s AND shipped = 0", (fact.request_key,)
        )
    elif fact.status not in PROGRESS:
        return "told in the timeline"
    if fact.status in PROGRESS and PROGRESS.index(fact.status) <= PROGRESS.index(now):
        return note if fact.status == "shipped" else f"the shipment was {now} before"
    await connection.execute(
        "UPDATE shipment SET status = %s, status_at = %s, tracking = coalesce(%s, tracking) WHERE key = %s",
        (fact.status, fact.at, tracking, fact.request_key),
    )
    return note


# Lines that no step ships are not waited for (ORC4).
_SHIPPED = """
WITH parcel AS (
    UPDATE shipment SET shipped_at = greatest(shipped_at, %(at)s) WHERE key = %(key)s
)
UPDATE sales_order SET shipped_at = greatest(shipped_at, %(at)s)
WHERE number = %(order)s AND NOT EXISTS (
    SELECT FROM order_line l
    WHERE l.order_number = %(order)s AND l.open > 0 AND (
        NOT EXISTS (SELECT FROM shipment s WHERE s.order_number = l.order_number AND s.group_id = l.group_id)
        OR EXISTS (SELECT FROM shipment_line i WHERE i.order_number = l.order_number AND i.line = l.number AND i.live)))
"""


async def _not_shipped(connection: Connection, key: str) -> Lines:
    """What of a shipment has not left: a carrier that names no lines means all of them."""
    cursor = await connection.execute(
        "SELECT line, quantity - shipped AS units FROM shipment_line WHERE key = %s AND shipped < quantity", (key,)
    )
    return {row["line"]: row["units"] for row in await cursor.fetchall()}


async def _keep(connection: Connection, letter: Letter) -> bool:
    """False when the fact is here already. A rival that keeps the same one is waited for."""
    cursor = await connection.execute(
        "INSERT INTO inbox (source, event_id, type, body, note) VALUES (%s, %s, %s, %s::jsonb, '')"
        " ON CONFLICT DO NOTHING",
        (letter.source, letter.id, letter.type, json.dumps(letter.body)),
    )
    return cursor.rowcount == 1


async def _note(connection: Connection, letter: Letter, order: str | None, note: str) -> str:
    await connection.execute(
        "UPDATE inbox SET note = %s, order_number = %s WHERE source = %s AND event_id = %s",
        (note, order, letter.source, letter.id),
    )
    return note


async def _tell(
    connection: Connection, order: str, letter: Letter, told: tuple[str, str, str], data: dict[str, Any]
) -> None:
    kind, at, words = told
    await connection.execute(
        "INSERT INTO event (order_number, key, type, at, words, why, data, correlation)"
        " VALUES (%(order)s, %(key)s, %(type)s, %(at)s, %(words)s, %(why)s, %(data)s::jsonb, %(order)s)"
        " ON CONFLICT DO NOTHING",
        {
            "order": order,
            "key": f"{letter.source}/{letter.id}",
            "type": kind,
            "at": at,
            "words": words,
            "why": f"The {_SENDERS.get(letter.source, letter.source)} said so.",
            "data": json.dumps(data),
        },
    )
