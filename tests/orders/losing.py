"""Orders whose shipment the carrier delays or loses, by the word of the policy (SHP2)."""

from datetime import date

from tests.orders.scenarios import Scenario, now, waiting_for_the_carrier
from tests.support.shop import Shop, settled

LATE = "    if_late: alert\n"
DELIVERED = """
  - step: wait_for_delivered
    do: wait
    of: ship
    until: delivered
    at_most: 30 days
    if_lost: refund
"""


async def placed(shop: Shop, sku: str, word: str, more: str = "") -> str:
    """An order of 3 units that the carrier has, with this word for losses, and more steps at the end of its process."""
    async with shop.policy(
        "10-process-standard.yaml", lambda text: text.replace(LATE, f"{LATE}    if_lost: {word}\n") + more
    ):
        number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    return number


async def is_lost(shop: Shop, number: str) -> None:
    """The carrier reports what it has of the order as lost."""
    await shop.admin("carrier/admin/report", order=number, status="lost", at=now())


async def is_delayed(shop: Shop, number: str, until: date) -> None:
    """The carrier reports what it has of the order as delayed, and when it expects it."""
    report = {"status": "delayed", "at": now(), "expected_on": until.isoformat()}
    await shop.admin("carrier/admin/report", order=number, **report)


async def billed_and_refunded(shop: Shop) -> str:
    """Lost on its way to the customer, when it was billed and paid for already."""
    number = await placed(shop, await shop.stocked(10), "refund", DELIVERED)
    await shop.ship(number)
    await shop.until(number, lambda order: len(order["invoices"]) == 1 and settled(order))
    await is_lost(shop, number)
    await shop.until_status(number, "cancelled")
    return number


async def delayed_by_the_carrier(shop: Shop) -> str:
    """Later than it was promised, and then it leaves."""
    number = await waiting_for_the_carrier(shop)
    await is_delayed(shop, number, date(2026, 12, 24))
    await shop.until(number, lambda order: order["at_risk"])
    await shop.ship(number)
    await shop.until_status(number, "completed")
    return number


LOSING: tuple[Scenario, ...] = (billed_and_refunded, delayed_by_the_carrier)
"""For the recorded histories."""
