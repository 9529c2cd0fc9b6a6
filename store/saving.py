"""What is written about an order in the transaction of a call: read model, events, cancelled units, answers."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from domain.process.messages import Call, Save
from store.pool import Connection

SAVE = """
WITH moved AS (
    UPDATE sales_order
    SET version = %(version)s, revision = %(revision)s, status = %(status)s, finished = %(finished)s,
        at_risk = %(at_risk)s, parked = %(parked)s, promise_date = %(promise_date)s, row = %(row)s::jsonb,
        updated_at = now()
    WHERE number = %(order)s AND version < %(version)s
), told AS (
    INSERT INTO event (order_number, key, type, at, words, why, data, correlation)
    SELECT %(order)s, e.key, e.type, e.at, e.words, coalesce(e.why, ''),
           CASE WHEN f.key IS NULL THEN e.data ELSE e.data || jsonb_build_object('ref', f.outcome -> 'ref') END,
           %(order)s
    FROM ROWS FROM (
        jsonb_to_recordset(%(events)s::jsonb)
            AS (key text, type text, at timestamptz, words text, why text, data jsonb)
    ) WITH ORDINALITY AS e (key, type, at, words, why, data, n)
    LEFT JOIN effect f ON f.key = e.key AND f.outcome ? 'ref'
    ORDER BY e.n
    ON CONFLICT (order_number, key) DO NOTHING
), dropped AS (
    UPDATE order_line l
    SET cancelled = greatest(l.cancelled, c.quantity)
    FROM unnest(%(lines)s::int[], %(quantities)s::int[]) AS c (number, quantity)
    WHERE l.order_number = %(order)s AND l.number = c.number
)
INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)
SELECT %(order)s, a ->> 'change_id', a ->> 'kind', '{}', a ->> 'requested_by', a ->> 'outcome', a
FROM jsonb_array_elements(%(answers)s::jsonb) AS a
ON CONFLICT (order_number, change_id) DO UPDATE
SET outcome = EXCLUDED.outcome, answer = EXCLUDED.answer
WHERE change_request.outcome IS NULL OR change_request.outcome IN ('in_progress', 'pending_approval')
"""


async def save(connection: Connection, call: Call) -> None:
    """Write `call.save`, if there is one, in one statement; written twice, or late, it changes nothing that is newer.

    The read model is guarded by its version; events and answers are kept by their keys, the first one stays; cancelled
    units only go up. An event that tells of an effect gets the outside's reference as `ref`, so the effect is entered
    before.
    """
    if call.save is not None:
        await connection.execute(SAVE, _values(call.order, call.save))


def _values(order: str, save: Save) -> dict[str, Any]:
    row = save.row
    return {
        "order": order,
        "version": save.version,
        "revision": row.revision,
        "status": row.status,
        "finished": row.finished,
        "at_risk": row.at_risk,
        "parked": any(waiting.parked for waiting in row.waiting),
        "promise_date": row.promise_date,
        "row": row.model_dump_json(),
        "events": _json(save.events),
        "lines": list(save.cancelled),
        "quantities": list(save.cancelled.values()),
        "answers": _json(save.answers),
    }


def _json(messages: Sequence[BaseModel]) -> str:
    return f"[{','.join(message.model_dump_json() for message in messages)}]"
