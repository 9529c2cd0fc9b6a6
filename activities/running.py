"""How a call is run so that running it again changes nothing: once in our database, or across to the outside."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from psycopg.errors import UniqueViolation

from activities.faults import told_apart
from domain.process.calls import Call
from domain.process.outcomes import Outcome
from store import effects, revisions
from store.effects import Intent
from store.pool import Connection, Pool, statement, transaction
from store.saving import save

P = TypeVar("P")


@dataclass(frozen=True)
class Exchange(Generic[P]):
    """A call to the outside in three parts, as `across` makes it."""

    before: Callable[[Connection], Awaitable[tuple[Intent, P]]]
    ask: Callable[[P, datetime], Awaitable[Outcome]]
    after: Callable[[Connection, Outcome], Awaitable[None]]


async def once(
    pool: Pool,
    call: Call,
    do: Callable[[Connection], Awaitable[Outcome]],
    *,
    unit: Callable[[Pool], AbstractAsyncContextManager[Connection]] = statement,
) -> Outcome:
    """One transaction: what the call does, the effect with its outcome, and the call's save (design rule 9).

    `do` writes all three: in one statement, or in several with `unit=transaction`. The effect's key decides which of
    two attempts counts: the other is rolled back whole and gets the first outcome. A save that makes a proposal the
    order is more than one statement; it is written behind that of `do`.
    """
    with told_apart():
        try:
            async with (unit_of(call) if unit is statement else unit)(pool) as connection:
                outcome = await do(connection)
                if unit is statement and not outcome.refused:
                    await revisions.apply(connection, call)
                return outcome
        except UniqueViolation:
            known = await known_outcome(pool, call)
            if known is None:
                raise
            return known


async def across(
    pool: Pool,
    call: Call,
    *,
    ask: Callable[[P, datetime], Awaitable[Outcome]],
    after: Callable[[Connection, Outcome], Awaitable[None]],
    before: Callable[[Connection], Awaitable[tuple[Intent, P]]],
) -> Outcome:
    """Commit the intent, ask the outside with no transaction open, commit its answer (design rule 2).

    `before` enters the intent and reads what the outside must be told; `ask` gets that and the business time of the
    first attempt; `after` enters the answer and the call's save. The first and the last are one statement each, and
    each may run twice. A settled effect is not asked for again.
    """
    with told_apart():
        async with statement(pool) as connection:
            intent, prepared = await before(connection)
        if intent.outcome is not None:
            if not intent.outcome.refused:
                async with unit_of(call)(pool) as connection:
                    await save(connection, call)
            return intent.outcome
        outcome = await ask(prepared, intent.at)
        async with unit_of(call)(pool) as connection:
            await after(connection, outcome)
            if not outcome.refused:
                await revisions.apply(connection, call)
        return outcome


def unit_of(call: Call) -> Callable[[Pool], AbstractAsyncContextManager[Connection]]:
    """One statement, unless the call's save makes a proposal the order."""
    return statement if call.save is None or call.save.revised is None else transaction


def only_intent(call: Call) -> Callable[[Connection], Awaitable[tuple[Intent, None]]]:
    """For a call that enters nothing but its intent."""

    async def before(connection: Connection) -> tuple[Intent, None]:
        return await effects.intend(connection, call), None

    return before


async def known_outcome(pool: Pool, call: Call) -> Outcome | None:
    """The outcome of an earlier attempt, with the call's save applied; None if there was none."""
    async with pool.connection() as connection:
        outcome = await effects.find(connection, call.key)
        if outcome is not None and not outcome.refused:
            await save(connection, call)
    return outcome
