"""Mass actions: the list they are carried out on, what is begun, and what became of each item (CAP13).

The list is written when a mass action is accepted and never changes. An item is marked as begun before anybody is
asked, so that a stop and a process that dies both find what may have happened.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from store.pool import Connection
from store.reading import LIST, OrderFilter, list_values

Row = dict[str, Any]


class Chosen(NamedTuple):
    """An order, or one line of it."""

    order: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """An item to carry out, with what is asked for. `tries` counts this one too."""

    mass_id: str
    position: int
    order_number: str
    line: int | None
    tries: int
    action: str
    document: dict[str, Any]
    requested_by: str
    roles: list[str]


_KEEP = """
INSERT INTO mass_action (id, action, document, requested_by, roles, accepted_at)
VALUES (%(id)s, %(action)s, %(document)s::jsonb, %(requested_by)s, %(roles)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id
"""
_CHOOSE = """
INSERT INTO mass_item (mass_id, position, order_number, line)
SELECT %s, i.position, i.number, i.line
FROM unnest(%s::text[], %s::int[]) WITH ORDINALITY AS i (number, line, position)
"""
_NUMBERS = f"SELECT number FROM ({LIST}) found"  # noqa: S608 - a constant of ours

_COUNTS = """
(SELECT coalesce(jsonb_object_agg(outcome, n), '{}') FROM (
    SELECT CASE outcome WHEN 'begun' THEN 'in_progress' ELSE outcome END AS outcome, count(*) AS n
    FROM mass_item WHERE mass_id = a.id GROUP BY 1) c) AS counts,
(SELECT max(at) FROM mass_item WHERE mass_id = a.id) AS last_at
"""
_LATEST = f"""
SELECT a.*, {_COUNTS} FROM mass_action a
WHERE %(at)s::timestamptz IS NULL OR (a.accepted_at, a.id) < (%(at)s, %(id)s::text)
ORDER BY a.accepted_at DESC, a.id DESC LIMIT %(limit)s
"""  # noqa: S608 - put together from constants
_ITEMS = """
SELECT position, order_number, line, CASE outcome WHEN 'begun' THEN 'in_progress' ELSE outcome END AS outcome, code,
    words, at
FROM mass_item WHERE mass_id = %(id)s AND position > %(after)s
    AND (%(outcomes)s::text[] IS NULL OR outcome = ANY(%(outcomes)s::text[]))
ORDER BY position LIMIT %(limit)s
"""
_BEGIN = """
WITH next AS MATERIALIZED (
    SELECT i.mass_id, i.position FROM mass_item i JOIN mass_action a ON a.id = i.mass_id
    WHERE i.outcome IN ('open', 'begun') AND i.not_before <= now() AND i.order_number <> ALL(%(busy)s::text[])
    ORDER BY i.position, a.accepted_at, i.mass_id LIMIT %(limit)s FOR UPDATE OF i SKIP LOCKED
)
UPDATE mass_item i SET outcome = 'begun', tries = i.tries + 1
FROM next JOIN mass_action a ON a.id = next.mass_id
WHERE (i.mass_id, i.position) = (next.mass_id, next.position)
RETURNING i.mass_id, i.position, i.order_number, i.line, i.tries, a.action, a.document, a.requested_by, a.roles
"""
"""The first items of each mass action before the second ones: a short one does not wait for a long one."""
_UNANSWERED = """
SELECT i.mass_id, i.position, i.order_number, i.line, c.outcome, c.answer
FROM mass_item i JOIN change_request c ON c.order_number = i.order_number
    AND c.change_id = 'mass.' || i.mass_id || coalesce('.' || i.line, '')
WHERE i.outcome = 'in_progress' AND c.answer IS NOT NULL AND c.outcome NOT IN ('in_progress', 'pending_approval')
ORDER BY i.position LIMIT %s
"""
_SETTLE = """
UPDATE mass_item SET outcome = %(outcome)s, code = %(code)s, words = %(words)s,
    at = CASE WHEN %(outcome)s = 'in_progress' THEN NULL ELSE now() END
WHERE mass_id = %(mass_id)s AND position = %(position)s AND outcome IN ('begun', 'in_progress')
"""
_LATER = """
UPDATE mass_item SET not_before = now() + make_interval(secs => %(seconds)s), words = %(words)s
WHERE mass_id = %(mass_id)s AND position = %(position)s AND outcome = 'begun'
"""
_STOP = """
WITH stopped AS (
    UPDATE mass_action SET stopped_at = %(at)s, stopped_by = %(by)s
    WHERE id = %(id)s AND stopped_at IS NULL
        AND EXISTS (SELECT FROM mass_item WHERE mass_id = %(id)s AND outcome = 'open')
)
UPDATE mass_item SET outcome = 'stopped', at = %(at)s, code = 'stopped',
    words = 'Stopped before it was begun; the order was not asked.'
WHERE mass_id = %(id)s AND outcome = 'open'
"""


def change_id_of(mass_id: str, line: int | None) -> str:
    """The id of an item's change or hold: its own for each line, and such as no other change of the order has."""
    return f"mass.{mass_id}" if line is None else f"mass.{mass_id}.{line}"


async def numbers(connection: Connection, wanted: OrderFilter) -> list[str]:
    """The numbers of the orders that a filter finds now, the latest first."""
    return [row["number"] for row in await (await connection.execute(_NUMBERS, list_values(wanted))).fetchall()]


async def keep(connection: Connection, asked: Row, chosen: list[Chosen]) -> bool:
    """Keep a mass action and its list in the caller's transaction; False when the id was used before."""
    values = {**asked, "document": json.dumps(asked["document"])}
    if await (await connection.execute(_KEEP, values)).fetchone() is None:
        return False
    await connection.execute(_CHOOSE, (asked["id"], [one.order for one in chosen], [one.line for one in chosen]))
    return True


async def find(connection: Connection, mass_id: str) -> Row | None:
    """A mass action with the counts of its outcomes."""
    cursor = await connection.execute(f"SELECT a.*, {_COUNTS} FROM mass_action a WHERE a.id = %s", (mass_id,))  # noqa: S608
    return await cursor.fetchone()


async def latest(connection: Connection, after: tuple[datetime, str] | None, limit: int) -> list[Row]:
    """Mass actions, the latest first; `after` is (accepted_at, id) of the last one read."""
    at, mass_id = after or (None, None)
    return await (await connection.execute(_LATEST, {"at": at, "id": mass_id, "limit": limit})).fetchall()


async def items(connection: Connection, mass_id: str, after: int, limit: int, outcome: str | None = None) -> list[Row]:
    """Items of a mass action in their order, from behind `after`; only of one outcome, if it is given."""
    outcomes = None if outcome is None else [outcome, "begun"] if outcome == "in_progress" else [outcome]
    values = {"id": mass_id, "after": after, "limit": limit, "outcomes": outcomes}
    return await (await connection.execute(_ITEMS, values)).fetchall()


async def begin(connection: Connection, busy: list[str], limit: int) -> list[Begun]:
    """Mark the next items as begun, of orders that are not `busy`; also those that a process that died had begun."""
    rows = await (await connection.execute(_BEGIN, {"busy": busy, "limit": limit})).fetchall()
    return [Begun(**row) for row in sorted(rows, key=lambda row: (row["position"], row["mass_id"]))]


async def answered(connection: Connection, limit: int) -> list[Row]:
    """Items whose change has got its answer since it was asked for."""
    return await (await connection.execute(_UNANSWERED, (limit,))).fetchall()


async def settle(connection: Connection, mass_id: str, position: int, outcome: str, code: str, words: str) -> None:
    """Say what became of an item; what is settled stays so."""
    names = ("mass_id", "position", "outcome", "code", "words")
    await connection.execute(_SETTLE, dict(zip(names, (mass_id, position, outcome, code, words), strict=True)))


async def try_later(connection: Connection, mass_id: str, position: int, seconds: float, words: str) -> None:
    """Leave a begun item for a while; it is asked for again under the same ids."""
    values = {"mass_id": mass_id, "position": position, "seconds": seconds, "words": words}
    await connection.execute(_LATER, values)


async def stop(connection: Connection, mass_id: str, by: str, at: datetime) -> None:
    """Begin nothing more of a mass action; what is begun comes to its end. Where all is begun nothing is stopped."""
    await connection.execute(_STOP, {"id": mass_id, "by": by, "at": at})
