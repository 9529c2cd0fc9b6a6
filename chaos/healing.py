"""After the storm: parked work is tried again, goods leave, until every order has ended; by the product's own means."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from chaos.customers import OPEN, Crowd, decide, move
from chaos.plan import SCARCE
from chaos.shop import NotSoError, Shop, receive

PAUSE = 1.0
AT_ONCE = 8
TELL_SECONDS = 30.0
STANDS = frozenset({"waiting", "overdue"})
"""Codes of a wait for the carrier; with any other one somebody or something has to act first."""
GONE = ("shipped", "delivered")
OUT_OF_STOCK = "out_of_stock"

Order = dict[str, Any]


@dataclass
class Healer:
    """Brings a shop to rest. `retried` counts by the code of what was parked; `received` is what had to be bought."""

    shop: Shop
    crowd: Crowd
    seconds: float
    retried: Counter[str] = field(default_factory=Counter)
    received: int = 0

    async def until_at_rest(self) -> list[Order]:
        """All orders, as soon as each has ended or stands at the carrier, and every change is answered."""
        return await self._until(_rests, self._retry, "come to rest")

    async def until_ended(self) -> list[Order]:
        """All orders, as soon as each has ended, its goods being shipped."""
        return await self._until(lambda order: bool(order["finished"]), self._retry_or_ship, "end")

    async def _until(
        self, holds: Callable[[Order], bool], push: Callable[[Order], Awaitable[None]], what: str
    ) -> list[Order]:
        """Pushes those for which it does not hold; what never gets there is an offence."""
        deadline, before = time.monotonic() + self.seconds, None
        while True:
            orders = await self.shop.orders()
            moving = await self._on_their_way()
            left = [order for order in orders if not holds(order) or order["number"] in moving]
            unanswered = await self._unanswered()
            if not left and not unanswered and orders == before:
                return orders
            if time.monotonic() > deadline:
                self._give_up(left, unanswered, what)
                return orders
            await self._buy(left)
            await _for_each(left, push)
            before = orders
            await asyncio.sleep(PAUSE)

    async def _on_their_way(self) -> set[str]:
        """Orders of which goods have left that are not billed yet: what they wait for is not written down before."""
        left = {one["order"] for one in (await self.shop.books("carrier"))["requests"] if one["status"] in GONE}
        unfinished = {order["number"] for order in await self.shop.orders(finished="false")}
        found = set()
        for number in left & unfinished:
            order = await self.shop.get(f"/v1/orders/{number}")
            billed = {invoice["shipment_key"] for invoice in order["invoices"]}
            if not {one["key"] for one in order["shipments"] if one["status"] in GONE} <= billed:
                found.add(number)
        return found

    async def _retry(self, order: Order) -> None:
        if not order["parked"]:
            return
        for wait in order["waiting"]:
            if wait["change"] is not None:
                await decide(self.shop, order["number"], wait["change"], "refuse")
        response = await self.shop.ask("POST", f"/v1/orders/{order['number']}/retry")
        if response.is_success:
            self.retried.update(wait["code"] for wait in order["waiting"] if wait["parked"])
        elif response.status_code != httpx.codes.CONFLICT:
            raise NotSoError(f"retry of {order['number']} answered {response.status_code}: {response.text}")

    async def _retry_or_ship(self, order: Order) -> None:
        await self._retry(order)
        if not order["parked"]:
            await move(self.shop, order["number"], "shipped")

    async def _buy(self, left: list[Order]) -> None:
        """The scarce item comes in as long as orders are parked for it."""
        short = [order for order in left if any(wait["code"] == OUT_OF_STOCK for wait in order["waiting"])]
        if short:
            units = 50 * len(short)
            await receive(self.shop, f"bought-{self.received}", {SCARCE: units})
            self.received += units

    async def _unanswered(self) -> list[str]:
        """Changes whose sender waits for the answer still; it is fetched for those who have it now."""
        open_ones = [told for told in self.crowd.told.values() if told.outcome in OPEN]
        for told in open_ones:
            number = told.ask.change_id.rpartition("-")[0]
            response = await self.shop.ask("GET", f"/v1/orders/{number}/changes/{told.ask.change_id}")
            if response.is_success:
                told.answer = response.json()
                told.outcome = response.json()["outcome"]
        return [told.ask.change_id for told in open_ones if told.outcome in OPEN]

    async def tell_who_waits(self) -> None:
        """What has not ended, and what has no answer, is an offence each: for a run that is cut."""
        try:
            async with asyncio.timeout(TELL_SECONDS):
                left = [order for order in await self.shop.orders() if not order["finished"]]
                self._give_up(left, await self._unanswered(), "end")
        except (TimeoutError, NotSoError) as error:
            words = f"the API does not tell which orders wait: {error or f'no answer for {TELL_SECONDS:.0f} s'}"
            self.crowd.offences.append(("run", words))

    def _give_up(self, left: list[Order], unanswered: list[str], what: str) -> None:
        for order in left:
            waits = "; ".join(f"{wait['what']} ({wait['code']}): {wait['why']}" for wait in order["waiting"])
            self.crowd.offences.append((order["number"], f"does not {what}: is {order['status']}, waits for {waits}"))
        for change_id in unanswered:
            self.crowd.offences.append((change_id.rpartition("-")[0], f"change {change_id} was never answered"))


def _rests(order: Order) -> bool:
    codes = {wait["code"] for wait in order["waiting"]}
    return bool(order["finished"]) or (bool(codes) and codes <= STANDS)


async def _for_each(orders: list[Order], push: Callable[[Order], Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(order: Order) -> None:
        async with gate:
            await push(order)

    async with asyncio.TaskGroup() as group:
        for order in orders:
            group.create_task(one(order))
