"""`reserve`: holds stock for every line of the group at its location; undone by giving it back (GOP13)."""

from domain.policy.model import Step
from domain.process.calls import ReserveStock, Undo
from domain.process.conditions import picked_lines
from domain.process.draft import Draft
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run
from domain.process.words import Operation


class Reserve:
    """All lines or none: a half-reserved group would promise what it cannot ship."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        lines = picked_lines(draft, group, step)
        if not lines:
            draft.skip(group, step)
            return
        run = draft.begin(group, step, operation=Operation.RESERVE, lines=lines)
        assert run.key is not None
        work = ReserveStock(location=group.location, lines=run.snapshot.lines)
        draft.call(run, group.id, run.key, work, f"reserve {_units(run)} units at {group.location}")

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        assert run.key is not None
        draft.tell(run.key, "stock.reserved", f"{_units(run)} units reserved at {group.location}.", group=group.id)

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        return False

    def needed(self, draft: Draft, group: Group) -> str:
        """Always: what holds no stock could be sold twice (I1)."""
        return "Nothing can be shipped that is not held in stock. Receive stock and try again, or cancel the order."

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        assert run.key is not None
        key = draft.next_key(group.id, run.step, Operation.RELEASE, of=run.key)
        what = "written off" if run.lost else "given back"
        words = f"{_units(run)} units{' that had left' if run.left_as else ''} {what} at {run.snapshot.location}"
        work = Undo(kind=Operation.RELEASE, of=run.key, lost=run.lost, left_as=run.left_as)
        draft.call(run, group.id, key, work, words, undo=True)
        return words


def _units(run: Run) -> int:
    return sum(run.snapshot.lines.values())
