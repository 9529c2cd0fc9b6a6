"""What is written about an order in the transaction of a call: read model, events, cancelled units, answers.

It is part of the statement that has the effect, so that both are one round trip and one transaction.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from domain.process.calls import Call
from store import revisions
from store.pool import Connection

HOLE = "{saved}"
_TOLD = """
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
)
"""
"""The reference is looked up by a subquery for each event: the planner takes JSON for 100 rows, and to join so many it
would read all effects there are."""
_CHANGED = """
, dropped AS (
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
    WHERE change_request.outcome IS NULL OR change_request.outcome = 'pending_approval'
       OR (change_request.outcome = 'in_progress' AND EXCLUDED.outcome <> 'pending_approval')
)
"""


class Saving(NamedTuple):
    """One statement in three constant texts: PostgreSQL prepares every part of a statement at each run, used or not."""

    without: str
    """For a call that carries no save."""
    usual: str
    """Read model and events."""
    whole: str
    """And the units that were cancelled, and the answers to changes."""

    def of(self, call: Call) -> str:
        """The text that writes all that the save of `call` has, and no more than it may have."""
        if call.save is None:
            return self.without
        return self.whole if call.save.cancelled or call.save.answers else self.usual


def with_save(statement: str) -> Saving:
    """A statement with the save in place of the part `{saved}`.

    It has defined `go` before (a row if the save is to be written) and `entered` (the effects entered by the same
    statement, which it cannot see in the table: key and outcome).
    """
    parts = ("unsaved AS (SELECT 1)", _TOLD, _TOLD + _CHANGED)
    return Saving(*(statement.replace(HOLE, part) for part in parts))


SAVE = with_save(
    "WITH go AS (SELECT 1), entered AS (SELECT NULL AS key, NULL::jsonb AS outcome WHERE false), {saved} SELECT 1"
)


async def save(connection: Connection, call: Call) -> None:
    """Write `call.save`, if there is one; written twice, or late, it changes nothing that is newer.

    The read model is guarded by its version; events and answers are kept by their keys, the first one stays; cancelled
    units only go up. An event that tells of an effect gets the outside's reference as `ref`. A save that makes a
    proposal the order needs a transaction around its statements.
    """
    if call.save is not None:
        await connection.execute(SAVE.of(call), save_values(call))
        await revisions.apply(connection, call)


def save_values(call: Call) -> dict[str, Any]:
    """The values of the save."""
    save = call.save
    if save is None:
        return {"order": call.order}
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
