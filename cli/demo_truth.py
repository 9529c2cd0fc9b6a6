"""What the demo has to come to, worked out from the Northwind files alone: no code of an order's way is used here."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

CENT = Decimal("0.01")
NOON = 12


@dataclass(frozen=True)
class Truth:
    """The expected figures. Amounts are in US dollars; `shipped` is the business time at which an order left."""

    orders: int
    lines: int
    completed: int
    waiting: tuple[str, ...]
    late: tuple[str, ...]
    goods: Decimal
    freight: Decimal
    stock: dict[str, dict[str, int]]
    shipped: dict[str, datetime]

    @property
    def numbers(self) -> frozenset[str]:
        """Numbers of the demo's orders."""
        return frozenset((*self.waiting, *self.shipped))

    @property
    def money(self) -> dict[str, str]:
        """What is invoiced, and captured: the orders that left."""
        total = self.goods + self.freight
        return {"currency": "USD", "goods": str(self.goods), "freight": str(self.freight), "total": str(total)}


def read_truth(folder: Path, limit: int | None = None) -> Truth:
    """The truth of the first `limit` orders (None: of all)."""
    orders = list(_rows(folder / "orders.csv"))[:limit]
    numbers = {order["OrderID"] for order in orders}
    details = list(_rows(folder / "order_details.csv"))
    taken = [detail for detail in details if detail["OrderID"] in numbers]
    left = {order["OrderID"]: order for order in orders if order["ShippedDate"]}
    return Truth(
        orders=len(orders),
        lines=len(taken),
        completed=len(left),
        waiting=tuple(sorted(numbers - left.keys())),
        late=tuple(sorted(number for number, order in left.items() if _is_late(order))),
        goods=sum((_amount(detail) for detail in taken if detail["OrderID"] in left), Decimal("0.00")),
        freight=sum((Decimal(order["Freight"]) for order in left.values()), Decimal("0.00")),
        stock=_stock(folder, details, left.keys(), numbers),
        shipped={number: _day(order["ShippedDate"]).replace(hour=NOON) for number, order in left.items()},
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _day(cell: str) -> datetime:
    month, day, year = map(int, cell.split("/"))
    return datetime(year, month, day, tzinfo=UTC)


def _is_late(order: dict[str, str]) -> bool:
    return _day(order["ShippedDate"]) > _day(order["RequiredDate"])


def _amount(detail: dict[str, str]) -> Decimal:
    """Quantity x price x (1 - discount), half a cent up, line by line."""
    exact = int(detail["Quantity"]) * Decimal(detail["UnitPrice"]) * (1 - Decimal(detail["Discount"]))
    return exact.quantize(CENT, ROUND_HALF_UP)


def _stock(folder: Path, details: list[dict[str, str]], left: Any, taken: set[str]) -> dict[str, dict[str, int]]:
    """Per product: what is left of the opening stock, and what the orders that wait hold of it."""
    on_hand = {product["ProductID"]: int(product["UnitsInStock"]) for product in _rows(folder / "products.csv")}
    reserved: dict[str, int] = defaultdict(int)
    for detail in details:
        if detail["OrderID"] not in left:
            on_hand[detail["ProductID"]] += int(detail["Quantity"])
            if detail["OrderID"] in taken:
                reserved[detail["ProductID"]] += int(detail["Quantity"])
    return {
        sku: {"on_hand": units, "reserved": reserved[sku], "available": units - reserved[sku]}
        for sku, units in on_hand.items()
    }
