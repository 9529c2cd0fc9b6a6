"""Change requests: kept before anyone is asked, so that none is lost and the same id gets the same answer (CHG14)."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from store.pool import Connection

Row = dict[str, Any]
"""A row of `change_request` with the `currency` of its order, and the reason of whoever turned it down."""

ANSWERED = "answered"
"""Channel on which an accepted change is announced."""

_KEEP = """
INSERT INTO change_request (order_number, change_id, kind, base_revision, document, requested_by)
VALUES (%(number)s, %(change_id)s, %(change)s, %(base_revision)s, %(document)s::jsonb, %(requested_by)s)
ON CONFLICT DO NOTHING RETURNING *, (SELECT currency FROM sales_order WHERE number = order_number), NULL AS decision
"""
_FIND = """
SELECT c.*, o.currency, (
    SELECT i.body ->> 'reason' FROM event e JOIN inbox i ON i.source = 'operator' AND i.event_id = e.data ->> 'request'
    WHERE e.order_number = c.order_number AND e.key = 'change/' || c.change_id || '/refused'
) AS decision FROM change_request c JOIN sales_order o ON o.number = c.order_number
WHERE c.order_number = %(number)s
"""
_ANSWER = """
UPDATE change_request SET outcome = 'refused', answer = %(answer)s::jsonb || jsonb_build_object(
    'kind', kind, 'requested_by', requested_by, 'reason', coalesce(document ->> 'reason', ''), 'words',
    %(begin)s || CASE kind WHEN 'cancel' THEN 'cancelled' ELSE 'changed' END || ' any more.')
WHERE order_number = %(number)s AND change_id = %(change_id)s AND outcome IS NULL
"""


async def keep(
    connection: Connection, number: str, asked: dict[str, Any], document: dict[str, Any]
) -> tuple[Row, bool]:
    """Keep a change in the caller's transaction; the row, and False when the id was used before.

    `document` is what is asked for in full, personal data included: it never leaves the database.
    """
    values = {"number": number, **asked, "document": json.dumps(document)}
    kept = await (await connection.execute(_KEEP, values)).fetchone()
    if kept is not None:
        return kept, True
    row = await find(connection, number, asked["change_id"])
    assert row is not None
    return row, False


def announced_as(number: str, change_id: str) -> str:
    """How a change is named on the channel; neither of the two holds a line break."""
    return f"{number}\n{change_id}"


async def find(connection: Connection, number: str, change_id: str) -> Row | None:
    """A change request with its answer, if there is one yet."""
    values = {"number": number, "change_id": change_id}
    return await (await connection.execute(f"{_FIND} AND c.change_id = %(change_id)s", values)).fetchone()


async def forget(connection: Connection, number: str, change_id: str) -> None:
    """Keep a change no longer that its order never heard of."""
    await connection.execute(
        "DELETE FROM change_request WHERE order_number = %s AND change_id = %s AND outcome IS NULL", (number, change_id)
    )


async def of_order(connection: Connection, number: str, after: tuple[datetime, str] | None, limit: int) -> list[Row]:
    """The changes of an order as they came; `after` is the (received_at, change_id) of the last one read."""
    values = {"number": number, "limit": limit, "at": after[0] if after else None, "id": after[1] if after else None}
    later = "%(at)s::timestamptz IS NULL OR (c.received_at, c.change_id) > (%(at)s, %(id)s::text)"
    page = f"{_FIND} AND ({later}) ORDER BY c.received_at, c.change_id LIMIT %(limit)s"
    return await (await connection.execute(page, values)).fetchall()


async def currency_of(connection: Connection, number: str) -> str | None:
    """The currency that an order's prices are in; None when there is no such order."""
    cursor = await connection.execute("SELECT currency FROM sales_order WHERE number = %s", (number,))
    row = await cursor.fetchone()
    return None if row is None else str(row["currency"])


class Later(NamedTuple):
    """What the documents that came for an order say at the most: sequence number, and date (and time) of issue."""

    sequence: int | None
    issued: str | None


_LATEST = """
SELECT bool_or(change_id = %(change_id)s) AS here, max((document -> 'ubl' ->> 'sequence')::bigint) AS sequence,
    max(document -> 'ubl' ->> 'issued') AS issued
FROM change_request WHERE order_number = %(number)s AND document ? 'ubl'
"""


async def latest_document(connection: Connection, number: str, change_id: str) -> Later | None:
    """How far the UBL documents of an order are, until the caller's transaction ends; None if this one came before."""
    values = {"number": number, "change_id": change_id}
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(number)s, 0))", values)
    row = await (await connection.execute(_LATEST, values)).fetchone()
    assert row is not None
    return None if row["here"] else Later(row["sequence"], row["issued"])


async def answer_closed(connection: Connection, number: str, change_id: str, at: datetime) -> None:
    """Answer a change that found its order ended. An answer that is there stays."""
    cursor = await connection.execute("SELECT status, revision FROM sales_order WHERE number = %s", (number,))
    order = await cursor.fetchone()
    assert order is not None
    answer = {
        "change_id": change_id,
        "outcome": "refused",
        "revision": order["revision"],
        "code": "order_closed",
        "at": at.isoformat(),
    }
    begin = f"The order is {order['status']}; nothing of it can be "
    values = {"number": number, "change_id": change_id, "answer": json.dumps(answer), "begin": begin}
    await connection.execute(_ANSWER, values)
