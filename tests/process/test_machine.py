"""Any order, anything that can happen to it, in any sequence: the decider keeps what the design promises."""

import os
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from domain.process.messages import (
    Begun,
    CallDone,
    CarrierFact,
    ChangeAsked,
    Outcome,
    PaymentFact,
    RetryAsked,
    SkipAsked,
)
from domain.process.rows import row_of
from domain.process.skips import refusal
from domain.process.state import RunState
from domain.process.words import REMOTE, Operation
from tests.process.checks import carried_over
from tests.process.editing import KINDS, Edit, drawn
from tests.process.ending import is_well
from tests.process.outside import World
from tests.process.policies import SHAPES
from tests.process.runner import NUMBER, Run

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
EXAMPLES = int(os.environ.get("ORDITO_MACHINE_EXAMPLES", "600" if FULL else "60"))
STEPS = 35
PHASES = [Phase.generate] if os.environ.get("ORDITO_MACHINE_SHRINK") == "no" else [Phase.generate, Phase.shrink]
REFUSALS = {
    Operation.RESERVE: ("out_of_stock",),
    Operation.AUTHORIZE: ("declined", "do_not_honor"),
    Operation.SHIP: ("no_such_method",),
    Operation.CAPTURE: ("capture_refused",),
    Operation.CANCEL_SHIPMENT: ("too_late",),
    Operation.VOID: ("not_voidable",),
    Operation.REVISE: ("below_shipped", "no_price"),
}
STATUSES = ("released", "picked", "packed", "shipped", "delivered", "lost", "whatever")


class Orders(RuleBasedStateMachine):
    """One order and its outside."""

    @initialize(
        shape=st.sampled_from(sorted(SHAPES)),
        groups=st.integers(1, 3),
        method=st.sampled_from(("card", "card", "terms")),
        as_of=st.sampled_from((None, None, date(2026, 3, 10), date(2026, 4, 30))),
        requested=st.sampled_from((date(2026, 3, 20), date(2026, 3, 2), None)),
        patience=st.integers(0, 24),
        on_error=st.dictionaries(
            st.sampled_from(("reserve", "authorize", "ship", "capture")), st.sampled_from(("ask csr", "cancel", "hold"))
        ),
    )
    def place(self, shape: str, groups: int, method: str, patience: int, on_error: dict[str, str], **more: Any) -> None:
        """`patience` is the number of calls before anyone cancels or a parcel leaves, else most orders end young."""
        self.patience = patience
        self.run = Run(world=World(process=SHAPES[shape](**on_error), groups=groups, method=method, **more))
        self.run.world.stock.available |= {("east", f"sku-{n}"): 3 for n in range(1, 20)} | {("main", "sku-99"): 2}
        self.facts: list[CarrierFact | PaymentFact] = []
        self.skips = 0
        self.run.begin()

    # ---- calls come back -----------------------------------------------------------------------------

    @precondition(lambda self: self.run.pending)
    @rule(times=st.integers(1, 5))
    def in_turn(self, times: int) -> None:
        for _ in range(times):
            if self.run.pending:
                self.run.finish(self.run.pending[0])

    @precondition(lambda self: self.run.pending)
    @rule(which=st.integers(0, 5), times=st.integers(1, 4))
    def done(self, which: int, times: int) -> None:
        for _ in range(times):
            if self.run.pending:
                self.run.finish(self.run.pending[which % len(self.run.pending)])

    @precondition(lambda self: any(call.operation in REFUSALS for call in self.run.pending))
    @rule(which=st.integers(0, 5), code=st.integers(0, 1))
    def refused(self, which: int, code: int) -> None:
        calls = [call for call in self.run.pending if call.operation in REFUSALS]
        call = calls[which % len(calls)]
        codes = REFUSALS[call.operation]
        self.run.finish(call, refuse=codes[code % len(codes)])

    @precondition(lambda self: self.run.pending)
    @rule(which=st.integers(0, 5), effect=st.booleans())
    def fault(self, which: int, effect: bool) -> None:
        self.run.finish(self.run.pending[which % len(self.run.pending)], fault=True, effect=effect)

    @precondition(lambda self: self.run.world.done)
    @rule(which=st.integers(0, 50))
    def told_twice(self, which: int) -> None:
        """A result that was taken in long ago, and the start."""
        keys = [call.key for call in self.run.calls if call.key not in self.run.state.flights]
        if keys:
            self.run.feed(CallDone(key=keys[which % len(keys)], outcome=Outcome(ref="late"), at=self.run.at))
        self.run.feed(Begun(at=self.run.at))
        assert len(self.run.pending) == len(self.run.state.flights) - self._resting()

    # ---- facts ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.run.world.live(Operation.SHIP))
    @rule(which=st.integers(0, 5), status=st.sampled_from(STATUSES), part=st.sampled_from((None, 1, 2)))
    def carrier(self, which: int, status: str, part: int | None) -> None:
        """Of a request that the carrier has, possibly of a part of it, and possibly before its answer came."""
        requests = self.run.world.live(Operation.SHIP)
        if status in ("shipped", "delivered") and len(self.run.calls) < self.patience:
            return
        key = requests[which % len(requests)]
        call = self.run.world.done[key]
        lines = None
        if part is not None:
            asked = sorted(call.work.lines)  # type: ignore[union-attr]
            lines = {asked[part % len(asked)]: 1}
        self.run.carrier(status, key, lines, id_=f"f{len(self.facts)}")
        self._remember()

    @rule(key=st.sampled_from((f"{NUMBER}/ship/1/r1/request_shipment/7", "O-2/ship/1/r1/request_shipment/1", "")))
    def unknown_request(self, key: str) -> None:
        before = row_of(self.run.state) if self.run.state.groups else None
        self.run.feed(CarrierFact(id="u", request_key=key, status="shipped", at=self.run.at))
        self.run.feed(PaymentFact(id="u", authorization=key, status="expired", at=self.run.at))
        assert before is None or row_of(self.run.state) == before

    @precondition(lambda self: self.run.world.held())
    @rule(which=st.integers(0, 5), told=st.booleans())
    def expires(self, which: int, told: bool) -> None:
        world = self.run.world
        captured = {work.authorization for work in world.captured().values()}
        held = sorted(world.held() - captured)
        if held and told:
            self.run.expire(held[which % len(held)])
            self._remember()
        elif held:
            world.expired.add(held[which % len(held)])

    @precondition(lambda self: self.facts)
    @rule(which=st.integers(0, 50))
    def fact_again(self, which: int) -> None:
        """The second time a fact changes nothing, unless it is still unheard."""
        fact = self.facts[which % len(self.facts)]
        calls, row = len(self.run.calls), row_of(self.run.state)
        self.run.feed(fact)
        if not (isinstance(fact, CarrierFact) and fact.status == "lost"):
            assert len(self.run.calls) == calls
            assert row_of(self.run.state) == row

    def _remember(self) -> None:
        fact = self.run.facts[-1]
        assert not isinstance(fact, ChangeAsked)
        self.facts.append(fact)

    # ---- people and time -----------------------------------------------------------------------------

    @precondition(lambda self: len(self.run.calls) >= self.patience)
    @rule(change_id=st.sampled_from(("c1", "c2", "c3")), base=st.sampled_from((None, None, None, 1, 1, 2)))
    def cancel(self, change_id: str, base: int | None) -> None:
        self.run.cancel(change_id, base_revision=base)

    @rule(
        what=st.lists(st.sampled_from(KINDS), min_size=1, max_size=2),
        which=st.integers(0, 9),
        more=st.integers(1, 4),
        then=st.integers(0, 4),
    )
    def edit(self, what: list[str], which: int, more: int, then: int) -> None:
        """Someone asks for a change; now and then with an id that was used before, or for an old revision."""
        opened = self.run.world.database.opened
        wanted = Edit(quantity={1: 3}) if opened is None else drawn(what, which, more, opened)
        change_id = f"e{len(self.run.world.edits) - (which == 9)}"
        base = max(self.run.state.revision - 1, 1) if which == 8 else None
        self.run.edit(wanted, change_id, base_revision=base)
        for call in self.run.pending[:then]:
            self.run.finish(call)

    @precondition(lambda self: any(call.operation in REMOTE for call in self.run.pending))
    @rule(effect=st.booleans())
    def cut_short(self, effect: bool) -> None:
        """A cancel cuts the calls to the outside short; what became of them is unknown."""
        stopped = len(self.run.stops)
        self.run.cancel("c4")
        for call in [call for call in self.run.pending if call.key in self.run.stops[stopped:]]:
            self.run.finish(call, fault=True, effect=effect)

    @rule(what=st.sampled_from(("retry", "retry", "retry", "nonsense", "carry")))
    def ask(self, what: str) -> None:
        """A retry, a request that makes no sense, or the workflow continued as new."""
        match what:
            case "retry":
                self.run.feed(RetryAsked(requested_by="ann", at=self.run.at))
            case "nonsense":
                self.run.cancel("malformed/1", problem="The change request makes no sense.")
                assert self.run.answer("malformed/1").code == "malformed"
            case _:
                self.run.state = carried_over(self.run.state)

    @rule(
        step=st.sampled_from(("capture", "capture", "authorize", "ship")), group=st.sampled_from((None, None, "1", "2"))
    )
    def skip(self, step: str, group: str | None) -> None:
        """An operator has a step skipped; where that cannot be, nothing at all comes of it."""
        asked = SkipAsked(step=step, group=group, reason="paid otherwise", requested_by="ann", at=self.run.at)
        refused, calls = refusal(self.run.state, asked), len(self.run.calls)
        row = row_of(self.run.state) if self.run.state.groups else None
        self.run.feed(asked)
        if refused is None:
            self.skips += 1
        else:
            assert row is None or row_of(self.run.state) == row, refused
            assert len(self.run.calls) == calls, refused

    @rule(days=st.sampled_from((0, 0, 0, 1, 5, 40)))
    def time(self, days: int) -> None:
        self.run.pass_time(timedelta(days=days, seconds=61))

    # ---- always, and in the end ----------------------------------------------------------------------

    def _resting(self) -> int:
        return sum(flight.retry_at is not None for flight in self.run.state.flights.values())

    def teardown(self) -> None:
        """From wherever it stands, an order ends once the outside does what it is asked (I6)."""
        if not hasattr(self, "run") or self.run.broken:
            return
        self.run.world.stock.available.clear()
        for _ in range(60):
            self._help()
            if self.run.state.finished:
                break
        assert self.run.state.finished, f"the order is stuck (I6): {row_of(self.run.state)}"
        is_well(self.run, skipped=bool(self.skips))

    def _help(self) -> None:
        self.run.settle()
        for flight in self.run.state.flights.values():
            if flight.retry_at is not None:
                self.run.pass_time(timedelta(seconds=61))
                return
        if any(waiting.parked for waiting in row_of(self.run.state).waiting):
            self.run.retry()
            self.run.settle()
        for group in self.run.state.groups.values():
            ship = group.runs.get("ship")
            if ship is not None and ship.state is RunState.DONE and not self.run.state.finished and ship.key:
                self.run.carrier("delivered", ship.key)
                self.run.settle()


@pytest.mark.timeout(900)
def test_any_order_keeps_what_the_design_promises() -> None:
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not FULL,
            database=None,
            phases=PHASES,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
