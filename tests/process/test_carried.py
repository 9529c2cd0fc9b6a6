"""What one run of an order's workflow hands to the next, at the largest that an order may be (design, hard case 7)."""

import pytest
from temporalio.api.common.v1 import Payload

from domain.process.decide import decide
from domain.process.doors import Start
from domain.process.events import Begun, CallDone, CallFailed, ChangeAsked, Event
from domain.process.outcomes import Opened, Outcome, PricedLine
from domain.process.packing import READABLE_BYTES
from domain.process.state import OrderInput, OrderState, RunState, state_at
from domain.process.words import ChangeKind, ChangeOutcome, Operation
from limits import MAX_GROUPS, MAX_LINES
from tests.process.checks import as_json
from tests.process.editing import Edit, revised_by, version_of
from tests.process.outside import MORNING, World
from tests.process.policies import BUNDLE
from workflows.converter import DATA_CONVERTER

MOST = 256 * 1024
"""Bytes that the largest order carries; the design allows a mebibyte."""
START = Start(number="O-1", bundle=BUNDLE, ordered_at=MORNING, accepted_at=MORNING, customer="C1", channel="web")
ASKED = ChangeAsked(change_id="e1", change="edit", at=MORNING)
NUMBERS = range(1, MAX_LINES + 1)
OTHER_METHOD = Edit(fields={ChangeKind.SHIP_METHOD: "air"})
ALL_OF_IT = Edit(
    item={n: f"OTHER-{n:05d}-LONG-NAME" for n in NUMBERS},
    quantity={n: n % 90 + 4 for n in NUMBERS},
    move={n: "east" for n in NUMBERS if n // MAX_GROUPS % 2},
)
SPLIT = Edit(move=ALL_OF_IT.move)
NOT_TAKEN_BACK = "The carrier does not answer: it has answered none of our calls for some time."


def largest() -> Opened:
    """2,000 lines in 200 groups."""
    lines = tuple(
        PricedLine(number=n, sku=f"SKU-{n:05d}-LONG-NAME", quantity=n % 90 + 1, amount=1999 * n, group=_home(n))
        for n in NUMBERS
    )
    homes = {_home(n): tuple(m for m in NUMBERS if _home(m) == _home(n)) for n in range(1, MAX_GROUPS + 1)}
    return World().opened_with("O-1", lines, homes)


def _home(number: int) -> str:
    return str(number % MAX_GROUPS + 1)


def _answer(opened: Opened, edit: Edit, key: str, operation: Operation) -> Outcome:
    if operation is Operation.OPEN:
        return Outcome(opened=opened)
    if operation is Operation.INQUIRE:
        return Outcome(code="released")
    if operation is not Operation.REVISE:
        return Outcome(ref=key)
    places = {plan.id: plan.location for plan in opened.groups}
    new = version_of(edit, opened, places.keys())
    news = tuple(plan for plan in new.groups if places.get(plan.id) != plan.location)
    return Outcome(opened=new.model_copy(update={"groups": news}), revised=revised_by(edit, opened))


def went(edit: Edit | None, carrier_answers: bool = True) -> OrderState:
    """The largest order where it has come to rest: with its requests sent, and then changed if there is an edit."""
    opened, state = largest(), state_at(START)
    events: list[Event] = [Begun(at=MORNING)]
    asked = [] if edit is None else [ASKED]
    while events or asked:
        decision = decide(state, events.pop(0) if events else asked.pop())
        state = decision.state
        for call in decision.calls:
            if call.operation is Operation.CANCEL_SHIPMENT and not carrier_answers:
                events.append(CallFailed(key=call.key, words=NOT_TAKEN_BACK, at=MORNING))
            else:
                outcome = _answer(opened, edit or Edit(), call.key, call.operation)
                events.append(CallDone(key=call.key, outcome=outcome, at=MORNING))
    assert not state.flights, "only an order at rest continues as new"
    return state


def carried(state: OrderState) -> tuple[Payload, OrderState | None]:
    """The payload of the next run's input, and the state that is read from it."""
    payloads = DATA_CONVERTER.payload_converter.to_payloads([OrderInput(start=START, state=state)])
    read: list[OrderInput] = DATA_CONVERTER.payload_converter.from_payloads(payloads, [OrderInput])
    return payloads[0], read[0].state


@pytest.mark.parametrize("edit", [OTHER_METHOD, SPLIT, ALL_OF_IT], ids=["another method", "split", "all of it"])
def test_the_largest_order_parked_amid_a_change_is_carried_in_a_quarter_of_a_mebibyte(edit: Edit) -> None:
    state = went(edit, carrier_answers=False)
    assert state.change is not None
    assert state.change.proposed is not None
    there = [group for group in state.groups.values() if not group.planned]
    assert {group.runs["ship"].state for group in there} == {RunState.PARKED}
    payload, read = carried(state)
    assert len(as_json(state)) > 4 * MOST
    assert len(payload.data) < MOST
    assert read == state


@pytest.mark.parametrize("edit", [None, SPLIT], ids=["as it was ordered", "after a split"])
def test_the_largest_order_under_way_is_carried_in_a_quarter_of_a_mebibyte(edit: Edit | None) -> None:
    state = went(edit)
    assert len(state.groups) == (MAX_GROUPS if edit is None else MAX_GROUPS + 1)
    if edit is not None:
        assert state.answers["e1"].outcome is ChangeOutcome.ACCEPTED
    payload, read = carried(state)
    assert len(payload.data) < MOST
    assert read == state


def test_a_usual_state_travels_as_it_is_and_an_unpacked_large_one_is_still_read() -> None:
    small = state_at(START)
    payload, read = carried(small)
    assert b'"state":{"number":"O-1"' in payload.data
    assert read == small
    large = went(None)
    assert len(as_json(large)) > READABLE_BYTES
    before = b'{"start":%b,"state":%b}' % (as_json(START), as_json(large))
    assert OrderInput.model_validate_json(before).state == large


def test_what_is_no_packed_state_is_an_error_and_no_fresh_order() -> None:
    with pytest.raises(ValueError, match="state"):
        OrderInput.model_validate({"start": START, "state": "nothing of ours"})
