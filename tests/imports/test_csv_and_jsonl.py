"""Orders as CSV and as JSON Lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.imports import csv_orders, jsonl
from adapters.imports.row import ImportFailedError, OrderFile, Problem

EXAMPLES = Path("examples/orders")


def changed_csv(folder: Path, old: str, new: str) -> OrderFile:
    """The example file with one place changed."""
    text = (EXAMPLES / "orders.csv").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = folder / "orders.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return csv_orders.read(path)


def documents(found: OrderFile) -> list[dict[str, Any]]:
    """The order documents of the good rows."""
    return [json.loads(row.body or "") for row in found.good()]


def test_rows_of_one_number_are_one_order() -> None:
    found = csv_orders.read(EXAMPLES / "orders.csv")

    assert [(row.line, row.number, row.problems) for row in found.rows] == [
        (2, "W-1001", ()),
        (4, "W-1002", ()),
        (5, "W-1003", ()),
    ]
    assert documents(found)[0] == {
        "number": "W-1001",
        "source": {"system": "csv", "id": "W-1001"},
        "channel": "web",
        "currency": "USD",
        "ordered_at": "2026-03-02T09:30:00Z",
        "customer": {"id": "C-17"},
        "requested_date": "2026-03-12",
        "ship_method": "speedy-express",
        "ship_to": {
            "name": "Ada Rossi",
            "street": "Via Garibaldi 4",
            "city": "Torino",
            "postal_code": "10122",
            "country": "IT",
        },
        "payment": {"method": "card", "token": "tok_visa_ada"},
        "charges": [{"code": "freight", "amount": "9.90"}],
        "lines": [
            {"number": 1, "sku": "1", "quantity": 2},
            {"number": 2, "sku": "11", "quantity": 1, "unit_price": "19.50", "discount": "0.1"},
        ],
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2,11,1,19.50", "2,11,one,19.50", Problem(3, "quantity", "'one' is not a whole number")),
        ("2,11,1,19.50", "2,11,1,a lot", Problem(3, "unit_price", "'a lot' is not a number like 12.30")),
        ("2,11,1,19.50,0.1,", "2,11,1,19.50,0.1", Problem(3, "", "has 20 columns where the header has 21")),
        ("W-1001,,,", "W-1001,,EUR,", Problem(3, "currency", "'EUR' differs from 'USD' in line 2")),
        ("2026-03-12", "12.03.2026", Problem(2, "requested_date", "'12.03.2026' is not a date like 2026-01-31")),
        (",tok_visa_ada,1,1,2,,,9.90", ",tok_visa_ada,1,,2,,,9.90", Problem(2, "sku", "is empty")),
        ("2,,,9.90", "2,,,free", Problem(2, "charge.freight", "'free' is not a number like 12.30")),
    ],
)
def test_a_bad_row_refuses_its_order_alone(tmp_path: Path, old: str, new: str, problem: Problem) -> None:
    found = changed_csv(tmp_path, old, new)

    assert [(row.number, row.problems) for row in found.bad()] == [("W-1001", (problem,))]
    assert [document["number"] for document in documents(found)] == ["W-1002", "W-1003"]


def test_a_row_without_a_number_is_an_order_of_its_own_that_is_refused(tmp_path: Path) -> None:
    found = changed_csv(tmp_path, "W-1002", "")

    assert [(row.line, row.problems) for row in found.bad()] == [(4, (Problem(4, "number", "is empty"),))]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("unit_price,discount", "unit_prise,discount", "column 'unit_prise' is unknown; did you mean 'unit_price'?"),
        ("unit_price,discount", "discount,discount", "column 'discount' appears twice"),
        ("number,channel", "nummer,channel", "column 'number' is missing; column 'nummer' is unknown; did you mean"),
    ],
)
def test_a_header_that_is_not_understood_stops_before_anything_is_sent(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(ImportFailedError) as error:
        changed_csv(tmp_path, old, new)
    assert f"orders.csv:1: {words}" in str(error.value)


def test_the_header_is_explained() -> None:
    explained = csv_orders.columns_help().splitlines()

    assert "number (required): order number; rows with the same one are one order" in explained
    assert "unit_price: frozen price of one; the list price when empty" in explained


def test_json_lines_pass_through_unchanged() -> None:
    found = jsonl.read(EXAMPLES / "orders.jsonl")

    lines = (EXAMPLES / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(row.line, row.number, row.body) for row in found.rows] == [
        (1, "W-2001", lines[0]),
        (2, "W-2002", lines[1]),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"number": "X"', "is not JSON: Expecting ',' delimiter at column 15"),
        ('["X"]', "is not a JSON object; an order document looks like {...}"),
        ('{"number": "X", "number": "Y"}', "has the field 'number' twice"),
        ('{"number": NaN}', "holds NaN, which is no number of JSON"),
        ("[" * 5000, "is nested too deeply"),
    ],
)
def test_a_broken_line_of_json_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(f'{{"number": "A"}}\n\n{line}\n{{"number": "B"}}\n', encoding="utf-8")

    found = jsonl.read(path)

    assert [row.number for row in found.good()] == ["A", "B"]
    (bad,) = found.bad()
    assert bad.line == 3
    assert bad.problems[0].words.startswith(words)


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_bytes(b'{"number": "A"}\n{"number": "M\xfcller"}\n')

    assert [(row.line, row.problems[0].words) for row in jsonl.read(path).bad()] == [
        (2, "is not UTF-8 text; save the file as UTF-8")
    ]
