"""The course of one order through whatever happens to it, and what must be true of it at every rest and in the end."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.policy.model import CancelRefused
from domain.process.draft import Draft
from domain.process.events import CarrierFact, PaymentFact, RefuseAsked, ReleaseAsked
from domain.process.known import unmet
from domain.process.read_model import ChangeAnswer
from domain.process.rows import row_of
from domain.process.state import RunState
from domain.process.updates import UPDATED_ANYWAY
from domain.process.words import ChangeOutcome
from tests.process import books
from tests.process.ending import is_well
from tests.process.policies import SHAPES
from tests.process.rules import RULES, Among, Args, Number
from tests.process.splitting import ShortRun, ShortWorld
from tests.process.updating import FEWER_IN_PLACE

REACTIONS = Among("", "", "ask csr", "cancel", "hold")
PLACE = {
    "shape": Among(*sorted(SHAPES)),
    "groups": Number(1, 3),
    "method": Among("card", "card", "terms"),
    "as_of": Among(None, None, date(2026, 3, 10), date(2026, 4, 30)),
    "requested": Among(date(2026, 3, 20), date(2026, 3, 2), None),
    "patience": Number(0, 24),
    "reserve": REACTIONS,
    "authorize": REACTIONS,
    "ship": REACTIONS,
    "capture": Among("", "", "ask csr", "cancel", "hold", "skip"),
    "sequences": Among(True, True, False),
    "fewer_in_place": Among(False, False, True),
}
"""How an order begins. `patience` is the number of calls before anyone cancels or a parcel leaves, else most orders end
young; the steps are with what the policy says of their refusal, `fewer_in_place` is that fewer units are an update."""
REFUSED_CANCELS = (
    *(CancelRefused.ASK, CancelRefused.LET_SHIP_THEN_RETURN),
    *(CancelRefused.APPLY_TO_THE_REST, CancelRefused.REFUSE),
)
"""What the policy says of a cancel that the carrier refuses; it goes with the patience."""
AMID = frozenset(
    {
        *("in_turn", "out_of_turn", "refused", "fault", "fault_about_money", "workflow_lost", "money_is_hard_to_keep"),
        *("carrier", "carrier_gets_on", "parcel_leaves", "expires", "time_passes", "cancel", "change"),
    }
)
"""Rules that may happen while the calls of a sequence are made; before the others it comes back."""
ROUNDS = 80
"""How often an order is helped on before it counts as stuck."""
EXECUTED: Counter[str] = Counter()
"""Steps that were really executed in this process, by rule; and the orders that they happened to."""
ORDERS = "orders"
CAME_TO_SOMETHING: Counter[str] = Counter()
"""Of those, the steps that found something to happen to: the order heard of it, or the outside is another one."""


@dataclass
class Course:
    """One order and its outside, its people and what they remember."""

    run: ShortRun
    patience: int = 0
    facts: list[CarrierFact | PaymentFact] = field(default_factory=list)
    skips: int = 0
    tokens: dict[str, ChangeAnswer] = field(default_factory=dict)
    """Previews that a change was asked for with, by its id."""
    opening: books.Opening = field(default_factory=books.Opening)

    def step(self, name: str, args: Args) -> bool:
        """Has a rule happen; False where it cannot happen now."""
        if not RULES[name].when(self):
            return False
        if name not in AMID:
            self.run.land()
            if not RULES[name].when(self):
                return False
        EXECUTED[name] += 1
        before = self._seen()
        RULES[name].happens(self, **args)
        CAME_TO_SOMETHING[name] += before != self._seen()
        self.look()
        return True

    def _seen(self) -> tuple[object, ...]:
        world = self.run.world
        can = world.updates.able, world.updates.relabels
        return id(self.run), self.run.fed, id(self.run.state), world.short_lived, len(world.expired), can

    def look(self) -> None:
        """What must be true at every rest."""
        if self.run.state.groups and not self.run.state.flights:
            books.at_rest(self.run, self.opening)

    @property
    def resting(self) -> int:
        """Calls that wait for their next try."""
        return sum(flight.retry_at is not None for flight in self.run.state.flights.values())

    @property
    def rests(self) -> bool:
        """Whether it is open, and nothing is on its way or half done; a resumed order has come to all it had done."""
        state = self.run.state
        return (
            bool(state.groups) and not state.flights and state.change is None and not unmet(Draft(state, self.run.at))
        )

    @property
    def whole(self) -> bool:
        """Whether nothing of it was split off; the modelled outside knows of no change of what was."""
        return not self.run.world.units

    @property
    def number(self) -> int:
        """How much has been asked for, to tell the next request from those before it."""
        return len(self.run.world.edits) + len(self.run.previews)

    @property
    def skipped(self) -> bool:
        """Whether a person, or the policy, had a step skipped."""
        return bool(self.skips) or "step.skipped" in self.run.told

    # ---- the end -------------------------------------------------------------------------------------

    def end(self) -> None:
        """From wherever it stands, an order ends once the outside does what it is asked (I6)."""
        if self.run.broken:
            return
        books.settle_up(self.run, self.opening)
        self.run.world.stock.available.clear()
        self.run.world.short_lived = False
        for _ in range(ROUNDS):
            self._help()
            if self.run.state.finished:
                break
        assert self.run.state.finished, f"the order is stuck (I6): {row_of(self.run.state)}"
        is_well(self.run, skipped=self.skipped)
        books.in_the_end(self.run, skipped=self.skipped)
        self._came_to_what_was_previewed()

    def _help(self) -> None:
        run = self.run
        run.settle()
        for hold in run.state.holds:
            run.feed(ReleaseAsked(id=hold.id, reason="all is well", requested_by="bob", at=run.at))
            run.settle()
        if self.resting:
            run.pass_time(timedelta(seconds=61))
            return
        for change in run.state.pending if run.carries_less else ():  # until that is decided nothing more leaves
            run.feed(RefuseAsked(change_id=change.asked.change_id, reason="no", requested_by="bob", at=run.at))
            run.settle()
        parked = [waiting for waiting in row_of(run.state).waiting if waiting.parked]
        if parked:
            run.retry()
            run.settle()
        for waiting in parked:
            if waiting.code == UPDATED_ANYWAY:
                run.skip(waiting.step, waiting.group)
                run.settle()
            if waiting.code == "nothing_to_capture":
                assert self.skipped, "nothing is there to be captured, and nobody had its authorization skipped (PAY2)"
                self.skips += 1
                run.skip(waiting.step, waiting.group)
                run.settle()
        for group in run.state.groups.values():
            ship = group.runs.get("ship")
            if ship is not None and ship.state is RunState.DONE and not run.state.finished and ship.key:
                run.carrier("delivered", ship.key)
                run.settle()

    def _came_to_what_was_previewed(self) -> None:
        """A change that names a preview comes to exactly that, or is refused (I14)."""
        for change_id, preview in self.tokens.items():
            answer = self.run.state.answers.get(change_id)
            if answer is not None and answer.outcome is not ChangeOutcome.REFUSED:
                assert books.said(answer) == books.said(preview), f"{change_id} is not what was previewed (I14)"


def placed(shape: str, groups: int, method: str, patience: int, **more: Any) -> Course:
    """An order that has just been placed; the arguments are those of PLACE, and of the run."""
    twice, sequences = more.pop("twice", 1), more.pop("sequences", True)
    reactions = {name: more.pop(name) for name in ("reserve", "authorize", "ship", "capture")}
    process = SHAPES[shape](**{name: reaction for name, reaction in reactions.items() if reaction})
    more["cancel_refused"] = REFUSED_CANCELS[patience % len(REFUSED_CANCELS)]
    if more.pop("fewer_in_place", False):
        more["rules"] = FEWER_IN_PLACE
    world = ShortWorld(process=process, groups=groups, method=method, **more)
    run = ShortRun(world=world, twice=twice, sequences=sequences)
    run.world.stock.available |= {("east", f"sku-{n}"): 3 for n in range(1, 20)} | {("main", "sku-99"): 2}
    course = Course(run, patience, opening=books.Opening(dict(run.world.stock.available)))
    EXECUTED[ORDERS] += 1
    run.begin()
    return course
