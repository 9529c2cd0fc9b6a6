"""What operators ask of an order, kept before the order is asked: with their reason, which its workflow is not told.

An event that comes of a request names it as `request` in its data; the timeline adds the reason to such an event.
"""

import json
from typing import Any

from store.pool import Connection

OPERATOR = "operator"
"""The source under which the inbox keeps these requests."""


async def keep(connection: Connection, request: str, kind: str, number: str, body: dict[str, Any]) -> None:
    """Keep a request under its id, in the caller's transaction. What came of it is not known yet.

    One that is kept already stays as it is: it is asked again because nobody knows what came of it.
    """
    await connection.execute(
        "INSERT INTO inbox (source, event_id, type, order_number, body, note) VALUES (%s, %s, %s, %s, %s::jsonb, '')"
        " ON CONFLICT DO NOTHING",
        (OPERATOR, request, kind, number, json.dumps(body)),
    )


async def body(connection: Connection, request: str) -> dict[str, Any] | None:
    """What was asked; None if it is not kept, or no longer."""
    cursor = await connection.execute("SELECT body FROM inbox WHERE source = %s AND event_id = %s", (OPERATOR, request))
    row = await cursor.fetchone()
    return None if row is None else row["body"]


async def forget(connection: Connection, request: str) -> None:
    """Keep a request no longer: it asked a question, and has its answer."""
    await connection.execute("DELETE FROM inbox WHERE source = %s AND event_id = %s", (OPERATOR, request))


async def note(connection: Connection, request: str, words: str) -> None:
    """Say what came of a request."""
    await connection.execute(
        "UPDATE inbox SET note = %s WHERE source = %s AND event_id = %s", (words, OPERATOR, request)
    )


async def told(connection: Connection, request: str, number: str) -> str | None:
    """The words of the event by which the order told that the request was carried out; None if it has not."""
    cursor = await connection.execute(
        "SELECT words FROM event WHERE order_number = %s AND data ->> 'request' = %s ORDER BY id LIMIT 1",
        (number, request),
    )
    row = await cursor.fetchone()
    return None if row is None else str(row["words"])
