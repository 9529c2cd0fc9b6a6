"""One order's process without its shell: feeds events to the decider and checks every decision."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.base import Lines
from domain.process import releases
from domain.process.approvals import answer_at_hand
from domain.process.calls import Call, UpdateShipment
from domain.process.decide import decide
from domain.process.doors import Start
from domain.process.events import (
    Begun,
    CallDone,
    CallFailed,
    CarrierFact,
    ChangeAsked,
    Event,
    Fact,
    PaymentFact,
    PreviewAsked,
    RetryAsked,
    SkipAsked,
    TimePassed,
)
from domain.process.read_model import ChangeAnswer, Hold, OrderRow
from domain.process.rows import row_of
from domain.process.sequence import SequenceDone, ahead
from domain.process.state import OrderState, state_at
from domain.process.state import Run as StepRun
from domain.process.words import REMOTE, Operation
from tests.process.checks import Watch, decided
from tests.process.editing import Edit
from tests.process.outside import LATER, MORNING, World
from tests.process.policies import BUNDLE
from tests.process.underway import Underway, watched

NUMBER = "O-1"


def fresh(
    as_of: date | None = None,
    version: int = 0,
    changes: tuple[ChangeAsked, ...] = (),
    holds: tuple[Hold, ...] = (),
    revision: int = 1,
    approved: tuple[str, ...] = (),
    answered: tuple[str, ...] = (),
) -> OrderState:
    """The state of an order whose workflow is about to begin; with a version, to begin anew."""
    start = Start(
        number=NUMBER,
        bundle=BUNDLE,
        ordered_at=MORNING,
        accepted_at=MORNING,
        as_of=as_of,
        customer="C1",
        channel="web",
        version=version,
        changes=changes,
        holds=holds,
        revision=revision,
        approved=approved,
        answered=answered,
    )
    return state_at(start)


@dataclass
class Run:
    """An order on its way."""

    world: World = field(default_factory=World)
    state: OrderState = field(default_factory=fresh)
    at: datetime = MORNING
    pending: list[Call] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Every call, in the order in which they were sent."""
    stops: list[str] = field(default_factory=list)
    facts: list[Fact | ChangeAsked] = field(default_factory=list)
    previews: dict[str, ChangeAnswer] = field(default_factory=dict)
    """Answers to previews, by the id of the question."""
    watch: Watch = field(default_factory=Watch)
    twice: int = 1
    """Every so many events the decision is taken twice, the second time by the carried state (I13)."""
    fed: int = 0
    sequences: bool = False
    """Whether calls of a change are made in a row where they can be; else each comes back by itself."""
    underway: Underway | None = None
    to_line_up: list[ChangeAsked] = field(default_factory=list)
    """Edits that came while a sequence was on its way."""
    broken: bool = False
    """A decision broke a promise; there is no going on."""

    # ---- events ------------------------------------------------------------------------------------

    def feed(self, event: Event | SequenceDone) -> None:
        """One event; its calls are left pending. Nothing else is heard before a sequence that is on its way; an edit
        that comes meanwhile is in line when it is back.
        """
        if (
            isinstance(event, ChangeAsked)
            and event.is_edit
            and self.underway is not None
            and self.state.release >= releases.ALARM_FIRST
        ):
            self.to_line_up.append(event)
            return
        self.land()
        self._take(event)

    def _take(self, event: Event | SequenceDone) -> None:
        self.broken = True
        self.fed += 1
        if isinstance(event, SequenceDone):
            decision = watched(self.state, event, self.watch)
        else:
            decision = decide(self.state, event) if self.fed % self.twice else decided(self.state, event)
            if isinstance(event, ChangeAsked) and event.problem is None:  # what made no sense may be forgotten
                self.watch.asked.add(event.change_id)
            self.watch.step(self.state, event, decision)
        self.state = decision.state
        if self.state.unsaved_revision is not None:
            self.world.database.versions[self.state.revision] = self.state.unsaved_revision
        for call in decision.calls:
            self._sent(call, self.state)
        tried = isinstance(event, SequenceDone) and bool(event.answers.unanswered)
        sequence = ahead(decision, self.at) if self.sequences and not tried else None
        self.underway = Underway(sequence) if sequence is not None else None
        self.pending.extend(decision.calls if sequence is None else sequence.calls[:1])
        self.stops.extend(decision.stops)
        self.previews |= decision.previews
        self.broken = False

    def land(self) -> None:
        """A sequence that is on its way comes back."""
        while self.underway is not None:
            self._finish_in_sequence(self.underway)

    def _sent(self, call: Call, state: OrderState) -> None:
        self.world.sent(call, state.revision, changing=state.change is not None)
        edit = state.change
        breaks = call.operation is Operation.CANCEL_SHIPMENT or (
            isinstance(call.work, UpdateShipment) and call.work.instead_of is None
        )
        if breaks and edit is not None and edit.reworks is not None:  # before that it is of an earlier change
            agreed = edit.asked.change_id in state.approved
            self.world.made_before_it_breaks(call, edit, agreed=agreed)
        self.calls.append(call)

    def _finish_in_sequence(
        self, underway: Underway, *, refuse: str | None = None, fault: bool = False, effect: bool = True
    ) -> None:
        """The call of a sequence is answered, and the next one made; a step of our own is tried until it is done."""
        call = underway.call
        self.at += LATER
        unsaved = call.model_copy(update={"save": None})  # what is not known of is not written either
        outcome = self.world.answer(unsaved if fault else call, refuse=refuse, fault=fault, effect=effect)
        if outcome is None and call.operation not in REMOTE:
            return
        if outcome is not None and underway.heard(outcome):
            self.pending[self.pending.index(call)] = underway.call
            self._sent(underway.call, underway.so_far(self.state))
            return
        self.pending.remove(call)
        self.underway = None
        sent, edits, self.to_line_up = len(self.calls), self.to_line_up, []
        self.watch.lined_up = bool(edits)
        for asked in edits:
            self._take(asked)
        assert len(self.calls) == sent, "an edit that is put in line sends nothing"
        self._take(underway.done("" if outcome is not None else "No answer."))
        self.watch.lined_up = False

    def begin(self) -> "Run":
        if self.world.as_of is not None:
            self.state = fresh(self.world.as_of)
        self.feed(Begun(at=self.at))
        return self

    def finish(self, call: Call, *, refuse: str | None = None, fault: bool = False, effect: bool = True) -> None:
        """The call comes back: done or as the outside judges, refused with a code, or with a fault."""
        if self.underway is not None and call == self.underway.call:
            self._finish_in_sequence(self.underway, refuse=refuse, fault=fault, effect=effect)
            return
        self.pending.remove(call)
        self.at += LATER
        outcome = self.world.answer(call, refuse=refuse, fault=fault, effect=effect)
        if outcome is None:
            self.feed(CallFailed(key=call.key, words="No answer.", at=self.at))
        else:
            self.feed(CallDone(key=call.key, outcome=outcome, at=self.at))

    def settle(self, until: Callable[[Call], bool] | None = None) -> "Run":
        """Answers pending calls, oldest first, until none is left or `until` says stop before one."""
        for _ in range(1_000):
            if not self.pending or (until is not None and until(self.pending[0])):
                return self
            self.finish(self.pending[0])
        raise AssertionError("the order never stands still")

    def up_to(self, operation: Operation) -> Call:
        """Settles until such a call is next; returns it."""
        self.settle(lambda call: call.operation is operation)
        assert self.pending, f"there was no {operation}"
        return self.pending[0]

    def carrier(self, status: str, key: str | None = None, lines: Lines | None = None, id_: str = "f") -> None:
        """The carrier tells of the current request of group 1, or of another."""
        key = key or self.key("ship")
        self.world.progress[key] = status
        if status in ("shipped", "delivered"):
            whole = self.world.asked_to_leave(self.world.done[key]) if key in self.world.done else {}
            left = self.world.shipped.setdefault(key, {})
            left.update({number: max(units, left.get(number, 0)) for number, units in (lines or whole).items()})
            if key in self.world.updates.updated:
                lines = lines or whole  # only the carrier knows what it carries
        fact = CarrierFact(id=id_, request_key=key, status=status, at=self.at, lines=lines or {})
        self.facts.append(fact)
        self.feed(fact)

    def expire(self, key: str | None = None) -> None:
        """The provider tells that the authorization of group 1, or another, is over."""
        key = key or self.key("authorize")
        self.world.expired.add(key)
        self.land()  # nothing is told to the order before that
        self.world.known_expired.add(key)
        fact = PaymentFact(id="p", authorization=key, status="expired", at=self.at)
        self.facts.append(fact)
        self.feed(fact)

    def cancel(self, change_id: str = "c1", **more: object) -> None:
        asked = {"change_id": change_id, "requested_by": "ann", "reason": "ordered twice", "at": self.at, **more}
        change = ChangeAsked.model_validate(asked)
        self.facts.append(change)
        self.feed(change)

    def edit(self, edit: Edit, change_id: str = "e1", **more: object) -> "Run":
        """Someone asks for a change of the order."""
        self.world.edits.setdefault(change_id, edit)
        self.cancel(change_id, change="edit", reason="the customer called", **more)
        return self

    def preview(self, edit: Edit, change_id: str = "e1", id_: str = "p1", **more: object) -> ChangeAnswer:
        """Someone asks what a change would come to, and gets the answer."""
        self.feed_preview(edit, change_id, id_, **more)
        return self.settle().previews[id_]

    def feed_preview(self, edit: Edit, change_id: str = "e1", id_: str = "p1", **more: object) -> None:
        """Someone asks what a change would come to."""
        self.world.edits[change_id] = edit
        asked = {"change_id": change_id, "change": "edit", "requested_by": "ann", "at": self.at, **more}
        self.feed(PreviewAsked(id=id_, asked=ChangeAsked.model_validate(asked), at=self.at))

    def retry(self) -> None:
        self.feed(RetryAsked(requested_by="ann", at=self.at))

    def skip(self, step: str, group: str | None = None) -> None:
        self.feed(SkipAsked(step=step, group=group, reason="paid by bank transfer", requested_by="ann", at=self.at))

    def pass_time(self, span: timedelta) -> None:
        self.at += span
        self.feed(TimePassed(at=self.at))

    # ---- what can be seen --------------------------------------------------------------------------

    def step(self, name: str, group: str = "1") -> StepRun:
        return self.state.groups[group].runs[name]

    def key(self, name: str, group: str = "1") -> str:
        key = self.step(name, group).key
        assert key is not None
        return key

    def answer(self, change_id: str = "c1") -> ChangeAnswer:
        """Its answer, also if that is only that it waits for a person."""
        given = answer_at_hand(self.state, change_id)
        assert given is not None, f"{change_id} has no answer"
        return given

    @property
    def row(self) -> OrderRow:
        return row_of(self.state)

    @property
    def log(self) -> list[str]:
        """What was asked of the world, in words."""
        return [str(call.operation) for call in self.calls]

    @property
    def told(self) -> list[str]:
        return self.world.database.told
