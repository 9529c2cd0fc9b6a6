"""`ordito import` as a person runs it."""

import json
from pathlib import Path

from tests.imports.support import order, write_folder
from tests.support.shop import Shop


async def test_a_folder_goes_in_once_and_bad_rows_are_named(shop: Shop, tmp_path: Path) -> None:
    rows = [order(OrderID="90001"), order(OrderID="90002", ShipCountry="Germny"), order(OrderID="90003")]
    details = [
        ["90001", "11", "14", "2", "0.05"],
        ["90002", "11", "14", "2", "0"],
        ["90003", "no-such-item", "14", "1", "0"],
        ["90003", "11", "14", "1", "0"],
    ]
    folder = write_folder(tmp_path, orders=rows, details=details)
    report = tmp_path / "report.json"

    code, said, told = await shop.cli("import", str(folder), "--format", "northwind", "--report", str(report))

    assert code == 1
    assert said == f"{folder}: 1 orders taken, 0 already there, 2 refused\n"
    assert (
        "orders.csv:3: order 90002 refused: ShipCountry: 'Germny' is no country we know; did you mean 'Germany'?"
        in told
    )
    assert "orders.csv:4: order 90003 refused: $.lines[0].sku: There is no item with this SKU." in told
    written = json.loads(report.read_text())
    assert (written["taken"], written["already_there"]) == (1, 0)
    assert [(row["line"], row["number"], row["problems"][0]["code"]) for row in written["refused"]] == [
        (3, "90002", "unreadable"),
        (4, "90003", "unknown_sku"),
    ]
    taken = await shop.until_status("90001", "released")
    assert taken["total"] == "58.98"
    assert taken["document"]["as_of"] == "1998-05-06"
    assert await shop.stock("11") == {"on_hand": 22 + 5, "reserved": 2, "available": 25}

    again, said, _ = await shop.cli("import", str(folder), "--format", "northwind", "--limit", "1")

    assert again == 0
    assert said == f"{folder}: 0 orders taken, 1 already there, 0 refused; nothing changed\n"
    assert await shop.stock("11") == {"on_hand": 22 + 5, "reserved": 2, "available": 25}
    assert (await shop.order("90001"))["version"] == taken["version"]


async def test_csv_and_json_lines_go_in(shop: Shop, tmp_path: Path) -> None:
    sku = await shop.stocked()
    for name, kind in (("orders.csv", "csv"), ("orders.jsonl", "jsonl")):
        text = (Path("examples/orders") / name).read_text(encoding="utf-8")
        for written in ('"sku": "1"', '"sku": "11"', '"sku": "42"'):
            text = text.replace(written, f'"sku": "{sku}"')
        for written in (",1,1,2,", ",2,11,1,", ",1,42,6,", ",1,72,3,"):
            parts = written.split(",")
            text = text.replace(written, f",{parts[1]},{sku},{parts[3]},")
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")

        code, said, told = await shop.cli("import", str(path), "--format", kind)

        assert code == 0, told
        assert f"{path}: {3 if kind == 'csv' else 2} orders taken, 0 already there, 0 refused" in said
    assert (await shop.until_status("W-1001", "released"))["total"] == "47.45"
    assert (await shop.order("W-2001"))["document"]["source"] == {"system": "web-shop", "id": "basket-88121"}


async def test_the_same_order_with_another_content_is_refused_and_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    sku = await shop.stocked()
    path = tmp_path / "orders.jsonl"
    document = shop.document([(sku, 2)])
    path.write_text(json.dumps(document) + "\n")
    assert (await shop.cli("import", str(path), "--format", "jsonl"))[0] == 0
    path.write_text(json.dumps({**document, "ship_method": "air"}) + "\n")

    code, said, told = await shop.cli("import", str(path), "--format", "jsonl")

    assert code == 1
    assert "0 orders taken, 0 already there, 1 refused" in said
    assert f"orders.jsonl:1: order {document['number']} refused: The source's id was used with another body" in told
    assert (await shop.order(document["number"]))["document"]["ship_method"] == "ground"


async def test_what_is_not_about_a_row_ends_the_import_with_one_sentence(shop: Shop, tmp_path: Path) -> None:
    folder = write_folder(tmp_path)

    wrong_key = await shop.cli("import", str(folder), "--format", "northwind", "--key", "nobody")
    wrong_place = await shop.cli("import", str(tmp_path / "no"), "--format", "northwind")
    as_of = await shop.cli("import", str(folder / "orders.csv"), "--format", "csv", "--as-of", "1998-05-06")

    assert wrong_key[0] == 1
    assert "ordito: Who are you?: The API key is not valid." in wrong_key[2]
    assert wrong_place[0] == 1
    assert "order_details.csv: cannot be read: No such file or directory" in wrong_place[2]
    assert as_of[0] == 2
    assert "--as-of is for northwind" in as_of[2]
