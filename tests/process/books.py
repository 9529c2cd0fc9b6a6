"""What must be true of an order whenever it rests, and when it is over, by all books held against each other."""

from collections import Counter
from dataclasses import dataclass, field

from domain.policy.model import OrderSlice, ShipStatus
from domain.process.calls import AuthorizePayment, CreateInvoice, RequestShipment, UpdateShipment
from domain.process.ledger import stands
from domain.process.read_model import ChangeAnswer
from domain.process.rows import row_of
from domain.process.state import Run as StepRun
from domain.process.state import RunState
from domain.process.updates import UPDATED_ANYWAY
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.policies import BUNDLE
from tests.process.runner import Run

EFFECTS = (Operation.RESERVE, Operation.AUTHORIZE, Operation.SHIP, Operation.CAPTURE, Operation.INVOICE)
SAID = {"outcome", "revision", "code", "words", "actions", "plan", "before", "after", "cost", "basis"}


@dataclass
class Opening:
    """What there was at the beginning."""

    stock: dict[tuple[str, str], int] = field(default_factory=dict)
    """Units by location and item, of what does not abound."""
    policy: OrderSlice | None = None


def said(answer: ChangeAnswer) -> dict[str, object]:
    """What a preview and its change have in common (I14); until when somebody may agree is of the moment."""
    told = answer.model_dump(include=SAID)
    if answer.outcome is ChangeOutcome.PENDING_APPROVAL:
        told["words"] = answer.words.partition(" Waits for ")[0]
    return told


def at_rest(run: Run, opening: Opening) -> None:
    """No call is on its way: what the outside has is what the order knows of."""
    settle_up(run, opening)
    _known_on_both_sides(run)
    _told_and_heard(run)
    _carried_as_asked(run)
    assert run.state.bundle == BUNDLE
    opening.policy = opening.policy or run.state.policy
    assert run.state.policy == opening.policy, "the policy of a running order changed (I10)"
    row = row_of(run.state)
    assert row.finished == run.state.finished
    assert run.world.database.row == row, "the read model is behind (I8)"
    if run.state.finished:
        return
    for group in row.groups:
        assert group.status is not Status.CANCELLING or any(one.parked for one in row.waiting), "a cancel stands still"


def settle_up(run: Run, opening: Opening) -> None:
    """What is held and what is left is what there was (I1)."""
    held: Counter[tuple[str, str]] = Counter()
    for holds in run.world.stock.held.values():
        for (_, location, sku), units in holds.items():
            assert units >= 0, "less than nothing is held (I1)"
            held[location, sku] += units
    for where, units in run.world.stock.available.items():
        assert units >= 0, f"more than there is was given away: {where} (I1)"
        assert units + held[where] == opening.stock[where], f"units were lost or made: {where} (I1)"


def _known_on_both_sides(run: Run) -> None:
    """Every effect that stands is known to a run that will take it back or use it, and the other way round (I2).

    What a resumed order was told of, and has not come to yet, it knows as well; in the end nothing is left of that.
    """
    runs = [one for group in run.state.groups.values() for one in (*group.runs.values(), *group.past)]
    reworks = (run.state.change.reworks or ()) if run.state.change else ()
    made = {one.key for rework in reworks for one in (rework.reserve, rework.authorize) if one is not None}
    told = {one.key for one in run.state.known or () if stands(one)}
    known = {one.key for one in runs if one.may_have_effect} | made | told
    certain = {one.key for one in runs if one.key and one.state is RunState.DONE and one.operation in EFFECTS}
    standing = {key for operation in EFFECTS for key in run.world.live(operation)}
    strays = standing - known - run.world.known_expired
    assert not strays, f"the outside has what no run knows of: {sorted(strays)} (I2)"
    used = {work.authorization for work in run.world.captured().values()}  # its rest may have been given back
    lost = certain - standing - used - run.world.over
    assert run.state.change is not None or not lost, f"done as far as the order knows, and not there: {sorted(lost)}"


def _told_and_heard(run: Run) -> None:
    """What the carrier told of a request that stands counts, also when it came before the request's answer."""
    for group in run.state.groups.values():
        for one in group.runs.values():
            there = one.operation is Operation.SHIP and one.state is RunState.DONE and one.updating is None
            if there and one.key in run.world.shipped:
                heard = group.reached.get(one.key, {}).get(ShipStatus.SHIPPED, {})
                assert heard == run.world.shipped[one.key], f"told of what left on {one.key}, and not heard (I5)"


def _carried_as_asked(run: Run) -> None:
    """What the carrier has of a request is what the order believes it has (CHG7).

    Of one that it updated for a change that came to nothing, and neither puts back nor cancels, the order knows the
    units. The method is for the person who was told: it may be one that the order never took over.
    """
    for group in run.state.groups.values():
        for one in group.runs.values():
            sent = run.world.done.get(one.key or "")
            if one.operation is not Operation.SHIP or one.state is not RunState.DONE or group.rest is not None:
                continue
            if sent is None or one.updating is not None:
                continue
            assert isinstance(sent.work, RequestShipment)
            believed = one.snapshot.lines if one.carries is None else one.carries
            assert sent.work.lines == believed, f"the carrier has other units of {one.key} (CHG7)"
            as_asked = sent.work.method == one.snapshot.method or _is_left_to_a_person(run, group.id, one)
            assert as_asked, f"the carrier has another {one.key} (CHG7)"


def _is_left_to_a_person(run: Run, group: str, request: StepRun) -> bool:
    """Whether the carrier refused to put back what it last made of a request, and to cancel it, and that was told."""
    world, of = run.world, request.key or ""
    made = world.updates.updated.get(of)
    answers = ((call.work, world.outcomes.get(key)) for key, call in world.sent_as.items())
    refused = [work for work, outcome in answers if outcome is not None and outcome.refused]
    not_put_back = any(isinstance(work, UpdateShipment) and work.instead_of == made for work in refused)
    stem = f"parked/{group}/{request.step}/"
    events = world.database.events.values()
    told = any(one.key.startswith(stem) and one.data.get("code") == UPDATED_ANYWAY for one in events)
    return made is not None and not_put_back and of in world.not_voided and told


def in_the_end(run: Run, *, skipped: bool) -> None:
    """The order is over: units and money add up (I3, I4, I5)."""
    if run.row.status is Status.CANCELLED:
        assert not any(run.world.shipped.values()), "a cancelled order was shipped"
        return
    opened = run.world.database.opened
    assert opened is not None
    left: Counter[int] = Counter()
    for lines in run.world.shipped.values():
        left.update(lines)
    for line in opened.lines:
        units = left.pop(line.number, 0)
        assert units == line.quantity, f"line {line.number}: {units} shipped of {line.quantity} (I5)"
    assert not +left, f"shipped, and no line of the order: {dict(left)} (I5)"
    invoices = [run.world.done[key].work for key in run.world.live(Operation.INVOICE)]
    billed = sum(one.goods + one.charges + one.tax for one in invoices if isinstance(one, CreateInvoice))
    total = opened.facts.goods + opened.facts.charges
    assert billed == total, f"{billed} billed of {total} (I4)"
    captures = run.world.captured()
    taken = sum(one.amount for one in captures.values())
    if opened.facts.payment_method == "card" and not skipped:
        assert taken == billed, f"{taken} collected and {billed} billed (I4)"
    for one in captures.values():
        held = run.world.done[one.authorization].work
        assert isinstance(held, AuthorizePayment)
        assert one.amount <= held.amount, "captured more than authorized (I3)"
