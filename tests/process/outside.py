"""A modelled outside: carrier, payment provider, warehouse and database, which judge by their own books.

They answer every call by its key, once and for all. What they assert is what the real ones could not forgive.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.base import Lines
from domain.policy.change_rules import CancelRefused, ChangeRules
from domain.policy.model import Process
from domain.process.calls import (
    AuthorizePayment,
    Call,
    CapturePayment,
    CheckStock,
    CreateInvoice,
    InquireShipment,
    OpenOrder,
    RequestShipment,
    ReserveStock,
    ReviseOrder,
    TrimReservation,
    Undo,
    UpdateShipment,
)
from domain.process.outcomes import KnownEffect, Opened, OrderFacts, Outcome, PricedLine
from domain.process.read_model import GroupPlan
from domain.process.state import ActiveChange
from domain.process.words import REMOTE, ChangeKind, Operation
from tests.process.database import Database, is_settled
from tests.process.editing import Edit, revised_by
from tests.process.parted import in_group, units_after, whole
from tests.process.policies import slice_with, standard
from tests.process.stockroom import Stockroom
from tests.process.updating import Updates

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNBOOKED = frozenset({Operation.OPEN, Operation.SAVE, Operation.REVISE, Operation.INQUIRE, Operation.CHECK})
"""Calls without an effect of their own: they are not in the effects ledger."""
TOO_LATE_ONCE_PICKED = frozenset({ChangeKind.QUANTITY_DOWN, ChangeKind.ITEM, ChangeKind.CANCELLED})
"""Changes of a line for which no request is cancelled that was picked, unless a person agreed."""


@dataclass
class World:
    """The books of the outside by effect key."""

    process: Process = field(default_factory=standard)
    method: str = "card"
    groups: int = 1
    as_of: date | None = None
    requested: date | None = date(2026, 3, 20)
    cancel_refused: CancelRefused = CancelRefused.REFUSE
    """What the policy says of a cancel that the carrier refuses."""
    database: Database = field(default_factory=Database)
    done: dict[str, Call] = field(default_factory=dict)
    """What took place, in its order."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """What every call was answered; the same key is answered the same for ever."""
    heard: set[str] = field(default_factory=set)
    """Keys of calls whose answer the order has got."""
    intended: set[str] = field(default_factory=set)
    """Keys of calls to the outside that the ledger has entered and that never got there."""
    gone: set[str] = field(default_factory=set)
    """Keys of effects that were undone, or that must not happen any more."""
    shipped: dict[str, Lines] = field(default_factory=dict)
    """What left, by key of the shipment request."""
    expired: set[str] = field(default_factory=set)
    """Authorizations whose life is over."""
    short_lived: bool = False
    """Whether the provider lets every authorization go at once, and tells nobody."""
    known_expired: set[str] = field(default_factory=set)
    """Those of which the order has been told."""
    known_at: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of which the order had been told when the first void of an authorization was sent, by the key of that."""
    stock: Stockroom = field(default_factory=Stockroom)
    rules: ChangeRules = field(default_factory=ChangeRules)
    updates: Updates = field(default_factory=Updates)
    edits: dict[str, Edit] = field(default_factory=dict)
    """What each change is, by its id."""
    signalled: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """What of it a raw signal brought; all others are in the database."""
    kept: set[str] = field(default_factory=set)
    """Changes that the database knows of since they were worked out, however they came."""
    progress: dict[str, str] = field(default_factory=dict)
    """How far the carrier is with a request; one that it only has is released."""
    earlier: set[str] = field(default_factory=set)
    """Effects of a life that was lost: what the next one does not need of them is undone once it has walked past."""
    voided: set[str] = field(default_factory=set)
    """Authorizations that are void, or may be by now."""
    sent_as: dict[str, Call] = field(default_factory=dict)
    """Every call that was sent, as it was sent last."""
    asked_after: dict[str, str] = field(default_factory=dict)
    """What the carrier last answered when an order asked how far a request is."""
    not_voided: set[str] = field(default_factory=set)
    """Effects that somebody would not take back: what becomes of them is for a person to settle."""
    beside: set[str] = field(default_factory=set)
    """Keys of calls that were sent while a change was carried out."""
    over: set[str] = field(default_factory=set)
    """Requests of which the carrier ships no more, although less has left than was asked for."""
    units: dict[str, Lines] = field(default_factory=dict)
    """Of groups that were split, or came of it: the units in them."""

    def answer(
        self, call: Call, *, refuse: str | None = None, fault: bool = False, effect: bool = True
    ) -> Outcome | None:
        """The outcome of a call; None for a fault, which may have had its effect all the same."""
        if fault and not effect:
            if call.operation in REMOTE and call.operation not in UNBOOKED:
                self.intended.add(call.key)
            return None
        if isinstance(call.work, ReviseOrder) and call.work.preview is None:
            self.kept.add(call.work.change_id)
        outcome = self.outcomes.get(call.key)
        if outcome is None:
            outcome = Outcome(refused=True, code=refuse, words=f"They say {refuse}.") if refuse else self._judge(call)
            if call.operation not in UNBOOKED and call.operation is not Operation.TRIM:
                self.outcomes[call.key] = outcome
        if call.save is not None and not outcome.refused:
            self.database.write(call.save)
            self.database.unheard |= {event.key for event in call.save.events if fault}
        if isinstance(call.work, Undo) and outcome.refused:
            self.voided.discard(call.work.of)
            self.not_voided.add(call.work.of)
        if isinstance(call.work, CapturePayment) and outcome.code == "authorization_expired" and not fault:
            self.known_expired.add(call.work.authorization)
        if not fault:
            self.heard.add(call.key)
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
        return tuple(self._entry(key) for key in sorted(self.intended | self.outcomes.keys() | self.gone))

    def _entry(self, key: str) -> KnownEffect:
        call, outcome = self.done.get(key) or self.sent_as.get(key), self.outcomes.get(key)
        work = call.work if call is not None else None
        undoes = work.of if isinstance(work, Undo) else work.instead_of if isinstance(work, UpdateShipment) else None
        state = "refused" if outcome is None and key not in self.intended else "intended"
        if outcome is not None:
            state = "refused" if outcome.refused else "done"
        entry: dict[str, object] = {"key": key, "undoes": undoes, "state": state}
        entry["over"] = state != "intended" if undoes else key in self.gone or key in self.known_expired
        if isinstance(work, AuthorizePayment) and call is not None:
            taken = [one for one in self.done.values() if one.operation is Operation.CAPTURE]
            captured = any(isinstance(one.work, CapturePayment) and one.work.authorization == key for one in taken)
            other = self.database.is_other_card(work.change_id, call.revision)
            entry |= {"amount": work.amount, "captured": captured or None, "other_card": other or None}
        if key in self.stock.held:
            entry["lines"] = {number: units for (number, _, _), units in self.stock.held[key].items()}
        if isinstance(work, RequestShipment) and key in self.updates.updated:
            entry["lines"] = work.lines
        if isinstance(work, ReserveStock):
            entry["location"] = work.location
        return KnownEffect.model_validate(entry)

    def held(self, group: str | None = None) -> set[str]:
        """Authorizations that hold money."""
        live = set(self.live(Operation.AUTHORIZE, group)) - self.expired
        return {key for key in live if not self._is_used_up(key)}

    def captured(self) -> dict[str, CapturePayment]:
        works = {key: self.done[key].work for key in self.live(Operation.CAPTURE)}
        return {key: work for key, work in works.items() if isinstance(work, CapturePayment)}

    def _judge(self, call: Call) -> Outcome:
        if call.key in self.gone:
            return Outcome(refused=True, code="cancelled_before_arrival", words="It was cancelled before it came.")
        if isinstance(call.work, ReviseOrder):
            return self._work_out(call.work)
        if isinstance(call.work, InquireShipment):
            self.asked_after[call.work.of] = self._how_far(call.work.of)
            far = self.asked_after[call.work.of]
            return Outcome(code=far, updates=self.updates.can(far) or None if call.work.updates else None)
        if isinstance(call.work, CheckStock):
            return self._check(call.work)
        refusal = self._refusal(call)
        if refusal:
            return Outcome(refused=True, code=refusal, words=f"They say {refusal}.")
        if call.operation not in UNBOOKED:
            self.done[call.key] = call
        if self.short_lived and call.operation is Operation.AUTHORIZE:
            self.expired.add(call.key)
        if isinstance(call.work, Undo):
            self.gone.add(call.work.of)
        if isinstance(call.work, OpenOrder):
            return Outcome(opened=self._open(call.order, call.work))
        return Outcome(ref=f"ref-{len(self.done)}")

    def _work_out(self, work: ReviseOrder) -> Outcome:
        asked_for = work.change_id
        assert work.edit == self.signalled.get(asked_for), "another change is worked out than was asked for"
        if work.cancels is None:
            return self.database.revise(work, self.edits[asked_for])
        assert asked_for not in self.edits, "an edit is worked out as a cancel"
        stays = {number: units for number, units in work.cancels.items() if units}
        gone = tuple(number for number in work.cancels if number not in stays)
        return self.database.revise(work, Edit(quantity=stays, cancel=gone))

    def _open(self, number: str, work: OpenOrder) -> Opened:
        if self.database.opened is None:
            self.database.first = self.database.opened = self.opened(number)
            self.database.numbers = {line.number for line in self.database.opened.lines}
        assert self.database.first is not None
        if not work.resumed:
            return self.database.first
        rows = self.database.row.groups if self.database.row else None
        now = {line.number for line in self.database.opened.lines} if self.database.opened else set()
        dropped = tuple(sorted(self.database.numbers - now))
        answered = tuple(id_ for id_, given in self.database.answers.items() if is_settled(given, self.database.row))
        told = {"known": self.known(), "answered": answered, "rows": rows, "dropped": dropped}
        return self.database.opened.model_copy(update=told)

    def _refusal(self, call: Call) -> str:
        match call.work:
            case ReserveStock():
                return self._reserve(call, call.work)
            case TrimReservation(of=key):
                assert key in self.live(Operation.RESERVE, call.group), "trims what is not held"
                self.stock.trim(key, call.work.location, call.work.lines, call.work.skus or {})
            case AuthorizePayment():
                others = self.held(call.group) - self.voided - self.earlier - self.not_voided
                assert not others or (call.key in self.beside and len(others) == 1), "two authorizations hold money"
            case RequestShipment():
                self._may_ship(call, call.work)
            case CapturePayment(authorization=key):
                if key in self.expired:
                    return "authorization_expired"
                self._may_capture(call, call.work)
            case CreateInvoice(shipment=key):
                assert self._left(key), "invoiced before it was shipped"
                assert not self.live(Operation.INVOICE, call.group), "invoiced twice"
                total = call.work.goods + call.work.charges + call.work.tax
                assert total == self.worth(call.group, call.revision), "invoiced what was not ordered"
            case Undo():
                return self._undo(call, call.work)
            case UpdateShipment(of=key):
                refusal = self.updates.refusal(self.done, self._how_far(key), call.key, call.work)
                self.gone |= {call.work.instead_of or ""} - {"", refusal and call.work.instead_of}
                return refusal
            case _:
                pass
        return ""

    def _undo(self, call: Call, work: Undo) -> str:
        if call.operation is Operation.CANCEL_SHIPMENT and work.of in self.shipped:
            return "already_shipped"
        assert work.of not in self.gone, "undone twice"
        if call.operation is Operation.RELEASE:
            self.stock.release(work.of)
        if call.operation is Operation.VOID:
            taken = sum(one.amount for one in self.captured().values() if one.authorization == work.of)
            assert not taken or taken < max(self._amounts({work.of})), "a capture is voided"
            if self._is_used_up(work.of):
                return "already_captured"
            self._still_covered(call, work.of)
        return ""

    def _is_used_up(self, authorization: str) -> bool:
        """Whether all of it was ever captured: a refund gives the money back, and not the authorization."""
        works = [call.work for call in self.done.values()]
        taken = [
            work.amount for work in works if isinstance(work, CapturePayment) and work.authorization == authorization
        ]
        return bool(taken) and sum(taken) >= max(self._amounts({authorization}), default=0)

    def _still_covered(self, call: Call, voided: str) -> None:
        """A void never leaves a live shipment without money, as far as anybody knew when it was first sent (I7).

        One that is sent again may have been done; nobody relies on its money any more.

        What a change authorized and did not need goes back also when the order's own authorization has expired
        meanwhile: that one is made anew like any other that expired. So does one that did not cover the shipment
        itself, being too little or on another card: then its successor counts although it has expired since.
        """
        if voided not in self.heard or self.database.at(call.revision).facts.payment_method != "card":
            return
        if voided not in self.done:
            return  # it was refused, and then asked for again without an answer: it held no money
        work = self.done[voided].work
        assert isinstance(work, AuthorizePayment)
        other_card = self.database.is_other_card(work.change_id, self.done[voided].revision)
        others = set(self.live(Operation.AUTHORIZE, call.group)) - {voided}
        for key in set(self.live(Operation.SHIP, call.group)) - self.shipped.keys():
            needed = self.needed(self.done[key].model_copy(update={"revision": call.revision}))
            of_no_use = voided in self.beside or other_card or work.amount < needed
            counted = others if of_no_use else others - self.known_at[voided]
            assert max(self._amounts(counted), default=0) >= needed, "money taken from a live shipment (I7)"

    def _reserve(self, call: Call, work: ReserveStock) -> str:
        live = self.live(Operation.RESERVE, call.group)
        assert live == ([work.replaces] if work.replaces else []), "reserved twice (I1)"
        skus = {line.number: line.sku for line in self.database.at(call.revision).lines} | (work.skus or {})
        if not self.stock.reserve(call.key, work.location, work.lines, skus, work.replaces):
            return "out_of_stock"
        if work.replaces:
            self.gone.add(work.replaces)
        return ""

    def _check(self, work: CheckStock) -> Outcome:
        room = copy.deepcopy(self.stock)
        for n, wanted in enumerate(work.wanted):
            if not room.reserve(f"look/{n}", wanted.location, wanted.lines, wanted.skus or {}, wanted.replaces):
                return Outcome(refused=True, code="out_of_stock", words="They say out_of_stock.")
        return Outcome()

    def _how_far(self, key: str) -> str:
        if key in self.shipped:
            return "shipped"
        return self.progress.get(key, "released") if key in self.live(Operation.SHIP) else "unknown"

    def _may_ship(self, call: Call, work: RequestShipment) -> None:
        assert not self.live(Operation.SHIP, call.group), "two live requests for one group (I12)"
        asked: Counter[int] = Counter(work.lines)
        for key in self.live(Operation.SHIP):
            asked.update(self.asked_to_leave(self.done[key]))
        ordered = {line.number: line.quantity for line in self.database.at(call.revision).lines}
        assert all(asked[number] <= ordered[number] for number in work.lines), "more is asked for than ordered (I12)"
        skus = {line.number: line.sku for line in self.database.at(call.revision).lines}
        held = [self.stock.held[key] for key in self.live(Operation.RESERVE, call.group)]
        wanted = {(number, work.location, skus[number]): units for number, units in work.lines.items()}
        covered = [all(units <= of.get(place, 0) for place, units in wanted.items()) for of in held]
        assert covered == [True], "shipped without stock for its units (I1)"

    def sent(self, call: Call, revision: int, *, changing: bool = False) -> None:
        """A call leaves. When a shipment is asked for, money must stand behind it as far as anybody knows (I7).

        `revision` is that of the order: a call that is sent again may be older.
        """
        self.sent_as[call.key] = call
        if changing:
            self.beside.add(call.key)
        if call.operation is Operation.VOID and isinstance(call.work, Undo):
            self.voided.add(call.work.of)
            self.known_at.setdefault(call.work.of, frozenset(self.known_expired))
        met_again = call.key in self.shipped  # what left in an earlier life of the order needs no money any more
        if (
            call.operation is Operation.SHIP
            and not met_again
            and self.database.at(revision).facts.payment_method == "card"
        ):
            standing = set(self.live(Operation.AUTHORIZE, call.group)) - self.known_expired - self.voided
            assert max(self._amounts(standing), default=0) >= self.needed(call), "shipped without money (I7)"

    def made_before_it_breaks(self, cancel: Call, change: ActiveChange, *, agreed: bool = False) -> None:
        """When a request is cancelled for a change, all that its group will need is held and funded (CHG8)."""
        _, after = self.database.proposals[change.asked.change_id]
        now = self.database.at(cancel.revision)
        at_home = in_group(now, cancel.group)
        places = {plan.id: plan.location for plan in (*now.groups, *after.groups)}
        beside = next((plan.beside for plan in now.groups if plan.id == cancel.group), None)
        at_home_here = any(plan.id == cancel.group for plan in after.groups)  # else it has parts of lines only
        place = places.get(cancel.group, "")
        if not at_home_here and beside is not None:  # they leave from where they do, unless the group beside moves
            before = {plan.id: plan.location for plan in now.groups}
            place = before[cancel.group] if places.get(beside) == before.get(beside) else places[beside]
        revised = revised_by(self.edits[change.asked.change_id], whole(now))
        changed = {one.number for one in revised.lines if one.kind in TOO_LATE_ONCE_PICKED}
        left = Counter[int]()
        for key in self.shipped.keys() & (self.gone | self.over):
            left.update(self.shipped[key])
        units = {line.number: units_after(change.shares, line, cancel.group, left) for line in after.lines}
        changed -= {number for number, line in at_home.items() if units.get(number, 0) == line.quantity}
        assert isinstance(cancel.work, Undo | UpdateShipment)
        picked = self.asked_after.get(cancel.work.of) == "picked"
        assert agreed or not picked or not changed & at_home.keys(), "cancelled, and was picked (CHG5)"
        lines = [line for line in after.lines if units[line.number] and line.number in at_home]
        held = self.stock.held[self.live(Operation.RESERVE, cancel.group)[0]]
        for line in lines:
            covered = held.get((line.number, place, line.sku), 0) >= units[line.number]
            assert covered, "cancelled before all is held (CHG8)"
        self._new_groups_are_held_for(cancel, after, change)
        money = self._amounts(set(self.live(Operation.AUTHORIZE, cancel.group)) - self.known_expired)
        needed = sum(line.amount for line in lines if units[line.number] == line.quantity)
        if after.facts.payment_method == "card" and not self.known_expired:
            assert max(money, default=0) >= needed, "cancelled before all is funded (CHG8)"

    def _new_groups_are_held_for(self, cancel: Call, after: Opened, change: ActiveChange) -> None:
        """What leaves with a group that is not there yet is held, and paid for, before anything is cancelled."""
        there = {plan.id for plan in self.database.at(cancel.revision).groups}
        for name in (change.beside or {}).values():
            holds = [self.stock.held[key] for key in self.live(Operation.RESERVE, name)]
            units = {number: of[name] for number, of in (change.shares or {}).items() if name in of}
            for number, more in units.items():
                held_for = sum(held for of in holds for (line, *_), held in of.items() if line == number)
                assert held_for >= more, "further units have no stock (CHG8)"
        for plan in after.groups:
            if plan.id in there:
                continue
            held = [self.stock.held[key] for key in self.live(Operation.RESERVE, plan.id)]
            lines = [line for line in after.lines if line.group == plan.id]
            for line in lines:
                place = (line.number, plan.location, line.sku)
                assert any(of.get(place, 0) >= line.quantity for of in held), "a new group has no stock (CHG8)"
            money = self._amounts(set(self.live(Operation.AUTHORIZE, plan.id)) - self.known_expired)
            if after.facts.payment_method == "card" and not self.known_expired:
                needed = sum(line.amount for line in lines)
                assert max(money, default=0) >= needed, "a new group has no money (CHG8)"

    def _amounts(self, keys: set[str]) -> list[int]:
        works = [self.done[key].work for key in keys]
        return [work.amount for work in works if isinstance(work, AuthorizePayment)]

    def needed(self, request: Call) -> int:
        """The money that has to stand behind a request to ship."""
        assert isinstance(request.work, RequestShipment)
        opened = self.database.at(request.revision)
        lines = in_group(opened, request.group)
        goods = sum(line.amount for number, line in lines.items() if number in request.work.lines)
        return goods + self._charges(opened, request.group)

    def worth(self, group: str, revision: int) -> int:
        """What a group comes to."""
        opened = self.database.at(revision)
        return sum(line.amount for line in in_group(opened, group).values()) + self._charges(opened, group)

    def _charges(self, opened: Opened, group: str) -> int:
        first = min((plan.id for plan in opened.groups), key=lambda id_: [int(n) for n in id_.split(".")])
        return opened.facts.charges if group == first else 0

    def _left(self, shipment: str) -> bool:
        """Whether the goods have left, or the group has nothing to ship."""
        if shipment.endswith("/not-shipped"):
            return not any(call.operation is Operation.SHIP for call in self.done.values())
        left = self.shipped.get(shipment, {})
        return all(left.get(number, 0) >= units for number, units in self.asked_to_leave(self.done[shipment]).items())

    def asked_to_leave(self, request: Call) -> Lines:
        """What has to leave on a request before its group is billed."""
        assert isinstance(request.work, RequestShipment)
        return request.work.lines

    def _may_capture(self, call: Call, work: CapturePayment) -> None:
        held = self.done[work.authorization].work
        assert isinstance(held, AuthorizePayment)
        assert work.authorization not in self.gone, "captured on a void authorization"
        assert work.amount <= held.amount, "captured more than authorized (I3)"
        assert work.amount == self.worth(call.group, call.revision), "captured what was not ordered"
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
        rules = self.rules.model_copy(update={"when_cancel_is_refused": self.cancel_refused})
        policy = slice_with(self.process).model_copy(update={"change": rules})
        return Opened(facts=facts, lines=lines, groups=plans, policy=policy)


LATER = timedelta(seconds=1)
