"""Change requests: kept before anyone is asked, so that none is lost and the same id gets the same answer (CHG14)."""

import json
from datetime import datetime
from typing import Any

from store.pool import Connection

Row = dict[str, Any]


async def keep(connection: Connection, number: str, asked: dict[str, Any]) -> tuple[Row, bool]:
    """Keep a change in the caller's transaction; the row, and False when the id was used before."""
    cursor = await connection.execute(
        "INSERT INTO change_request (order_number, change_id, kind, base_revision, document, requested_by)"
        " VALUES (%(number)s, %(change_id)s, %(kind)s, %(base_revision)s, %(document)s::jsonb, %(requested_by)s)"
        " ON CONFLICT DO NOTHING RETURNING *",
        {
            "number": number,
            "change_id": asked["change_id"],
            "kind": asked["change"],
            "base_revision": asked["base_revision"],
            "document": json.dumps({"reason": asked["reason"], "base_revision": asked["base_revision"]}),
            "requested_by": asked["requested_by"],
        },
    )
    row = await cursor.fetchone()
    if row is not None:
        return row, True
    known = await find(connection, number, asked["change_id"])
    assert known is not None
    return known, False


async def find(connection: Connection, number: str, change_id: str) -> Row | None:
    """A change request with its answer, if there is one yet."""
    cursor = await connection.execute(
        "SELECT * FROM change_request WHERE order_number = %s AND change_id = %s", (number, change_id)
    )
    return await cursor.fetchone()


async def answer_closed(connection: Connection, number: str, change_id: str, at: datetime) -> None:
    """Answer a change that found its order ended. An answer that is there stays."""
    cursor = await connection.execute("SELECT status, revision FROM sales_order WHERE number = %s", (number,))
    order = await cursor.fetchone()
    assert order is not None
    status = order["status"]
    answer = {
        "change_id": change_id,
        "kind": "cancel",
        "outcome": "refused",
        "revision": order["revision"],
        "code": "order_closed",
        "words": f"The order is {status}; nothing of it can be cancelled any more.",
        "at": at.isoformat(),
    }
    await connection.execute(
        "UPDATE change_request SET outcome = 'refused', answer = %s::jsonb"
        " || jsonb_build_object('requested_by', requested_by, 'reason', coalesce(document ->> 'reason', ''))"
        " WHERE order_number = %s AND change_id = %s AND outcome IS NULL",
        (json.dumps(answer), number, change_id),
    )
