"""The demo on a stack that runs already, beside the orders of others."""

import json
from pathlib import Path

from tests.support.shop import running_shop


async def test_the_demo_uses_a_running_stack_and_leaves_it_running(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        sku = await shop.stocked()
        other = await shop.place([(sku, 1)])
        await shop.until_status(other, "released")

        code, said, told = await shop.cli("demo", "--orders", "40")
        outcome = json.loads((shop.up.home / "demo.json").read_text())
        again, unchanged, _ = await shop.cli("demo", "--orders", "3")

        assert code == 0, said
        assert "using the stack that runs already" in told
        assert "40 orders with 107 lines were taken. 40 were shipped, paid and invoiced:" in said
        assert (outcome["orders"], outcome["completed"], outcome["waiting"]) == (40, 40, 0)
        assert outcome["orders_per_second"] > 0
        # the budget of an order without a fault, over the largest of them
        assert outcome["history"]["events_p50"] <= outcome["history"]["events_max"] <= 40
        assert outcome["history"]["bytes_p50"] <= outcome["history"]["bytes_max"] <= 40_960
        assert again == 0, unchanged
        assert "Nothing changed: every order was there and at rest already." in unchanged
        assert (await shop.order(other))["status"] == "released"
