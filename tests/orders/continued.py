"""A shop whose Temporal server suggests continue-as-new early, and an order that did so (design, hard case 7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.shop import Shop, running_shop
from tests.support.stack import running_temporal

EARLY = ("limit.historyCount.suggestContinueAsNew=12",)


@asynccontextmanager
async def continued(folder: Path) -> AsyncIterator[tuple[Shop, str, str, str]]:
    """The shop, the number of an order that waited, continued as new and then shipped, and its first and last run."""
    async with (
        running_temporal(folder / "temporal", dynamic_config=EARLY) as temporal,
        running_shop(folder / "shop", TEMPORAL_ADDRESS=temporal.address) as shop,
    ):
        number = await shop.place([(await shop.stocked(10), 3)])
        await shop.until_status(number, "released")
        first = await _first_run(shop, number)
        await shop.ship(number)
        await shop.until_status(number, "completed")
        last = (await shop.workflow(number).describe()).run_id
        assert last is not None
        yield shop, number, first, last


async def _first_run(shop: Shop, number: str) -> str:
    """The run that continued as new; waits until it has."""
    for _ in range(100):
        described = await shop.workflow(number).describe()
        first = described.raw_description.workflow_execution_info.first_run_id
        if first and described.run_id != first:
            return str(first)
        await asyncio.sleep(0.1)
    raise AssertionError("the order did not continue as new")
