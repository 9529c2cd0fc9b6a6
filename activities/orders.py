"""Opens an order, and saves where it stands."""

from psycopg.errors import UniqueViolation
from temporalio import activity

from activities.bundles import Bundles
from activities.faults import told_apart, work_of
from activities.running import unit_of
from domain.opening import open_order
from domain.pricing import NoPriceError
from domain.process.calls import Call, OpenOrder, SaveOrder
from domain.process.outcomes import Outcome
from domain.process.words import Operation
from store import opening
from store.pool import Pool, statement, transaction
from store.saving import save


class Orders:
    """Both are safe to repeat without a row in the effects ledger: they have no inverse, and their rows know them."""

    def __init__(self, pool: Pool, bundles: Bundles | None = None) -> None:
        self._pool = pool
        self._bundles = bundles or Bundles()

    @activity.defn(name=Operation.OPEN)
    async def open_order(self, call: Call) -> Outcome:
        """Prices, assigns and groups the lines by the bundle the order is pinned to; the same answer ever after.

        An order that is resumed is opened as it is at its revision.
        """
        resumed = work_of(call, OpenOrder).resumed
        with told_apart():
            try:
                outcome = await self._open(call)
            except UniqueViolation:  # another attempt was faster by an instant: now it is found
                outcome = await self._open(call)
            return await self._with_known(call, outcome) if resumed else outcome

    async def _with_known(self, call: Call, outcome: Outcome) -> Outcome:
        """The answer to an order that is resumed tells what its ledger knows, and which changes have their answers."""
        if outcome.opened is None:
            return outcome
        async with statement(self._pool) as connection:
            known = await opening.read_known(connection, call.order)
            answered = await opening.read_answered(connection, call.order)
        opened = outcome.opened.model_copy(update={"known": known, "answered": answered})
        return outcome.model_copy(update={"opened": opened})

    async def _open(self, call: Call) -> Outcome:
        async with statement(self._pool) as connection:
            work = work_of(call, OpenOrder)
            order = await opening.read(connection, call.order, work.revision or 1)
            bundle = await self._bundles.get(connection, order.bundle)
            if order.opened is not None:
                await save(connection, call)
                if not work.resumed:
                    return Outcome(opened=order.opened)
                was = {"rows": order.rows, "dropped": order.dropped}
                return Outcome(opened=order.opened.model_copy(update=was))
        try:
            fresh = open_order(order.document, bundle, order.prices, order.available)
        except NoPriceError as error:
            return Outcome(refused=True, code="no_price", words=str(error))
        unit = statement if call.save is None else transaction
        async with unit(self._pool) as connection:
            await opening.write(connection, call.order, fresh)
            await save(connection, call)
        return Outcome(opened=fresh.opened)

    @activity.defn(name=Operation.SAVE)
    async def save_order(self, call: Call) -> Outcome:
        """Writes the call's save."""
        work_of(call, SaveOrder)
        with told_apart():
            async with unit_of(call)(self._pool) as connection:
                await save(connection, call)
        return Outcome()
