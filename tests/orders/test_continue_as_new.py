"""A long history is left behind, and everything is carried over (design, hard case 7)."""

from pathlib import Path

from tests.orders.continued import continued


async def test_an_order_that_continued_as_new_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    async with continued(tmp_path) as (shop, number, first, last):
        assert first != last
        order = await shop.order(number)
        assert order["status"] == "completed"
        timeline = await shop.timeline(number)
        assert all(timeline.count(entry) == 1 for entry in timeline)
        assert len((await shop.books("carrier", number))["requests"]) == 1
        assert f"**Order {number}: completed**" in await shop.details(number)
        await shop.wholly_audited()
