"""Asks the carrier to ship, to cancel, and how far it is (SHP1)."""

from datetime import datetime

from temporalio import activity

from activities.faults import told_apart, work_of
from activities.running import Exchange, across, only_intent, unit_of
from adapters.ports import Carrier, Progress, ShipmentAsked, UpdateAsked
from domain.process.calls import Call, InquireShipment, RequestShipment, Undo, UpdateShipment
from domain.process.outcomes import Outcome
from domain.process.updates import UPDATABLE, can_be_updated
from domain.process.words import Operation
from store import shipment_updates, shipments
from store.effects import Intent
from store.pool import Connection, Pool
from store.saving import save
from store.shipments import ToSend

UNKNOWN = "unknown"


class Shipping:
    """The address is read from the order here and goes to the carrier only (design rule 7)."""

    def __init__(self, pool: Pool, carrier: Carrier) -> None:
        self._pool = pool
        self._carrier = carrier

    @activity.defn(name=Operation.SHIP)
    async def request_shipment(self, call: Call) -> Outcome:
        """Requests one shipment of the call's lines; `ref` is the carrier's name of it."""
        work = work_of(call, RequestShipment)

        async def before(connection: Connection) -> tuple[Intent, ToSend]:
            return await shipments.request(connection, call, work)

        async def ask(to_send: ToSend, at: datetime) -> Outcome:
            asked = ShipmentAsked(call.order, call.group, work.method, to_send.ship_to, to_send.lines, at)
            return await self._carrier.request(call.key, asked)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await shipments.requested(connection, call, outcome)

        return await across(self._pool, call, before=before, ask=ask, after=after)

    @activity.defn(name=Operation.INQUIRE)
    async def inquire_shipment(self, call: Call) -> Outcome:
        """How far the carrier is with the request `of`: its own word as `code`, `unknown` if it never saw the request.

        It only reads, so it has no row in the effects ledger, and our own row of the shipment waits for the carrier's
        fact (design, hard case 3).
        """
        with told_apart():
            outcome = await self.progress(call)
            async with unit_of(call)(self._pool) as connection:
                await save(connection, call)
        return outcome

    async def progress(self, call: Call) -> Outcome:
        """As `inquire_shipment`, with nothing saved."""
        work = work_of(call, InquireShipment)
        progress = await self._carrier.inquire(work.of)
        updates = await self._updates(progress) if work.updates else None
        if progress is None or not progress.status:
            return Outcome(code=UNKNOWN)
        return Outcome(code=progress.status, ref=progress.ref, at=progress.at, updates=updates or None)

    async def _updates(self, progress: Progress | None) -> bool:
        """Whether the carrier says that it can update a request that is so far (CHG7)."""
        if progress is None or progress.status not in UPDATABLE:
            return False
        can = await self._carrier.capabilities()
        return can_be_updated(progress.status, update=can.update, relabel=can.relabel)

    @activity.defn(name=Operation.UPDATE_SHIPMENT)
    async def update_shipment(self, call: Call) -> Outcome:
        """Has the carrier make the request `of` what the call says; refused where it cannot, or is too far (CHG7)."""
        work = work_of(call, UpdateShipment)

        async def before(connection: Connection) -> tuple[Intent, ToSend]:
            return await shipment_updates.intended(connection, call, work)

        async def ask(to_send: ToSend, at: datetime) -> Outcome:
            asked = UpdateAsked(work.method, to_send.ship_to, to_send.lines, work.instead_of)
            outcome = await self._carrier.update(call.key, work.of, asked, at)
            return outcome.model_copy(update={"ref": None})  # the request's own, which it keeps

        async def after(connection: Connection, outcome: Outcome) -> None:
            await shipment_updates.settled(connection, call, work, outcome)

        return await across(self._pool, call, before=before, ask=ask, after=after)

    @activity.defn(name=Operation.CANCEL_SHIPMENT)
    async def cancel_shipment(self, call: Call) -> Outcome:
        """Cancels the request `of`, whether or not its answer ever came; refused once the carrier is too far."""
        parts = self.cancellation(call)
        return await across(self._pool, call, before=parts.before, ask=parts.ask, after=parts.after)

    def cancellation(self, call: Call) -> Exchange[None]:
        """The parts of `cancel_shipment`."""
        work = work_of(call, Undo)

        async def ask(_: None, at: datetime) -> Outcome:
            return await self._carrier.cancel(call.key, work.of, at)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await shipments.cancelled(connection, call, work, outcome)

        return Exchange(only_intent(call), ask, after)
