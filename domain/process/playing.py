"""Playing a change through on a copy of the order: the same decider, with a given outside (CHG13, I14)."""

from collections.abc import Callable, Iterator

from domain.money import Money, words_of
from domain.process.approvals import answer_at_hand
from domain.process.calls import AuthorizePayment
from domain.process.events import CallDone, ChangeAsked, TimePassed
from domain.process.outcomes import Outcome
from domain.process.read_model import ChangeAnswer
from domain.process.state import ChangeMove, Flight, OrderState
from domain.process.words import Operation

MOST_EVENTS = 10_000
"""Of one change; it takes a few for each group."""


class Play:
    """One change played through."""

    def __init__(self, state: OrderState, answer_of: Callable[[Flight], Outcome | None]) -> None:
        """`answer_of` says what a call would be answered; None if that has to be asked."""
        self._state = state.model_copy(update={"previews": ()})
        self._answer_of = answer_of
        self._on_its_way = set(state.flights)
        self._assumed: dict[str, None] = {}
        self.unanswered: list[Flight] = []
        """Calls whose answers have to be asked for before it can go on."""

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was taken to be granted, in words."""
        return tuple(self._assumed)

    def on(self, event: ChangeAsked | TimePassed, change_id: str) -> ChangeAnswer | None:
        """The answer to the change, from the event that sets the order to work.

        None where something has to be asked first, or where the change would wait for a person.
        """
        from domain.process.decide import decide  # which calls this: the decider plays itself

        self._state = decide(self._state, event).state
        for _ in range(MOST_EVENTS):
            given = answer_at_hand(self._state, change_id)
            if given is not None:
                return given
            flight = next(self._flights(), None)
            if flight is None:
                return None
            outcome = self._answer_of(flight)
            if outcome is None:
                self.unanswered = [one for one in self._flights() if self._answer_of(one) is None]
                return None
            self._assume(flight)
            done = CallDone(key=flight.call.key, outcome=outcome, at=event.at)
            self._state = decide(self._state, done).state
        raise AssertionError(f"order {self._state.number}: a change never comes to an end")

    def _flights(self) -> Iterator[Flight]:
        """Calls on their way: those of the change, then what it takes back, then what it may have to wait for."""
        flights = [flight for flight in self._state.flights.values() if flight.move is not ChangeMove.LOOK]
        yield from sorted(flights, key=lambda flight: 0 if flight.move is not None else 1 if flight.undo else 2)

    def _assume(self, flight: Flight) -> None:
        call = flight.call
        words = ""
        if flight.move is ChangeMove.FUND and isinstance(call.work, AuthorizePayment):
            words = f"{words_of(Money(call.work.amount, call.work.currency))} can be authorized."
        elif call.operation is Operation.CANCEL_SHIPMENT:
            words = "The carrier takes the shipment request back."
        elif call.operation is Operation.UPDATE_SHIPMENT:
            words = "The carrier updates the shipment request as asked."
        elif call.key in self._on_its_way and call.operation is not Operation.SAVE:
            words = f"What is on its way gets through: {call.summary}."
        if words:
            self._assumed[words] = None
