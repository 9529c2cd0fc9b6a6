"""The outbox towards Temporal: rows committed with what they tell of, delivered by the relay in order per order."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import tracing
from store.pool import Connection

CHANNEL = "dispatch"
ASKED_DIRECTLY = "the order is being asked directly"
"""Note of a message whose sender is about to say the same itself: nobody else delivers it for a while."""
HEAD_START_SECONDS = 7
"""How long that is: longer than an answer usually takes, so that the order does not hear the same twice."""
RELAY_LOCK = 7_017_484
"""Advisory lock of the one relay that delivers."""
MASS_ACTION = "mass action"
"""Announced when a mass action was accepted; it is not looked for with every message of an order (CAP13)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to deliver."""

    id: int
    order_number: str
    kind: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    traceparent: str | None
    """Of the request that wrote it, while tracing is on."""


async def enqueue(
    connection: Connection, order_number: str, kind: str, payload: dict[str, Any], *, note: str = ""
) -> int:
    """Add a message in the caller's transaction; its id. `announce` wakes the relay, ASKED_DIRECTLY holds it back."""
    cursor = await connection.execute(
        "INSERT INTO dispatch (order_number, kind, payload, note, traceparent)"
        " VALUES (%s, %s, %s::jsonb, %s, %s) RETURNING id",
        (order_number, kind, json.dumps(payload), note, tracing.traceparent()),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["id"])


async def announce(connection: Connection, what: str = "") -> None:
    """Wake the relay when the transaction commits: for a message, or for `MASS_ACTION`."""
    await connection.execute("SELECT pg_notify('dispatch', %s)", (what,))


async def leave_to_relay(connection: Connection, message: int) -> None:
    """Its sender could not say it itself; wakes the relay when the transaction commits."""
    await connection.execute("UPDATE dispatch SET note = '' WHERE id = %s AND delivered_at IS NULL", (message,))
    await announce(connection)


async def withdraw(connection: Connection, message: int) -> bool:
    """Take a message back that was not delivered; False for one that was."""
    cursor = await connection.execute("DELETE FROM dispatch WHERE id = %s AND delivered_at IS NULL", (message,))
    return cursor.rowcount == 1


async def undelivered(connection: Connection, limit: int, resting: list[str]) -> list[Message]:
    """The oldest messages, but none of the orders that are `resting` after a failure, nor what has a head start."""
    cursor = await connection.execute(
        "SELECT id, order_number, kind, payload, attempts, created_at, traceparent FROM dispatch"
        " WHERE delivered_at IS NULL AND order_number <> ALL(%s::text[])"
        " AND (note <> %s OR created_at < now() - make_interval(secs => %s)) ORDER BY id LIMIT %s",
        (resting, ASKED_DIRECTLY, HEAD_START_SECONDS, limit),
    )
    return [Message(**row) for row in await cursor.fetchall()]


async def mark_delivered(connection: Connection, ids: list[int], note: str = "") -> None:
    """Delivered, for good."""
    await connection.execute(
        "UPDATE dispatch SET delivered_at = now(), note = %s WHERE id = ANY(%s) AND delivered_at IS NULL", (note, ids)
    )


async def mark_failed(connection: Connection, failed: list[tuple[int, str]]) -> None:
    """Count an attempt for each (id, note); they are tried again."""
    await connection.execute(
        "UPDATE dispatch d SET attempts = d.attempts + 1, note = f.note"
        " FROM unnest(%s::bigint[], %s::text[]) AS f(id, note) WHERE d.id = f.id AND d.delivered_at IS NULL",
        ([id_ for id_, _ in failed], [note for _, note in failed]),
    )


async def finished_orders(connection: Connection, numbers: list[str]) -> set[str]:
    """Which of these orders have ended."""
    cursor = await connection.execute(
        "SELECT number FROM sales_order WHERE finished AND number = ANY(%s::text[])", (numbers,)
    )
    return {row["number"] for row in await cursor.fetchall()}
