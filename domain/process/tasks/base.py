"""What every task of the vocabulary has: how it begins, what its outcome means, how it is undone.

A step and its undo live together, one short module a task. The undo gets the run with its key, so it works
even where the answer to the original call was lost.
"""

from typing import Protocol

from domain.policy.model import Step
from domain.process.draft import Draft
from domain.process.outcomes import Outcome
from domain.process.state import Group, Run


class Task(Protocol):
    """One word of the vocabulary (ORC2)."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        """Starts a run: done at once, waiting, or with a call sent."""

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        """The call was done: tell what happened. The run is already marked done."""

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        """The other side said no. True when the task has dealt with it; False to park the run."""

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        """Sends the inverse call; returns what that does, in words."""

    def needed(self, draft: Draft, group: Group) -> str:
        """Why an operator cannot have the parked step skipped, and what to do instead; empty when it can be (ORC19).

        What a skipped step would have done is never done for this group, so an invariant that rests on it forbids it.
        """


class Quiet:
    """A task without an effect: nothing to tell, nothing to undo."""

    def done(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
        """No call, so no outcome."""

    def refused(self, draft: Draft, group: Group, run: Run, outcome: Outcome) -> bool:
        """No call, so no refusal."""
        return False

    def undo(self, draft: Draft, group: Group, run: Run) -> str:
        """Nothing to take back."""
        return ""

    def needed(self, draft: Draft, group: Group) -> str:
        """It asks nothing of anybody, so it never stands in the way."""
        return ""
