"""Callers that have to wait: as long as they say, or until there is room for what they ask (CHG12, CHG13, CHG14)."""

import asyncio

from limits import MAX_PREVIEWS, MAX_WAITING_CHANGES
from tests.changes.cases import answers, ends, more
from tests.changes.ground import POLL, Customer, ready
from tests.support.shop import Shop


async def being_changed(shop: Shop, seconds: int) -> Customer:
    """An order whose change takes a while: the carrier is slow to give the request back, also when asked again."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=seconds, times=2)
    assert (await customer.change(more(4, "first"), seconds=1))[0] == 202
    return customer


async def test_a_change_that_finds_the_line_full_is_told_to_come_again_and_may_do_so_under_its_id(shop: Shop) -> None:
    customer = await being_changed(shop, 5)
    workflow = shop.workflow(customer.number)
    for n in range(MAX_WAITING_CHANGES):
        await workflow.signal("change_requested", more(9, f"in-line-{n}", base_revision=1))
    path = f"/v1/orders/{customer.number}/changes"
    refused = await shop.api.post(path, json=more(5, "late"))
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert refused.headers["Retry-After"] == "5"
    assert "Nothing was changed; send it again later." in refused.json()["detail"]
    assert (await shop.api.get(f"{path}/late")).status_code == 404
    await workflow.signal("change_requested", more(5, "late-by-signal"))
    await customer.until(lambda order: len(order["changes"]) == MAX_WAITING_CHANGES + 2)
    told = {change["change_id"]: change["code"] for change in (await shop.order(customer.number))["changes"]}
    assert told.pop("late-by-signal") == "queue_full"
    assert told.pop("first") == "changed"
    assert set(told.values()) == {"stale_revision"}
    assert (await customer.change(more(5, "late")))[0] == 200
    assert ("change.refused", "late") not in await answers(customer)
    await ends(customer, 7000)


async def test_a_caller_waits_as_long_as_asked(shop: Shop) -> None:
    """The order itself answers `in_progress` after 5 seconds."""
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=7, times=2)
    status, answer = await customer.change(more(), seconds=25)
    assert (status, answer["outcome"], answer["revision"]) == (200, "accepted", 2)
    await ends(customer, 7000)


async def test_a_preview_beyond_those_being_worked_out_is_told_to_come_again(shop: Shop) -> None:
    customer = await being_changed(shop, 11)
    path = f"/v1/orders/{customer.number}/changes?preview=true&timeout=1"
    asked = [shop.api.post(path, json=more(5)) for _ in range(MAX_PREVIEWS)]
    for late in await asyncio.gather(*asked):
        assert (late.status_code, late.json()["code"]) == (503, "preview_late")
    while (refused := await shop.api.post(path, json=more(5))).status_code == 503:
        await asyncio.sleep(POLL)  # until the order has let them go: the server lets no more than as many wait
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_previews")
    assert refused.headers["Retry-After"] == "5"
    await customer.until(lambda order: order["revision"] == 2)
    again = await shop.api.post(path.replace("timeout=1", "timeout=5"), json=more(5))
    assert (again.status_code, again.json()["price"]["after"]) == (200, "70.00")
    await ends(customer, 6000)
