"""`capture`: takes the authorized money for what was shipped; undone by a refund (PAY2, I3)."""

from domain.money import Money, words_of
from domain.policy.model import Step
from domain.process.calls import CapturePayment, Undo
from domain.process.draft import Draft
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run, RunState
from domain.process.tasks.leaving import all_left
from domain.process.words import Operation

LAPSED = frozenset({"authorization_expired", "voided"})
"""Refusals that a fresh authorization mends (PAY2)."""


class Capture:
    """At most what was authorized, and once a shipment."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        authorization, shipment = draft.run_of(group, Operation.AUTHORIZE), draft.shipment_key(group)
        amount = draft.amount(group)
        if amount == 0:
            draft.skip(group, step)
            return
        run = draft.begin(group, step, operation=Operation.CAPTURE, amount=amount)
        if authorization is None or authorization.key is None or shipment is None:
            draft.park(group.id, run, "nothing_to_capture", "There is no authorization or shipment to capture for.")
            return
        assert run.key is not None
        work = CapturePayment(
            authorization=authorization.key, shipment=shipment, amount=amount, currency=draft.facts.currency
        )
        draft.call(run, group.id, run.key, work, f"capture {_sum(run)}")

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        assert run.key is not None
        draft.tell(run.key, "payment.captured", f"{_sum(run)} captured.", group=group.id)
        _let_go_of_the_rest(draft, group, run)

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        """An expired authorization is made anew: the run of `authorize` lapses, and the process walks on from there.

        By itself only once: a provider that holds no money for as long as a capture takes would be asked for ever.
        """
        authorization = draft.run_of(group, Operation.AUTHORIZE)
        if outcome.code not in LAPSED or authorization is None:
            return False
        lapse(draft, group.id, authorization)
        if any(past.step == run.step for past in group.past):
            return False
        draft.change_run(group.id, run.step, state=RunState.UNDONE)
        return True

    def needed(self, draft: Draft, group: Group) -> str:
        """As long as anything can leave: its authorization is given back, and until then has to cover it (I7)."""
        if all_left(draft, group):
            return ""
        return (
            "Not all of it has left yet, and nothing may leave that no money stands behind."
            " Have the payment mended and try again, or cancel the order."
        )

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        assert run.key is not None
        key = draft.next_key(group.id, run.step, Operation.REFUND, of=run.key)
        words = f"{_sum(run)} refunded"
        work = Undo(kind=Operation.REFUND, of=run.key, amount=run.snapshot.amount or 0, currency=run.snapshot.currency)
        draft.call(run, group.id, key, work, words, undo=True)
        return words


def _let_go_of_the_rest(draft: Draft, group: Group, captured: Run) -> None:
    """A change made the group cost less than is authorized: what is not captured is voided (PAY2, I2)."""
    held = draft.run_of(group, Operation.AUTHORIZE)
    rest = 0 if held is None else (held.snapshot.amount or 0) - (captured.snapshot.amount or 0)
    if held is None or held.key is None or rest <= 0 or _was_given_back(draft, held.key):
        return
    draft.seq += 1
    snapshot = held.snapshot.model_copy(update={"amount": rest})
    left = held.model_copy(update={"state": RunState.UNDOING, "snapshot": snapshot, "seq": draft.seq})
    draft.change_run(group.id, held.step, key=None)
    group = draft.groups[group.id]
    draft.put(group.model_copy(update={"past": (*group.past, left)}))


def _was_given_back(draft: Draft, authorization: str) -> bool:
    """Whether a resumed order had done so in its earlier life."""
    return any(effect.key == authorization and effect.over for effect in draft.known or ())


def lapse(draft: Draft, group_id: str, authorization: Run) -> None:
    """The hold of money is gone by itself: there is nothing to void, and a new one is needed."""
    draft.change_run(group_id, authorization.step, state=RunState.UNDONE)
    draft.tell(
        f"lapsed/{authorization.key}",
        "payment.authorization_expired",
        f"The authorization of {_sum(authorization)} expired; a new one is made.",
        group=group_id,
    )


def _sum(run: Run) -> str:
    return words_of(Money(run.snapshot.amount or 0, run.snapshot.currency))
