"""The demo on a stack that runs already, beside the orders of others."""

from pathlib import Path

from tests.support.shop import running_shop


async def test_the_demo_uses_a_running_stack_and_leaves_it_running(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        sku = await shop.stocked()
        other = await shop.place([(sku, 1)])
        await shop.until_status(other, "released")

        code, said, told = await shop.cli("demo", "--orders", "5")
        again, unchanged, _ = await shop.cli("demo", "--orders", "3")

        assert code == 0, said
        assert "using the stack that runs already" in told
        assert "5 orders with 14 lines were taken. 5 were shipped, paid and invoiced:" in said
        assert again == 0, unchanged
        assert "Nothing changed: every order was there and at rest already." in unchanged
        assert (await shop.order(other))["status"] == "released"
