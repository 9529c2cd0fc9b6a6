"""A UBL order and its changes on the whole stack: placed, changed and cancelled, with the outside's own books."""

from pathlib import Path

import httpx

from tests.support.shop import Shop, settled
from tests.ubl.documents import CANCELLATION, CHANGE, ORDER, altered

XML = {"Content-Type": "application/xml", "Accept": "application/json"}


async def send(shop: Shop, document: str, **headers: str) -> httpx.Response:
    return await shop.api.post(
        "/v1/ubl", content=document.encode(), headers={**XML, **headers}, params={"timeout": "30"}
    )


async def swaps(shop: Shop, name: str) -> tuple[tuple[str, str], ...]:
    """An order id of one's own, and items with 100 in stock."""
    first, second = await shop.stocked(), await shop.stocked()
    return (
        ("PO-4711", name),
        ("2026-04-", "2026-12-"),
        ("<cbc:ID>11<", f"<cbc:ID>{first}<"),
        ("<cbc:ID>42<", f"<cbc:ID>{second}<"),
    )


async def test_placed_changed_and_cancelled_by_documents_alone(shop: Shop) -> None:
    own = await swaps(shop, "PO-1")
    skus = own[2][1][8:-1], own[3][1][8:-1]
    placed = await send(shop, altered(ORDER, *own))
    assert placed.status_code == 201, placed.text
    number = placed.json()["number"]
    order = await shop.until(number, lambda order: order["status"] == "released" and settled(order))
    assert (order["total"], order["promise_date"]) == ("420.40", "2026-12-17")

    changed = await send(shop, altered(CHANGE, *own))
    body = changed.json()
    assert (changed.status_code, body["outcome"], body["revision"]) == (200, "accepted", 2), changed.text
    assert body["price"] == {"before": "420.40", "after": "250.90", "currency": "USD"}  # 15 x 13.50 + 4 x 9.00 + 12.40
    assert body["promise"] == {"before": "2026-12-17", "after": "2026-12-20"}
    order = await shop.until(number, lambda order: order["status"] == "released" and settled(order))
    assert [(line["number"], line["sku"], line["open"]) for line in order["lines"] if line["open"]] == [
        (1, skus[0], 15),
        (3, skus[1], 4),
    ]
    live = [one for one in (await shop.books("carrier", number))["requests"] if one["status"] == "released"]
    shipped = [[(line["line"], line["quantity"]) for line in one["lines"]] for one in live]
    assert sorted(shipped) == [[(1, 15)], [(3, 4)]], "what is added after the release goes by itself"
    assert {one["ship_to"]["street"] for one in live} == {"Werftweg 3"}
    assert (await shop.stock(skus[0]))["reserved"] == 15
    assert (await shop.stock(skus[1]))["reserved"] == 4

    again = await send(shop, altered(CHANGE, *own))
    assert (again.status_code, again.headers["idempotent-replay"]) == (200, "true")
    assert again.json() == body
    assert (await shop.order(number))["revision"] == 2

    cancelled = await send(shop, altered(CANCELLATION, *own[:2]), Accept="application/xml")
    assert cancelled.status_code == 200, cancelled.text
    assert "<cbc:OrderResponseCode>AP</cbc:OrderResponseCode>" in cancelled.text
    assert (await shop.until_status(number, "cancelled"))["revision"] == 3
    assert (await shop.stock(skus[0]))["reserved"] == (await shop.stock(skus[1]))["reserved"] == 0

    late = await send(shop, altered(CHANGE, *own, ("PC-1", "PC-2"), ("ID>1</cbc:Seq", "ID>2</cbc:Seq")))
    assert late.json()["code"] in ("order_closed", "document_stale")


async def test_a_change_that_asks_for_too_much_is_rejected_and_nothing_is_touched(shop: Shop) -> None:
    own = await swaps(shop, "PO-2")
    number = (await send(shop, altered(ORDER, *own))).json()["number"]
    await shop.until(number, lambda order: order["status"] == "released" and settled(order))
    before = await shop.order(number)
    greedy = altered(CHANGE, *own, (">15</cbc:Quantity>", ">101</cbc:Quantity>"))
    refused = await send(shop, greedy, Accept="application/xml")
    assert refused.status_code == 409
    assert "<cbc:OrderResponseCode>RE</cbc:OrderResponseCode>" in refused.text
    after = await shop.order(number)
    names = ("revision", "lines", "shipments", "total", "personal")
    assert {name: before[name] for name in names} == {name: after[name] for name in names}
    [change] = after["changes"]
    assert (change["outcome"], change["code"]) == ("refused", "out_of_stock")


async def test_a_folder_of_documents_goes_in_once(shop: Shop, tmp_path: Path) -> None:
    own = await swaps(shop, "PO-3")
    bare = altered(ORDER, *own, ("<cbc:ID>ground</cbc:ID>", ""))
    (tmp_path / "1-order.xml").write_text(bare, encoding="utf-8")
    (tmp_path / "2-change.xml").write_text(altered(CHANGE, *own), encoding="utf-8")
    (tmp_path / "3-litres.xml").write_text(altered(ORDER, *own, ("PO-3", "PO-4"), ("C62", "LTR")), encoding="utf-8")
    (tmp_path / "4-unknown.xml").write_text(altered(CANCELLATION, ("PO-4711", "PO-5")), encoding="utf-8")
    command = ("import", str(tmp_path), "--format", "ubl", "--ship-method", "ground")

    code, said, told = await shop.cli(*command)

    assert (code, said) == (1, f"{tmp_path}: 2 documents taken, 0 already there, 2 refused\n")
    assert "3-litres.xml:1: row refused: /Order/cac:OrderLine[1]/cac:LineItem/cbc:Quantity: Quantities are" in told
    assert "4-unknown.xml:1: row refused: " in told
    assert "No order of this buyer has the id in cac:OrderReference." in told

    code, said, _ = await shop.cli(*command)

    assert (code, said) == (1, f"{tmp_path}: 0 documents taken, 2 already there, 2 refused\n")
    [order] = (await shop.ok("GET", "/v1/orders", params={"source_id": "PO-3"}))["orders"]
    order = await shop.until(order["number"], lambda order: order["revision"] == 2)
    assert order["document"]["ship_method"] == "ground"


async def test_options_of_documents_are_for_documents(shop: Shop) -> None:
    code, _, told = await shop.cli("import", "orders.csv", "--format", "csv", "--ship-method", "ground")
    assert (code, "--source and --ship-method are for ubl" in told) == (2, True)
    code, _, told = await shop.cli("import", "/nowhere", "--format", "ubl")
    assert (code, "/nowhere cannot be read: No such file or directory" in told) == (1, True)
