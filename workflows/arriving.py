"""In which order an order's workflow takes in what has arrived.

A worker may die when a local step has committed but its result is not in the history yet. Then the workflow task is
done over, and it may find more in it than the first time. It must come to the same local steps again, for what they did
is known by their keys alone. So each local step is awaited before anything else is heard, and results of calls are
heard before what comes from outside: whatever is new in a task that is done over comes last.

What came by an update, and the answer to a question, are in the history only when the task is over: one that is done
over, or that is lost with a server, may come to others. What rests on them is begun apart, when the task is over. Only
the order of the events tells when: how they are spread over tasks may differ in a replay. A sequence is a remote
activity: all that it rests on is in the history before it begins, and nothing else is heard before it is back.
"""

from collections import deque
from typing import NamedTuple

from domain.process.messages import Call, CallDone, Event
from domain.process.sequence import CallSequence, SequenceDone
from workflows.calling import QUESTIONS, is_local, leaves_a_trace

Arrival = Event | SequenceDone


class Arrived(NamedTuple):
    """An event. `told` is True if the history tells of it and of all before, False if not yet; None says nothing."""

    event: Arrival
    told: bool | None = None


class Arrivals:
    """Events that wait for a decision; true while there are any, or a sequence is on its way.

    Unless `in_turn`, they are taken as they came, as earlier releases did.

    `apart`: it is kept in mind whether the history tells of what was taken; earlier releases did not.
    """

    def __init__(self, in_turn: bool, apart: bool) -> None:
        self._in_turn = in_turn
        self._apart = apart
        self._told = True
        self._awaited: dict[str, bool] = {}
        """Local steps by their keys, and whether they were begun apart."""
        self._sequences: set[str] = set()
        self._local: deque[Arrived] = deque()
        self._results: deque[Arrived] = deque()
        self._outside: deque[Arrived] = deque()

    def __bool__(self) -> bool:
        return bool(self._local or self._results or self._outside or self._sequences)

    def begins(self, event: Event) -> None:
        """The order begins: before all else."""
        (self._local if self._in_turn else self._outside).append(Arrived(event))

    def is_apart(self, call: Call) -> bool:
        """Whether a call is begun apart: it leaves a trace, and may rest on what the history does not tell yet."""
        return self._apart and not self._told and leaves_a_trace(call)

    def begun(self, call: Call, *, apart: bool, asked: bool) -> None:
        """A call is on its way; a local step is awaited, also one that was begun apart. `asked`: see `is_local`."""
        if self._in_turn and is_local(call, asked=asked):
            self._awaited[call.key] = apart

    def await_sequence(self, sequence: CallSequence | None) -> CallSequence | None:
        """A sequence, if there is one, goes on its way: nothing else is decided until it is back."""
        if sequence is not None:
            self._awaited[sequence.key] = True
            self._sequences.add(sequence.key)
        return sequence

    def goes_on_remotely(self, key: str) -> None:
        """A local step had no answer at once, and is no longer awaited."""
        self._awaited.pop(key, None)

    def result(self, call: Call, event: Event) -> None:
        """A call came back, or failed; one that was cut short may have failed in the task that began it."""
        told = True if isinstance(event, CallDone) else None
        if not self._in_turn:
            self._outside.append(Arrived(event))
        elif call.key in self._awaited:
            apart = self._awaited.pop(call.key)
            self._local.append(Arrived(event, told if apart else False if call.operation in QUESTIONS else None))
        else:
            self._results.append(Arrived(event, told))

    def followed_through(self, done: SequenceDone) -> None:
        """A sequence came back; the history tells of that, and of all before."""
        self._sequences.remove(done.sequence.key)
        del self._awaited[done.sequence.key]
        self._local.append(Arrived(done, True))

    def asked(self, event: Event) -> None:
        """A request by update."""
        self._outside.append(Arrived(event, False))

    def outside(self, event: Event) -> None:
        """A fact, a request by signal, or the alarm."""
        self._outside.append(Arrived(event))

    @property
    def ready(self) -> bool:
        """Whether there is an event to decide on now."""
        return bool(self._local) or (not self._awaited and bool(self._results or self._outside))

    def take(self) -> Arrival:
        """The next event; there has to be one `ready`."""
        assert self.ready, "nothing to decide on"
        event, told = next(queue for queue in (self._local, self._results, self._outside) if queue).popleft()
        self._told = self._told if told is None else told
        return event
