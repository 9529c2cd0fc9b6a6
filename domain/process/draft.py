"""A draft of the next state: the decider's functions write on it, and nobody outside one decision sees it."""

from datetime import datetime, timedelta

from domain.base import Lines
from domain.policy.model import OrderSlice, Process, RetryStyle, Step, TaskWord
from domain.process import ledger, releases
from domain.process.calls import Call, Work
from domain.process.clock import local_date
from domain.process.flow import steps_of
from domain.process.outcomes import KnownEffect, OrderFacts, PricedLine
from domain.process.read_model import BusinessEvent, ChangeAnswer
from domain.process.state import ChangeMove, Flight, Group, OrderState, Parked, Run, RunState, Snapshot
from domain.process.words import Operation

QUICK = RetryStyle(style="quick", times=5, first_wait=2, longest_wait=60)
"""For calls that no step of the policy names, such as an undo of a step without a retry style."""

PARKED_FOR = timedelta(days=1)
"""How long parked work may stay before it is overdue."""


class Draft:
    """A shallow copy of a state with the few moves that change it. `now` is business time."""

    def __init__(self, state: OrderState, at: datetime) -> None:
        self.number = state.number
        self.base = state
        self.wall = at
        self.now = state.clock if state.imported else max(state.clock, at)
        self.groups = dict(state.groups)
        self.flights = dict(state.flights)
        self.answers = dict(state.answers)
        self.answered = state.answered
        self.facts_ = state.facts
        self.lines = state.lines
        self.dropped = state.dropped
        self.policy_ = state.policy
        self.change = state.change
        self.waiting_changes = state.waiting_changes
        self.pending = state.pending
        self.approved = state.approved
        self.holds = state.holds
        self.previews = state.previews
        self.previewed: dict[str, ChangeAnswer] = {}
        self.known = state.known
        self.planned_from = self.now
        """The moment that promises are counted from."""
        self.stuck = False
        """Whether nothing is on its way that could take a resumed order's walk further."""
        self.early = state.early
        self.revision = state.revision
        self.seq = state.seq
        self.events = list(state.unsaved_events)
        self.unsaved_answers = list(state.unsaved_answers)
        self.unsaved_revision = state.unsaved_revision
        self.postponed = state.postponed
        self.saved_row = state.saved_row
        self.saved_version = state.saved_version
        self.finished = state.finished
        self.calls: list[Call] = []
        self.stops: list[str] = []

    # ---- reading -----------------------------------------------------------------------------------

    @property
    def facts(self) -> OrderFacts:
        assert self.facts_ is not None, "asked for the facts of an order that is not open yet"
        return self.facts_

    @property
    def policy(self) -> OrderSlice:
        assert self.policy_ is not None, "asked for the policy of an order that is not open yet"
        return self.policy_

    @property
    def opened(self) -> bool:
        return self.facts_ is not None

    def since(self, release: int) -> bool:
        """Whether the order is of that release (`releases`), or of a later one."""
        return self.base.release >= release

    def process(self, group: Group) -> Process:
        return self.policy.processes[group.process]

    def amount(self, group: Group) -> int:
        """Goods of the group plus, for the first group, the order's charges and tax (design, hard case 7)."""
        goods = sum(self.line_in(group, number).amount for number in group.lines)
        return goods + (self.facts.charges + self.facts.tax if self.is_first(group) else 0)

    def is_first(self, group: Group) -> bool:
        standing = (other.id for other in self.groups.values() if other.lines and not other.cancelled)
        return next(standing, None) == group.id

    def run_with_key(self, group_id: str, key: str) -> Run | None:
        """The run, current or past, that made the effect of this key."""
        group = self.groups[group_id]
        return next((run for run in (*group.runs.values(), *group.past) if run.key == key), None)

    def quantities(self, group: Group) -> Lines:
        return {number: self.line_in(group, number).quantity for number in group.lines}

    def line_in(self, group: Group, number: int) -> PricedLine:
        """A line of the group, with what of it is in the group: after a split that may be a part (ORC16)."""
        line, part = self.lines[number], (group.parts or {}).get(number)
        return line if part is None else line.model_copy(update={"quantity": part.units, "amount": part.amount})

    def run_of(self, group: Group, operation: Operation) -> Run | None:
        """The group's current run that made this kind of effect; None where it was skipped."""
        return next((r for r in group.runs.values() if r.operation is operation and r.state is RunState.DONE), None)

    def shipment_key(self, group: Group) -> str | None:
        """Key of the group's shipment request, a name of its own where nothing has to be shipped; None before it."""
        ships = [step for step in steps_of(self.process(group)) if step.do is TaskWord.SHIP]
        runs = [group.runs[step.step] for step in ships if step.step in group.runs and group.runs[step.step].passed]
        key = next((run.key for run in runs if run.key is not None), None)
        return key or (f"{self.number}/{group.id}/not-shipped" if runs else None)

    def today(self) -> str:
        return local_date(self.now, self.policy.timezone).isoformat()

    # ---- moves -------------------------------------------------------------------------------------

    def put(self, group: Group) -> Group:
        self.groups[group.id] = group
        return group

    def set_run(self, group_id: str, run: Run) -> Group:
        group = self.groups[group_id]
        return self.put(group.model_copy(update={"runs": group.runs | {run.step: run}}))

    def change_run(self, group_id: str, step: str, **changes: object) -> Run:
        run = self.groups[group_id].runs[step].model_copy(update=changes)
        self.set_run(group_id, run)
        return run

    def begin(
        self,
        group: Group,
        step: Step,
        *,
        operation: Operation | None = None,
        amount: int | None = None,
        lines: Lines | None = None,
    ) -> Run:
        """A new run of a step, on all lines of the group or on those it picks (ORC4).

        With an operation its effect key is drawn up here, before any call (design rule 2). A resumed order takes that
        of the effect which it meets again; an authorization is then over as much as was authorized.
        """
        met = self.meets(group, step.step, operation, amount) if operation else None
        if met is not None:
            self.known = ledger.with_met(self.known or (), met.key)
            amount = met.amount if met.amount is not None and not met.over else amount
        run = self.draw_up(group, step, operation=operation, amount=amount, lines=lines, met=met)
        self.succeed(group.id, run)
        return run

    def draw_up(
        self,
        group: Group,
        step: Step,
        *,
        operation: Operation | None = None,
        amount: int | None = None,
        lines: Lines | None = None,
        met: KnownEffect | None = None,
    ) -> Run:
        """A run that is not in its group yet; `met` is the effect of an earlier life that it stands for."""
        self.seq += 1
        key = self.next_key(group.id, step.step, operation) if operation and met is None else None
        return Run(
            step=step.step,
            task=step.do,
            state=RunState.RUNNING,
            seq=self.seq,
            snapshot=Snapshot(
                revision=self.revision,
                lines=self.quantities(group) if lines is None else lines,
                location=group.location,
                method=self.facts.ship_method,
                amount=amount,
                currency=self.facts.currency,
            ),
            since=self.now,
            key=key if met is None else met.key,
            operation=operation,
            owner=step.owner or self.process(group).owner,
        )

    def succeed(self, group_id: str, run: Run, **previous_becomes: object) -> None:
        """Makes this the current run of its step; the one before it is past."""
        group = self.groups[group_id]
        previous = group.runs.get(run.step)
        past = () if previous is None else (previous.model_copy(update=previous_becomes),)
        self.put(group.model_copy(update={"runs": group.runs | {run.step: run}, "past": (*group.past, *past)}))

    def skip(self, group: Group, step: Step) -> None:
        """The step has nothing to do for this group."""
        run = self.begin(group, step)
        self.change_run(group.id, run.step, state=RunState.SKIPPED)

    def meets(self, group: Group, step: str, operation: Operation, amount: int | None = None) -> KnownEffect | None:
        """The effect of a resumed order's earlier life that the step stands for; None where it does something new."""
        if self.known is None or not ledger.is_whole(self.known):
            return None
        place = ledger.Place(self.number, step, group.id, operation)
        met = ledger.met_again(self.known, place, self.revision, amount)
        outdated = operation is Operation.CAPTURE and met is not None and met.state == "refused"
        if outdated and self.since(releases.KNOWN_IS_CAUGHT_UP) and ledger.money_is_new(self.known, place):
            return None
        return met

    def next_key(self, group_id: str, step: str, operation: Operation, *, of: str | None = None) -> str:
        """The next key of this operation: order/step/group/revision/operation/n; of an undo, `of` is what it undoes.

        A resumed order passes over those of its earlier life: under them the ledger answers for what was.
        """
        group, known = self.groups[group_id], self.known or ()
        counter = f"{step}/{operation}"
        stem = f"{self.number}/{step}/{group_id}/r{self.revision}/{operation}"
        n = group.counts.get(counter, 0) + 1
        if ledger.is_whole(known):
            again = ledger.undo_on_its_way(known, of) if of is not None else None
            if again is not None:
                return again
            n = max(n, ledger.last_n(known, ledger.Place(self.number, step, group_id, operation)) + 1)
        over = {effect.key for effect in known if effect.over}
        while f"{stem}/{n}" in over:
            n += 1
        self.put(group.model_copy(update={"counts": group.counts | {counter: n}}))
        return f"{stem}/{n}"

    def amend(self, group_id: str, run: Run, **changes: object) -> Run:
        """Changes a run, be it current or past."""
        group = self.groups[group_id]
        changed = run.model_copy(update=changes)
        current = group.runs.get(run.step)
        if current is not None and current.seq == run.seq:
            self.set_run(group_id, changed)
        else:
            past = tuple(changed if one.seq == run.seq else one for one in group.past)
            self.put(group.model_copy(update={"past": past}))
        return changed

    def call(
        self,
        run: Run,
        group_id: str,
        key: str,
        work: Work,
        summary: str,
        *,
        undo: bool = False,
        move: ChangeMove | None = None,
    ) -> None:
        """Sends a call. Its retry style is that of the step in the policy."""
        call = Call(
            key=key,
            order=self.number,
            group=group_id,
            step=run.step,
            revision=self.revision,
            n=int(key.rsplit("/", 1)[1]),
            at=self.now,
            work=work,
            retry=self._retry_style(group_id, run.step),
            summary=summary,
        )
        self.send(call, undo=undo, move=move)

    def send(self, call: Call, *, undo: bool = False, faults: int = 0, move: ChangeMove | None = None) -> None:
        self.flights[call.key] = Flight(call=call, undo=undo, faults=faults, move=move)
        self.calls.append(call)

    def _retry_style(self, group_id: str, step_name: str) -> RetryStyle:
        process = self.process(self.groups[group_id])
        name = next((step.retry for step in steps_of(process) if step.step == step_name), None)
        return self.policy.retry_styles.get(name, QUICK) if name else QUICK

    def park(self, group_id: str, run: Run, code: str, words: str, *, undo: Call | None = None) -> None:
        """A run that failed for good waits for a person: plain reason, owner, deadline; nothing is dropped (I6)."""
        parked = Parked(code=code, words=words, owner=run.owner, until=self.now + PARKED_FOR, undo=undo)
        self.amend(group_id, run, state=RunState.PARKED, parked=parked, parks=run.parks + 1)
        self.tell(
            f"parked/{group_id}/{run.step}/{run.seq}/{run.parks + 1}",
            "order.parked",
            f"{words} Waiting for {run.owner.replace('_', ' ')}.",
            code=code,
            step=run.step,
        )

    def stand_by(self, group_id: str, run: Run) -> None:
        """A run that a change cut short stands by: undone by the change, or going on by itself after it."""
        parked = Parked(
            code="cut_short",
            words="Cut short by a change of the order.",
            owner=run.owner,
            until=self.now + PARKED_FOR,
            resume=True,
        )
        self.change_run(group_id, run.step, state=RunState.PARKED, parked=parked)

    def tell(
        self,
        key: str,
        type_: str,
        words: str,
        *,
        why: str = "",
        at: datetime | None = None,
        **data: str | int | bool | None,
    ) -> None:
        """Adds a business event; the same key is told once, whatever happens (I11)."""
        event = BusinessEvent(key=key, type=type_, at=at or self.now, words=words, why=why, data=data)
        if all(event.key != other.key for other in self.events):
            self.events.append(event)

    def state(self) -> OrderState:
        """The finished draft as the next state, one version on."""
        return self.base.model_copy(
            update={
                "version": self.base.version + 1,
                "clock": self.now,
                "groups": self.groups,
                "flights": self.flights,
                "answers": self.answers,
                "answered": self.answered,
                "facts": self.facts_,
                "lines": self.lines,
                "dropped": self.dropped,
                "policy": self.policy_,
                "change": self.change,
                "waiting_changes": self.waiting_changes,
                "pending": self.pending,
                "approved": self.approved,
                "holds": self.holds,
                "previews": self.previews,
                "known": self.known,
                "early": self.early,
                "revision": self.revision,
                "seq": self.seq,
                "unsaved_events": tuple(self.events),
                "unsaved_answers": tuple(self.unsaved_answers),
                "unsaved_revision": self.unsaved_revision,
                "postponed": self.postponed,
                "saved_row": self.saved_row,
                "saved_version": self.saved_version,
                "finished": self.finished,
            }
        )
