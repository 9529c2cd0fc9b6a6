"""A carrier says that it will be late (SHP2, ORC15)."""

from datetime import date

from tests.orders.losing import is_delayed
from tests.orders.scenarios import waiting_for_the_carrier
from tests.support.shop import Shop

WHY = (
    "The carrier has the request and has not shipped yet. The carrier expects it on 2026-12-24; promised is 2026-12-10."
)


async def test_a_date_after_the_promise_puts_the_order_at_risk_until_the_carrier_takes_it_back(shop: Shop) -> None:
    number = await waiting_for_the_carrier(shop)
    before = await shop.order(number)
    assert (before["at_risk"], before["groups"][0].get("expected_date")) == (False, None)

    await is_delayed(shop, number, date(2026, 12, 24))
    late = await shop.until(number, lambda order: order["at_risk"])
    assert [(wait["what"], wait["why"]) for wait in late["waiting"]] == [("wait for shipped", WHY)]
    assert [group["expected_date"] for group in late["groups"]] == ["2026-12-24"]
    assert late["promise_date"] == before["promise_date"] == "2026-12-10"
    assert WHY in await shop.details(number)

    await is_delayed(shop, number, date(2026, 12, 9))
    good = await shop.until(number, lambda order: not order["at_risk"])
    assert [group["expected_date"] for group in good["groups"]] == ["2026-12-09"]
    assert (await shop.timeline(number)).count("order.delayed") == 2
    assert [one["status"] for one in good["shipments"]] == ["released"]

    await shop.ship(number)
    await shop.until_status(number, "completed")
    await shop.audited()
