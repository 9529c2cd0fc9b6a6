"""In which order an order's workflow takes in what has arrived.

A worker may die when a local step has committed but its result is not in the history yet. Then the workflow task is
done over, and it may find more in it than the first time. It must come to the same local steps again, for what they did
is known by their keys alone. So each local step is awaited before anything else is heard, and results of calls and the
alarm are heard before what comes from outside: a request that is new in a task that is done over comes last. For that,
all that a task brings has to be here before any of it is taken: `workflows.batching`.

What came by an update, and the answer to a question, are in the history only when the task is over: one that is done
over, or that is lost with a server, may come to others. A change that was asked for by signal may come after a result
that is new. What rests on any of these is begun apart, when the task is over. Only the order of the events tells when:
how they are spread over tasks may differ in a replay. A sequence is a remote activity: all that it rests on is in the
history before it begins, and nothing else is heard before it is back. Then edits that have come meanwhile are put in
line first: the new order goes to the carrier once, for all of them (CHG12).
"""

from collections import deque
from typing import NamedTuple

from domain.process import releases
from domain.process.calls import Call
from domain.process.changes import is_edit
from domain.process.events import CallDone, ChangeAsked, Event, TimePassed
from domain.process.sequence import CallSequence, SequenceDone
from workflows.calling import QUESTIONS, is_local, leaves_a_trace

Arrival = Event | SequenceDone


class Arrived(NamedTuple):
    """An event. `told` is True if the history tells of it and of all before, False if not yet; None says nothing."""

    event: Arrival
    told: bool | None = None


class Arrivals:
    """Events that wait for a decision; true while there are any, or a sequence is on its way.

    How they are taken depends on the release of the order: see `domain.process.releases`.
    """

    def __init__(self, release: int) -> None:
        self._in_turn = release >= releases.LOCAL_STEPS_FIRST
        """Else they are taken as they came."""
        self._apart = release >= releases.HISTORY_COMES_FIRST
        """Whether it is kept in mind if the history tells of what was taken."""
        self._requests_last = release >= releases.ALARM_FIRST
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
        """A fact, or a request by signal."""
        told = False if self._requests_last and isinstance(event, ChangeAsked) else None
        self._outside.append(Arrived(event, told))

    def rang(self, event: TimePassed) -> None:
        """The alarm."""
        (self._results if self._requests_last else self._outside).append(Arrived(event))

    @property
    def edits(self) -> int:
        """How many edits wait to be heard."""
        return sum(is_edit(one.event) for one in self._outside)

    @property
    def ready(self) -> bool:
        """Whether there is an event to decide on now."""
        return bool(self._local) or (not self._awaited and bool(self._results or self._outside))

    def take(self) -> Arrival:
        """The next event; there has to be one `ready`."""
        assert self.ready, "nothing to decide on"
        event, told = self._edit_to_line_up() or self._next()
        self._told = self._told if told is None else told
        return event

    def _next(self) -> Arrived:
        return next(queue for queue in (self._local, self._results, self._outside) if queue).popleft()

    def _edit_to_line_up(self) -> Arrived | None:
        """An edit that is to be in line before it is known what a sequence came to; a cancel, and what follows, is not.

        An edit that came by update may not be in the history yet, though the answers of the sequence are.
        """
        if not self._requests_last or not self._local or not isinstance(self._local[0].event, SequenceDone):
            return None
        change = next((one for one in self._outside if isinstance(one.event, ChangeAsked)), None)
        if change is None or not is_edit(change.event):
            return None
        self._outside.remove(change)
        self._local[0] = self._local[0]._replace(told=False)
        return change
