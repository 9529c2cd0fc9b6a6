"""`authorize`: has the payment provider hold the group's amount; undone by voiding it (PAY2)."""

from domain.money import Money, words_of
from domain.policy.model import Step
from domain.process.calls import AuthorizePayment, Undo
from domain.process.draft import Draft
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run
from domain.process.tasks.leaving import all_left
from domain.process.words import Operation


class Authorize:
    """One authorization a group, because most cards allow one capture each (design, hard case 7)."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        amount = draft.amount(group)
        if amount == 0:
            draft.skip(group, step)
            return
        run = draft.begin(group, step, operation=Operation.AUTHORIZE, amount=amount)
        assert run.key is not None
        work = AuthorizePayment(amount=amount, currency=draft.facts.currency)
        draft.call(run, group.id, run.key, work, f"authorize {_sum(run)}")

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        assert run.key is not None
        draft.change_run(group.id, run.step, expires_at=outcome.expires_at)
        draft.tell(run.key, "payment.authorized", f"{_sum(run)} authorized.", group=group.id)

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        return False

    def needed(self, draft: Draft, group: Group) -> str:
        """As long as anything can leave: nothing ships that no money stands behind (I7)."""
        if all_left(draft, group):
            return ""
        return (
            "Nothing may leave that no money stands behind. Have the payment mended and try again, or cancel the order."
        )

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        assert run.key is not None
        key = draft.next_key(group.id, run.step, Operation.VOID, of=run.key)
        words = f"authorization of {_sum(run)} voided"
        draft.call(run, group.id, key, Undo(kind=Operation.VOID, of=run.key), words, undo=True)
        return words


def _sum(run: Run) -> str:
    return words_of(Money(run.snapshot.amount or 0, run.snapshot.currency))
