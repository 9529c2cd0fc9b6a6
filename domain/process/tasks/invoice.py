"""`invoice`: bills what was shipped, with a number that leaves no gap; undone by a credit memo (PAY3)."""

from domain.money import Money, words_of
from domain.policy.model import Step
from domain.process.calls import CreateInvoice, Undo
from domain.process.draft import Draft
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run
from domain.process.words import Operation


class Invoice:
    """One invoice a shipment."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        shipment = draft.shipment_key(group)
        amount = draft.amount(group)
        run = draft.begin(group, step, operation=Operation.INVOICE, amount=amount)
        if shipment is None:
            draft.park(group.id, run, "nothing_to_invoice", "Nothing was asked to be shipped that could be invoiced.")
            return
        first, facts = draft.is_first(group), draft.facts
        work = CreateInvoice(
            shipment=shipment,
            lines=run.snapshot.lines,
            goods=sum(draft.line_in(group, number).amount for number in group.lines),
            charges=facts.charges if first else 0,
            tax=facts.tax if first else 0,
            currency=facts.currency,
            paid=draft.run_of(group, Operation.CAPTURE) is not None,
        )
        assert run.key is not None
        draft.call(run, group.id, run.key, work, f"invoice {_sum(run)}")

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        assert run.key is not None
        draft.tell(run.key, "invoice.created", f"Invoice over {_sum(run)} created.", group=group.id)

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        return False

    def needed(self, draft: Draft, group: Group) -> str:
        """Always: goods that left, and money that was taken, would stand against nothing (I4)."""
        return "What is shipped has to be invoiced. Try again, or cancel the order if nothing has left."

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        assert run.key is not None
        key = draft.next_key(group.id, run.step, Operation.CREDIT, of=run.key)
        words = f"credit memo over {_sum(run)} created"
        work = Undo(kind=Operation.CREDIT, of=run.key, amount=run.snapshot.amount or 0, currency=run.snapshot.currency)
        draft.call(run, group.id, key, work, words, undo=True)
        return words


def _sum(run: Run) -> str:
    return words_of(Money(run.snapshot.amount or 0, run.snapshot.currency))
