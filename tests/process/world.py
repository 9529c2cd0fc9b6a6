"""An order's process without its shell: the decider, and a modelled outside that answers its calls by its own books."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from domain.policy.model import (
    Assigned,
    Calendar,
    Duration,
    OrderSlice,
    Process,
    Reaction,
    RetryStyle,
    Rounding,
    Step,
    TaskWord,
)
from domain.policy.words import ShipStatus
from domain.process.decide import decide
from domain.process.messages import (
    Begun,
    Call,
    CallDone,
    CallFailed,
    CapturePayment,
    CarrierFact,
    ChangeAsked,
    CreateInvoice,
    Event,
    GroupPlan,
    Opened,
    OrderFacts,
    Outcome,
    PricedLine,
    RequestShipment,
    ReserveStock,
    Undo,
)
from domain.process.state import OrderState
from domain.process.words import Operation

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


def standard(**on_error: str) -> Process:
    """The process of the issue: schedule, reserve, authorize, ship, wait for shipped, capture, invoice."""
    card = 'order.payment.method == "card"'

    def step(name: str, do: TaskWord, **more: object) -> Step:
        reaction = Reaction.parse(on_error[name]) if name in on_error else None
        return Step.model_validate({"step": name, "do": do, "on_error": reaction, "retry": "quick", **more})

    return Process(
        name="standard",
        title="Ship from stock",
        owner="fulfillment_lead",
        calendar="warehouse",
        steps=(
            step("schedule", TaskWord.SCHEDULE, lead_time=Duration.parse("1 business day"), retry=None),
            step("reserve", TaskWord.RESERVE),
            step("authorize", TaskWord.AUTHORIZE, when=card, owner="finance_manager"),
            step("ship", TaskWord.SHIP),
            step(
                "wait_for_shipped",
                TaskWord.WAIT,
                of="ship",
                until=ShipStatus.SHIPPED,
                due="order.requested_date",
                retry=None,
            ),
            step("capture", TaskWord.CAPTURE, when=card),
            step("invoice", TaskWord.INVOICE),
        ),
    )


def slice_with(process: Process) -> OrderSlice:
    return OrderSlice(
        bundle="b" * 64,
        currency="USD",
        timezone="America/Chicago",
        rounding=Rounding.HALF_UP,
        assigned=(Assigned(process=process.name, because="row 1", lines=(1, 2)),),
        processes={process.name: process},
        retry_styles={"quick": RetryStyle(style="quick", times=3, first_wait=1, longest_wait=2)},
        calendars={"warehouse": Calendar(calendar="warehouse", open="Mon-Fri 08:00-18:00")},
    )


@dataclass
class World:
    """Books of the outside by effect key, and the faults it is told to have."""

    process: Process = field(default_factory=standard)
    method: str = "card"
    groups: int = 1
    refuse: dict[Operation, list[str]] = field(default_factory=dict)
    """Codes of coming refusals, by operation."""
    fail: dict[Operation, list[bool]] = field(default_factory=dict)
    """Coming faults, by operation: True if the effect happens all the same."""
    done: dict[str, Call] = field(default_factory=dict)
    fenced: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> Outcome | None:
        """The outcome of a call; None for a fault."""
        self.log.append(call.operation)
        if call.key in self.done:
            return Outcome(ref=call.key)
        codes = self.refuse.get(call.operation, [])
        if codes:
            code = codes.pop(0)
            return Outcome(refused=True, code=code, words=f"The other side says {code}.")
        faults = self.fail.get(call.operation, [])
        if faults:
            if faults.pop(0):
                self._book(call)
            return None
        return self._book(call)

    def _book(self, call: Call) -> Outcome:
        if call.key in self.fenced:
            return Outcome(refused=True, code="cancelled_before_arrival", words="It was cancelled before it came.")
        match call.work:
            case Undo(of=of):
                self.fenced.add(of)
            case RequestShipment():
                assert not self.live(Operation.SHIP, call.group), "two live requests for one group (I12)"
            case CapturePayment(authorization=key, amount=amount):
                held = self.done[key].work
                assert key not in self.fenced, "captured on an authorization that is void"
                assert amount <= held.amount, "captured more than authorized (I3)"  # type: ignore[union-attr]
            case _:
                pass
        self.done[call.key] = call
        if call.operation is Operation.OPEN:
            return Outcome(opened=self.opened(call.order))
        return Outcome(ref=f"ref-{len(self.done)}")

    def live(self, operation: Operation, group: str | None = None) -> list[Call]:
        """Effects of that kind that stand and were not taken back."""
        return [
            call
            for call in self.done.values()
            if call.operation is operation and call.key not in self.fenced and group in (None, call.group)
        ]

    def opened(self, number: str) -> Opened:
        count = 2 * self.groups
        lines = tuple(
            PricedLine(number=n, sku=f"sku-{n}", quantity=n, amount=1000 * n, group=str((n + 1) // 2))
            for n in range(1, count + 1)
        )
        return Opened(
            facts=OrderFacts(
                number=number,
                source="test",
                channel="web",
                currency="USD",
                customer="C1",
                country="US",
                ordered_at=MORNING,
                requested_date=date(2026, 3, 20),
                ship_method="ground",
                payment_method=self.method,
                goods=sum(line.amount for line in lines),
                charges=500,
            ),
            lines=lines,
            groups=tuple(
                GroupPlan(id=str(g), process=self.process.name, lines=(2 * g - 1, 2 * g), location="main", why="row 1")
                for g in range(1, self.groups + 1)
            ),
            policy=slice_with(self.process),
        )


@dataclass
class Run:
    """Feeds one order's events to the decider until it stands still."""

    world: World = field(default_factory=World)
    state: OrderState = field(default_factory=lambda: OrderState(number="O-1", bundle="b" * 64, clock=MORNING))
    at: datetime = MORNING
    pending: list[Call] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Events in the order in which they were saved."""

    def feed(self, event: Event) -> None:
        """One event; its calls are left pending."""
        decision = decide(self.state, event)
        self.state = decision.state
        self.pending.extend(decision.calls)

    def settle(self, until: Callable[[Call], bool] | None = None) -> None:
        """Answers pending calls, oldest first, until none is left or `until` says stop before one."""
        for _ in range(1_000):
            if not self.pending or (until is not None and until(self.pending[0])):
                return
            self.finish(self.pending.pop(0))
        raise AssertionError("the order never stands still")

    def finish(self, call: Call) -> None:
        self.at += timedelta(seconds=1)
        outcome = self.world.answer(call)
        if outcome is None:
            self.feed(CallFailed(key=call.key, words="No answer.", at=self.at))
            return
        if call.save is not None and not outcome.refused:
            self.told += [event.type for event in call.save.events]
        self.feed(CallDone(key=call.key, outcome=outcome, at=self.at))

    def begin(self) -> "Run":
        self.feed(Begun(at=self.at))
        return self

    def ship(self, group: str = "1", status: str = "shipped") -> None:
        run = self.state.groups[group].runs["ship"]
        assert run.key is not None
        self.feed(CarrierFact(id=f"evt-{len(self.told)}", request_key=run.key, status=status, at=self.at))

    def cancel(self, change_id: str = "c1", **more: object) -> None:
        self.feed(ChangeAsked.model_validate({"change_id": change_id, "requested_by": "ann", "at": self.at, **more}))


__all__ = ["MORNING", "CreateInvoice", "ReserveStock", "Run", "World", "slice_with", "standard"]
