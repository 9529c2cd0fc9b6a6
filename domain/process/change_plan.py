"""What an edit means for each group: which kinds of change, at which stage, and what the policy's matrix says (CHG1-5).

Everything here reads; nothing is touched before it is known that the whole change can be done.
"""

from collections.abc import Collection, Iterable, Mapping

from domain.policy.change_rules import ChangeRules
from domain.process import releases
from domain.process.draft import Draft
from domain.process.outcomes import LineChange, Opened, Revised
from domain.process.parts import home_now, homes_of
from domain.process.state import Group, OrderState, Rework, Run
from domain.process.words import ChangeKind, Operation, Pattern, Stage

Shares = dict[int, dict[str, int]]
"""Of lines in parts, by number: the units that go with each group."""

SEVERITY = (
    Pattern.KEEP,
    Pattern.UPDATE,
    Pattern.REDO,
    Pattern.CANCEL_AND_CREATE,
    Pattern.ADDED_LINE,
    Pattern.ASK,
    Pattern.RETURN,
    Pattern.REFUSE,
)
"""Of several changes to one group the last of these decides."""

REFUSING = {
    Pattern.REFUSE: ("too_late", "it is too far for that"),
    Pattern.RETURN: ("use_return", "it has left; send the goods back and order anew"),
    Pattern.ASK: ("needs_a_person", "the warehouse has it in hand; ask there, then cancel or change the rest"),
    Pattern.ADDED_LINE: (
        "use_added_line",
        "it is on its way as it is; ask for the further units as a line of their own",
    ),
}
"""Patterns that end a change before anything is touched: code, and why in words."""

_BILLS = (Operation.CAPTURE, Operation.INVOICE)
"""From the first of these on, what the group comes to is settled."""

_OF_QUANTITY = frozenset({ChangeKind.QUANTITY_UP, ChangeKind.QUANTITY_DOWN, ChangeKind.CANCELLED})

_STAGES = {
    "picked": Stage.PICKED,
    "packed": Stage.PICKED,
    "shipped": Stage.SHIPPED,
    "delivered": Stage.SHIPPED,
}
"""What the carrier's word means; every other one is a request that can still be cancelled."""


def touched(
    order: Draft | OrderState, proposed: Opened, revised: Revised, shares: Shares | None = None
) -> dict[str, set[ChangeKind]]:
    """The groups whose work an edit may change, with the kinds of change; other groups go on (CHG6).

    `shares` says how lines in parts are divided; until that is decided, each of their groups may be changed.
    """
    kinds: dict[str, set[ChangeKind]] = {}
    groups, shares = dict(order.groups), shares or {}
    proposed_homes = {line.number: home_now(groups, line.group, line.number) for line in proposed.lines}
    for change in revised.lines:
        if change.number in shares:
            places = _divided_places(groups, change, shares[change.number])
        else:
            places = {*homes_of(groups, change.number), proposed_homes.get(change.number, "")}
        for place in sorted(place for place in places if _is_there(order, place)):
            kinds.setdefault(place, set()).add(change.kind)
    for kind in revised.fields:
        if kind is not ChangeKind.REFERENCE:
            for group in order.groups.values():
                if not group.cancelled and group.rest is None:
                    kinds.setdefault(group.id, set()).add(kind)
    going_on = {home for number, home in proposed_homes.items() if number not in shares}
    going_on |= {name for units in shares.values() for name, share in units.items() if share > 0}
    bears = _bears_charges(order, going_on)
    if bears is not None:
        kinds.setdefault(bears, set()).add(ChangeKind.PRICE)
    return kinds


def _divided_places(groups: dict[str, Group], change: LineChange, units: dict[str, int]) -> set[str]:
    """The groups that a change of a line in parts is about: of a quantity, those whose part is another."""
    homes = homes_of(groups, change.number)
    if change.kind not in _OF_QUANTITY:
        return set(homes)
    before = {name: _units_in(groups[name], change) for name in homes}
    if change.kind is ChangeKind.QUANTITY_UP:
        return {name for name in homes if units.get(name, 0) > before[name]}
    return {name for name in homes if units.get(name, 0) < before[name]} or set(homes)


def _units_in(group: Group, change: LineChange) -> int:
    part = (group.parts or {}).get(change.number)
    return change.before if part is None else part.units


def _is_there(order: Draft | OrderState, group_id: str) -> bool:
    return group_id in order.groups and not order.groups[group_id].planned


def _bears_charges(order: Draft | OrderState, homes: set[str]) -> str | None:
    """The group that from now on bears the order's charges, because nothing is left in the one that did."""
    standing = [group for group in order.groups.values() if group.lines and not group.cancelled]
    going_on = [group.id for group in standing if group.id in homes or group.rest is not None]
    return going_on[0] if going_on and going_on[0] != standing[0].id else None


def live_request(group: Group) -> Run | None:
    """The request to ship that may be at the carrier; a time-out does not mean no."""
    runs = (run for run in group.runs.values() if run.operation is Operation.SHIP and run.may_have_effect)
    return next(runs, None)


def stage_of(group: Group, progress: dict[str, str]) -> Stage:
    """How far the group is: what was collected or billed, what the carrier answered, what the carrier told before."""
    if any(run.operation in _BILLS and run.may_have_effect for run in group.runs.values()):
        return Stage.INVOICED
    if group.gone():
        return Stage.SHIPPED
    request = live_request(group)
    if request is None:
        return Stage.NOT_SENT
    return _STAGES.get(progress.get(request.key or "", ""), Stage.RELEASED)


def unasked(draft: Draft, kinds: dict[str, set[ChangeKind]], progress: dict[str, str]) -> list[tuple[Group, Run]]:
    """The requests of which the carrier has to be asked how far they are (design, hard case 3)."""
    found = ((draft.groups[name], live_request(draft.groups[name])) for name in kinds)
    return [
        (group, run)
        for group, run in found
        if run is not None and run.key not in progress and not group.gone() and _hangs_on_it(draft, kinds[group.id])
    ]


def _hangs_on_it(draft: Draft, kinds: Iterable[ChangeKind]) -> bool:
    """Whether it makes a difference how far a request is that has not been billed."""
    rules, stages = draft.policy.change, (Stage.RELEASED, Stage.PICKED, Stage.SHIPPED)
    return any(len({rules.pattern(kind, stage) for stage in stages}) > 1 for kind in kinds)


def agreed(rules: ChangeRules, kind: ChangeKind, stage: Stage) -> Pattern:
    """What is done where the matrix asks and a person agreed.

    A request that is picked is treated as one that is merely released: the carrier has the last word. Anything else
    that can be asked about moves no goods by itself, and stays as it is.
    """
    said = rules.pattern(kind, stage)
    if said is not Pattern.ASK:
        return said
    before = rules.pattern(kind, Stage.RELEASED)
    return before if stage is Stage.PICKED and before not in REFUSING else Pattern.KEEP


def reworks(
    draft: Draft,
    kinds: dict[str, set[ChangeKind]],
    progress: dict[str, str],
    *,
    approved: bool = False,
    stages: Mapping[str, Stage] | None = None,
) -> tuple[Rework, ...]:
    """What the matrix says for each group: the gravest of its changes decides. `approved`: a person agreed.

    `stages` says of groups that were judged before how far they were then.
    """
    rules, found = draft.policy.change, []
    for name in kinds:
        group = draft.groups[name]
        stage = (stages or {}).get(name) or stage_of(group, progress)
        said = {kind: agreed(rules, kind, stage) if approved else rules.pattern(kind, stage) for kind in kinds[name]}
        if said.get(ChangeKind.ADDED) is Pattern.ADDED_LINE:
            del said[ChangeKind.ADDED]  # it goes by itself, and the group as it is
        if not said:
            continue
        found.append(
            Rework(
                group=name,
                pattern=_gravest(draft, said.values(), stage),
                stage=stage,
                kinds=tuple(sorted(said)),
            )
        )
    return tuple(found)


def _gravest(draft: Draft, said: Collection[Pattern], stage: Stage) -> Pattern:
    """Of several words the gravest. Beside an update of what was sent, `redo` is about the money."""
    gravest = max(said, key=SEVERITY.index)
    both = gravest is Pattern.REDO and Pattern.UPDATE in said and stage is not Stage.NOT_SENT
    return Pattern.UPDATE if both and draft.since(releases.UPDATES_IN_PLACE) else gravest


def sends_anew(rework: Rework) -> bool:
    """Whether the group's request is cancelled and sent anew."""
    # An update degrades to cancel and create where the carrier cannot, or will not, take one (CHG7).
    return rework.pattern in (Pattern.CANCEL_AND_CREATE, Pattern.UPDATE) and not rework.in_place


def question(draft: Draft, found: tuple[Rework, ...]) -> str:
    """What a person is asked to agree to: the cells that say `ask`, in words; "" if none does."""
    rules, parts = draft.policy.change, []
    for rework in found:
        kinds = [kind for kind in rework.kinds if rules.pattern(kind, rework.stage) is Pattern.ASK]
        if kinds:
            what = " and ".join(kind.replace("_", " ") for kind in kinds)
            lines = ", ".join(map(str, draft.groups[rework.group].lines[:20]))
            parts.append(f"{what} while {rework.stage.replace('_', ' ')} (line {lines})")
    words = "; ".join(parts)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def refusal(draft: Draft, found: tuple[Rework, ...]) -> tuple[str, str] | None:
    """Why the change is turned down with nothing touched, if it is: the first group that cannot take it."""
    for rework in sorted(found, key=lambda one: SEVERITY.index(one.pattern), reverse=True):
        if rework.pattern in REFUSING:
            code, why = REFUSING[rework.pattern]
            lines = ", ".join(map(str, draft.groups[rework.group].lines[:20]))
            said = draft.policy.change.pattern
            kinds = [kind for kind in rework.kinds if said(kind, rework.stage) is rework.pattern]
            what = " and ".join(kind.replace("_", " ") for kind in kinds)
            words = f"{what[:1].upper()}{what[1:]} cannot be done on line {lines} any more: {why}. Nothing was changed."
            return code, words
    return None
