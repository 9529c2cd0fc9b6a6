"""Holds stock for an order, and gives it back (GOP13)."""

from temporalio import activity

from activities.faults import work_of
from activities.running import once
from domain.process.messages import Call, Outcome, ReserveStock, Undo
from domain.process.words import Operation
from store import effects, stock
from store.pool import Connection, Pool, transaction
from store.saving import save

FENCED = Outcome(refused=True, code="released_before_arrival", words="The reservation was released before it arrived.")


class Inventory:
    """Both are one transaction in our own database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Operation.RESERVE)
    async def reserve_stock(self, call: Call) -> Outcome:
        """Holds every line of the call, or none: then it is refused `out_of_stock`, with words naming what is short."""
        work = work_of(call, ReserveStock)

        async def do(connection: Connection) -> Outcome:
            short = await stock.reserve(connection, call, work)
            if not short:
                return Outcome()
            refused = Outcome(refused=True, code="out_of_stock", words=_shortage(short, work.location))
            await effects.record(connection, call, refused)
            return refused

        return await once(self._pool, call, do)

    @activity.defn(name=Operation.RELEASE)
    async def release_stock(self, call: Call) -> Outcome:
        """Gives back what the reserve effect `of` still holds; should that effect still arrive, it holds nothing."""
        work = work_of(call, Undo)

        async def do(connection: Connection) -> Outcome:
            await effects.fence(connection, call, Operation.RESERVE, FENCED)
            await stock.release(connection, work.of)
            await effects.record(connection, call, Outcome())
            await save(connection, call)
            return Outcome()

        return await once(self._pool, call, do, unit=transaction)


def _shortage(short: list[stock.Shortage], location: str) -> str:
    parts = "; ".join(f"{item.sku}: {item.wanted} wanted, {item.available} available" for item in short)
    return f"Not enough stock at {location}. {parts}."
