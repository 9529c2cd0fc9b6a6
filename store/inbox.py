"""Facts from outside: kept once by their id, applied to shipments and authorizations, and passed on to the order.

Each is one transaction: inbox row, read side, event and the message for the workflow together (design, hard case 1).
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

import tracing
from domain.base import Lines
from domain.process.delays import moves_the_date
from domain.process.events import CarrierFact, PaymentFact
from store import dispatch, stock
from store.pool import Connection

PROGRESS = ("requested", "released", "picked", "packed", "shipped", "delivered")
"""A shipment's status moves forward only; what comes late is history."""
_SHIPPED = PROGRESS.index("shipped")
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
    kept = {"source": letter.source, "id": letter.id, "type": letter.type, "body": json.dumps(letter.body)}
    cursor = await connection.execute(_TAKE, {**kept, "key": fact.request_key})
    shipment = await cursor.fetchone()
    if shipment is None:
        return "seen before"
    if shipment["order_number"] is None:
        return await _note(connection, letter, None, "unknown shipment")
    order = str(shipment["order_number"])
    structlog.contextvars.bind_contextvars(order=order)
    if fact.status not in _WORDS:
        return await _note(connection, letter, order, "a status nobody knows")
    note, moves, leaves = await _move(connection, order, fact, shipment["status"])
    # That our request or our cancel has arrived is no news: it is told with its effect.
    known = fact.status == "released" or (fact.status == "cancelled" and shipment["cancelled_by_us"])
    values = {
        **_event(order, letter, (f"shipment.{fact.status}", fact.at.isoformat(), _WORDS[fact.status])),
        "data": json.dumps({"shipment": fact.request_key, "status": fact.status, "tracking": tracking}),
        "shipment": fact.request_key,
        "status": fact.status,
        "tracking": tracking,
        "moves": moves,
        "leaves": leaves,
        "tells": not known,
        "wakes": fact.status in shipment["wakes"]
        or moves_the_date(fact)
        or (leaves and (fact.short or "shipped" in shipment["wakes"])),
        "message": fact.model_dump_json(exclude_none=True),
        "note": note,
        "source": letter.source,
        "id": letter.id,
        "traceparent": tracing.traceparent(),
    }
    await connection.execute(_LEFT if leaves else _APPLIED, values)
    return note


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
    structlog.contextvars.bind_contextvars(order=order)
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


class _Moved(NamedTuple):
    """What a fact does to its shipment, in words; whether its status moves on, and whether goods have left."""

    note: str
    moves: bool = False
    leaves: bool = False


async def _move(connection: Connection, order: str, fact: CarrierFact, now: str) -> _Moved:
    """What the fact means for a shipment that stands at `now`; stock follows when goods leave."""
    if now in ENDED:
        return _Moved(f"the shipment was {now} before")
    # What was delivered has left, also if nobody said so; of a shipment in parts, only the carrier knows which.
    leaves = fact.status == "shipped" or (fact.status == "delivered" and now in PROGRESS[:_SHIPPED])
    note = "applied"
    if leaves:
        await connection.execute(ONE_PARCEL_AT_A_TIME, (order,))
        lines = fact.lines or await _not_shipped(connection, fact.request_key)
        note = await stock.issue(connection, fact.request_key, lines) or note
    if fact.status == "cancelled" or (leaves and fact.short):
        await connection.execute("UPDATE shipment_line SET live = false WHERE key = %s AND live", (fact.request_key,))
    elif fact.status in ("lost", "damaged"):
        # The carrier has ended the request: what has not left may be asked for anew (I12).
        await connection.execute("UPDATE shipment_line SET live = false WHERE key = %s AND live", (fact.request_key,))
        return _Moved("told in the timeline")
    elif fact.status not in PROGRESS:
        return _Moved("told in the timeline")
    if fact.status in PROGRESS and PROGRESS.index(fact.status) <= PROGRESS.index(now):
        return _Moved(note if leaves else f"the shipment was {now} before", leaves=leaves)
    return _Moved(note, moves=True, leaves=leaves)


ONE_PARCEL_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('parcel of ' || %s::text, 0))"
"""Of two parcels that leave at the same moment, the later one sees that nothing of the order is left to be shipped."""
_TAKE = """
WITH kept AS (
    INSERT INTO inbox (source, event_id, type, order_number, body, note)
    VALUES (%(source)s, %(id)s, %(type)s, (SELECT order_number FROM shipment WHERE key = %(key)s), %(body)s::jsonb, '')
    ON CONFLICT DO NOTHING
    RETURNING source
), parcel AS MATERIALIZED (
    SELECT s.order_number, s.status, s.wakes FROM kept, shipment s WHERE s.key = %(key)s FOR UPDATE OF s
)
SELECT p.order_number, p.status, p.wakes, EXISTS (
    SELECT FROM effect e WHERE e.order_number = p.order_number AND e.undoes = %(key)s
) AS cancelled_by_us
FROM kept LEFT JOIN parcel p ON true
"""
"""No row when the fact is here already: a rival that keeps the same one is waited for. The shipment stays locked."""
_PASSED_ON = """
parcel AS (
    UPDATE shipment
    SET status = CASE WHEN %(moves)s THEN %(status)s ELSE status END,
        status_at = CASE WHEN %(moves)s THEN %(at)s ELSE status_at END,
        tracking = CASE WHEN %(moves)s THEN coalesce(%(tracking)s, tracking) ELSE tracking END,
        shipped_at = CASE WHEN %(leaves)s THEN greatest(shipped_at, %(at)s) ELSE shipped_at END
    WHERE key = %(shipment)s AND (%(moves)s OR %(leaves)s)
), told AS (
    INSERT INTO event (order_number, key, type, at, words, why, data, correlation)
    SELECT %(order)s, %(key)s, %(type)s, %(at)s, %(words)s, %(why)s, %(data)s::jsonb, %(order)s WHERE %(tells)s
    ON CONFLICT DO NOTHING
), due AS (
    INSERT INTO dispatch (order_number, kind, payload, note, traceparent)
    SELECT %(order)s, 'carrier', {message}, '', %(traceparent)s::text WHERE %(wakes)s
    RETURNING id
), noted AS (
    UPDATE inbox SET note = %(note)s WHERE source = %(source)s AND event_id = %(id)s
)
SELECT pg_notify('dispatch', '') FROM due
"""
_APPLIED = f"WITH {_PASSED_ON.replace('{message}', '%(message)s::jsonb')}"
_SO_FAR = """
%(message)s::jsonb || jsonb_build_object('lines', coalesce(
    (SELECT jsonb_object_agg(line, shipped) FROM shipment_line WHERE key = %(shipment)s AND shipped > 0),
    %(message)s::jsonb -> 'lines'))
"""
"""The carrier tells what leaves now; the order is told what has left so far, so that it may be told twice or late."""
# Lines that no step ships are not waited for (ORC4); the rest of a short shipment is (ORC16).
_LEFT = f"""
WITH dated AS (
    UPDATE sales_order SET shipped_at = greatest(shipped_at, %(at)s)
    WHERE number = %(order)s AND NOT EXISTS (
        SELECT FROM order_line l
        WHERE l.order_number = %(order)s AND l.open > 0 AND (
            NOT EXISTS (SELECT FROM shipment s WHERE s.order_number = l.order_number AND s.group_id = l.group_id)
            OR EXISTS (
                SELECT FROM shipment_line i WHERE i.order_number = l.order_number AND i.line = l.number)))
), {_PASSED_ON.replace("{message}", _SO_FAR)}
"""  # noqa: S608 - put together from constants
"""Goods have left: the stock is issued before, by a statement of its own, so that what is open is seen."""


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
    await connection.execute(
        "INSERT INTO event (order_number, key, type, at, words, why, data, correlation)"
        " VALUES (%(order)s, %(key)s, %(type)s, %(at)s, %(words)s, %(why)s, %(data)s::jsonb, %(order)s)"
        " ON CONFLICT DO NOTHING",
        {**_event(order, letter, told), "data": json.dumps(data)},
    )


def _event(order: str, letter: Letter, told: tuple[str, str, str]) -> dict[str, str]:
    kind, at, words = told
    return {
        "order": order,
        "key": f"{letter.source}/{letter.id}",
        "type": kind,
        "at": at,
        "words": words,
        "why": f"The {_SENDERS.get(letter.source, letter.source)} said so.",
    }
