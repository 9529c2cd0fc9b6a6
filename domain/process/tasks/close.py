"""`close`: the end of a process, where a policy wants to name it."""

from domain.policy.model import Step
from domain.process.draft import Draft
from domain.process.state import Group, RunState
from domain.process.tasks.base import Quiet


class Close(Quiet):
    """Done at once."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        run = draft.begin(group, step)
        draft.change_run(group.id, run.step, state=RunState.DONE)
