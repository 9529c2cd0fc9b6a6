"""A policy may say which lines a step handles: a warranty is billed and not shipped (ORC4)."""

import shutil
from pathlib import Path

from tests.support.shop import Shop


async def publish(shop: Shop, folder: Path) -> None:
    code, said, errors = await shop.cli("policy", "publish", str(folder), "--author", "tests")
    assert code == 0, said + errors


async def test_a_warranty_is_billed_and_not_shipped(shop: Shop, tmp_path: Path) -> None:
    goods, warranty = await shop.stocked(10), await shop.stocked(0, price="5.00")
    folder = tmp_path / "policies"
    shutil.copytree(shop.settings.policies, folder)
    process = folder / "10-process-standard.yaml"
    text = process.read_text()
    for task in ("reserve", "ship"):
        text = text.replace(f"    do: {task}\n", f'    do: {task}\n    lines: line.sku != "{warranty}"\n')
    process.write_text(text)

    await publish(shop, folder)
    try:
        number = await shop.place([(goods, 2), (warranty, 1)])
    finally:
        await publish(shop, shop.settings.policies)

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
