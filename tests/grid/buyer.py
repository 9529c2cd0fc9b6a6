"""An order of the grid, how it is brought to a step, and how its end is judged by everybody's books."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError, RPCStatusCode

from domain.policy.model import TaskWord
from domain.process.words import Operation
from tests.support.shop import Order, Shop

UNITS, MORE, STOCK = 3, 5, 10
CENTS = 1000
"""What a unit costs."""
PATIENCE = 75.0
POLL = 0.25
EFFECT = {
    TaskWord.RESERVE: Operation.RESERVE,
    TaskWord.AUTHORIZE: Operation.AUTHORIZE,
    TaskWord.SHIP: Operation.SHIP,
    TaskWord.CAPTURE: Operation.CAPTURE,
    TaskWord.INVOICE: Operation.INVOICE,
}
BEHIND_THE_GOODS = frozenset({TaskWord.CAPTURE, TaskWord.INVOICE})
ONCE = frozenset({"order.accepted", "order.completed", "order.cancelled", "shipment.shipped"})
"""What the timeline tells at most once, whatever happens."""
_numbers = itertools.count(1)


@dataclass
class Buyer:
    """An order of 3 units of an item that nobody else orders, of which there are 10."""

    shop: Shop
    number: str
    sku: str
    stock: int = STOCK
    service: bool = False

    async def place(self) -> None:
        """Accepted, and on its way."""
        document = self.shop.document([(self.sku, UNITS)], number=self.number)
        await self.shop.ok("POST", "/v1/orders", json={**document, "source": {"system": "grid", "id": self.number}})

    async def until(self, holds: Callable[[Order], bool]) -> Order:
        """The order, as soon as it is as told."""
        return await self.shop.until(self.number, holds)

    async def released(self) -> Order:
        """The carrier has the request and the order waits for it."""
        return await self.until(_waits_for_the_carrier)

    async def ship(self) -> None:
        await self.shop.ship(self.number)

    async def parked(self, code: str) -> dict[str, Any]:
        """What a person sees of it."""
        order = await self.until(lambda order: any(one["code"] == code for one in order["waiting"]))
        (waiting,) = order["waiting"]
        assert waiting["parked"]
        assert waiting["until"] is not None
        found: dict[str, Any] = waiting
        return found

    async def retry(self) -> None:
        await self.shop.ok("POST", f"/v1/orders/{self.number}/retry")

    async def cancel(self, seconds: int = 30) -> tuple[int, Any]:
        """The HTTP status, and the answer's code."""
        body = {"reason": "no longer wanted", "change_id": "c-1"}
        return await self._ask("cancel", body, seconds)

    async def change(self, seconds: int = 30) -> tuple[int, Any]:
        """More units; the HTTP status, and the answer's code."""
        body = {"lines": [{"number": 1, "quantity": MORE}], "change_id": "c-1"}
        return await self._ask("changes", body, seconds)

    async def _ask(self, what: str, body: dict[str, Any], seconds: int) -> tuple[int, Any]:
        path = f"/v1/orders/{self.number}/{what}"
        response = await self.shop.api.post(path, json=body, params={"timeout": str(seconds)}, timeout=60)
        answer = response.json()
        return response.status_code, answer.get("change", answer).get("code")

    async def answered(self) -> tuple[str, str]:
        """The outcome of what was asked, and its code, as soon as there is one."""
        order = await self.until(
            lambda order: [one["outcome"] for one in order["changes"]] not in ([], ["in_progress"])
        )
        (change,) = order["changes"]
        return change["outcome"], change["code"]

    async def hold(self, step: str) -> None:
        """As soon as the order runs, which is before it gets to the step."""
        body = {"id": "h-1", "code": "credit", "reason": "over the limit", "step": step}
        path = f"/v1/orders/{self.number}/holds"
        for _ in range(40):
            response = await self.shop.api.post(path, json=body)
            if response.is_success:
                return
            await asyncio.sleep(POLL)
        raise AssertionError(response.text)

    async def fault(self, operation: Operation, kind: str, **more: Any) -> None:
        """Has the outside fail at the next call of that kind."""
        partner, route = ROUTES[operation]
        await self.shop.fault(partner, route, kind, self.number, **more)

    async def in_flight(self, operation: Operation) -> None:
        """Waits until the outside has the call and has not answered yet."""
        deadline = time.monotonic() + PATIENCE
        while str(operation) not in await self._started():
            assert time.monotonic() < deadline, f"{self.number}: {operation} is not on its way"
            await asyncio.sleep(0.1)
        await asyncio.sleep(POLL)  # from the start of the activity to the call itself

    async def _started(self) -> set[str]:
        try:
            described = await self.shop.workflow(self.number).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return set()  # not started yet
        pending = described.raw_description.pending_activities
        started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        return {one.activity_type.name for one in pending if one.state == started}

    # ---- the end -----------------------------------------------------------------------------------

    async def completes(self, units: int = UNITS, *, revision: int = 1, beside: int = 0) -> Order:
        """Shipped if it still has to be; then it ends with each thing done once, by everybody's books.

        So many of the units go `beside` the others, by themselves.
        """
        parts = sorted(part for part in (units - beside, beside) if part)
        order = await self.until(lambda order: order["finished"] or _waits_for_the_carrier(order))
        if not order["finished"]:
            await self.ship()
        order = await self.until(lambda order: order["finished"])
        assert (order["status"], order["revision"]) == ("completed", revision)
        assert [(line["quantity"], line["shipped"], line["open"]) for line in order["lines"]] == [(units, units, 0)]
        assert sorted(cents(one["amount"]) for one in order["captures"]) == [part * CENTS for part in parts]
        assert sorted(cents(one["total"]) for one in order["invoices"]) == [part * CENTS for part in parts]
        assert order["credit_memos"] == []
        assert await self.shop.stock(self.sku) == _stock(self.stock - units)
        requests = (await self.shop.books("carrier", self.number))["requests"]
        live = [one for one in requests if one["status"] != "cancelled"]
        shipped = [(one["status"], [line["quantity"] for line in one["lines"]]) for one in live]
        assert sorted(shipped) == [("shipped", [part]) for part in parts]
        money = (await self.shop.books("payments", self.number))["authorizations"]
        live = [one for one in money if one["status"] != "voided"]
        taken = [(one["amount"], one["captured"]) for one in live]
        assert sorted(taken) == [(part * CENTS, part * CENTS) for part in parts]
        assert all(one["captured"] == 0 for one in money if one["status"] == "voided")
        await self._told_once(order, len(parts))
        return order

    async def is_cancelled(self) -> Order:
        """Everything was given back, by everybody's books."""
        order = await self.until(lambda order: order["finished"])
        assert (order["status"], order["revision"]) == ("cancelled", 2)
        assert [(one["change_id"], one["outcome"]) for one in order["changes"]] == [("c-1", "accepted")]
        assert [(line["cancelled"], line["open"]) for line in order["lines"]] == [(UNITS, 0)]
        if not self.service:
            assert await self.shop.stock(self.sku) == _stock(self.stock)
        requests = (await self.shop.books("carrier", self.number))["requests"]
        assert {one["status"] for one in requests} <= {"cancelled"}
        money = (await self.shop.books("payments", self.number))["authorizations"]
        captures = [capture for one in money for capture in one["captures"]]
        assert all(one["status"] == "voided" or one["captured"] == one["amount"] for one in money), money
        assert all(one["refunded"] == one["amount"] for one in captures), "money was kept (I2)"
        assert [cents(one["total"]) for one in order["invoices"]] == [
            cents(one["total"]) for one in order["credit_memos"]
        ]
        await self._told_once(order)
        return order

    async def _told_once(self, order: Order, parcels: int = 1) -> None:
        told = await self.shop.timeline(self.number)
        most = {what: parcels if what == "shipment.shipped" else 1 for what in ONCE}
        assert {what for what in ONCE if told.count(what) > most[what]} == set(), told
        assert order["waiting"] == []

    async def nobody_was_asked(self) -> None:
        assert "order.parked" not in await self.shop.timeline(self.number)

    async def codes_parked(self) -> set[str]:
        """Why persons were asked."""
        entries = (await self.shop.ok("GET", f"/v1/orders/{self.number}/timeline"))["entries"]
        return {str(one["data"].get("code")) for one in entries if one["type"] == "order.parked"}


ROUTES = {
    Operation.AUTHORIZE: ("payments", "authorizations"),
    Operation.VOID: ("payments", "voids"),
    Operation.SHIP: ("carrier", "shipments"),
    Operation.CANCEL_SHIPMENT: ("carrier", "cancellations"),
    Operation.CAPTURE: ("payments", "captures"),
    Operation.REFUND: ("payments", "refunds"),
}
"""Where the outside takes each call in."""


def _waits_for_the_carrier(order: Order) -> bool:
    return order["status"] == "released" and bool(order["waiting"])


def _stock(on_hand: int) -> dict[str, int]:
    return {"on_hand": on_hand, "reserved": 0, "available": on_hand}


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


async def new_buyer(shop: Shop, *, stock: int = STOCK, service: bool = False) -> Buyer:
    """An order that is not placed yet, with its item in stock."""
    return Buyer(shop, f"G-{next(_numbers)}", await shop.stocked(stock), stock, service)


async def ordered(shop: Shop, task: TaskWord) -> Buyer:
    """An order on its way to such a step: one behind the goods waits for the carrier."""
    buyer = await new_buyer(shop)
    await buyer.place()
    if task in BEHIND_THE_GOODS:
        await buyer.released()
    return buyer
