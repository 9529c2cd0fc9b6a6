"""Going on without a parked step, because an operator says so (ORC19).

A skipped step counts as passed. What it would have done is never done, so each task says when it is needed. What may
have happened outside is never forgotten: a call without an answer is tried again first.
"""

from collections.abc import Iterator

from domain.process.applying import let_go_of_authorization, undo_leftovers
from domain.process.draft import Draft
from domain.process.events import SkipAsked
from domain.process.facts import LEFT_ANYWAY
from domain.process.flow import standing_at
from domain.process.state import Group, OrderState, Run, RunState
from domain.process.tasks import TASKS
from domain.process.updates import UPDATED_ANYWAY


def refusal(state: OrderState, asked: SkipAsked) -> tuple[str, str] | None:
    """Code and words why the step cannot be skipped now, before anything is touched; None if it can be."""
    return _refusal(Draft(state, state.clock), asked)


def skippable(state: OrderState) -> set[tuple[str, str]]:
    """Group and step of all that is parked and could be skipped now."""
    draft = Draft(state, state.clock)
    return {(group.id, run.step) for group, run in _standing(draft) if _not_skippable(draft, group, run) is None}


def groups_meant(state: OrderState, asked: SkipAsked) -> tuple[str, ...]:
    """The groups that would go on without the step."""
    return tuple(group.id for group, _ in _meant(Draft(state, state.clock), asked))


def skip(draft: Draft, asked: SkipAsked) -> None:
    """Lets the groups go on without the step; nothing at all where one of them cannot."""
    if _refusal(draft, asked) is not None:
        return
    for group, run in _meant(draft, asked):
        assert run.parked is not None
        draft.amend(group.id, run, state=RunState.SKIPPED, parked=None)
        words = f"{_name(run.step)} skipped by {asked.requested_by or 'an unnamed operator'}"
        draft.tell(
            f"skipped/{draft.base.version}/{group.id}/{run.step}",
            "step.skipped",
            f"{words}; it was parked: {run.parked.words}",
            why=asked.reason,
            code=run.parked.code,
            step=run.step,
            group=group.id,
            requested_by=asked.requested_by,
            request=asked.request or None,
        )
        let_go_of_authorization(draft, group.id, run)
        undo_leftovers(draft)


def _refusal(draft: Draft, asked: SkipAsked) -> tuple[str, str] | None:
    if draft.change is not None:
        words = "The order is being changed. A step that takes something back can be tried again, but not skipped."
        return "not_skippable", words
    if not asked.reason.strip() and not asked.request:
        return "reason_missing", "Say why the order is to go on without the step; the reason is kept with the order."
    meant = _meant(draft, asked)
    if not meant:
        found = ", ".join(f"{run.step} (group {group.id})" for group, run in _standing(draft))
        there = f"What is parked and could go on: {found}." if found else "No step is parked that could go on."
        return "nothing_to_skip", f"{_name(asked.step)} is not parked. {there}"
    refusals = (_not_skippable(draft, group, run) for group, run in meant)
    return next((refused for refused in refusals if refused is not None), None)


def _meant(draft: Draft, asked: SkipAsked) -> list[tuple[Group, Run]]:
    standing = ((group, run) for group, run in _standing(draft) if run.step == asked.step)
    return [(group, run) for group, run in standing if asked.group in (None, group.id)]


def _standing(draft: Draft) -> Iterator[tuple[Group, Run]]:
    """What is parked where its group stands, or behind it; all else waits for the steps before it in any case."""
    if not draft.opened or draft.change is not None:
        return
    for group in draft.groups.values():
        parked = [run for run in group.runs.values() if run.parked is not None]
        here = standing_at(draft.process(group), group) if parked else set()
        yield from ((group, run) for run in parked if run.step in here)
        yield from ((group, run) for run in group.past if run.parked is not None)


def _not_skippable(draft: Draft, group: Group, run: Run) -> tuple[str, str] | None:
    assert run.parked is not None
    step = _name(run.step)
    if run.parked.undo is not None:
        words = f"{step} is to be taken back, which may have happened already. It can be tried again, but not skipped."
        return "not_skippable", words
    if run.unanswered is not None:
        words = f"{step} got no answer, so it may have happened. Try again first: the same key cannot do it twice."
        return "may_have_happened", words
    if run.parked.code in (LEFT_ANYWAY, UPDATED_ANYWAY):
        return None
    needed = TASKS[run.task].needed(draft, group)
    return ("not_skippable", f"{step} cannot be skipped. {needed}") if needed else None


def _name(step: str) -> str:
    return step.replace("_", " ").capitalize()
