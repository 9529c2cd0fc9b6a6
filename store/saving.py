"""What is written about an order in the transaction of a call: read model, events, cancelled units, answers.

It is part of the statement that has the effect, so that both are one round trip and one transaction.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from domain.process.messages import Call
from store.pool import Connection

SAVED = """
moved AS (
    UPDATE sales_order o
    SET version = %(version)s, revision = %(revision)s, status = %(order_status)s, finished = %(finished)s,
        at_risk = %(at_risk)s, parked = %(parked)s, promise_date = %(promise_date)s, row = %(row)s::jsonb,
        updated_at = now()
    FROM go
    WHERE o.number = %(order)s AND o.version < %(version)s
), told AS (
    INSERT INTO event (order_number, key, type, at, words, why, data, correlation)
    SELECT %(order)s, e.key, e.type, e.at, e.words, coalesce(e.why, ''),
           e.data || coalesce((
               SELECT jsonb_build_object('ref', n.outcome -> 'ref') FROM entered n
               WHERE n.key = e.key AND n.outcome ? 'ref'
           ), (
               SELECT jsonb_build_object('ref', f.outcome -> 'ref') FROM effect f
               WHERE f.key = e.key AND f.outcome ? 'ref'
           ), '{}'),
           %(order)s
    FROM go, ROWS FROM (
        jsonb_to_recordset(%(events)s::jsonb)
            AS (key text, type text, at timestamptz, words text, why text, data jsonb)
    ) WITH ORDINALITY AS e (key, type, at, words, why, data, place)
    ORDER BY e.place
    ON CONFLICT (order_number, key) DO NOTHING
), dropped AS (
    UPDATE order_line l
    SET cancelled = greatest(l.cancelled, c.units)
    FROM go, unnest(%(cancelled)s::int[], %(cancelled_units)s::int[]) AS c (number, units)
    WHERE l.order_number = %(order)s AND l.number = c.number
), answered AS (
    INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)
    SELECT %(order)s, a ->> 'change_id', a ->> 'kind', '{}', a ->> 'requested_by', a ->> 'outcome', a
    FROM go, jsonb_array_elements(%(answers)s::jsonb) AS a
    ON CONFLICT (order_number, change_id) DO UPDATE
    SET outcome = EXCLUDED.outcome, answer = EXCLUDED.answer
    WHERE change_request.outcome IS NULL OR change_request.outcome IN ('in_progress', 'pending_approval')
)
"""
"""Parts of a statement that has defined `go` (a row if the save is to be written) and `entered` (the effects entered
by the same statement, which it cannot see in the table: key and outcome).

The reference is looked up by a subquery for each event: the planner takes JSON for 100 rows, and to join so many it
would read all effects there are.
"""

SAVE = f"WITH go AS (SELECT 1), entered AS (SELECT NULL AS key, NULL::jsonb AS outcome WHERE false), {SAVED} SELECT 1"
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("revision", "order_status", "finished", "at_risk", "parked", "promise_date", "row")),
    "version": 0,
    "events": "[]",
    "cancelled": [],
    "cancelled_units": [],
    "answers": "[]",
}
"""Values that change nothing: no stored version is below 0."""


async def save(connection: Connection, call: Call) -> None:
    """Write `call.save`, if there is one; written twice, or late, it changes nothing that is newer.

    The read model is guarded by its version; events and answers are kept by their keys, the first one stays; cancelled
    units only go up. An event that tells of an effect gets the outside's reference as `ref`.
    """
    if call.save is not None:
        await connection.execute(SAVE, save_values(call))


def save_values(call: Call) -> dict[str, Any]:
    """The values of SAVED."""
    save = call.save
    if save is None:
        return {"order": call.order, **NOTHING}
    row = save.row
    return {
        "order": call.order,
        "version": save.version,
        "revision": row.revision,
        "order_status": row.status,
        "finished": row.finished,
        "at_risk": row.at_risk,
        "parked": any(waiting.parked for waiting in row.waiting),
        "promise_date": row.promise_date,
        "row": row.model_dump_json(),
        "events": _json(save.events),
        "cancelled": list(save.cancelled),
        "cancelled_units": list(save.cancelled.values()),
        "answers": _json(save.answers),
    }


def _json(messages: Sequence[BaseModel]) -> str:
    return f"[{','.join(message.model_dump_json() for message in messages)}]"
