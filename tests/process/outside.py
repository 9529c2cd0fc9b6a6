"""A modelled outside: carrier, payment provider, warehouse and database, which judge by their own books.

They answer every call by its key, once and for all. What they assert is what the real ones could not forgive.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from domain.policy.model import Process
from domain.process.messages import (
    AuthorizePayment,
    BusinessEvent,
    Call,
    CapturePayment,
    ChangeAnswer,
    CreateInvoice,
    GroupPlan,
    KnownEffect,
    Lines,
    Opened,
    OpenOrder,
    OrderFacts,
    OrderRow,
    Outcome,
    PricedLine,
    RequestShipment,
    ReserveStock,
    Save,
    Undo,
)
from domain.process.words import REMOTE, UNDO, Operation
from tests.process.policies import slice_with, standard

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNBOOKED = frozenset({Operation.OPEN, Operation.SAVE})
"""Calls without an effect of their own: they are not in the effects ledger."""


@dataclass
class Database:
    """The read model: guarded by its version, events and answers by their keys; the first one stays."""

    version: int = 0
    row: OrderRow | None = None
    events: dict[str, BusinessEvent] = field(default_factory=dict)
    answers: dict[str, ChangeAnswer] = field(default_factory=dict)
    cancelled: Lines = field(default_factory=dict)

    def write(self, save: Save) -> None:
        if save.version > self.version:
            self.version, self.row = save.version, save.row
        for event in save.events:
            known = self.events.setdefault(event.key, event)
            assert (known.type, known.words) == (event.type, event.words), f"{event.key} tells two different things"
        for answer in save.answers:
            known_answer = self.answers.setdefault(answer.change_id, answer)
            assert same_answer(known_answer, answer), "a change was answered twice"
        self.cancelled |= save.cancelled

    @property
    def told(self) -> list[str]:
        """Types of the events, in the order in which they were saved."""
        return [event.type for event in self.events.values()]


def same_answer(one: ChangeAnswer, other: ChangeAnswer) -> bool:
    """Whether both say the same. A call tried again decides its answer again, at a later moment; the first stays."""
    return one.model_copy(update={"at": other.at}) == other


@dataclass
class World:
    """The books of the outside by effect key."""

    process: Process = field(default_factory=standard)
    method: str = "card"
    groups: int = 1
    as_of: date | None = None
    requested: date | None = date(2026, 3, 20)
    database: Database = field(default_factory=Database)
    done: dict[str, Call] = field(default_factory=dict)
    """What took place, in its order."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """What every call was answered; the same key is answered the same for ever."""
    intended: set[str] = field(default_factory=set)
    """Keys of calls to the outside that the ledger has entered and that never got there."""
    gone: set[str] = field(default_factory=set)
    """Keys of effects that were undone, or that must not happen any more."""
    shipped: dict[str, Lines] = field(default_factory=dict)
    """What left, by key of the shipment request."""
    expired: set[str] = field(default_factory=set)
    """Authorizations whose life is over."""
    known_expired: set[str] = field(default_factory=set)
    """Those of which the order has been told."""

    def answer(
        self, call: Call, *, refuse: str | None = None, fault: bool = False, effect: bool = True
    ) -> Outcome | None:
        """The outcome of a call; None for a fault, which may have had its effect all the same."""
        if fault and not effect:
            if call.operation in REMOTE:
                self.intended.add(call.key)
            return None
        outcome = self.outcomes.get(call.key)
        if outcome is None:
            outcome = Outcome(refused=True, code=refuse, words=f"They say {refuse}.") if refuse else self._judge(call)
            if call.operation not in UNBOOKED:
                self.outcomes[call.key] = outcome
        if call.save is not None and not outcome.refused:
            self.database.write(call.save)
        if isinstance(call.work, CapturePayment) and outcome.code == "authorization_expired" and not fault:
            self.known_expired.add(call.work.authorization)
        return None if fault else outcome

    def live(self, operation: Operation, group: str | None = None) -> list[str]:
        """Keys of the effects of that kind that stand."""
        return [
            key
            for key, call in self.done.items()
            if call.operation is operation and key not in self.gone and group in (None, call.group)
        ]

    def known(self) -> tuple[KnownEffect, ...]:
        """What the effects ledger tells a resumed order."""
        entered = sorted(self.intended | self.outcomes.keys() | self.gone)
        undos = {key for key in entered if key.split("/")[-2] in UNDO.values()}
        told = [KnownEffect(key=key, over=key in undos or key in self.gone) for key in entered]
        return tuple(effect for effect in told if self._is_told(effect.key, effect.key in undos))

    def _is_told(self, key: str, undo: bool) -> bool:
        outcome = self.outcomes.get(key)
        if undo:
            return outcome is not None
        return key in self.gone or outcome is None or not outcome.refused

    def held(self, group: str | None = None) -> set[str]:
        """Authorizations that hold money."""
        return set(self.live(Operation.AUTHORIZE, group)) - self.expired

    def captured(self) -> dict[str, CapturePayment]:
        works = {key: self.done[key].work for key in self.live(Operation.CAPTURE)}
        return {key: work for key, work in works.items() if isinstance(work, CapturePayment)}

    def _judge(self, call: Call) -> Outcome:
        if call.key in self.gone:
            return Outcome(refused=True, code="cancelled_before_arrival", words="It was cancelled before it came.")
        refusal = self._refusal(call)
        if refusal:
            return Outcome(refused=True, code=refusal, words=f"They say {refusal}.")
        if call.operation not in UNBOOKED:
            self.done[call.key] = call
        if isinstance(call.work, Undo):
            self.gone.add(call.work.of)
        if call.operation is Operation.OPEN:
            opened = self.opened(call.order)
            resumed = isinstance(call.work, OpenOrder) and call.work.resumed
            return Outcome(opened=opened.model_copy(update={"known": self.known()}) if resumed else opened)
        return Outcome(ref=f"ref-{len(self.done)}")

    def _refusal(self, call: Call) -> str:
        match call.work:
            case ReserveStock():
                assert not self.live(Operation.RESERVE, call.group), "reserved twice (I1)"
            case AuthorizePayment():
                assert not self.held(call.group), "two authorizations hold money for one group"
            case RequestShipment():
                self._may_ship(call)
            case CapturePayment(authorization=key):
                if key in self.expired:
                    return "authorization_expired"
                self._may_capture(call.work)
            case CreateInvoice(shipment=key):
                assert self._left(key), "invoiced before it was shipped"
                assert not self.live(Operation.INVOICE, call.group), "invoiced twice"
            case Undo(kind=Operation.CANCEL_SHIPMENT, of=key) if key in self.shipped:
                return "already_shipped"
            case Undo(of=key):
                assert key not in self.gone, "undone twice"
                if call.operation is Operation.VOID:
                    to_leave = set(self.live(Operation.SHIP, call.group)) - self.shipped.keys()
                    assert not to_leave, "money taken from a live shipment (I7)"
            case _:
                pass
        return ""

    def _may_ship(self, call: Call) -> None:
        assert self.live(Operation.RESERVE, call.group), "shipped without stock (I1)"
        assert not self.live(Operation.SHIP, call.group), "two live requests for one group (I12)"

    def sent(self, call: Call) -> None:
        """A call leaves. When a shipment is asked for, money must stand behind it as far as anybody knows (I7)."""
        if self.method == "card" and call.operation is Operation.SHIP:
            standing = set(self.live(Operation.AUTHORIZE, call.group)) - self.known_expired
            assert standing, "shipped without money (I7)"

    def _left(self, shipment: str) -> bool:
        """Whether the goods have left, or the group has nothing to ship."""
        asked = any(call.operation is Operation.SHIP for call in self.done.values())
        return shipment in self.shipped or (shipment.endswith("/not-shipped") and not asked)

    def _may_capture(self, work: CapturePayment) -> None:
        held = self.done[work.authorization].work
        assert isinstance(held, AuthorizePayment)
        assert work.authorization not in self.gone, "captured on a void authorization"
        assert work.amount <= held.amount, "captured more than authorized (I3)"
        assert self._left(work.shipment), "captured before it was shipped"
        others = self.captured().values()
        assert work.shipment not in {other.shipment for other in others}, "captured twice (I3)"
        assert work.authorization not in {other.authorization for other in others}, "captured twice (I3)"

    def opened(self, number: str) -> Opened:
        lines = tuple(
            PricedLine(number=n, sku=f"sku-{n}", quantity=n, amount=1000 * n, group=str((n + 1) // 2))
            for n in range(1, 2 * self.groups + 1)
        )
        return self.opened_with(number, lines, {str(g): (2 * g - 1, 2 * g) for g in range(1, self.groups + 1)})

    def opened_with(self, number: str, lines: tuple[PricedLine, ...], groups: dict[str, tuple[int, ...]]) -> Opened:
        facts = OrderFacts(
            number=number,
            source="test",
            channel="web",
            currency="USD",
            customer="C1",
            country="US",
            ordered_at=MORNING,
            requested_date=self.requested,
            ship_method="ground",
            payment_method=self.method,
            goods=sum(line.amount for line in lines),
            charges=500,
            as_of=self.as_of,
        )
        name = self.process.name
        plans = tuple(
            GroupPlan(id=group, process=name, lines=numbers, location="main", why="Row 1.")
            for group, numbers in groups.items()
        )
        return Opened(facts=facts, lines=lines, groups=plans, policy=slice_with(self.process))


LATER = timedelta(seconds=1)
