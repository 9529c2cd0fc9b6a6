"""Bills what was shipped, and takes a bill back (PAY3)."""

from temporalio import activity

from activities.faults import work_of
from activities.running import once
from domain.process.calls import Call, CreateInvoice, Undo
from domain.process.outcomes import Outcome
from domain.process.words import Operation
from store import effects, invoicing
from store.pool import Connection, Pool, transaction
from store.saving import save

FENCED = Outcome(refused=True, code="credited_before_arrival", words="The invoice was taken back before it arrived.")


class Invoicing:
    """Both are one transaction in our own database; `ref` is the number."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Operation.INVOICE)
    async def create_invoice(self, call: Call) -> Outcome:
        """One invoice for one shipment, with the next number and its postings."""
        work = work_of(call, CreateInvoice)

        async def do(connection: Connection) -> Outcome:
            return Outcome(ref=await invoicing.create_invoice(connection, call, work), at=call.at)

        return await once(self._pool, call, do)

    @activity.defn(name=Operation.CREDIT)
    async def create_credit_memo(self, call: Call) -> Outcome:
        """Takes the invoice `of` back whole; `never_invoiced` when there is none, and then there never will be."""
        work = work_of(call, Undo)

        async def do(connection: Connection) -> Outcome:
            await effects.fence(connection, call, work.of, Operation.INVOICE, FENCED)
            number = await invoicing.create_credit_memo(connection, call.key, work.of, call.at)
            outcome = Outcome(ref=number, at=call.at) if number else Outcome(code="never_invoiced", at=call.at)
            await effects.record(connection, call, outcome)
            await save(connection, call)
            return outcome

        return await once(self._pool, call, do, unit=transaction)
