"""The effects ledger (CHG9): what was meant to happen outside, what came of it, found again by key on a repeat."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import DictRow

from domain.process.messages import Call, Outcome, Undo
from store.pool import Connection

RECORD = """
INSERT INTO effect (key, order_number, operation, undoes, state, outcome, at, settled_at)
VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, now())
"""
FENCE = """
INSERT INTO effect (key, order_number, operation, state, outcome, at, settled_at)
VALUES (%s, %s, %s, 'refused', %s::jsonb, %s, now())
ON CONFLICT (key) DO NOTHING
"""
INTENT = """
    INSERT INTO effect (key, order_number, operation, undoes, state, at)
    VALUES (%(key)s, %(order)s, %(operation)s, %(undoes)s, 'intended', %(at)s)
    ON CONFLICT (key) DO UPDATE SET operation = effect.operation
    RETURNING at, outcome::text AS outcome
"""
"""Part of every statement that enters an intent; a conflict changes nothing but lets the row be returned."""
SETTLE = """
UPDATE effect SET state = %s, outcome = %s::jsonb, settled_at = now() WHERE key = %s AND state = 'intended'
"""
FIND = "SELECT outcome::text AS outcome FROM effect WHERE key = %s"


class Intent(NamedTuple):
    """The business time that the outside was or will be told, and the outcome if the effect is settled already."""

    at: datetime
    outcome: Outcome | None


async def record(connection: Connection, call: Call, outcome: Outcome) -> None:
    """Enter a finished effect of our own database; UniqueViolation if it was entered before."""
    state = "refused" if outcome.refused else "done"
    values = (call.key, call.order, call.operation, _undoes(call), state, _text(outcome), call.at)
    await connection.execute(RECORD, values)


async def fence(connection: Connection, call: Call, operation: str, why: Outcome) -> None:
    """Enter the effect that `call` undoes as refused, unless it is there: should it still arrive, it does nothing."""
    await connection.execute(FENCE, (_undoes(call), call.order, operation, _text(why), call.at))


async def intend(connection: Connection, call: Call) -> Intent:
    """Enter the intent before the outside is called, or find what an earlier attempt entered."""
    cursor = await connection.execute(INTENT, intent_values(call))
    row = await cursor.fetchone()
    assert row is not None
    return intent_of(row)


def intent_values(call: Call) -> dict[str, Any]:
    """The values of INTENT."""
    return {
        "key": call.key,
        "order": call.order,
        "operation": call.operation,
        "undoes": _undoes(call),
        "at": call.at,
    }


def intent_of(row: DictRow) -> Intent:
    """The intent in a row with the columns that INTENT returns."""
    return Intent(row["at"], _outcome(row["outcome"]))


async def settle(connection: Connection, call: Call, outcome: Outcome) -> None:
    """Enter what the outside answered; the first answer stays."""
    await connection.execute(SETTLE, ("refused" if outcome.refused else "done", _text(outcome), call.key))


async def find(connection: Connection, key: str) -> Outcome | None:
    """The outcome of a settled effect; None if it is unknown or only intended."""
    cursor = await connection.execute(FIND, (key,))
    row = await cursor.fetchone()
    return _outcome(row["outcome"]) if row else None


def _undoes(call: Call) -> str | None:
    return call.work.of if isinstance(call.work, Undo) else None


def _text(outcome: Outcome) -> str:
    return outcome.model_dump_json(exclude_defaults=True)


def _outcome(text: str | None) -> Outcome | None:
    return Outcome.model_validate_json(text) if text else None
