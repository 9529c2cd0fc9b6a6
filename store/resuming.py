"""Bringing an order back whose workflow is gone (design, hard case 10): a new start, and every fact it has to know.

A new workflow walks the process from its beginning, at the revision that the order is at. The effects ledger answers
each step that is done already, so nothing happens twice outside; facts from outside are told again, in their old order,
behind the start. Changes without an answer are told with the start itself, so that nothing new is begun before they
are known; of one that has its answer the id is told, and the order is opened as it made it. One that waits for a person
is judged anew, and waits again if it has to; a person who has agreed is not asked a second time. A cancel whose
acceptance was saved with the last call that it made, and whose order does not know of it, is carried out to its end.
"""

import json
from dataclasses import dataclass
from typing import Any

from domain.process.change_requests import read_change_request
from domain.process.events import ChangeAsked
from store.dispatch import announce, enqueue
from store.opening import read_answered
from store.pool import Connection

ORDER = """
SELECT number, status, finished, version, revision, "row" -> 'holds' AS holds, EXISTS (
    SELECT FROM event e JOIN order_revision r USING (order_number)
    WHERE e.order_number = o.number AND e.type = 'order.split' AND r.revision > 1 AND e.recorded_at <= r.recorded_at
) AS changed_after_a_split
FROM sales_order o WHERE number = %s FOR UPDATE OF o
"""
MESSAGES = """
SELECT d.id, d.kind, d.payload, d.created_at, d.delivered_at,
       coalesce(
           c.outcome NOT IN ('pending_approval', 'in_progress')
           AND NOT (c.kind = 'cancel' AND c.outcome = 'accepted' AND o.status <> 'cancelled'),
           false
       ) AS answered
FROM dispatch d
JOIN sales_order o ON o.number = d.order_number
LEFT JOIN change_request c
       ON d.kind = 'change' AND c.order_number = d.order_number AND c.change_id = d.payload ->> 'change_id'
WHERE d.order_number = %s
ORDER BY d.id
"""
SIGNALLED = """
SELECT c.change_id, c.kind, c.requested_by, c.received_at
FROM change_request c
JOIN sales_order o ON o.number = c.order_number
WHERE c.order_number = %s
  AND (c.outcome IS NULL OR c.outcome IN ('pending_approval', 'in_progress')
       OR (c.kind = 'cancel' AND c.outcome = 'accepted' AND o.status <> 'cancelled'))
  AND NOT EXISTS (
    SELECT FROM dispatch d
    WHERE d.order_number = c.order_number AND d.kind = 'change' AND d.payload ->> 'change_id' = c.change_id)
ORDER BY c.received_at, c.change_id
"""
"""Changes that came as a raw signal; they are kept when they are worked out."""
APPROVED = "SELECT change_id FROM change_request WHERE order_number = %s AND outcome = 'in_progress' ORDER BY change_id"
"""A change is saved as in progress when a person has agreed to it."""
WORK_OUT_ANEW = "UPDATE change_request SET proposal = NULL WHERE order_number = %s AND outcome = 'pending_approval'"
"""What a change would have made of the order when it was laid aside may be long out of date."""
SUPERSEDE = """
UPDATE dispatch SET delivered_at = now(), note = 'told again after the order was resumed'
WHERE order_number = %s AND delivered_at IS NULL
"""


class NotResumableError(Exception):
    """The order cannot be resumed; `code` is stable, the text says why."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Resumed:
    """What was put before the relay. `version` is where the read model goes on from; `told_again` counts the facts."""

    number: str
    version: int
    told_again: int


async def resume(connection: Connection, number: str) -> Resumed:
    """Starts the order anew in the caller's transaction. Whether its workflow is gone is the caller's to know.

    Raises NotResumableError for an order that is unknown, finished, about to be started, or changed after a split.
    """
    order = await (await connection.execute(ORDER, (number,))).fetchone()
    if order is None:
        raise NotResumableError("order_unknown", f"There is no order {number}.")
    if order["finished"]:
        raise NotResumableError("order_closed", f"Order {number} is {order['status']}; there is nothing to go on with.")
    if order["changed_after_a_split"]:
        # No version tells which part of a line left with which group (ORC16): the walk would send the whole of it.
        words = f"Order {number} was split, and changed after that; that cannot be resumed yet. Nothing was done."
        raise NotResumableError("order_split", f"{words} Its effects stand, see its timeline.")
    messages = await (await connection.execute(MESSAGES, (number,))).fetchall()
    starts = [message for message in messages if message["kind"] == "start"]
    if any(start["delivered_at"] is None for start in starts):
        raise NotResumableError("order_running", f"Order {number} is about to be started; give it a moment.")
    again = _once([message for message in messages if message["kind"] in ("carrier", "payment", "change")])
    facts = [fact for fact in again if fact["kind"] != "change"]
    changes = [_asked(one) for one in again if one["kind"] == "change" and not one["answered"]]
    changes += [_signalled(row) for row in await (await connection.execute(SIGNALLED, (number,))).fetchall()]
    approved = await (await connection.execute(APPROVED, (number,))).fetchall()
    await connection.execute(WORK_OUT_ANEW, (number,))
    await connection.execute(SUPERSEDE, (number,))
    start = {
        **starts[0]["payload"],
        "version": max(order["version"], 1),  # also where nothing was saved yet: so it says resumed
        "revision": order["revision"],
        "holds": order["holds"] or [],
        "changes": [change.model_dump(mode="json", exclude_defaults=True) for change in changes],
        "answered": await read_answered(connection, number),
        "approved": [row["change_id"] for row in approved],
    }
    await enqueue(connection, number, "start", start)
    for fact in facts:
        await enqueue(connection, number, fact["kind"], fact["payload"])
    await announce(connection)
    return Resumed(number, order["version"], len(facts) + len(changes))


def _asked(message: dict[str, Any]) -> ChangeAsked:
    return read_change_request(message["payload"], message["created_at"])


def _signalled(row: dict[str, Any]) -> ChangeAsked:
    return ChangeAsked(
        change_id=row["change_id"], change=row["kind"], requested_by=row["requested_by"], at=row["received_at"]
    )


def _once(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what an earlier resume had told again."""
    distinct = {(fact["kind"], json.dumps(fact["payload"], sort_keys=True)): fact for fact in facts}
    return sorted(distinct.values(), key=lambda fact: int(fact["id"]))
