"""What everybody has written down when all is at rest: we, the carrier, the payment provider."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from chaos.shop import Shop

AT_ONCE = 8

Entry = dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """Orders with all that belongs to them, the outside's own books by order, stock by item, and complaints."""

    orders: dict[str, Entry]
    requests: dict[str, list[Entry]]
    authorizations: dict[str, list[Entry]]
    stock: dict[str, Entry]
    violations: list[Entry]


async def look(shop: Shop, numbers: list[str]) -> Truth:
    """Reads it all; nothing is asked of the product but its orders and its stock."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def order(number: str) -> Entry:
        async with gate:
            found: Entry = await shop.get(f"/v1/orders/{number}")
            return found

    orders = await asyncio.gather(*(order(number) for number in numbers))
    carrier, payments = await shop.books("carrier"), await shop.books("payments")
    stock = (await shop.get("/v1/stock", limit=200))["stock"]
    return Truth(
        orders=dict(zip(numbers, orders, strict=True)),
        requests=_by_order(carrier["requests"]),
        authorizations=_by_order(payments["authorizations"]),
        stock={entry["sku"]: entry for entry in stock},
        violations=[*carrier["violations"], *payments["violations"]],
    )


def _by_order(entries: list[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry["order"]].append(entry)
    return found


def cents(amount: str | None) -> int:
    """Decimal text in US dollars as cents."""
    whole, _, part = (amount or "0").partition(".")
    return int(whole) * 100 + int((part + "00")[:2])
