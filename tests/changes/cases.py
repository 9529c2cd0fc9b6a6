"""Single cases that run side by side on one stack, each with orders of its own, and are told apart afterwards."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.changes.ground import POLL, Customer, World, look
from tests.support.shop import Shop

Case = Callable[[Shop], Awaitable[None]]
AT_ONCE = 8


async def run_together(shop: Shop, cases: Sequence[Case]) -> dict[str, BaseException | None]:
    """What became of each case, by name."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(case: Case) -> None:
        async with gate:
            await case(shop)

    found = await asyncio.gather(*map(guarded, cases), return_exceptions=True)
    return {case.__name__: result for case, result in zip(cases, found, strict=True)}


def judge(ran: dict[str, BaseException | None], case: Case) -> None:
    """Fails where the case failed."""
    error = ran[case.__name__]
    if error is not None:
        raise error


async def untouched(customer: Customer, before: World, refusals: int = 1) -> None:
    """Stock, books and order are as they were; the timeline has the refusals, and whatever was held and given back."""
    for _ in range(80):
        now = await look(customer)
        refused = (Counter(now.told) - Counter(before.told))["change.refused"]
        same = (now.stock, now.order) == (before.stock, before.order)
        if same and refused == refusals and "voided" in _statuses(now, before):
            break
        await asyncio.sleep(POLL)
    assert now.stock == before.stock
    assert now.requests == before.requests
    assert now.order == before.order
    assert [one for one in now.money if one[0] != "voided"] == [one for one in before.money if one[0] != "voided"]
    assert refused == refusals


def _statuses(now: World, before: World) -> set[str]:
    """`voided` when no money is held that was not held before."""
    held, was = ([one for one in world.money if one[0] == "authorized"] for world in (now, before))
    return {"voided"} if held == was else set()


async def ends(customer: Customer, total: int) -> None:
    """The carrier ships what it has; the order completes, and exactly `total` cents are captured and invoiced."""
    await customer.at_rest("released")
    await customer.ship()
    order = await customer.at_rest("completed")
    assert sum(captured for _, _, captured in await customer.money()) == total
    assert sum(int(one["total"].replace(".", "")) for one in order["invoices"]) == total
    assert all(reserved == 0 for _, reserved in (await customer.stock()).values())


async def sent(customer: Customer, wanted: list[tuple[Any, ...]], *fields: int) -> None:
    """The carrier's requests come to be as told: status and units, or other fields of them."""
    for _ in range(120):
        seen = [tuple(one[field] for field in fields or (0, 1)) for one in await customer.requests()]
        if seen == wanted:
            return
        await asyncio.sleep(POLL)
    assert seen == wanted


async def answers(customer: Customer) -> Counter[tuple[str, str]]:
    """The answer events of the order: type and change."""
    found = (await customer.shop.ok("GET", f"/v1/orders/{customer.number}/timeline"))["entries"]
    told = ("change.accepted", "change.refused", "change.partly")
    return Counter((entry["type"], entry["data"]["change_id"]) for entry in found if entry["type"] in told)


def more(units: int = 5, change_id: str = "c-1", **others: Any) -> dict[str, Any]:
    """The change that has the first line be of so many units."""
    return {"change_id": change_id, "lines": [{"number": 1, "quantity": units}], **others}


def statuses(requests: list[tuple[Any, ...]]) -> list[str]:
    return [one[0] for one in requests]
