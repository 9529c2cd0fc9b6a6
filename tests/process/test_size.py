"""Time and size of decisions. Time is held against that of writing and reading a state, in the same run."""

import time

from domain.process.decide import decide
from domain.process.events import Begun, CallDone, CarrierFact, Event
from domain.process.outcomes import Outcome, PricedLine
from domain.process.state import OrderState
from tests.process.checks import as_json, carried_over
from tests.process.outside import MORNING, World
from tests.process.runner import NUMBER, fresh

MAX_STATE = 1024 * 1024
"""Bytes of the state that continue-as-new carries (design, hard case 7)."""


def walk(lines: int, groups: int = 1) -> tuple[list[tuple[OrderState, Event]], OrderState]:
    """Every decision of an order that goes its usual way, as input of `decide`, and where it ends."""
    world = World()
    priced = tuple(
        PricedLine(
            number=n, sku=f"SKU-{n:05d}-LONG-NAME", quantity=n % 90 + 1, amount=1999 * n, group=str(n % groups + 1)
        )
        for n in range(1, lines + 1)
    )
    numbers = {str(g): tuple(line.number for line in priced if line.group == str(g)) for g in range(1, groups + 1)}
    opened = world.opened_with(NUMBER, priced, numbers)
    state, steps = fresh(), []
    events: list[Event] = [Begun(at=MORNING)]
    while events:
        event = events.pop(0)
        steps.append((state, event))
        decision = decide(state, event)
        state = decision.state
        for call in decision.calls:
            outcome = Outcome(opened=opened) if call.operation == "open_order" else Outcome(ref="ref-1")
            events.append(CallDone(key=call.key, outcome=outcome, at=MORNING))
            if call.operation == "request_shipment":
                events.append(CarrierFact(id="f", request_key=call.key, status="shipped", at=MORNING))
    return steps, state


def best_milliseconds(steps: list[tuple[OrderState, Event]], rounds: int) -> tuple[list[float], list[float]]:
    """CPU of each decision, and of writing and reading the state that it begins from; the best of some rounds."""
    deciding, carrying = [1e9] * len(steps), [1e9] * len(steps)
    for _ in range(rounds):
        for index, (state, event) in enumerate(steps):
            began = time.process_time()
            decide(state, event)
            decided = time.process_time()
            carried_over(state)
            deciding[index] = min(deciding[index], (decided - began) * 1000)
            carrying[index] = min(carrying[index], (time.process_time() - decided) * 1000)
    return deciding, carrying


def test_a_usual_order_is_decided_in_two_and_a_half_times_what_carrying_its_state_takes() -> None:
    steps, end = walk(lines=3)
    assert end.finished
    assert len(steps) == 8
    deciding, carrying = best_milliseconds(steps, 50)
    assert sum(deciding) < 2.5 * sum(carrying), (deciding, carrying)


def test_two_thousand_lines_in_one_group_are_decided_in_what_carrying_their_state_takes() -> None:
    steps, end = walk(lines=2_000)
    assert end.finished
    deciding, carrying = best_milliseconds(steps, 5)
    assert max(deciding) < max(carrying), (deciding, carrying)


def test_the_state_of_two_thousand_lines_is_carried_in_a_mebibyte() -> None:
    for groups in (1, 100):
        steps, end = walk(lines=2_000, groups=groups)
        largest = max(len(as_json(state)) for state in [*(state for state, _ in steps[:: 1 + groups // 10]), end])
        assert largest < MAX_STATE, largest
        assert carried_over(end) == end
