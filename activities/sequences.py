"""Makes the calls of a change one after another: what each does is done as by its own activity (CHG8, CHG9)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from psycopg.errors import UniqueViolation
from temporalio import activity

from activities.faults import bug, told_apart
from activities.inventory import Inventory
from activities.payment import Payment
from activities.running import Exchange, known_outcome
from activities.shipping import Shipping
from adapters.ports import UnavailableError
from domain.process.calls import Call
from domain.process.outcomes import Outcome
from domain.process.sequence import ACTIVITY, Answers, CallSequence
from domain.process.words import Operation
from store import effects, revisions
from store.effects import Intent
from store.pool import Connection, Pool, statement, transaction
from store.saving import save

ONE_CALL = 1.0
"""Seconds that the outside has for the answer to one call; after them the call goes on by itself. While a sequence is
on its way the order hears nothing, a cancel neither."""

Writing = Callable[[Connection], Awaitable[Outcome]]
"""Writes what a call came to, in the caller's transaction."""


class _Entered(NamedTuple):
    """What the intent of a call found, and what the outside must be told."""

    intent: Intent
    prepared: Any


class Sequences:
    """The answer to one call and the intent of the next are one transaction: half as many as call by call."""

    def __init__(self, pool: Pool, inventory: Inventory, payment: Payment, shipping: Shipping) -> None:
        self._pool = pool
        self._inventory = inventory
        self._exchanges: dict[Operation, Callable[[Call], Exchange[Any]]] = {
            Operation.AUTHORIZE: payment.authorization,
            Operation.CANCEL_SHIPMENT: shipping.cancellation,
        }
        self._shipping = shipping

    @activity.defn(name=ACTIVITY)
    async def call_in_sequence(self, sequence: CallSequence) -> Answers:
        """The answers as far as it came; it stops behind the first that is not as expected, and where there is none.

        Every effect has its own key and its own place in the ledger, so that a repeat gets the same answers.
        """
        with told_apart():
            return await self._make(sequence)

    async def _make(self, sequence: CallSequence) -> Answers:
        outcomes: list[Outcome] = []
        entered: _Entered | None = None
        for call, following in zip(sequence.calls, (*sequence.calls[1:], None), strict=True):
            try:
                outcome, write = await self._answered(sequence, call, entered)
            except (UnavailableError, TimeoutError) as error:
                return Answers(outcomes=tuple(outcomes), unanswered=str(error) or "There was no answer in time.")
            if outcome is not None and not sequence.goes_on(call, outcome):
                following = None
            outcome, entered = await self._settled(call, outcome, write, following)
            outcomes.append(outcome)
            if not sequence.goes_on(call, outcome):
                break
        return Answers(outcomes=tuple(outcomes))

    async def _answered(
        self, sequence: CallSequence, call: Call, entered: _Entered | None
    ) -> tuple[Outcome | None, Writing | None]:
        """What the outside says, and how that is written; no answer yet of what is only written."""
        if call.operation is Operation.INQUIRE:
            return await self._progress(sequence, call), None
        if call.operation is Operation.RESERVE:
            return None, self._inventory.holding_for_change(call)
        exchange = self._exchange(call)
        if entered is None:
            async with transaction(self._pool) as connection:
                entered = _Entered(*await exchange.before(connection))
        known = entered.intent.outcome
        if known is not None:
            return known, _only_saved(call, known)
        async with asyncio.timeout(ONE_CALL):
            outcome = await exchange.ask(entered.prepared, entered.intent.at)
        return outcome, _settling(exchange, call, outcome)

    async def _progress(self, sequence: CallSequence, question: Call) -> Outcome:
        """How far the carrier is. A repeat that finds more of the sequence entered asks nothing: it got that answer."""
        later = [call.key for call in sequence.calls[sequence.calls.index(question) + 1 :]]
        async with statement(self._pool) as connection:
            if await effects.any_entered(connection, later):
                return Outcome(code=sequence.expected[question.key])
        async with asyncio.timeout(ONE_CALL):
            return await self._shipping.progress(question)

    async def _settled(
        self, call: Call, outcome: Outcome | None, write: Writing | None, following: Call | None
    ) -> tuple[Outcome, _Entered | None]:
        """Writes the answer, and with it the intent of the call that follows, if it is one to the outside."""
        enters = following is not None and following.operation in (Operation.AUTHORIZE, Operation.CANCEL_SHIPMENT)
        if write is None and not enters:
            assert outcome is not None, "a call that neither asks nor writes"
            return outcome, None
        try:
            async with transaction(self._pool) as connection:
                if write is not None:
                    outcome = await write(connection)
                assert outcome is not None, "a call that neither asks nor writes"
                if following is None or not enters or outcome.refused:
                    return outcome, None
                return outcome, _Entered(*await self._exchange(following).before(connection))
        except UniqueViolation:
            known = await known_outcome(self._pool, call)
            if known is None:
                raise
            return known, None

    def _exchange(self, call: Call) -> Exchange[Any]:
        if call.operation not in self._exchanges:
            raise bug(f"{call.operation} does not go in a sequence.")
        return self._exchanges[call.operation](call)


def _settling(exchange: Exchange[Any], call: Call, outcome: Outcome) -> Writing:
    async def write(connection: Connection) -> Outcome:
        await exchange.after(connection, outcome)
        if not outcome.refused:
            await revisions.apply(connection, call)
        return outcome

    return write


def _only_saved(call: Call, outcome: Outcome) -> Writing:
    """An earlier attempt settled it."""

    async def write(connection: Connection) -> Outcome:
        if not outcome.refused:
            await save(connection, call)
        return outcome

    return write
