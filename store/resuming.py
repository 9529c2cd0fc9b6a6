"""Bringing an order back whose workflow is gone (design, hard case 10): a new start, and every fact it has to know.

A new workflow walks the process from its beginning. The effects ledger answers each step that is done already, so
nothing happens twice outside; facts from outside are told again, in their old order, behind the start. Changes without
an answer are told with the start itself, so that nothing new is begun before they are known.
"""

import json
from dataclasses import dataclass
from typing import Any

from domain.process.change_requests import read_change_request
from store.dispatch import announce, enqueue
from store.pool import Connection

ORDER = """
SELECT number, status, finished, version, revision, "row" -> 'holds' AS holds
FROM sales_order WHERE number = %s FOR UPDATE
"""
MESSAGES = """
SELECT d.id, d.kind, d.payload, d.created_at, d.delivered_at, c.outcome
FROM dispatch d
LEFT JOIN change_request c
       ON d.kind = 'change' AND c.order_number = d.order_number AND c.change_id = d.payload ->> 'change_id'
WHERE d.order_number = %s
ORDER BY d.id
"""
SUPERSEDE = """
UPDATE dispatch SET delivered_at = now(), note = 'told again after the order was resumed'
WHERE order_number = %s AND delivered_at IS NULL
"""
REFUSED_CHANGE = "refused"


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

    Raises NotResumableError for an order that is unknown, finished, or about to be started.
    """
    order = await (await connection.execute(ORDER, (number,))).fetchone()
    if order is None:
        raise NotResumableError("order_unknown", f"There is no order {number}.")
    if order["finished"]:
        raise NotResumableError("order_closed", f"Order {number} is {order['status']}; there is nothing to go on with.")
    if order["revision"] > 1:
        # Its walk would begin at the first revision, and not meet what was done at a later one (I1, I12).
        words = f"Order {number} was changed in flight (revision {order['revision']}); that cannot be resumed yet."
        raise NotResumableError("order_changed", f"{words} Nothing was done: its effects stand, see its timeline.")
    messages = await (await connection.execute(MESSAGES, (number,))).fetchall()
    starts = [message for message in messages if message["kind"] == "start"]
    if any(start["delivered_at"] is None for start in starts):
        raise NotResumableError("order_running", f"Order {number} is about to be started; give it a moment.")
    facts = [message for message in messages if _is_told_again(message)]
    await connection.execute(SUPERSEDE, (number,))
    again = _once(facts)
    start = _start(starts[0]["payload"], order["version"], again)
    await enqueue(connection, number, "start", {**start, "holds": order["holds"] or []})
    for fact in again:
        if fact["kind"] != "change":
            await enqueue(connection, number, fact["kind"], fact["payload"])
    await announce(connection)
    return Resumed(number, order["version"], len(again))


def _start(first: dict[str, Any], version: int, again: list[dict[str, Any]]) -> dict[str, Any]:
    """The payload of the new start. Its version is at least 1, also where nothing was saved yet: so it says resumed."""
    asked = [read_change_request(one["payload"], one["created_at"]) for one in again if one["kind"] == "change"]
    changes = [change.model_dump(mode="json", exclude_defaults=True) for change in asked]
    return {**first, "version": max(version, 1), "changes": changes}


def _is_told_again(message: dict[str, Any]) -> bool:
    """Facts of carrier and provider; changes unless they were refused: an accepted one has to come to its end."""
    if message["kind"] == "change":
        return bool(message["outcome"] != REFUSED_CHANGE)
    return message["kind"] in ("carrier", "payment")


def _once(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what an earlier resume had told again."""
    distinct = {(fact["kind"], json.dumps(fact["payload"], sort_keys=True)): fact for fact in facts}
    return sorted(distinct.values(), key=lambda fact: int(fact["id"]))
