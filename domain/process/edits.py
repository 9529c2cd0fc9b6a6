"""Carrying out an edit: work out, ask, judge, hold, fund, cancel, apply (CHG1-CHG10; design, hard cases 3 and 5).

Make before break: stock and money for the new plan are held beside those of the old one before the first request is
cancelled. Up to that moment the change can be turned down with nothing touched; a refusal gives back what was held.
"""

from domain.money import Money, words_of
from domain.process import (
    answering,
    applying,
    approvals,
    dividing,
    founding,
    not_given_back,
    partly,
    previews,
    releases,
    rest_of_cancel,
    returns,
    updates,
)
from domain.process.calls import Call, InquireShipment, ReviseOrder
from domain.process.change_plan import live_request, question, refusal, reworks, sends_anew, touched, unasked
from domain.process.draft import Draft
from domain.process.making import active, fund, hold, put_rework, rework_of
from domain.process.outcomes import Opened, Outcome
from domain.process.proposal import as_proposed
from domain.process.state import ActiveChange, ChangeMove, Flight, Group, OrderState, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import REMOTE, ChangeKind, Operation


def pursue(draft: Draft, change: ActiveChange) -> None:
    """Takes the edit as far as it gets now; called again with every event."""
    if change.refused_code:
        _drop_paused_revise(draft)
    elif draft.since(releases.UPDATED_UNITS_ARE_KNOWN) and not change.cancels_rest and cancel_goes_first(draft):
        overtaken(draft)  # it came while something that an earlier life had updated was not settled yet
        change = active(draft)
    if _moving(draft, change):
        return
    if change.refused_code:
        if not updates.put_back(draft):
            _withdraw(draft, change)
    elif change.proposed is None:
        _revise(draft, change)
    elif change.reworks is None:
        _judge(draft, change)
    else:
        _make_then_break(draft, change)


def frozen(order: Draft | OrderState, group_id: str) -> bool:
    """Whether the group starts nothing new because of a change (CHG6).

    A cancel is about all groups; an edit too, until it is known which it touches.
    """
    change = order.change
    if change is None:
        return False
    return not change.asked.is_edit or change.proposed is None or group_id in change.touched


def cancel_goes_first(draft: Draft) -> bool:
    """Whether a cancel in line goes before the edit that is carried out (CHG12); it waits for updates on their way."""
    return any(asked.is_cancel for asked in draft.waiting_changes) and not updates.under_way(draft)


def _drop_paused_revise(draft: Draft) -> None:
    """A change that is turned down need not be worked out any more."""
    for key, flight in list(draft.flights.items()):
        if flight.move is ChangeMove.REVISE and flight.retry_at is not None:
            del draft.flights[key]


def _moving(draft: Draft, change: ActiveChange) -> bool:
    """Whether something is on its way that the edit has to wait for; a save is not."""
    flights = [flight for flight in draft.flights.values() if flight.move is not ChangeMove.LOOK]
    if change.proposed is None:
        return any(flight.move is not None for flight in flights) or draft.unsaved_revision is not None
    flights = [flight for flight in flights if flight.call.operation is not Operation.SAVE]
    return any(flight.move is not None or flight.call.group in change.touched for flight in flights)


# ---- 1, 2: work out the new version, ask the carrier ---------------------------------------------------


def _revise(draft: Draft, change: ActiveChange) -> None:
    asked = change.asked
    again = "/approved" if approvals.is_approved(draft, change) else ""  # worked out anew, for the order as it is now
    cancels = None
    if change.cancels_rest:
        # A resumed order may find that fewer requests are kept, never others.
        cancels, again = rest_of_cancel.stays(draft, change), f"/rest/{len(change.held_fast)}"
    call = Call(
        key=f"{draft.number}/change/{asked.change_id}/revise{again}",
        order=draft.number,
        revision=draft.revision,
        at=draft.now,
        work=ReviseOrder(
            change_id=asked.change_id,
            revision=draft.revision + 1,
            edit=asked.edit,
            requested_by=asked.requested_by,
            cancels=cancels,
        ),
        summary="work out the changed order",
    )
    draft.send(call, move=ChangeMove.REVISE)


def _judge(draft: Draft, change: ActiveChange) -> None:
    """Asks the carrier where it matters, then decides by the policy's matrix."""
    assert change.proposed is not None
    assert change.revised is not None
    if change.cancels_rest:
        draft.change = rest_of_cancel.judge(draft, change)
        _make_then_break(draft, active(draft))
        return
    kinds = touched(draft, change.proposed, change.revised)
    to_ask = unasked(draft, kinds, change.progress)
    if to_ask:
        for group, request in to_ask:
            _inquire(draft, group, request, updates.matter(draft, kinds[group.id]))
        return
    approved = approvals.is_approved(draft, change)
    kinds, change = _divided(draft, change, kinds, approved=approved)
    if _moving(draft, change):
        return
    found = reworks(draft, kinds, change.progress, approved=approved)
    if not approved and approvals.can_wait(draft, change) and (asks := question(draft, found)):
        turned_down = refusal(draft, reworks(draft, kinds, change.progress, approved=True))
        if turned_down is None:
            draft.change = None
            approvals.lay_aside(draft, change.asked, asks)
            return
    else:
        turned_down = refusal(draft, found)
    if turned_down is not None or not _as_previewed(draft, change):
        _turn_down(draft, *(turned_down or (previews.STALE, previews.STALE_WORDS)))
        draft.change = returns.with_what_comes_back(draft, active(draft), found)
        pursue(draft, active(draft))
        return
    judged_at = draft.now if change.asked.token is not None else None
    draft.change = change = change.model_copy(update={"reworks": found, "judged_at": judged_at})
    found = updates.in_place(draft, change)
    draft.change = change.model_copy(update={"reworks": (*found, *founding.plan(draft, change))})
    _make_then_break(draft, active(draft))


def _divided(
    draft: Draft, change: ActiveChange, kinds: dict[str, set[ChangeKind]], *, approved: bool
) -> tuple[dict[str, set[ChangeKind]], ActiveChange]:
    """Which part of its lines the edit is about, now that it is known how far each is (CHG3, CHG11)."""
    proposed, revised = change.proposed, change.revised
    assert proposed is not None
    assert revised is not None
    division = dividing.divide(draft, change, approved=approved)
    if not division.shares:
        draft.change = change = change.model_copy(update={"shares": None, "beside": None})
        return kinds, change
    kinds = touched(draft, proposed, revised, division.shares)
    change = change.model_copy(update={"shares": division.shares, "beside": division.beside or None})
    for name in dividing.other_amounts(draft, change):
        kinds.setdefault(name, set()).add(ChangeKind.PRICE)
    more = tuple(name for name in kinds if name not in change.touched)
    draft.change = change = change.model_copy(update={"touched": (*change.touched, *more)})
    return kinds, change


def _inquire(draft: Draft, group: Group, request: Run, may_update: bool) -> None:
    assert request.key is not None
    key = draft.next_key(group.id, request.step, Operation.INQUIRE)
    work = InquireShipment(of=request.key, updates=may_update or None)
    draft.call(request, group.id, key, work, "ask the carrier how far it is", move=ChangeMove.INQUIRE)


# ---- 3, 4: hold stock and money for the new plan -----------------------------------------------------


def _make_then_break(draft: Draft, change: ActiveChange) -> None:
    """Everything that may be refused, in order of how easily it is given back; then the new version."""
    assert change.proposed is not None
    assert change.reworks is not None
    preview = as_proposed(draft, change)
    if change.left_out is not None and partly.gives_back(draft):
        return
    if hold(draft, preview, change) or fund(draft, preview, change) or _cancel_requests(draft, change):
        return
    if partly.is_split(change):
        if not partly.work_out(draft, change):
            pursue(draft, active(draft))
    elif updates.ask(draft, preview, change):
        return
    elif all(live_request(draft.groups[one.group]) is None for one in change.reworks if sends_anew(one)):
        applying.apply(draft, change)


# ---- 5: break -------------------------------------------------------------------------------------


def _cancel_requests(draft: Draft, change: ActiveChange) -> bool:
    """Cancels the requests that their successors replace; True while there is one that is not cancelled yet."""
    waiting = False
    for rework in change.reworks or ():
        group = draft.groups[rework.group]
        request = live_request(group)
        if request is None or not sends_anew(rework) or group.id in change.held_fast:
            continue
        waiting = True
        if request.state is not RunState.UNDOING and (request.parked is None or request.parked.undo is None):
            draft.change_run(group.id, request.step, state=RunState.UNDOING, parked=None)
            words = TASKS[request.task].undo(draft, draft.groups[group.id], request)
            current = active(draft)
            draft.change = current.model_copy(update={"actions": (*current.actions, words)})
    return waiting


# ---- results ------------------------------------------------------------------------------------------


def moved(draft: Draft, flight: Flight, outcome: Outcome) -> None:
    """A call of the edit was answered."""
    change, call = draft.change, flight.call
    if flight.move is ChangeMove.PUT_BACK:
        updates.was_put_back(draft, flight, outcome)
        return
    if flight.move is ChangeMove.TRIM or change is None:
        return
    if flight.move is ChangeMove.UPDATE:
        if not updates.answered(draft, flight, outcome):
            _goes_on_without_update(draft, change)
        return
    if outcome.refused:
        if flight.move in (ChangeMove.HOLD, ChangeMove.FUND):
            _forget(draft, flight)
        turn_down = _turn_down if flight.move in (ChangeMove.REVISE, ChangeMove.HOLD) else refuse
        turn_down(draft, outcome.code or "refused", f"{outcome.words.rstrip('.')}. Nothing was changed.")
        return
    match flight.move:
        case ChangeMove.REVISE:
            _worked_out(draft, change, outcome.opened, outcome)
        case ChangeMove.INQUIRE:
            assert isinstance(call.work, InquireShipment)
            told: dict[str, object] = {"progress": change.progress | {call.work.of: outcome.code}}
            if outcome.updates:
                told["updatable"] = (*change.updatable, call.work.of)
            draft.change = change.model_copy(update=told)
        case ChangeMove.HOLD:
            _held(draft, flight)
        case ChangeMove.FUND:
            _funded(draft, flight, outcome)


def _goes_on_without_update(draft: Draft, change: ActiveChange) -> None:
    """The carrier refused to update a request: it is cancelled instead, unless a preview or a cancel says otherwise."""
    if change.asked.token is not None:
        _turn_down(draft, previews.STALE, previews.STALE_WORDS)
    elif cancel_goes_first(draft):
        overtaken(draft)


def overtaken(draft: Draft) -> None:
    """A cancel goes before the edit (CHG12)."""
    refuse(draft, not_given_back.OVERTAKEN, "The order is being cancelled; nothing else was changed.")


def _worked_out(draft: Draft, change: ActiveChange, proposed: Opened | None, outcome: Outcome) -> None:
    revised = outcome.revised
    if change.proposed is not None and proposed is not None and revised is not None:
        partly.take_up(draft, change, proposed, revised)
        return
    groups = () if proposed is None or revised is None else tuple(touched(draft, proposed, revised))
    groups = (*groups, *(group.id for group in draft.groups.values() if group.planned))
    draft.change = change.model_copy(update={"proposed": proposed, "revised": revised, "touched": groups})
    # Cut short what still retries: a call that never gets through must not hold up a change.
    draft.stops.extend(
        flight.call.key
        for flight in draft.flights.values()
        if flight.call.group in groups and flight.call.operation in REMOTE and not flight.undo
    )


def _held(draft: Draft, flight: Flight) -> None:
    rework = rework_of(active(draft), flight.call.group)
    assert rework is not None
    assert rework.reserve is not None
    old = draft.run_of(draft.groups[rework.group], Operation.RESERVE)
    had = {} if old is None else old.snapshot.lines
    more = sum(rework.reserve.snapshot.lines.values()) - sum(had.values())
    run = rework.reserve.model_copy(update={"state": RunState.DONE})
    put_rework(draft, rework.model_copy(update={"reserve": run}))
    words = (
        f"{more} more units set aside at {run.snapshot.location}." if more > 0 else "Stock set aside for the change."
    )
    draft.tell(flight.call.key, "stock.reserved", words, group=rework.group)


def _funded(draft: Draft, flight: Flight, outcome: Outcome) -> None:
    rework = rework_of(active(draft), flight.call.group)
    assert rework is not None
    assert rework.authorize is not None
    run = rework.authorize.model_copy(update={"state": RunState.DONE, "expires_at": outcome.expires_at})
    put_rework(draft, rework.model_copy(update={"authorize": run}))
    total = words_of(Money(run.snapshot.amount or 0, run.snapshot.currency))
    draft.tell(flight.call.key, "payment.authorized", f"{total} authorized for the change.", group=rework.group)


def failed(draft: Draft, flight: Flight, words: str) -> None:
    """A call of the edit to the outside got no answer: the change is refused; what it may have done is taken back."""
    code = _UNAVAILABLE.get(str(flight.move), "carrier_unavailable")
    refuse(draft, code, f"{words.rstrip('.')}. Nothing was changed; send the change again later.")


_UNAVAILABLE: dict[str, str] = {ChangeMove.FUND: "payment_unavailable", ChangeMove.REVISE: "cannot_be_worked_out"}


def _forget(draft: Draft, flight: Flight) -> None:
    """The run of a refused call never came to be."""
    rework = rework_of(active(draft), flight.call.group)
    if rework is not None:
        name = "reserve" if flight.move is ChangeMove.HOLD else "authorize"
        put_rework(draft, rework.model_copy(update={name: None}))


# ---- turned down --------------------------------------------------------------------------------------


def refuse(draft: Draft, code: str, words: str) -> None:
    """The change is turned down, for the first reason; what it holds is given back before it is answered."""
    change = active(draft)
    if not change.refused_code:
        draft.change = change.model_copy(update={"refused_code": code, "refused_words": words})


def _turn_down(draft: Draft, code: str, words: str) -> None:
    """Refuses what cannot be; after a preview that said it can be, the preview is stale (CHG13)."""
    if active(draft).asked.token is not None:
        code, words = previews.STALE, previews.STALE_WORDS
    refuse(draft, code, words)


def _as_previewed(draft: Draft, change: ActiveChange) -> bool:
    """Whether the change comes to what its token says; without one it may come to anything."""
    token = change.asked.token
    return token is None or token == previews.would_be(draft)


def _withdraw(draft: Draft, change: ActiveChange) -> None:
    draft.change = None
    applying.give_back(draft, change)
    if change.asks:
        approvals.lay_aside(draft, change.asked, change.refused_words)
    elif change.refused_code == previews.STALE:
        previews.refuse_with_another(draft, change)
    else:
        answering.refused_edit(draft, change)
