"""Orders brought as far as a column of the change matrix says, and what the world looks like around them."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.process.words import Stage
from tests.changes.matrix import BEFORE, METHOD, OTHER_PLACE, PLACE, PRICES, REQUESTED, STOCK
from tests.orders.scenarios import now
from tests.support.shop import Order, Shop, settled

POLL = 0.25
SET_A, SET_B = "first", "second"


@dataclass
class Customer:
    """An order of two lines, 3 of item a and 2 of item b, with three items that nobody else orders."""

    shop: Shop
    number: str
    skus: dict[str, str]
    letters: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.letters = {sku: letter for letter, sku in self.skus.items()}

    async def until(self, holds: Callable[[Order], bool]) -> Order:
        """The order, as soon as it is as told."""
        return await self.shop.until(self.number, holds)

    async def at_rest(self, status: str) -> Order:
        return await self.until(lambda order: order["status"] == status and settled(order))

    async def parked(self, code: str) -> Order:
        return await self.until(lambda order: any(wait["code"] == code for wait in order["waiting"]))

    async def change(self, body: dict[str, Any], seconds: int = 30) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the change as it was answered, also when it was refused."""
        path = f"/v1/orders/{self.number}/changes"
        response = await self.shop.api.post(path, json=body, params={"timeout": str(seconds)})
        answer: dict[str, Any] = response.json()
        assert response.status_code in (200, 202, 409), answer
        return response.status_code, answer.get("change", answer)

    async def ship(self) -> None:
        """The carrier ships all that it has of the order."""
        await self.shop.ship(self.number)

    async def retry(self) -> None:
        await self.shop.ok("POST", f"/v1/orders/{self.number}/retry")

    # ---- what can be seen --------------------------------------------------------------------------

    async def stock(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By place and item: on hand, reserved."""
        answer = await self.shop.ok("GET", "/v1/stock", params={"sku": list(self.skus.values())})
        return {
            (row["location"], self.letters[row["sku"]]): (row["on_hand"], row["reserved"]) for row in answer["stock"]
        }

    async def requests(self) -> list[tuple[Any, ...]]:
        """The carrier's own books: status, units by line, items by line, method, street, country."""
        books = await self.shop.books("carrier", self.number)
        return sorted(
            (
                one["status"],
                tuple((line["line"], self.letters[line["sku"]], line["quantity"]) for line in one["lines"]),
                one["method"],
                one["ship_to"]["street"],
                one["ship_to"]["country"],
            )
            for one in books["requests"]
        )

    async def money(self) -> list[tuple[str, int, int]]:
        """The payment provider's own books: status, authorized, captured."""
        books = await self.shop.books("payments", self.number)
        return sorted((one["status"], one["amount"], one["captured"]) for one in books["authorizations"])

    async def told(self) -> list[str]:
        return await self.shop.timeline(self.number)


@dataclass(frozen=True)
class World:
    """All that a change could have touched."""

    stock: dict[tuple[str, str], tuple[int, int]]
    requests: list[tuple[Any, ...]]
    money: list[tuple[str, int, int]]
    order: dict[str, Any]
    told: list[str]


ORDER_FIELDS = (
    "status",
    "revision",
    "promise_date",
    "requested_date",
    "document",
    "personal",
    "total",
    "lines",
    "groups",
)


async def look(customer: Customer) -> World:
    """The world around an order, as its books have it."""
    order = await customer.shop.order(customer.number)
    return World(
        stock=await customer.stock(),
        requests=await customer.requests(),
        money=await customer.money(),
        order={name: order[name] for name in ORDER_FIELDS},
        told=await customer.told(),
    )


# ---- setting up -----------------------------------------------------------------------------------------


async def stocked(shop: Shop, orders: int, places: Iterable[str] = (PLACE, OTHER_PLACE)) -> list[dict[str, str]]:
    """Three items for each order, in one go, with stock at both places; skus by letter."""
    first = next(shop._numbers)
    found = [{letter: f"{letter}-{first}-{n}" for letter in PRICES} for n in range(orders)]
    pairs = [(letter, sku) for skus in found for letter, sku in skus.items()]
    items = [
        {"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": f"{PRICES[letter] / 100:.2f}"}]}
        for letter, sku in pairs
    ]
    await shop.ok("PUT", "/v1/items", json={"items": items})
    movements = [
        {"id": f"open-{place}-{sku}", "location": place, "sku": sku, "quantity": STOCK, "reason": "receipt"}
        for _, sku in pairs
        for place in places
    ]
    await shop.ok("POST", "/v1/stock/movements", json={"movements": movements})
    return found


def document(shop: Shop, skus: dict[str, str], ship_sets: tuple[str, str] | None = None, **more: Any) -> Order:
    """The order of every cell; with ship sets, its lines are groups by themselves."""
    lines = [{"sku": skus[item], "quantity": units} for item, units, _ in BEFORE.lines.values()]
    if ship_sets:
        lines = [{**line, "ship_set": name} for line, name in zip(lines, ship_sets, strict=True)]
    given = {"requested_date": REQUESTED, "ship_method": METHOD, "warehouse": PLACE, **more}
    return {**shop.document([], **given), "lines": lines}


async def placed(shop: Shop, skus: dict[str, str], stage: Stage) -> Customer:
    """Accepts the order that is to come to a stage; what will stop it there is arranged before."""
    order = document(shop, skus, (SET_A, SET_B) if stage is Stage.INVOICED else None)
    number = order["number"]
    if stage is Stage.NOT_SENT:
        await shop.fault("carrier", "shipments", "refuse", number, code="no_driver")
    elif stage is Stage.SHIPPED:
        await shop.fault("payments", "captures", "refuse", number, code="under_review")
    await shop.ok("POST", "/v1/orders", json=order)
    return Customer(shop, number, skus)


async def brought(customer: Customer, stage: Stage) -> None:
    """Waits until the order stands where the stage says."""
    if stage is Stage.NOT_SENT:
        await customer.parked("no_driver")
        return
    order = await customer.at_rest("released")
    if stage is Stage.PICKED:
        await customer.shop.advance(customer.number, "picked")
        while "shipment.picked" not in await customer.told():
            await asyncio.sleep(POLL)
    elif stage is Stage.SHIPPED:
        await customer.ship()
        await customer.parked("under_review")
    elif stage is Stage.INVOICED:
        first = next(one for one in order["shipments"] if one["group_id"] == "1")
        await customer.shop.admin("carrier/admin/advance", shipment=first["ref"], to="shipped", at=now())
        await customer.until(lambda order: len(order["invoices"]) == 1 and settled(order))


async def ready(shop: Shop, stage: Stage = Stage.RELEASED) -> Customer:
    """One order at a stage, with items of its own."""
    (skus,) = await stocked(shop, 1)
    customer = await placed(shop, skus, stage)
    await brought(customer, stage)
    return customer
