"""The state of one order's process: one serializable structure, carried whole over continue-as-new.

Nothing here is a program counter. Where a group stands follows from its runs: the next step is the first of the
process that has no current run. Undoing a run is therefore all it takes to send a group back (CHG3).
"""

from datetime import date, datetime
from typing import Annotated

from domain.base import Lines, Message, Word
from domain.policy.model import OrderSlice, ShipStatus, TaskWord
from domain.process import releases
from domain.process.calls import Call
from domain.process.doors import Start
from domain.process.events import ChangeAsked, Fact
from domain.process.looking import Preview
from domain.process.outcomes import KnownEffect, Opened, OrderFacts, PricedLine, Revised
from domain.process.packing import PACKED
from domain.process.read_model import BusinessEvent, ChangeAnswer, Hold, OrderRow, Part, Revision
from domain.process.words import ChangeKind, Operation, Pattern, Stage


class RunState(Word):
    """How far one run of a step is."""

    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    DONE = "done"
    SKIPPED = "skipped"
    UNDOING = "undoing"
    UNDONE = "undone"


class Snapshot(Message):
    """What a run worked on: a later revision is compared with this, not with what came before it (CHG1)."""

    revision: int
    lines: Lines
    location: str
    method: str
    amount: int | None = None
    currency: str = ""


class Parked(Message):
    """Why a run needs a person (ORC19)."""

    code: str
    words: str
    owner: str
    until: datetime
    undo: Call | None = None
    """The undo of the run's effect that did not get through; it is sent again under the same key."""
    resume: bool = False
    """Whether it goes on by itself, as soon as the steps before it have been passed."""


class Updating(Message):
    """An update of a shipment request that the carrier has, or may have, and the order has not: nobody has accepted it.

    What the carrier tells of the request meanwhile is heard once it is known what the request is about.
    """

    key: str
    lines: Lines


class Expected(Message):
    """The day that the carrier expects for a shipment, and when it said so."""

    on: date
    at: datetime


class Run(Message):
    """One run of one step for one group: what it worked on, the effect it made and how that can be undone."""

    step: str
    task: TaskWord
    state: RunState
    seq: int
    """Order of execution within the order; undo goes backwards along it (CHG9)."""
    snapshot: Snapshot
    since: datetime
    key: str | None = None
    """Key of the effect, known before the call is made; None for a step without an effect."""
    operation: Operation | None = None
    ref: str | None = None
    owner: str = ""
    until: datetime | None = None
    late: bool = False
    parked: Parked | None = None
    parks: int = 0
    """How often it was parked."""
    unanswered: Call | None = None
    """The call that ended without an answer: it may have had its effect, and goes out again under the same key."""
    expires_at: datetime | None = None
    lost: bool | None = None
    """True for a reservation whose goods are lost: undone, they are not there any more."""
    left_as: str | None = None
    """Key of the request under which the goods of a lost reservation had left: they count as shipped no more."""
    updating: Updating | None = None
    expected: Expected | None = None
    """Of a shipment request: the carrier's latest word of its date, where it told of a delay."""
    not_updated: bool | None = None
    """True for a request that the carrier has refused to update: a change cancels it, and sends another (CHG7)."""
    carries: Lines | None = None
    """Units of a request that the carrier carries, where that is less than asked for; the rest is sent anew (ORC16)."""

    @property
    def passed(self) -> bool:
        """Whether the process may go on behind it."""
        return self.state is RunState.DONE or self.state is RunState.SKIPPED

    @property
    def may_have_effect(self) -> bool:
        """Whether there is, or may be, something outside to undo: a time-out does not mean no."""
        if self.key is None or self.state in (RunState.UNDONE, RunState.SKIPPED):
            return False
        return self.parked is None or self.unanswered is not None or self.parked.undo is not None


class Group(Message):
    """Lines that run one process together."""

    id: str
    process: str
    lines: tuple[int, ...]
    location: str
    why: str = ""
    promise_date: date | None = None
    runs: dict[str, Run] = {}
    """The current run of each step, by step name."""
    past: tuple[Run, ...] = ()
    """Runs that were undone or lapsed, oldest first."""
    choices: dict[str, str] = {}
    """Which path each `choose` took."""
    counts: dict[str, int] = {}
    """The last n used, by `step/operation`; it only goes up, so that a key never names two effects."""
    reached: dict[str, dict[ShipStatus, Lines]] = {}
    """How far the carrier says it is: units by key of the shipment request and status."""
    cancelled: bool = False
    parts: dict[int, Part] | None = None
    """The lines that are in other groups too, with what of them is in this one."""
    rest: str | None = None
    """The group that what has not left was split off to: what is in this one stays as it is (ORC16)."""
    beside: str | None = None
    """The group of whose lines it has further units: they go by themselves (CHG3)."""
    planned: bool = False
    """Whether it is none of the order's groups yet, but one that a change would found (`founding`)."""

    def leftovers(self) -> tuple[Run, ...]:
        """Past runs that are still to be undone or settled, oldest first: until then nothing of the group is over."""
        return tuple(run for run in self.past if run.state is RunState.UNDOING or run.parked is not None)

    def gone(self) -> bool:
        """Whether the carrier says that anything has left."""
        return any(statuses.get(ShipStatus.SHIPPED) for statuses in self.reached.values())


class ChangeMove(Word):
    """What an edit asks of the world, beside cancelling requests."""

    REVISE = "revise"
    INQUIRE = "inquire"
    HOLD = "hold"
    FUND = "fund"
    TRIM = "trim"
    UPDATE = "update"
    PUT_BACK = "put_back"
    """Makes an updated request again what it was."""
    LOOK = "look"
    """For a preview: it only reads."""


class Flight(Message):
    """A call on its way. `undo` says that it takes an earlier effect back."""

    call: Call
    undo: bool = False
    move: ChangeMove | None = None
    """Set for a call that a change makes and no step."""
    faults: int = 0
    fault: str = ""
    retry_at: datetime | None = None
    """Set while a failed local call waits for its next try (wall clock)."""


class Rework(Message):
    """What an edit does to one group, and how far that is."""

    group: str
    pattern: Pattern
    stage: Stage
    kinds: tuple[ChangeKind, ...]
    reserve: Run | None = None
    """The new reservation, which holds what the old plan and the new one need (CHG8)."""
    authorize: Run | None = None
    """The new authorization, beside the old one."""
    founds: bool = False
    """Whether the group is a new one."""
    on_hold: bool | None = None
    """Of a new group, where the change names a preview: whether a hold kept it from being promised then (I14)."""
    in_place: bool | None = None
    """True where the carrier is to update the group's request in place (CHG7)."""
    updated: bool | None = None
    """True once it has."""


class NotGivenBack(Message):
    """Why the carrier keeps a request that a change would replace."""

    code: str
    words: str


class LeftOut(Message):
    """What of an edit is not done, because the carrier does not give all requests back (CHG10)."""

    lines: dict[int, str]
    """Each line, and the group whose request stands in its way."""
    fields: dict[ChangeKind, str]
    """Each kind of the order's own fields, and such a group."""
    revised: Revised
    """How it would have made the order differ."""
    stages: dict[str, Stage]
    """How far each group was before any request was given back."""
    taken_back: tuple[str, ...]
    """The groups whose requests were."""


class ActiveChange(Message):
    """The change that is being carried out. While it is, its lines start nothing new (CHG6)."""

    asked: ChangeAsked
    actions: tuple[str, ...] = ()
    refused_code: str = ""
    refused_words: str = ""
    proposed: Opened | None = None
    """The version of the order that an edit would make."""
    revised: Revised | None = None
    """How that differs from the order as it is."""
    touched: tuple[str, ...] = ()
    """The groups whose work the edit may change: they start nothing new until it is done (CHG6)."""
    progress: dict[str, str] = {}
    """What the carrier answered when asked how far it is, by key of the request."""
    updatable: tuple[str, ...] = ()
    """Requests that the carrier said it could update in place, by their keys."""
    reworks: tuple[Rework, ...] | None = None
    """None until it is decided what the edit does."""
    asks: bool = False
    """Whether a person is asked about a request that the carrier does not give back; `refused_words` say so."""
    held_fast: dict[str, NotGivenBack] = {}
    """The groups whose requests the carrier keeps, of an edit that is done for the others."""
    left_out: LeftOut | None = None
    """Set once the version without what cannot be done is worked out, or is about to be."""
    to_return: Lines = {}
    """Of one that is refused: the units that go out all the same, and are to come back (`returns`)."""
    shares: dict[int, dict[str, int]] | None = None
    """Of the lines that will travel in several groups: the units in each, as it was judged."""
    beside: dict[str, str] | None = None
    """The groups beside which further units go by themselves, with the id of the new group for each."""
    cancels_rest: bool | None = None
    """True for what is left of a cancel of the order: an edit that cancels all but what the carrier keeps."""
    judged_at: datetime | None = None
    """When an edit with a token was found to be what its preview said: its promise counts from then (I14)."""


class Pending(Message):
    """A change that waits for a person to agree; it holds nothing, and the order goes on (CHG10)."""

    asked: ChangeAsked
    answer: ChangeAnswer
    """What whoever asked was told."""
    why: str
    role: str
    """Of whoever decides."""
    until: datetime
    """Business time; then it is refused."""


class OrderState(Message):
    """Everything one order's process knows."""

    number: str
    bundle: str
    clock: datetime
    """Business time of the latest event; for an imported order it stands still between facts from outside."""
    as_of: date | None = None
    release: int = 1
    """That of its workflow; set by the workflow."""
    version: int = 0
    revision: int = 1
    seq: int = 0
    facts: OrderFacts | None = None
    lines: dict[int, PricedLine] = {}
    dropped: tuple[int, ...] = ()
    """Lines that changes have cancelled."""
    policy: OrderSlice | None = None
    groups: dict[str, Group] = {}
    flights: dict[str, Flight] = {}
    change: ActiveChange | None = None
    waiting_changes: tuple[ChangeAsked, ...] = ()
    pending: tuple[Pending, ...] = ()
    """Changes that wait for a person to agree."""
    approved: tuple[str, ...] = ()
    """Ids of changes that a person agreed to, and that have no final answer yet."""
    previews: tuple[Preview, ...] = ()
    """Those that are not answered yet."""
    holds: tuple[Hold, ...] = ()
    known: tuple[KnownEffect, ...] | None = None
    """What the effects ledger knew of a resumed order when it was opened anew; None for an order never resumed."""
    answers: dict[str, ChangeAnswer] = {}
    answered: tuple[str, ...] = ()
    """Ids of changes that were answered, and whose answers are not at hand any more: they are in the database."""
    early: tuple[Fact, ...] = ()
    """Facts that came before the effect they speak of was known; heard as soon as it is."""
    unsaved_events: tuple[BusinessEvent, ...] = ()
    unsaved_answers: tuple[ChangeAnswer, ...] = ()
    unsaved_revision: Revision | None = None
    postponed: tuple[Call, ...] = ()
    """Calls that are sent when the new version is saved. They count as on their way."""
    saved_row: OrderRow | None = None
    saved_version: int = 0
    finished: bool = False

    @property
    def imported(self) -> bool:
        return self.as_of is not None


class OrderInput(Message):
    """Input of an order's workflow. `state` is set only by continue-as-new, and then carries everything."""

    start: Start
    state: Annotated[OrderState | None, *PACKED] = None
    release: int = 1


def state_at(start: Start) -> OrderState:
    """The state in which an order's process begins, or begins anew."""
    return OrderState(
        number=start.number,
        bundle=start.bundle,
        clock=start.ordered_at if start.as_of else start.accepted_at,
        as_of=start.as_of,
        release=releases.RELEASE,
        version=start.version,
        revision=start.revision or 1,
        waiting_changes=start.changes or (),
        answered=start.answered or (),
        approved=start.approved or (),
        holds=start.holds or (),
        known=() if start.version > 0 else None,
    )


class Decision(Message):
    """What the decider answers: the new state, the calls to make, and calls to cut short if they still retry."""

    state: OrderState
    calls: tuple[Call, ...] = ()
    stops: tuple[str, ...] = ()
    previews: dict[str, ChangeAnswer] = {}
    """Answers to previews, by their id. They are kept nowhere."""
