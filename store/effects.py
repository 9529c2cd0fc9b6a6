"""The effects ledger (CHG9): what was meant to happen outside, what came of it, found again by key on a repeat.

Three parts of statements are made here. INTENT enters a call before the outside is asked. RECORDED enters one of our
own database, SETTLED the outside's answer to an intent; both are named `entered`, for the save in the same statement.
"""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import DictRow

from domain.process.calls import Call, Undo, UpdateShipment
from domain.process.outcomes import Outcome
from store.pool import Connection

INTENT = """
    INSERT INTO effect (key, order_number, operation, undoes, state, at)
    VALUES (%(key)s, %(order)s, %(operation)s, %(undoes)s, 'intended', %(at)s)
    ON CONFLICT (key) DO UPDATE SET operation = effect.operation
    RETURNING at, outcome::text AS outcome
"""
"""A conflict changes nothing, but lets the row be returned."""
RECORDED = """
    INSERT INTO effect (key, order_number, operation, undoes, state, outcome, at, settled_at)
    SELECT %(key)s::text, %(order)s::text, %(operation)s::text, %(undoes)s::text, %(state)s::text, %(outcome)s::jsonb,
           %(at)s::timestamptz, now()
    FROM go
    RETURNING key, outcome
"""
SETTLED = """
    UPDATE effect SET state = %(state)s, outcome = %(outcome)s::jsonb, settled_at = now()
    WHERE key = %(key)s AND state = 'intended'
    RETURNING key, outcome
"""
"""The first answer stays."""
RECORD = f"WITH go AS (SELECT 1) {RECORDED}"
FENCE = """
INSERT INTO effect (key, order_number, operation, state, outcome, at, settled_at)
VALUES (%s, %s, %s, 'refused', %s::jsonb, %s, now())
ON CONFLICT (key) DO NOTHING
"""
ENTERED = "SELECT EXISTS (SELECT FROM effect WHERE key = ANY(%s::text[])) AS entered"
FIND = "SELECT outcome::text AS outcome FROM effect WHERE key = %s"


class Intent(NamedTuple):
    """The business time that the outside was or will be told, and the outcome if the effect is settled already."""

    at: datetime
    outcome: Outcome | None


def intent_values(call: Call) -> dict[str, Any]:
    """The values of INTENT."""
    return {
        "key": call.key,
        "order": call.order,
        "operation": call.operation,
        "undoes": _undone_by(call),
        "at": call.at,
    }


def _undone_by(call: Call) -> str | None:
    """Key of the effect that the call takes back: of any, or of an update of a shipment request."""
    match call.work:
        case Undo():
            return call.work.of
        case UpdateShipment():
            return call.work.instead_of
        case _:
            return None


def outcome_values(call: Call, outcome: Outcome) -> dict[str, Any]:
    """The values of RECORDED and of SETTLED."""
    return {**intent_values(call), "state": "refused" if outcome.refused else "done", "outcome": _text(outcome)}


def intent_of(row: DictRow) -> Intent:
    """The intent in a row with the columns that INTENT returns."""
    return Intent(row["at"], _outcome(row["outcome"]))


async def intend(connection: Connection, call: Call) -> Intent:
    """Enter the intent before the outside is called, or find what an earlier attempt entered."""
    cursor = await connection.execute(INTENT, intent_values(call))
    row = await cursor.fetchone()
    assert row is not None
    return intent_of(row)


async def record(connection: Connection, call: Call, outcome: Outcome) -> None:
    """Enter a finished effect of our own database; UniqueViolation if it was entered before."""
    await connection.execute(RECORD, outcome_values(call, outcome))


async def fence(connection: Connection, call: Call, of: str, operation: str, why: Outcome) -> None:
    """Enter an effect that `call` undoes or replaces as refused, unless it is there: if it still comes, it is void."""
    await connection.execute(FENCE, (of, call.order, operation, _text(why), call.at))


async def any_entered(connection: Connection, keys: list[str]) -> bool:
    """Whether any of these effects is in the ledger, be it only intended."""
    cursor = await connection.execute(ENTERED, (keys,))
    row = await cursor.fetchone()
    return row is not None and bool(row["entered"])


async def find(connection: Connection, key: str) -> Outcome | None:
    """The outcome of a settled effect; None if it is unknown or only intended."""
    cursor = await connection.execute(FIND, (key,))
    row = await cursor.fetchone()
    return _outcome(row["outcome"]) if row else None


def _text(outcome: Outcome) -> str:
    return outcome.model_dump_json(exclude_defaults=True)


def _outcome(text: str | None) -> Outcome | None:
    return Outcome.model_validate_json(text) if text else None
