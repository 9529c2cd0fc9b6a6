"""Holds stock for an order, and gives it back (GOP13)."""

from collections.abc import Awaitable, Callable

from psycopg import Rollback
from temporalio import activity

from activities.faults import told_apart, work_of
from activities.running import once
from domain.process.calls import Call, CheckStock, ReserveStock, TrimReservation, Undo
from domain.process.outcomes import Outcome
from domain.process.words import Operation
from store import effects, holding, revisions, shipments, stock
from store.pool import Connection, Pool, transaction
from store.saving import save

FENCED = Outcome(refused=True, code="released_before_arrival", words="The reservation was released before it arrived.")


class Inventory:
    """Each is one transaction in our own database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Operation.RESERVE)
    async def reserve_stock(self, call: Call) -> Outcome:
        """Holds every line of the call, or none: then it is refused `out_of_stock`, with words naming what is short.

        One that replaces another takes over what that still holds, and takes only the difference from stock.
        """
        work = work_of(call, ReserveStock)

        async def do(connection: Connection) -> Outcome:
            short = await stock.reserve(connection, call, work)
            return await _held_or_refused(connection, call, _shortage(short, work.location))

        if call.revision == 1 and work.replaces is None and work.skus is None:
            return await once(self._pool, call, do)
        return await once(self._pool, call, self.holding_for_change(call), unit=transaction)

    def holding_for_change(self, call: Call) -> Callable[[Connection], Awaitable[Outcome]]:
        """What `reserve_stock` does for a change, in the caller's transaction; UniqueViolation if done before."""
        work = work_of(call, ReserveStock)

        async def do(connection: Connection) -> Outcome:
            async with connection.transaction() as attempt:
                short = await holding.reserve(connection, call, work)
                if short:
                    raise Rollback(attempt)  # nor is what it would replace kept from coming
                await revisions.apply(connection, call)
            return await _held_or_refused(connection, call, _shortage(short, work.location, "more "))

        return do

    @activity.defn(name=Operation.TRIM)
    async def trim_reservation(self, call: Call) -> Outcome:
        """Gives back what the reserve effect `of` holds beyond what the call names. Repeated, it finds nothing more.

        It has no row in the effects ledger: what is to be held in the end says all.
        """
        work = work_of(call, TrimReservation)
        with told_apart():
            async with transaction(self._pool) as connection:
                await holding.trim(connection, call, work)
                await save(connection, call)
        return Outcome()

    @activity.defn(name=Operation.CHECK)
    async def check_stock(self, call: Call) -> Outcome:
        """Whether reservations would be held, in the words in which they would be refused; nothing is held (CHG13)."""
        work = work_of(call, CheckStock)
        with told_apart():
            async with self._pool.connection() as connection:
                short = await holding.check(connection, work)
        places = ", ".join(dict.fromkeys(wanted.location for wanted in work.wanted))
        words = _shortage(short, places, "more ")
        return Outcome(refused=True, code="out_of_stock", words=words) if short else Outcome()

    @activity.defn(name=Operation.RELEASE)
    async def release_stock(self, call: Call) -> Outcome:
        """Gives back what the reserve effect `of` still holds; should that effect still arrive, it holds nothing."""
        work = work_of(call, Undo)

        async def do(connection: Connection) -> Outcome:
            await effects.fence(connection, call, work.of, Operation.RESERVE, FENCED)
            await stock.release(connection, work.of, lost=bool(work.lost))
            if work.left_as is not None:
                await shipments.lost(connection, work.left_as)
            await effects.record(connection, call, Outcome())
            await save(connection, call)
            return Outcome()

        return await once(self._pool, call, do, unit=transaction)


async def _held_or_refused(connection: Connection, call: Call, shortage: str) -> Outcome:
    if not shortage:
        return Outcome()
    refused = Outcome(refused=True, code="out_of_stock", words=shortage)
    await effects.record(connection, call, refused)
    return refused


def _shortage(short: list[stock.Shortage], location: str, more: str = "") -> str:
    """What is missing, in words; "" if nothing is."""
    parts = "; ".join(f"{item.sku}: {item.wanted} {more}wanted, {item.available} available" for item in short)
    return f"Not enough stock at {location}. {parts}." if parts else ""
