"""Holds: what they keep from being begun, until they are released (CAP9, I7).

A hold cuts nothing short: what is on its way comes to its end, and what is taken back is taken back. It keeps every
step, or those it names, of its groups from being begun; a line is held with its group, for the lines of a group travel
together. A change or a cancel is possible all the same, and what it does anew is held too.
"""

from collections.abc import Iterator

from domain.policy.model import Process, Step
from domain.process.draft import PARKED_FOR, Draft
from domain.process.events import HoldAsked, ReleaseAsked
from domain.process.flow import finished, standing_at, steps_of, steps_taken
from domain.process.read_model import Hold, Waiting
from domain.process.state import Group, OrderState, RunState
from limits import MAX_HOLDS

NOT_HOLDABLE, ADMIN = "not_holdable", "admin"
_CONTENT = {"code", "line", "step", "when", "role"}

Order = Draft | OrderState


def keeps_back(order: Order, group: Group, step: Step) -> bool:
    """Whether a step must not be begun."""
    return any(_covers(hold, group) and _names(hold, step) for hold in order.holds)


def keeps_back_named(order: Order, group: Group, name: str) -> bool:
    """Whether the step of that name must not be begun, nor tried again."""
    return any(keeps_back(order, group, step) for step in steps_of(_process(order, group)) if step.step == name)


def _covers(hold: Hold, group: Group) -> bool:
    return hold.line is None or hold.line in group.lines


def _names(hold: Hold, step: Step) -> bool:
    return hold.step in (None, step.step, str(step.do))


def _process(order: Order, group: Group) -> Process:
    policy = order.policy
    assert policy is not None
    return policy.processes[group.process]


# ---- where they stand -----------------------------------------------------------------------------------


def standing(state: OrderState) -> tuple[Hold, ...]:
    """The holds that something is left to keep back for."""
    return tuple(hold for hold in state.holds if any(True for _ in _open_groups(state, hold)))


def _open_groups(state: OrderState, hold: Hold) -> Iterator[Group]:
    for group in state.groups.values():
        if _covers(hold, group) and not group.cancelled and not finished(_process(state, group), group):
            yield group


def waits(state: OrderState) -> list[Waiting]:
    """What the holds that are in force wait for: their release. One for a later step says nothing before that."""
    shown = []
    for hold in state.holds:
        groups = [group for group in _open_groups(state, hold) if _in_force(state, hold, group)]
        if groups:
            shown.append(_wait(hold, groups))
    return shown


def _in_force(state: OrderState, hold: Hold, group: Group) -> bool:
    process = _process(state, group)
    named = [step for step in steps_taken(process, group) if _names(hold, step)]
    if hold.when == "reached":
        here = standing_at(process, group)
        return any(step.step in here and not _begun(group, step) for step in named)
    return any(step.step not in group.runs or not group.runs[step.step].passed for step in named)


def _begun(group: Group, step: Step) -> bool:
    run = group.runs.get(step.step)
    return run is not None and run.state is not RunState.UNDONE


def _wait(hold: Hold, groups: list[Group]) -> Waiting:
    return Waiting(
        what=f"hold {hold.id}",
        why=f"On hold: {_what(hold)} until it is released.",
        who=hold.role or "operations",
        until=hold.until,
        step=hold.step or "",
        group=groups[0].id if hold.line is not None or len(groups) == 1 else "",
        code=hold.code,
        parked=True,
        hold=hold.id,
    )


def _what(hold: Hold) -> str:
    of = "" if hold.line is None else f" for line {hold.line} and what travels with it"
    return f"nothing more is begun{of}" if hold.step is None else f"{_name(hold.step)} is not begun{of}"


def _name(step: str) -> str:
    return step.replace("_", " ")


# ---- placing ---------------------------------------------------------------------------------------------


def refusal(state: OrderState, asked: HoldAsked) -> tuple[str, str] | None:
    """Code and words why the hold cannot be placed; None if it can, or is there already."""
    if state.policy is None:
        return None
    known = next((hold for hold in state.holds if hold.id == asked.id), None)
    if known is not None:
        same = known.model_dump(include=_CONTENT) == asked.model_dump(include=_CONTENT)
        return None if same else ("hold_id_reused", f"Hold {asked.id} is there already, and is another one.")
    if not asked.reason.strip() and not asked.request:
        return NOT_HOLDABLE, "Say why the order is to be held; the reason is kept with it."
    if asked.when == "reached" and asked.step is None:
        return NOT_HOLDABLE, "Say which step is to be held when it is reached."
    if len(state.holds) >= MAX_HOLDS:
        return NOT_HOLDABLE, f"The order has {len(state.holds)} holds; release one first."
    return _nothing_to_hold(state, asked)


def _nothing_to_hold(state: OrderState, asked: HoldAsked) -> tuple[str, str] | None:
    if asked.line is not None and asked.line not in state.lines:
        return NOT_HOLDABLE, f"The order has no line {asked.line}."
    hold = hold_of(asked)
    groups = list(_open_groups(state, hold))
    if not groups:
        what = "The order" if asked.line is None else f"Line {asked.line}"
        return NOT_HOLDABLE, f"{what} has come to its end; there is nothing to hold."
    steps = [(group, step) for group in groups for step in steps_of(_process(state, group))]
    if not any(_names(hold, step) for _, step in steps):
        there = ", ".join(dict.fromkeys(step.step for _, step in steps))
        return NOT_HOLDABLE, f"There is no step '{asked.step}'. There are: {there}."
    ahead = (not _begun(group, step) or not group.runs[step.step].passed for group, step in steps if _names(hold, step))
    if not any(ahead):
        return NOT_HOLDABLE, f"{_name(asked.step or '').capitalize()} is behind the order already."
    return None


def hold_of(asked: HoldAsked) -> Hold:
    """The hold that is asked for."""
    given = asked.model_dump(include={"id", "reason", "request", "at", *_CONTENT})
    return Hold(**given, placed_by=asked.requested_by, until=asked.at + PARKED_FOR)


def place(draft: Draft, asked: HoldAsked) -> None:
    """Places a hold; nothing where it cannot be, or is there already."""
    there = any(hold.id == asked.id for hold in draft.holds)
    if there or refusal(draft.state(), asked) is not None:
        return
    hold = hold_of(asked.model_copy(update={"at": draft.now}))
    draft.holds = (*draft.holds, hold)
    when = f" once {_name(hold.step or '')} is reached" if hold.when == "reached" else ""
    draft.tell(
        f"hold/{hold.id}/placed/{draft.base.version}",
        "hold.placed",
        f"Put on hold by {asked.requested_by or 'an unnamed operator'} ({hold.code}){when}: {_what(hold)}.",
        why=asked.reason,
        hold=hold.id,
        code=hold.code,
        line=hold.line,
        step=hold.step,
        requested_by=asked.requested_by,
        request=asked.request or None,
    )


# ---- releasing -------------------------------------------------------------------------------------------


def release_refusal(state: OrderState, asked: ReleaseAsked) -> tuple[str, str] | None:
    """Code and words why the hold cannot be released; None if it can."""
    hold = next((hold for hold in state.holds if hold.id == asked.id), None)
    if hold is None:
        there = ", ".join(one.id for one in state.holds)
        return "hold_unknown", f"There is no hold {asked.id}. {f'There are: {there}.' if there else 'There is none.'}"
    if not asked.reason.strip() and not asked.request:
        return "reason_missing", "Say why the hold is released; the reason is kept with the order."
    if hold.role and asked.roles is not None and not {hold.role, ADMIN} & set(asked.roles):
        return "role_missing", f"Hold {hold.id} is released with the role {hold.role} only."
    return None


def release(draft: Draft, asked: ReleaseAsked) -> None:
    """Releases a hold; nothing where it cannot be. The order goes on in the same decision."""
    if release_refusal(draft.state(), asked) is not None:
        return
    hold = next(hold for hold in draft.holds if hold.id == asked.id)
    draft.holds = tuple(one for one in draft.holds if one.id != asked.id)
    draft.tell(
        f"hold/{hold.id}/released/{draft.base.version}",
        "hold.released",
        f"Hold {hold.id} ({hold.code}) released by {asked.requested_by or 'an unnamed operator'}.",
        why=asked.reason,
        hold=hold.id,
        code=hold.code,
        requested_by=asked.requested_by,
        request=asked.request or None,
    )
