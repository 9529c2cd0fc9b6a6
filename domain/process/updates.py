"""Updating a shipment request in place, at a carrier that can: no cancel, and no second request (CHG7).

Whether it can is its own answer to the question how far the request is. Updates are asked for last, when every request
that is to be cancelled is: nothing of a change is half done when one is refused. Then, or where a carrier cannot, the
request is cancelled and another is sent. An update that the order does not take over is put back: the request is made
what it was, and an update that arrives only then has no effect.
"""

from collections.abc import Iterable

from domain.base import Lines
from domain.policy.model import ShipStatus, Step
from domain.process import known, ledger, releases
from domain.process.calls import Call, UpdateShipment
from domain.process.change_plan import live_request
from domain.process.conditions import picked_lines, required
from domain.process.draft import Draft
from domain.process.making import active, put_rework, rework_of
from domain.process.outcomes import KnownEffect, Outcome
from domain.process.proposal import as_proposed
from domain.process.state import ActiveChange, ChangeMove, Flight, Group, Rework, Run, RunState, Updating
from domain.process.tasks import TASKS
from domain.process.tasks.wait import all_units
from domain.process.words import MOVES_NO_STOCK, ChangeKind, Operation, Pattern, Stage

UPDATED_ANYWAY = "updated_although_refused"
"""Code of a request that the carrier updated for a change that came to nothing, and neither puts back nor cancels."""
UPDATABLE = (ShipStatus.RELEASED, ShipStatus.PICKED, ShipStatus.PACKED)
"""How far a request may be that a carrier is asked to update."""
MOVES = (ChangeMove.UPDATE, ChangeMove.PUT_BACK)

_LABEL = MOVES_NO_STOCK - {ChangeKind.REFERENCE}
"""Changes of a request that leave its goods as they are."""
_FEWER = frozenset({ChangeKind.QUANTITY_DOWN, ChangeKind.CANCELLED})


# ---- may it be updated ---------------------------------------------------------------------------------


def matter(draft: Draft, kinds: Iterable[ChangeKind]) -> bool:
    """Whether the carrier has to be asked if it could update a request: only where the matrix says `update`."""
    said = draft.policy.change.pattern
    stages = (Stage.RELEASED, Stage.PICKED)
    return draft.since(releases.UPDATES_IN_PLACE) and any(
        said(kind, at) is Pattern.UPDATE for kind in kinds for at in stages
    )


def can_be_updated(far: str, *, update: bool, relabel: bool) -> bool:
    """Whether a carrier that says it can `update`, and perhaps `relabel`, can update a request that is so far."""
    return update and far in UPDATABLE and (relabel or far == ShipStatus.RELEASED)


def in_place(draft: Draft, change: ActiveChange) -> tuple[Rework, ...]:
    """The reworks of a change that was judged, with those marked whose request is to be updated in place."""
    reworks = change.reworks or ()
    if not draft.since(releases.UPDATES_IN_PLACE) or not change.updatable:
        return reworks
    later = as_proposed(draft, change)
    can = {one.group for one in reworks if _is_possible(draft, later, change, one)}
    return tuple(one.model_copy(update={"in_place": True}) if one.group in can else one for one in reworks)


def _is_possible(draft: Draft, later: Draft, change: ActiveChange, rework: Rework) -> bool:
    request = live_request(draft.groups[rework.group])
    if rework.pattern is not Pattern.UPDATE or request is None or request.key not in change.updatable:
        return False
    if request.state is not RunState.DONE or request.not_updated:
        return False
    if draft.groups[rework.group].parts or any(rework.group in units for units in (change.shares or {}).values()):
        return False
    bearable = {Stage.RELEASED: _LABEL | _FEWER, Stage.PICKED: _LABEL}.get(rework.stage, frozenset())
    group = later.groups[rework.group]
    return (
        bearable.issuperset(rework.kinds)
        and group.location == request.snapshot.location
        and bool(_wanted(later, group, request.step))
    )


def _wanted(later: Draft, group: Group, name: str) -> Lines:
    """What the request is to carry in the new version; nothing where it is not needed any more."""
    if group.cancelled or not group.lines:
        return {}
    step = next((step for step in required(later, group) if step.step == name), None)
    return {} if step is None else picked_lines(later, group, step)


# ---- asking for it --------------------------------------------------------------------------------------


def ask(draft: Draft, later: Draft, change: ActiveChange) -> bool:
    """Asks for the updates that are still to be asked for; True while there is one that is not done."""
    waiting = False
    for rework in change.reworks or ():
        if not rework.in_place or rework.updated:
            continue
        waiting = True
        request = live_request(draft.groups[rework.group])
        assert request is not None, "a request is gone that was to be updated"
        if request.updating is None:
            _send(draft, later, change, rework.group, request)
    return waiting


def _send(draft: Draft, later: Draft, change: ActiveChange, group_id: str, request: Run) -> None:
    assert request.key is not None
    lines = _wanted(later, later.groups[group_id], request.step)
    key = draft.next_key(group_id, request.step, Operation.UPDATE_SHIPMENT)
    request = draft.change_run(group_id, request.step, updating=Updating(key=key, lines=lines))
    work = UpdateShipment(
        of=str(request.key), method=later.facts.ship_method, lines=lines, change_id=change.asked.change_id
    )
    draft.call(request, group_id, key, work, "update the shipment request", move=ChangeMove.UPDATE)


def under_way(draft: Draft) -> bool:
    """Whether an update was asked for that is not accepted yet: a cancel does not go before it any more (CHG12)."""
    return any(is_open(run) for group in draft.groups.values() for run in group.runs.values())


def is_open(run: Run) -> bool:
    """Whether it is not settled which version of the request the carrier has."""
    return run.updating is not None and run.state is not RunState.UNDONE


def answered(draft: Draft, flight: Flight, outcome: Outcome) -> bool:
    """The carrier has updated a request, or refused to: then it is cancelled. False for a refusal."""
    call = flight.call
    rework = rework_of(active(draft), call.group)
    assert rework is not None
    if outcome.refused:
        draft.change_run(call.group, call.step, updating=None, not_updated=True)
        put_rework(draft, rework.model_copy(update={"in_place": None}))
        return False
    put_rework(draft, rework.model_copy(update={"updated": True}))
    change = active(draft)
    words = "shipment request updated at the carrier"
    draft.change = change.model_copy(update={"actions": (*change.actions, words)})
    draft.tell(call.key, "shipment.updated", f"{words.capitalize()}.", group=call.group)
    return True


def take_over(draft: Draft, group: Group, step: Step, request: Run) -> None:
    """The change is accepted: the request stands for the new version, under its old key."""
    changed = {
        "revision": draft.revision,
        "lines": picked_lines(draft, group, step),
        "method": draft.facts.ship_method,
    }
    carries = None if draft.since(releases.LATER_UPDATE_COUNTS) else request.carries
    snapshot = request.snapshot.model_copy(update=changed)
    draft.change_run(group.id, step.step, snapshot=snapshot, updating=None, carries=carries)


# ---- no answer ------------------------------------------------------------------------------------------


def failed(draft: Draft, call: Call, words: str) -> None:
    """Nobody knows whether the request was updated: a person has it tried again, under the same key."""
    run = draft.groups[call.group].runs[call.step]
    again = call.model_copy(update={"save": None})
    draft.park(call.group, run, "update_failed", f"The request could not be updated: {words}", undo=again)


def try_again(draft: Draft, group_id: str, run: Run, call: Call) -> None:
    """An operator has a parked update tried again."""
    draft.amend(group_id, run, state=RunState.DONE, parked=None)
    _go(draft, call.model_copy(update={"at": draft.now}))


def _go(draft: Draft, call: Call) -> None:
    assert isinstance(call.work, UpdateShipment)
    back = call.work.instead_of is not None
    draft.send(call, undo=back, move=ChangeMove.PUT_BACK if back else ChangeMove.UPDATE)


# ---- putting back ---------------------------------------------------------------------------------------


def put_back(draft: Draft) -> bool:
    """Has every update undone that the order does not take over; True while there is one that is not settled."""
    waiting = False
    for group in list(draft.groups.values()):
        for run in group.runs.values():
            if run.updating is not None and is_open(run):
                waiting = True
                if run.state is RunState.DONE:
                    _put_back(draft, group.id, run, run.updating.key)
    return waiting


def _put_back(draft: Draft, group_id: str, run: Run, update: str) -> None:
    assert run.key is not None
    key = draft.next_key(group_id, run.step, Operation.UPDATE_SHIPMENT, of=update)
    work = UpdateShipment(of=run.key, method=run.snapshot.method, lines=run.snapshot.lines, instead_of=update)
    words = "make the shipment request again what it was"
    draft.call(run, group_id, key, work, words, undo=True, move=ChangeMove.PUT_BACK)


def was_put_back(draft: Draft, flight: Flight, outcome: Outcome) -> None:
    """The request is what it was. Where that is refused it is cancelled, and the order asks for it anew."""
    call = flight.call
    run = draft.groups[call.group].runs[call.step]
    if outcome.refused:
        run = draft.change_run(call.group, call.step, state=RunState.UNDOING)
        TASKS[run.task].undo(draft, draft.groups[call.group], run)
        return
    draft.change_run(call.group, call.step, updating=None)
    draft.tell(call.key, "shipment.updated", "Shipment request made again what it was.", group=call.group)


def stays(draft: Draft, group_id: str, request: Run) -> None:
    """The carrier does not give a request back that it should: if it is an updated one, somebody has to know.

    What the update left out of it is sent anew, as soon as the carrier has shipped the rest.
    """
    if request.updating is None:
        return
    lines = request.updating.lines
    carries = lines if lines != request.snapshot.lines else None
    draft.change_run(group_id, request.step, updating=None, carries=carries)
    draft.seq += 1
    left = request.model_copy(update={"key": None, "operation": None, "updating": None, "seq": draft.seq})
    group = draft.groups[group_id]
    draft.put(group.model_copy(update={"past": (*group.past, left)}))
    words = (
        "The carrier had updated the request for a change that was then refused, and takes that back no more:"
        " it ships as the change asked. Settle it with the carrier or the customer; then go on without this step."
    )
    draft.park(group_id, left, UPDATED_ANYWAY, words)


def all_has_left(draft: Draft, group_id: str, request: Run) -> bool:
    """Whether all has left that the carrier carries of a request, where that is less than the order asked for."""
    left = draft.groups[group_id].reached.get(request.key or "", {}).get(ShipStatus.SHIPPED, {})
    return request.carries is not None and all_units(request.carries, left)


# ---- an order that is resumed ----------------------------------------------------------------------------


def take_up(draft: Draft) -> None:
    """Has an update undone that the order's earlier life asked for and did not come to accept (design, hard case 10).

    One of an earlier revision is what made the order what it is, unless it was being put back already: the order is
    what another change has made it since.
    """
    for effect in known.unmet(draft) if ledger.is_whole(draft.known) else ():
        parts = ledger.named(draft.number, effect.key)
        if parts.operation != Operation.UPDATE_SHIPMENT:
            continue
        group = draft.groups.get(parts.group)
        run = None if group is None else group.runs.get(parts.step)
        over = (
            group is None or group.cancelled or (parts.revision < draft.revision and not _was_going_back(draft, effect))
        )
        if not over and (run is None or not run.passed):
            continue
        draft.known = ledger.with_met(draft.known or (), effect.key)
        if not over and run is not None and run.state is RunState.DONE and run.key is not None:
            updating = Updating(key=effect.key, lines=_at_the_carrier(draft, run))
            run = draft.change_run(parts.group, parts.step, updating=updating)
            _put_back(draft, parts.group, run, effect.key)
    if draft.known and draft.since(releases.UPDATED_UNITS_ARE_KNOWN):
        _take_as_carried(draft)


def _was_going_back(draft: Draft, update: KnownEffect) -> bool:
    """Whether an earlier life had the update put back, and got no answer."""
    asked = ledger.undo_on_its_way(draft.known or (), update.key)
    return asked is not None and draft.since(releases.UPDATED_UNITS_ARE_KNOWN)


def is_unsettled(draft: Draft, group: Group, request: Run) -> bool:
    """Whether a resumed order has not come to what its earlier life, or the carrier, had made of a request (CHG9)."""
    if not draft.known or request.state is RunState.UNDONE or not draft.since(releases.UPDATED_UNITS_ARE_KNOWN):
        return False
    return _is_to_be_put_back(draft, group, request) or _kept(draft, group, request) is not None


def _is_to_be_put_back(draft: Draft, group: Group, request: Run) -> bool:
    place = (request.step, group.id, Operation.UPDATE_SHIPMENT)
    names = (ledger.named(draft.number, effect.key) for effect in known.unmet(draft))
    return ledger.is_whole(draft.known) and any((one.step, one.group, one.operation) == place for one in names)


def _take_as_carried(draft: Draft) -> None:
    """Takes in that the carrier carries less of a request than is asked for, as it kept what a refused change asked."""
    for group in list(draft.groups.values()):
        for run in group.runs.values():
            kept = _kept(draft, group, run) if run.state is RunState.DONE and run.updating is None else None
            if kept is not None and not _is_to_be_put_back(draft, group, run):
                draft.change_run(group.id, run.step, carries=kept)


def _kept(draft: Draft, group: Group, request: Run) -> Lines | None:
    """What the carrier carries by the ledger where that is less, unless it was asked for an update in this life."""
    asked = f"{request.step}/{Operation.UPDATE_SHIPMENT}" in group.counts
    if request.operation is not Operation.SHIP or request.carries is not None or asked:
        return None
    carried, wanted = _at_the_carrier(draft, request), request.snapshot.lines
    less = carried != wanted and all(units <= wanted.get(number, 0) for number, units in carried.items())
    return carried if less else None


def _at_the_carrier(draft: Draft, request: Run) -> Lines:
    """What the carrier has of a request by the ledger. Of an update without an answer the ledger knows nothing."""
    told = next((effect.lines for effect in draft.known or () if effect.key == request.key), None)
    return told if told and draft.since(releases.UPDATED_UNITS_ARE_KNOWN) else request.snapshot.lines
