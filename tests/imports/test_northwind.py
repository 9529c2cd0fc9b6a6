"""The Northwind folder as orders, items and opening stock."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.imports import northwind
from adapters.imports.countries import COUNTRIES
from adapters.imports.row import ImportFailedError, OrderFile, Problem
from tests.imports.support import order, write_folder

DATA = Path("examples/northwind")


@pytest.fixture(scope="module")
def shipped() -> OrderFile:
    """The folder that comes with the program."""
    return northwind.read(DATA)


def test_the_whole_folder_is_read_without_a_problem(shipped: OrderFile) -> None:
    documents = [json.loads(row.body or "") for row in shipped.rows]

    assert list(shipped.bad()) == []
    assert len(documents) == 830
    assert sum(len(document["lines"]) for document in documents) == 2155
    assert len(shipped.items) == 77
    assert sum(movement["quantity"] for movement in shipped.movements) == 51317 + 3119
    assert sum(Decimal(document["charges"][0]["amount"]) for document in documents) == Decimal("64942.69")
    assert {document["ship_to"]["country"] for document in documents} == set(COUNTRIES.values())
    assert len(COUNTRIES) == 21


def test_an_order_becomes_this_document(shipped: OrderFile) -> None:
    row = shipped.rows[1]

    assert (row.file, row.line, row.number) == ("orders.csv", 3, "10249")
    assert json.loads(row.body or "") == {
        "number": "10249",
        "source": {"system": "northwind", "id": "10249"},
        "channel": "import",
        "currency": "USD",
        "ordered_at": "1996-07-05T12:00:00Z",
        "as_of": "1998-05-06",
        "customer": {"id": "TOMSP"},
        "ship_to": {
            "name": "Toms Spezialitäten",
            "street": "Luisenstr. 48",
            "city": "Münster",
            "postal_code": "44087",
            "country": "DE",
        },
        "requested_date": "1996-08-16",
        "ship_method": "speedy-express",
        "charges": [{"code": "freight", "amount": "11.61"}],
        "payment": {"method": "card", "token": "tok_northwind"},
        "lines": [
            {"number": 1, "sku": "14", "quantity": 9, "unit_price": "18.60", "discount": "0"},
            {"number": 2, "sku": "51", "quantity": 40, "unit_price": "42.40", "discount": "0"},
        ],
    }


def test_no_document_knows_when_an_order_will_ship(shipped: OrderFile) -> None:
    # 10249 left on 7/10/1996, a day nothing else of it mentions
    assert "1996-07-10" not in (shipped.rows[1].body or "")
    assert not any("hipped" in (row.body or "") for row in shipped.rows)


def test_opening_stock_is_what_is_there_and_all_that_was_ordered(shipped: OrderFile) -> None:
    chai = shipped.movements[0]

    assert chai == {
        "id": "northwind/opening/1",
        "location": "main",
        "sku": "1",
        "quantity": 39 + 828,
        "reason": "opening stock",
    }
    assert shipped.items[0] == {
        "sku": "1",
        "title": "Chai",
        "prices": [{"currency": "USD", "amount": "18.00", "valid_from": "1996-01-01"}],
    }


def test_as_of_and_limit(tmp_path: Path) -> None:
    few = northwind.read(DATA, as_of=date(1998, 6, 1), limit=20)

    assert [row.number for row in few.rows] == [str(number) for number in range(10248, 10268)]
    assert json.loads(few.rows[0].body or "")["as_of"] == "1998-06-01"
    assert few.movements == northwind.read(DATA).movements


@pytest.mark.parametrize(
    ("changed", "where", "words"),
    [
        ({"OrderDate": "13/4/1996"}, "OrderDate", "'13/4/1996' is not a date like 7/4/1996 (month/day/year)"),
        ({"RequiredDate": "1996-08-01"}, "RequiredDate", "'1996-08-01' is not a date like 7/4/1996 (month/day/year)"),
        ({"ShipCountry": "Germny"}, "ShipCountry", "'Germny' is no country we know; did you mean 'Germany'?"),
        ({"ShipCountry": "Atlantis"}, "ShipCountry", "'Atlantis' is no country we know"),
        ({"ShipVia": "4"}, "ShipVia", "'4' is no shipper; known are 1, 2, 3"),
        ({"Freight": "-3.25"}, "Freight", "'-3.25' is not a number like 12.30"),
        ({"Freight": "1e3"}, "Freight", "'1e3' is not a number like 12.30"),
        ({"CustomerID": ""}, "CustomerID", "is empty"),
    ],
)
def test_a_bad_cell_is_named_and_the_other_orders_go_in(
    tmp_path: Path, changed: dict[str, str], where: str, words: str
) -> None:
    folder = write_folder(
        tmp_path,
        orders=[order(), order(OrderID="10249", **changed)],
        details=[["10248", "11", "14", "12", "0"], ["10249", "42", "9.8", "10", "0"]],
    )

    found = northwind.read(folder)

    assert [row.number for row in found.good()] == ["10248"]
    (bad,) = found.bad()
    assert (bad.file, bad.line, bad.number, bad.body) == ("orders.csv", 3, "10249", None)
    assert bad.problems == (Problem(3, where, words),)


def test_a_broken_line_refuses_its_order_so_that_none_goes_in_short(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path,
        details=[["10248", "11", "14", "12", "0"], ["10248", "42", "9.8", "ten", "0"], ["10248", "72", "34.8"]],
    )

    (bad,) = northwind.read(folder).rows

    assert bad.body is None
    assert bad.problems == (
        Problem(3, "order_details.csv Quantity", "'ten' is not a whole number"),
        Problem(4, "order_details.csv", "has 3 columns where the header has 5"),
    )


def test_rows_that_fit_nowhere_are_told(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path,
        orders=[order(), order(), order(OrderID="10250")],
        details=[["10248", "11", "14", "12", "0"], ["77777", "42", "9.8", "10", "0"]],
        products=[["11", "Queso Cabrales", "21", "many"]],
    )

    found = northwind.read(folder)

    assert [(row.file, row.line, row.problems[0].words) for row in found.bad()] == [
        ("products.csv", 2, "'many' is not a whole number"),
        ("orders.csv", 3, "order 10248 is already in line 2"),
        ("orders.csv", 4, "order 10250 has no line in order_details.csv"),
        ("order_details.csv", 3, "order '77777' is not in orders.csv"),
    ]
    assert [row.line for row in found.good()] == [2]
    assert found.items == ()


def test_a_row_with_a_column_too_few_or_a_wrong_encoding(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, orders=[order(), order(OrderID="10249")[:-1]])
    with (folder / "orders.csv").open("ab") as file:
        file.write(b"10250,VINET,7/4/1996,8/1/1996,,3,32.38,M\xfcller,Weg 1,Reims,,51100,France\r\n")

    words = [(row.line, row.problems[0].words) for row in northwind.read(folder).bad()]

    assert words == [
        (3, "has 12 columns where the header has 13"),
        (4, "is not UTF-8 text in ShipName; save the file as UTF-8"),
    ]


def test_an_open_quote_is_named_with_what_it_swallows(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    with (folder / "orders.csv").open("ab") as file:
        file.write(b'10250,"VINET,7/4/1996\r\n10251,VINET\r\n')

    (bad,) = northwind.read(folder).bad()

    words = "opens a quote that is never closed, so that lines 3 to 4 cannot be read"
    assert bad.problems == (Problem(3, "", words),)


def test_a_folder_without_its_files_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError) as missing:
        northwind.read(tmp_path)
    assert str(missing.value) == f"{tmp_path}/order_details.csv: cannot be read: No such file or directory"

    write_folder(tmp_path)
    (tmp_path / "orders.csv").write_text("OrderID,CustomerID\n")
    with pytest.raises(ImportFailedError, match=r"orders\.csv:1: column 'OrderDate' is missing; column"):
        northwind.read(tmp_path)
