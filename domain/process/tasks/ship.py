"""`ship`: asks the carrier to ship the group; undone by cancelling the request, which may be refused (CHG10).

The request returns at once; a `wait` step ends when the carrier says how far it is (ORC3).
"""

from domain.policy.model import Step, TaskWord
from domain.process.calls import RequestShipment, Undo
from domain.process.conditions import picked_lines
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run
from domain.process.words import Operation

ALWAYS_WAKE = ("lost", "damaged")
"""What the process must hear of even if no step waits for it."""


class Ship:
    """One live request a fulfillment line (I12)."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        lines = picked_lines(draft, group, step)
        if not lines:
            draft.skip(group, step)
            return
        run = draft.begin(group, step, operation=Operation.SHIP, lines=lines)
        assert run.key is not None
        work = RequestShipment(
            location=group.location,
            method=run.snapshot.method,
            lines=run.snapshot.lines,
            wakes=_wakes(draft, group, step),
        )
        draft.call(run, group.id, run.key, work, f"request shipment by {run.snapshot.method}")

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        assert run.key is not None
        draft.change_run(group.id, run.step, ref=outcome.ref)
        draft.tell(run.key, "shipment.requested", f"Shipment by {run.snapshot.method} requested.", group=group.id)

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        return False

    def needed(self, draft: Draft, group: Group) -> str:
        """Always: else it would be invoiced and never leave (I5)."""
        return (
            "Without its shipment request nothing would leave, and still it would be invoiced."
            " Mend it at the carrier and try again, or cancel the order."
        )

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        assert run.key is not None
        key = draft.next_key(group.id, run.step, Operation.CANCEL_SHIPMENT, of=run.key)
        words = f"shipment request by {run.snapshot.method} cancelled"
        draft.call(run, group.id, key, Undo(kind=Operation.CANCEL_SHIPMENT, of=run.key), words, undo=True)
        return words


def _wakes(draft: Draft, group: Group, step: Step) -> tuple[str, ...]:
    waits = (
        other.until
        for other in steps_of(draft.process(group))
        if other.do is TaskWord.WAIT and other.of == step.step and other.until is not None
    )
    return tuple(dict.fromkeys((*(str(until) for until in waits), *ALWAYS_WAKE)))
