"""Make before break: stock and money for a change's new plan, held beside those of the old one (CHG8, PAY2)."""

from domain.base import Lines
from domain.money import Money, words_of
from domain.policy.model import Step, TaskWord
from domain.process import releases
from domain.process.calls import AuthorizePayment, ReserveStock
from domain.process.change_plan import live_request
from domain.process.conditions import picked_lines, required
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.proposal import items
from domain.process.state import ActiveChange, ChangeMove, Group, Rework, Run
from domain.process.words import ChangeKind, Operation, Pattern


def hold(draft: Draft, preview: Draft, change: ActiveChange) -> bool:
    """Sends the reservations that hold the larger of both plans; True if there was any to send."""
    sent = False
    for rework in change.reworks or ():
        if rework.reserve is not None or rework.pattern is Pattern.KEEP:
            continue
        group = draft.groups[rework.group]
        step, target = _reserve_target(preview, rework.group)
        if step is None:
            continue
        old = draft.run_of(group, Operation.RESERVE)
        if not _has_held(draft, group, step) or _more_units(draft, preview, rework.group, old, target) == 0:
            continue
        run = draft.draw_up(preview.groups[rework.group], step, operation=Operation.RESERVE, lines=target)
        assert run.key is not None
        work = ReserveStock(
            location=run.snapshot.location,
            lines=target,
            skus=items(preview, target),
            replaces=None if old is None else old.key,
        )
        put_rework(draft, rework.model_copy(update={"reserve": run}))
        draft.call(run, rework.group, run.key, work, "set aside what the change needs", move=ChangeMove.HOLD)
        sent = True
    return sent


def _has_held(draft: Draft, group: Group, step: Step) -> bool:
    """Whether the group has gone on behind the step; a new one is held for as soon as any other group was."""
    if group.planned:
        return any(draft.run_of(other, Operation.RESERVE) is not None for other in draft.groups.values())
    begun = group.runs.get(step.step)
    return begun is not None and begun.passed


def _reserve_target(preview: Draft, group_id: str) -> tuple[Step | None, Lines]:
    """The group's reserve step, and what it has to hold in the proposed version."""
    group = preview.groups[group_id]
    if group.cancelled or not group.lines:
        return None, {}
    only_required = not group.runs or preview.since(releases.LEFT_BEHIND_IS_SETTLED)
    steps = required(preview, group) if only_required else steps_of(preview.process(group))
    step = next((step for step in steps if step.do is TaskWord.RESERVE), None)
    return step, {} if step is None else picked_lines(preview, group, step)


def _more_units(draft: Draft, preview: Draft, group_id: str, old: Run | None, target: Lines) -> int:
    """Units that the proposed version needs and the old reservation does not hold."""
    if old is None:
        return sum(target.values())
    same_place = preview.groups[group_id].location == old.snapshot.location
    more = 0
    for number, quantity in target.items():
        kept = draft.lines.get(number)
        same = same_place and kept is not None and kept.sku == preview.lines[number].sku
        more += max(0, quantity - (old.snapshot.lines.get(number, 0) if same else 0))
    return more


def fund(draft: Draft, preview: Draft, change: ActiveChange) -> bool:
    """Sends the authorizations of a higher total or another card; True if there was any to send (PAY2)."""
    sent = False
    for rework in change.reworks or ():
        if rework.authorize is not None:
            continue
        group, later = draft.groups[rework.group], preview.groups[rework.group]
        step = _authorize_step(preview, later)
        if step is None or not _relied_on(draft, group, step):
            continue
        old = draft.run_of(group, Operation.AUTHORIZE)
        other_card = ChangeKind.PAYMENT in rework.kinds
        amount = preview.amount(later)
        if amount == 0 or (old is not None and not other_card and amount <= (old.snapshot.amount or 0)):
            continue
        lines = preview.quantities(later)
        run = draft.draw_up(later, step, operation=Operation.AUTHORIZE, amount=amount, lines=lines)
        assert run.key is not None
        put_rework(draft, rework.model_copy(update={"authorize": run}))
        work = AuthorizePayment(
            amount=amount,
            currency=preview.facts.currency,
            change_id=change.asked.change_id if other_card else None,
        )
        words = f"authorize {words_of(Money(amount, preview.facts.currency))} for the change"
        draft.call(run, group.id, run.key, work, words, move=ChangeMove.FUND)
        sent = True
    return sent


def _authorize_step(preview: Draft, group: Group) -> Step | None:
    """The step that has money held for the group in the proposed version, if there is any."""
    if group.cancelled or not group.lines:
        return None
    return next((step for step in required(preview, group) if step.do is TaskWord.AUTHORIZE), None)


def _relied_on(draft: Draft, group: Group, step: Step) -> bool:
    """Whether the group has gone on behind the step: a call to ship relies on its money. A new one goes with others."""
    if group.planned:
        return any(
            draft.run_of(other, Operation.AUTHORIZE) is not None or live_request(other) is not None
            for other in draft.groups.values()
        )
    run = group.runs.get(step.step)
    asked_again = run is not None and run.unanswered is not None and draft.since(releases.KNOWN_IS_CAUGHT_UP)
    if run is None or asked_again:
        return live_request(group) is not None
    return run.passed


# ---- the active change -------------------------------------------------------------------------------------


def active(draft: Draft) -> ActiveChange:
    """The change that is being carried out."""
    assert draft.change is not None
    return draft.change


def rework_of(change: ActiveChange, group_id: str) -> Rework | None:
    """What the change does to a group; None if nothing."""
    return next((one for one in change.reworks or () if one.group == group_id), None)


def put_rework(draft: Draft, rework: Rework) -> None:
    """Takes the place of what the active change had for the group."""
    change = active(draft)
    others = tuple(one for one in change.reworks or () if one.group != rework.group)
    before = [one.group for one in change.reworks or ()]
    place = before.index(rework.group) if rework.group in before else len(before)
    draft.change = change.model_copy(update={"reworks": (*others[:place], rework, *others[place:])})
