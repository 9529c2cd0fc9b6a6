"""A sequence of calls on its way: the outside answers one after another, and the order hears of them at its end."""

from dataclasses import dataclass, field

from domain.process.calls import Call
from domain.process.decide import drafted
from domain.process.events import CallDone
from domain.process.outcomes import Outcome
from domain.process.sequence import Answers, CallSequence, SequenceDone, answered
from domain.process.state import Decision, OrderState
from tests.process.checks import Watch, as_json, carried_over


@dataclass
class Underway:
    """A sequence, and what its calls were answered so far."""

    sequence: CallSequence
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def call(self) -> Call:
        """The one that waits for its answer."""
        return self.sequence.calls[len(self.outcomes)]

    def heard(self, outcome: Outcome) -> bool:
        """Whether there is another call to make."""
        goes_on = self.sequence.goes_on(self.call, outcome)
        self.outcomes.append(outcome)
        return goes_on and len(self.outcomes) < len(self.sequence.calls)

    def so_far(self, before: OrderState) -> OrderState:
        """The state that the answers up to now lead to, as it was decided in advance."""
        state = before
        for call, outcome in zip(self.sequence.calls, self.outcomes, strict=False):
            state = drafted(state, CallDone(key=call.key, outcome=outcome, at=self.sequence.at)).state()
        return state

    def done(self, unanswered: str = "") -> SequenceDone:
        return SequenceDone(
            sequence=self.sequence, answers=Answers(outcomes=tuple(self.outcomes), unanswered=unanswered)
        )


def watched(before: OrderState, done: SequenceDone, watch: Watch) -> Decision:
    """The decision on a sequence, which is the same for the carried state (I13), with a look at every step of it.

    Each answer leads to the very call that was made in advance.
    """
    decision = answered(before, done)
    again = answered(carried_over(before), SequenceDone.model_validate_json(as_json(done)))
    assert again == decision, "the carried state decides differently"
    state, calls, outcomes = before, done.sequence.calls, done.answers.outcomes
    for n, (call, outcome) in enumerate(zip(calls, outcomes, strict=False), start=1):
        event = CallDone(key=call.key, outcome=outcome, at=done.sequence.at)
        if n < len(outcomes):
            draft = drafted(state, event)
            step = Decision(state=draft.state(), calls=tuple(draft.calls), stops=tuple(draft.stops))
            (following,) = draft.calls
            assert calls[n].at <= following.at  # edits that are in line since have moved the order's clock
            made = calls[n].model_copy(update={"save": None, "at": following.at})
            assert following == made, "another call was made than was decided"
        else:
            flights = {key: flight.model_copy(update={"call": call}) for key, flight in state.flights.items()}
            state, step = state.model_copy(update={"flights": flights}), decision
        watch.step(state, event, step)
        state = step.state
    return decision
