"""Items with list prices, movements of stock, policies (PRC2, INV1, GOP13, POL7)."""

import asyncio
import shutil
from pathlib import Path

from settings import PROJECT_ROOT
from tests.api.desk import Desk, Json, open_desk, order


def movement(id_: str, quantity: int, sku: str = "11") -> Json:
    return {"id": id_, "location": "main", "sku": sku, "quantity": quantity, "reason": "count"}


async def test_a_movement_is_made_once(desk: Desk) -> None:
    body = {"movements": [movement("m-1", 5), movement("m-2", -3)]}
    first = await desk.post("/v1/stock/movements", body)
    again = await desk.post("/v1/stock/movements", body)
    assert first.json() == {"movements": [{"id": "m-1", "made": True}, {"id": "m-2", "made": True}]}
    assert again.json() == {"movements": [{"id": "m-1", "made": False}, {"id": "m-2", "made": False}]}
    assert (await desk.get("/v1/stock", sku="11"))["stock"] == [
        {"location": "main", "sku": "11", "on_hand": 102, "reserved": 0, "available": 102}
    ]


async def test_twenty_at_once_make_a_movement_once(desk: Desk) -> None:
    body = {"movements": [movement("m-1", 5)]}
    answers = await asyncio.gather(*(desk.post("/v1/stock/movements", body) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["movements"][0]["made"] for answer in answers) == 1
    assert (await desk.get("/v1/stock", sku="11"))["stock"][0]["on_hand"] == 105


async def test_what_is_reserved_cannot_be_taken_and_nothing_of_the_list_is_made(desk: Desk) -> None:
    await desk.run("UPDATE stock SET reserved = 40 WHERE sku = '11'")
    response = await desk.post("/v1/stock/movements", {"movements": [movement("a", 7, "42"), movement("b", -61)]})
    assert (response.status_code, response.json()["code"]) == (409, "not_enough_stock")
    assert [row["on_hand"] for row in (await desk.get("/v1/stock"))["stock"]] == [100, 100]
    assert await desk.count("stock_movement") == 2
    assert (await desk.post("/v1/stock/movements", {"movements": [movement("b", -60)]})).status_code == 200


async def test_an_id_with_another_content_an_unknown_item_and_an_id_twice_are_refused(desk: Desk) -> None:
    await desk.post("/v1/stock/movements", {"movements": [movement("m-1", 5)]})
    reused = await desk.post("/v1/stock/movements", {"movements": [movement("m-1", 6)]})
    assert (reused.status_code, reused.json()["code"]) == (422, "movement_id_reused")
    assert reused.json()["detail"] == "$.movements[0].id came before, with another content."
    unknown = await desk.post("/v1/stock/movements", {"movements": [movement("m-2", 5, "99")]})
    assert [(p["path"], p["code"]) for p in unknown.json()["problems"]] == [("$.movements[0].sku", "unknown_sku")]
    twice = await desk.post("/v1/stock/movements", {"movements": [movement("m-3", 5), movement("m-3", 5)]})
    assert [(p["path"], p["code"]) for p in twice.json()["problems"]] == [("$.movements[1].id", "repeated_entry")]
    assert (await desk.get("/v1/stock", sku="11"))["stock"][0]["on_hand"] == 105


async def test_stock_comes_in_pages(desk: Desk) -> None:
    first = await desk.get("/v1/stock", limit=1)
    second = await desk.get("/v1/stock", limit=1, after=first["next"])
    assert [row["sku"] for row in (*first["stock"], *second["stock"])] == ["11", "42"]
    assert second["next"] is None
    assert (await desk.get("/v1/stock", location="elsewhere"))["stock"] == []


async def test_items_and_prices_are_changed_not_doubled(desk: Desk) -> None:
    item = {
        "sku": "11",
        "title": "Queso",
        "prices": [{"currency": "USD", "amount": "22.50", "valid_from": "2026-01-01"}],
    }
    for _ in range(2):
        assert (await desk.http.put("/v1/items", json={"items": [item]})).json() == {"items": 1}
    assert await desk.rows("SELECT title FROM item WHERE sku = '11'") == [{"title": "Queso"}]
    prices = await desk.rows("SELECT currency, valid_from::text, amount FROM list_price WHERE sku = '11' ORDER BY 1, 2")
    assert [tuple(row.values()) for row in prices] == [
        ("JPY", "1970-01-01", 3000),
        ("USD", "1970-01-01", 2100),
        ("USD", "2026-01-01", 2250),
    ]


async def test_items_with_problems_are_refused_whole(desk: Desk) -> None:
    items = [
        {"sku": "new", "title": "New", "prices": [{"currency": "JPY", "amount": "1.5"}]},
        {"sku": "new", "title": "New again"},
        {"sku": "two", "title": "Two", "prices": [{"currency": "USD", "amount": 1}, {"currency": "USD", "amount": 2}]},
    ]
    response = await desk.http.put("/v1/items", json={"items": items})
    assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [
        ("$.items[1].sku", "repeated_entry"),
        ("$.items[2].prices[1]", "repeated_entry"),
        ("$.items[0].prices[0].amount", "too_many_decimals"),
    ]
    assert await desk.count("item") == 2


async def test_a_price_counts_from_its_day(desk: Desk) -> None:
    item = {"sku": "new", "title": "N", "prices": [{"currency": "USD", "amount": "1", "valid_from": "2026-05-06"}]}
    await desk.http.put("/v1/items", json={"items": [item]})
    lines = [{"sku": "new", "quantity": 1}]
    await desk.place(lines=lines, ordered_at="2026-05-06T00:00:00Z")
    early = {"lines": lines, "ordered_at": "2026-05-05T23:59:59Z", "source": {"system": "shop", "id": "2"}}
    response = await desk.post("/v1/orders", order(**early))
    assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [("$.lines[0].unit_price", "no_price")]


async def test_publishing_policies_and_the_files_that_differ(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(PROJECT_ROOT / "policies", folder)
    async with open_desk(database_url, tmp_path, ORDITO_POLICIES=str(folder)) as desk:
        before = await desk.get("/v1/policies/status")
        assert (before["live"], before["released_at"]) == (None, None)
        assert before["differing"] == sorted(path.name for path in folder.glob("*.yaml"))
        published = (await desk.post("/v1/policies", {"note": "first"})).json()
        assert (published["changed"], published["differing"], published["author"]) == (True, [], "admin")
        again = (await desk.post("/v1/policies", {})).json()
        assert (again["changed"], again["live"], again["note"]) == (False, published["live"], "first")
        assert await desk.count("policy_release") == 1

        workspace = next(folder.glob("00-*.yaml"))
        text = workspace.read_text(encoding="utf-8")
        workspace.write_text(f"# a remark\n{text}", encoding="utf-8")
        assert (await desk.get("/v1/policies/status"))["differing"] == []
        rules = folder / "20-change-rules.yaml"
        rules.write_text(rules.read_text(encoding="utf-8").replace(" | ", "  |  "), encoding="utf-8")
        assert (await desk.get("/v1/policies/status"))["differing"] == []
        workspace.write_text(text.replace("northwind", "southwind"), encoding="utf-8")
        assert (await desk.get("/v1/policies/status"))["differing"] == [workspace.name, rules.name]
        changed = (await desk.post("/v1/policies", {"note": "renamed"})).json()
        assert changed["live"] != published["live"]

        workspace.write_text("kind: workspcae\n", encoding="utf-8")
        broken = await desk.post("/v1/policies", {})
        assert (broken.status_code, broken.json()["code"]) == (422, "policy_broken")
        assert broken.json()["problems"][0]["path"].startswith(f"{workspace.name}:1:")
        assert (await desk.get("/v1/policies/status"))["live"] == changed["live"]
        assert await desk.count("policy_release") == 2
