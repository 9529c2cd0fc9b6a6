"""What the demo came to, read back through our API alone, and how it differs from the truth of the files."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from adapters.imports.northwind import LOCATION, SYSTEM
from cli.demo_truth import Truth
from cli.http import TIMEOUT_SECONDS, Address, RefusedError, away

AT_ONCE = 8
PAGE = 200
OWNER = "fulfillment_lead"
"""Who looks after an order that waits for the carrier."""
Row = dict[str, Any]


class Reader:
    """Reads the demo's orders and their stock; other orders of this shop are none of its business."""

    def __init__(self, client: httpx.AsyncClient, truth: Truth) -> None:
        self._client = client
        self._numbers = truth.numbers

    async def get(self, path: str, **query: Any) -> Row:
        """The answer to GET; a sentence when there is none."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            response = await self._client.get(path, params=given)
        except httpx.TransportError as error:
            raise away(str(self._client.base_url), error) from error
        if not response.is_success:
            raise RefusedError(response)
        return dict(response.json())

    async def pages(self, path: str, name: str, **query: Any) -> list[Row]:
        """All pages of a list."""
        rows: list[Row] = []
        after = None
        while True:
            page = await self.get(path, **query, limit=PAGE, after=after)
            rows += page[name]
            after = page["next"]
            if after is None:
                return rows

    async def orders(self, **query: Any) -> list[Row]:
        """The demo's orders as the list has them."""
        listed = await self.pages("/v1/orders", "orders", source_system=SYSTEM, **query)
        return [order for order in listed if order["number"] in self._numbers]

    async def whole_orders(self, numbers: Iterable[str]) -> list[Row]:
        """These orders with everything that belongs to them."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: str) -> Row:
            async with gate:
                return await self.get(f"/v1/orders/{quote(number, safe='')}")

        return list(await asyncio.gather(*map(one, numbers)))

    async def other_orders(self) -> int:
        """How many orders there are besides the demo's: they use the same stock."""
        totals = (await self.get("/v1/totals"))["totals"]
        everything = sum(sum((entry["orders"] or {}).values()) for entry in totals)
        return int(everything) - len(await self.orders())


def open_reader(address: Address) -> httpx.AsyncClient:
    """A client for `Reader`, to be closed by the caller."""
    return httpx.AsyncClient(base_url=address.url, headers=address.headers, timeout=TIMEOUT_SECONDS, trust_env=False)


@dataclass(frozen=True)
class Figures:
    """The demo's outcome: `document` goes into demo.json, `differences` say in words what is not as it should be."""

    document: Row
    differences: list[str]
    statuses: Counter[str]


async def read_figures(reader: Reader, truth: Truth) -> Figures:
    """Everything the API tells about the demo's orders, and what of it the files say otherwise."""
    listed = await reader.orders()
    whole = await reader.whole_orders(order["number"] for order in listed)
    stock = {
        row["sku"]: {name: row[name] for name in ("on_hand", "reserved", "available")}
        for row in await reader.pages("/v1/stock", "stock", location=LOCATION)
    }
    document = {
        "orders": len(listed),
        "lines": sum(len(order["lines"]) for order in whole),
        "completed": sum(order["status"] == "completed" for order in listed),
        "waiting": sum(bool(order["waiting"]) for order in listed),
        "late": sorted(order["number"] for order in listed if order["late"]),
        "invoiced": _sums(invoice for order in whole for invoice in order["invoices"]),
        "captured": _captured(whole),
        "stock": stock,
        "policy_bundle": next((order["policy_bundle"] for order in whole), ""),
    }
    differences = [*_differences(document, truth, whole), *_unlike_waits(listed, truth)]
    if stock != truth.stock:
        differences += await _stock_differences(reader, stock, truth)
    return Figures(document, differences, Counter(order["status"] for order in listed))


def _sums(invoices: Iterable[Row]) -> dict[str, str]:
    goods, freight, total = Decimal("0.00"), Decimal("0.00"), Decimal("0.00")
    for invoice in invoices:
        goods += Decimal(invoice["goods"])
        freight += Decimal(invoice["charges"])
        total += Decimal(invoice["total"])
    return {"currency": "USD", "goods": str(goods), "freight": str(freight), "total": str(total)}


def _captured(orders: list[Row]) -> dict[str, str]:
    """Captures carry one amount; its parts are those of the order that it paid in full."""
    paid = [order for order in orders if order["captures"]]
    total = sum((Decimal(capture["amount"]) for order in paid for capture in order["captures"]), Decimal("0.00"))
    goods = sum((Decimal(order["goods"]) for order in paid), Decimal("0.00"))
    return {"currency": "USD", "goods": str(goods), "freight": str(total - goods), "total": str(total)}


def _differences(document: Row, truth: Truth, whole: list[Row]) -> list[str]:
    expected = {
        "orders": truth.orders,
        "lines": truth.lines,
        "completed": truth.completed,
        "waiting": len(truth.waiting),
        "late": list(truth.late),
        "invoiced": truth.money,
        "captured": truth.money,
    }
    found = [
        f"{name} is {document[name]}, and the files say {value}"
        for name, value in expected.items()
        if document[name] != value
    ]
    currencies = {entry["currency"] for order in whole for entry in (*order["invoices"], *order["captures"])}
    return found + [f"money is in {currency}, not in USD" for currency in sorted(currencies - {"USD"})]


def _unlike_waits(listed: list[Row], truth: Truth) -> list[str]:
    """The orders without a shipping date wait for the carrier, with owner and deadline; no other order waits."""
    by_number = {order["number"]: order for order in listed}
    found = []
    for number in sorted({*truth.waiting, *(order["number"] for order in listed if order["waiting"])}):
        waiting = by_number.get(number, {}).get("waiting") or []
        if number not in truth.waiting or len(waiting) != 1:
            found.append(f"order {number} has {len(waiting)} waits, and should have {int(number in truth.waiting)}")
            continue
        asked = by_number[number]["requested_date"]
        if waiting[0]["who"] != OWNER or not _ends_day(waiting[0].get("until"), asked):
            words = f"waits for {waiting[0]['who']} until {waiting[0].get('until')}"
            found.append(f"order {number} {words}, not for {OWNER} until the end of {asked}")
    return found


def _ends_day(moment: str | None, day: str) -> bool:
    """Whether a moment can be the end of that day: it comes between 10 and 36 hours after the day's midnight in UTC."""
    if moment is None:
        return False
    passed = datetime.fromisoformat(moment) - datetime.fromisoformat(day).replace(tzinfo=UTC)
    return timedelta(hours=10) <= passed <= timedelta(hours=36)


async def _stock_differences(reader: Reader, stock: dict[str, Row], truth: Truth) -> list[str]:
    if await reader.other_orders():
        return []  # somebody ordered from the same stock: the audit still proves that it adds up
    skus = sorted(stock.keys() | truth.stock.keys(), key=lambda sku: (len(sku), sku))
    return [
        f"stock of {sku} is {stock.get(sku)}, and the files say {truth.stock.get(sku)}"
        for sku in skus
        if stock.get(sku) != truth.stock.get(sku)
    ]
