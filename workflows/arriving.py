"""In which order an order's workflow takes in what has arrived.

A worker may die when a local step has committed but its result is not in the history yet. Then the workflow task is
done over, and it may find more in it than the first time. It must come to the same local steps again, for what they did
is known by their keys alone. So each local step is awaited before anything else is heard, and results of calls are
heard before what comes from outside: whatever is new in a task that is done over comes last.
"""

from collections import deque

from domain.process.messages import Event
from domain.process.sequence import CallSequence, SequenceDone

Arrival = Event | SequenceDone


class Arrivals:
    """Events that wait for a decision; true while there are any, or a sequence is on its way.

    Unless `in_turn`, they are taken as they came, as earlier releases did.
    """

    def __init__(self, in_turn: bool) -> None:
        self._in_turn = in_turn
        self._awaited: set[str] = set()
        self._sequences: set[str] = set()
        self._local: deque[Arrival] = deque()
        self._results: deque[Arrival] = deque()
        self._outside: deque[Arrival] = deque()

    def __bool__(self) -> bool:
        return bool(self._local or self._results or self._outside or self._sequences)

    def begins(self, event: Event) -> None:
        """The order begins: before all else."""
        (self._local if self._in_turn else self._outside).append(event)

    def await_local(self, key: str) -> None:
        """A local step is on its way."""
        if self._in_turn:
            self._awaited.add(key)

    def await_sequence(self, sequence: CallSequence | None) -> CallSequence | None:
        """A sequence, if there is one, goes on its way: nothing else is decided until it is back."""
        if sequence is not None:
            self._awaited.add(sequence.key)
            self._sequences.add(sequence.key)
        return sequence

    def goes_on_remotely(self, key: str) -> None:
        """A local step had no answer at once, and is no longer awaited."""
        self._awaited.discard(key)

    def result(self, key: str, event: Arrival) -> None:
        """A call or a sequence came back, or failed."""
        self._sequences.discard(key)
        if not self._in_turn:
            self._outside.append(event)
        elif key in self._awaited:
            self._awaited.remove(key)
            self._local.append(event)
        else:
            self._results.append(event)

    def outside(self, event: Event) -> None:
        """A fact, a request, or the alarm."""
        self._outside.append(event)

    @property
    def ready(self) -> bool:
        """Whether there is an event to decide on now."""
        return bool(self._local) or (not self._awaited and bool(self._results or self._outside))

    def take(self) -> Arrival:
        """The next event; there has to be one `ready`."""
        assert self.ready, "nothing to decide on"
        return next(queue for queue in (self._local, self._results, self._outside) if queue).popleft()
