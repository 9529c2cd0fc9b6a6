"""The customer raises a quantity while the order waits for shipment: `make story-change`.

The old shipment request is cancelled, stock is moved, the card authorized anew, a new request sent, the invoice right,
and the caller has the answer with the new promise in one call. `--signal` tells it again by the raw signal alone.
"""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table

from settings import PROJECT_ROOT
from stories.ground import Ground, NotSoError, console, ground, must, open_shop

SKU, PRICE, STOCK = "walnut-desk", "250.00", 10
BEFORE, AFTER = 2, 3
SHIP_TO = {"name": "Ann Lee", "street": "1 Main St", "city": "Reno", "postal_code": "89501", "country": "US"}
TIMELINE = [
    "stock.reserved",
    "payment.authorized",
    "shipment.cancelled",
    "change.accepted",
    "shipment.requested",
    "payment.voided",
]
"""The change in six lines; the last two are on their way at the same time."""


async def tell(by_signal: bool) -> None:
    """The whole story; NotSoError where it goes wrong."""
    async with ground() as shop:
        await open_shop(shop, SKU, STOCK, PRICE)
        number = await _placed(shop)
        told_before = len(await _timeline(shop, number))
        await (_ask_by_signal if by_signal else _ask_by_http)(shop, number)
        order = await shop.until(number, lambda one: one["revision"] == 2 and _waits(one), "waits again at revision 2")
        must(order["lines"][0]["quantity"], AFTER, "the ordered quantity")
        await _look_at_the_books(shop, number)
        await _told_in_six_lines(shop, number, told_before)
        await _shipped_and_billed(shop, number)


async def _placed(shop: Ground) -> str:
    now = datetime.now(UTC)
    document = {
        "number": "STORY-1",
        "source": {"system": "story", "id": "1"},
        "channel": "web",
        "currency": "USD",
        "ordered_at": now.isoformat(),
        "customer": {"id": "C-1"},
        "ship_to": SHIP_TO,
        "requested_date": (now + timedelta(days=21)).date().isoformat(),
        "ship_method": "ground",
        "payment": {"method": "card", "token": "tok_story"},
        "lines": [{"sku": SKU, "quantity": BEFORE}],
    }
    await shop.send("POST", "/v1/orders", document)
    order = await shop.until("STORY-1", _waits, "waits for shipment")
    _say(f"Order STORY-1, {BEFORE} x {SKU}, waits for shipment; promised for {order['promise_date']}.")
    return "STORY-1"


def _waits(order: dict[str, Any]) -> bool:
    return order["status"] == "released" and bool(order["waiting"])


# ---- asking for the change ------------------------------------------------------------------------------


async def _ask_by_http(shop: Ground, number: str) -> None:
    change = {
        "change_id": "more",
        "base_revision": 1,
        "reason": "one more desk",
        "lines": [{"number": 1, "quantity": AFTER}],
    }
    answer = await shop.send("POST", f"/v1/orders/{number}/changes", change)
    must(answer["outcome"], "accepted", "the answer of the one HTTP call")
    must(answer["revision"], 2, "its revision")
    must(answer["price"], {"before": "500.00", "after": "750.00", "currency": "USD"}, "its prices")
    if not answer["promise"]["after"]:
        raise NotSoError("the answer has no promise")
    _say(f"One HTTP call: accepted. {answer['words']}")
    table = Table("step", "what is done", "asks", "why")
    for action in answer["actions"]:
        table.add_row(action["step"], action["do"], action["adapter"], action["reason"])
    console.print(table)
    again = await shop.send("POST", f"/v1/orders/{number}/changes", change)
    must(again, answer, "the answer to the same change_id again")


async def _ask_by_signal(shop: Ground, number: str) -> None:
    payload = {"change_id": "more", "change": "edit", "base_revision": 1, "lines": [{"number": 1, "quantity": AFTER}]}
    program = str(PROJECT_ROOT / ".venv" / "bin" / "temporal")
    arguments = ["workflow", "signal", "--workflow-id", f"order-{number}", "--name", "change_requested"]
    address = ["--address", shop.settings.temporal_address, "--namespace", shop.settings.temporal_namespace]
    process = await asyncio.create_subprocess_exec(
        program, *arguments, *address, "--input", json.dumps(payload), stdout=asyncio.subprocess.DEVNULL
    )
    must(await process.wait(), 0, "exit status of `temporal workflow signal`")
    _say("One signal, sent and forgotten: temporal workflow signal --name change_requested")


# ---- what is seen afterwards ----------------------------------------------------------------------------


async def _look_at_the_books(shop: Ground, number: str) -> None:
    carrier = await shop.books("carrier", number)
    seen = [(one["status"], [line["quantity"] for line in one["lines"]]) for one in carrier["requests"]]
    must(seen, [("cancelled", [BEFORE]), ("released", [AFTER])], "the carrier's requests")
    payments = await shop.books("payments", number)
    held = [(one["status"], one["amount"]) for one in payments["authorizations"]]
    must(held, [("voided", 50_000), ("authorized", 75_000)], "the payment provider's authorizations")
    must(carrier["violations"] + payments["violations"], [], "what the outside complains of")
    stock = await shop.send("GET", f"/v1/stock?sku={SKU}")
    must([(one["on_hand"], one["reserved"]) for one in stock["stock"]], [(STOCK, AFTER)], "the stock")
    _say(
        "The carrier: the old request is cancelled, a new one for 3 is released. The card: 750.00 held, 500.00 voided."
    )
    _say(f"The stock: {AFTER} of {STOCK} held.")


async def _timeline(shop: Ground, number: str) -> list[dict[str, Any]]:
    found = await shop.send("GET", f"/v1/orders/{number}/timeline")
    events: list[dict[str, Any]] = found["entries"]
    return events


async def _told_in_six_lines(shop: Ground, number: str, told_before: int) -> None:
    await shop.until(number, _waits, "stands still")
    lines = (await _timeline(shop, number))[told_before:]
    for line in lines:
        console.print(f"  {line['type']:20} {line['words']}", markup=False)
    told = [line["type"] for line in lines]
    must([*told[:4], *sorted(told[4:])], [*TIMELINE[:4], *sorted(TIMELINE[4:])], "the timeline of the change")


async def _shipped_and_billed(shop: Ground, number: str) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await shop.admin("/carrier/admin/advance", {"order": number, "to": "shipped", "at": at})
    order = await shop.until(number, lambda one: one["status"] == "completed", "completed")
    must([invoice["total"] for invoice in order["invoices"]], ["750.00"], "the invoice")
    payments = await shop.books("payments", number)
    captured = [taken["amount"] for held in payments["authorizations"] for taken in held["captures"]]
    must(captured, [75_000], "what was captured")
    stock = await shop.send("GET", f"/v1/stock?sku={SKU}")
    must([(one["on_hand"], one["reserved"]) for one in stock["stock"]], [(STOCK - AFTER, 0)], "the stock at the end")
    _say("Shipped: 750.00 captured and invoiced, once.")


def _say(words: str) -> None:
    console.print(words, style="bold", markup=False)


def main() -> int:
    """Exit status 1 with a sentence if the story went wrong."""
    parser = argparse.ArgumentParser(prog="python -m stories.change", description=__doc__)
    parser.add_argument("--signal", action="store_true", help="ask by the raw Temporal signal only")
    options = parser.parse_args()
    try:
        asyncio.run(tell(options.signal))
    except NotSoError as error:
        console.print(f"Not so: {error}", style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
