"""A policy may say which lines a step handles: a warranty is billed and not shipped (ORC4)."""

from tests.support.shop import Shop


async def test_a_warranty_is_billed_and_not_shipped(shop: Shop) -> None:
    goods, warranty = await shop.stocked(10), await shop.stocked(0, price="5.00")

    def goods_only(text: str) -> str:
        for task in ("reserve", "ship"):
            text = text.replace(f"    do: {task}\n", f'    do: {task}\n    lines: line.sku != "{warranty}"\n')
        return text

    async with shop.policy("10-process-standard.yaml", goods_only):
        number = await shop.place([(goods, 2), (warranty, 1)])

    await shop.until_status(number, "released")
    assert await shop.stock(goods) == {"on_hand": 10, "reserved": 2, "available": 8}
    ((request,),) = ((await shop.books("carrier", number))["requests"],)
    assert [line["sku"] for line in request["lines"]] == [goods]
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert order["shipped_at"] is not None
    assert order["captures"][0]["amount"] == "25.00"
    assert order["invoices"][0]["total"] == "25.00"
    assert [line["shipped"] for line in order["lines"]] == [2, 0]
    await shop.audited()
