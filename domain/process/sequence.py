"""What a change asks of the world in a row: calls that one activity makes, each decided in advance (CHG8, CHG14).

A change asks the carrier, holds stock, has money authorized and cancels the old request: each call follows from the
one before, and nearly always that was answered as expected. The decider is pure, so it can be asked for the whole row
at once. The activity makes the calls in turn, under their keys, and stops at the first whose answer is another one; the
order then decides on what was really answered, as if each call had come back by itself.

Nothing else is decided while a sequence is on its way, so no call in it can turn out to be wrong. That is why it is
short, tries each call to the outside once, and never gives up before it knows how far it came.
"""

from datetime import datetime

from domain.base import Message
from domain.policy.model import ShipStatus
from domain.process import releases
from domain.process.calls import AuthorizePayment, Call, InquireShipment, ReserveStock, Undo
from domain.process.decide import decide, drafted
from domain.process.events import CallDone
from domain.process.outcomes import Outcome
from domain.process.rows import save_of
from domain.process.state import ChangeMove, Decision, OrderState
from domain.process.words import Operation

ACTIVITY = "call_in_sequence"
LONGEST = 8
"""Calls in a sequence."""


class CallSequence(Message):
    """Calls in the order in which they are made. The last one carries the save of the state that they all lead to."""

    calls: tuple[Call, ...]
    expected: dict[str, str] = {}
    """What a question has to be answered for the sequence to go on, by its key."""
    at: datetime
    """The moment at which all of it was decided (wall clock)."""

    @property
    def key(self) -> str:
        """That of its first call."""
        return self.calls[0].key

    @property
    def order(self) -> str:
        """Number of the order that all of it is about."""
        return self.calls[0].order

    def goes_on(self, call: Call, outcome: Outcome) -> bool:
        """Whether the answer to a call is the expected one. A carrier that could update a request in place is not."""
        return not (outcome.refused or outcome.updates) and self.expected.get(call.key, outcome.code) == outcome.code


class Answers(Message):
    """How far a sequence came: the answers in turn, of which only the last one may be unexpected."""

    outcomes: tuple[Outcome, ...] = ()
    unanswered: str = ""
    """In words, why the next call had no answer; it may have had its effect."""


class SequenceDone(Message):
    """A sequence came back."""

    sequence: CallSequence
    answers: Answers


def ahead(decision: Decision, at: datetime) -> CallSequence | None:
    """The sequence that a lone call of a change begins; None where nothing is known to follow it."""
    state, calls = decision.state, decision.calls
    if state.release < releases.CALLS_IN_SEQUENCE or len(calls) != 1 or len(state.flights) != 1:
        return None
    row: list[Call] = []
    expected: dict[str, str] = {}
    while len(calls) == len(state.flights) == 1 and len(row) < LONGEST:
        (call,) = calls
        outcome = _expected(state, call)
        if outcome is None:
            break
        row.append(call)
        if outcome.code:
            expected[call.key] = outcome.code
        draft = drafted(state, CallDone(key=call.key, outcome=outcome, at=at))
        state, calls = draft.state(), tuple(draft.calls)
        if draft.stops:
            break
    if len(row) < 2:
        return None
    last = row[-1].model_copy(update={"save": save_of(state)})
    return CallSequence(calls=(*row[:-1], last), expected=expected, at=at)


def _expected(state: OrderState, call: Call) -> Outcome | None:
    """What a call of a change is most likely answered; None for a call that does not go in a sequence."""
    flight, change = state.flights[call.key], state.change
    if flight.faults or change is None or not change.asked.is_edit or change.refused_code:
        return None
    match call.work, flight.move:
        case InquireShipment(of=request), ChangeMove.INQUIRE:
            return Outcome(code=_last_told(state, call.group, request))
        case (ReserveStock(), ChangeMove.HOLD) | (AuthorizePayment(), ChangeMove.FUND):
            return Outcome(at=call.at)
        case Undo(kind=Operation.CANCEL_SHIPMENT), None:
            return Outcome(at=call.at)
        case _:
            return None


def _last_told(state: OrderState, group: str, request: str) -> str:
    """How far the carrier was when it last told of the request."""
    reached = state.groups[group].reached.get(request, {})
    far = [status for status in (ShipStatus.PACKED, ShipStatus.PICKED) if status in reached]
    return str(far[0]) if far else str(ShipStatus.RELEASED)


def answered(state: OrderState, done: SequenceDone) -> Decision:
    """Decides on every answer of a sequence in turn. A call that had none is among the calls, to be made by itself."""
    sequence, outcomes = done.sequence, done.answers.outcomes
    if not outcomes:
        return Decision(state=state, calls=sequence.calls[:1])
    told = [
        CallDone(key=call.key, outcome=outcome, at=sequence.at)
        for call, outcome in zip(sequence.calls, outcomes, strict=False)
    ]
    for event in told[:-1]:
        state = drafted(state, event).state()
    key, last = told[-1].key, sequence.calls[-1]
    if key == last.key:  # as it was made, with the save
        flight = state.flights[key].model_copy(update={"call": last})
        state = state.model_copy(update={"flights": {key: flight}})
    return decide(state, told[-1])
