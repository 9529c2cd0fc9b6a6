"""The Northwind folder: orders, their lines and products as order documents, items and opening stock.

What a file may say and what an order may know differ: the shipping dates stay in the file, because a business that
takes an order does not know yet when it will leave.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.imports import cells
from adapters.imports.cells import CellError, Cells
from adapters.imports.countries import iso_country
from adapters.imports.row import OrderFile, Problem, Row
from adapters.imports.table import Record, read_table

SYSTEM = "northwind"
LOCATION = "main"
CURRENCY = "USD"
BUSINESS_TODAY = date(1998, 5, 6)
"""The last day of the data."""
METHODS = {"1": "speedy-express", "2": "united-package", "3": "federal-shipping"}
CARD_TOKEN = "tok_northwind"  # noqa: S105 - a name the payment simulator accepts, no secret
LISTED_FROM = date(1996, 1, 1)
"""List prices count from a day before the first order."""

ORDER_COLUMNS = (
    *("OrderID", "CustomerID", "OrderDate", "RequiredDate", "ShipVia", "Freight"),
    *("ShipName", "ShipAddress", "ShipCity", "ShipRegion", "ShipPostalCode", "ShipCountry"),
)
DETAIL_COLUMNS = ("OrderID", "ProductID", "UnitPrice", "Quantity", "Discount")
PRODUCT_COLUMNS = ("ProductID", "ProductName", "UnitPrice", "UnitsInStock")


def read(folder: Path, as_of: date = BUSINESS_TODAY, limit: int | None = None) -> OrderFile:
    """Reads the folder; `limit` keeps the first so many orders. Raises ImportFailedError when a file is missing."""
    details = read_table(folder / "order_details.csv", DETAIL_COLUMNS)
    orders = read_table(folder / "orders.csv", ORDER_COLUMNS)
    products = read_table(folder / "products.csv", PRODUCT_COLUMNS)
    by_order: dict[str, list[Record]] = defaultdict(list)
    for record in details.records:
        by_order[record.values.get("OrderID", "")].append(record)
    rows = list(_order_rows(orders.records, by_order, as_of))[:limit]
    known = {record.values.get("OrderID", "") for record in orders.records}
    strays = _stray_details(details.records, known) if limit is None else []
    items, movements, broken = _catalogue(products.records, details.records)
    return OrderFile((*broken, *rows, *strays), tuple(items), tuple(movements))


def _order_rows(orders: Iterable[Record], details: dict[str, list[Record]], as_of: date) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for record in orders:
        number = record.values.get("OrderID", "")
        problems = []
        if number and number in seen:
            problems.append(Problem(record.line, "OrderID", f"order {number} is already in line {seen[number]}"))
        seen.setdefault(number, record.line)
        yield _order_row(record, number, details.get(number, []), as_of, problems)


def _order_row(record: Record, number: str, details: list[Record], as_of: date, problems: list[Problem]) -> Row:
    if record.broken:
        problems.append(Problem(record.line, "", record.broken))
        return Row("orders.csv", record.line, number, None, tuple(problems))
    head = Cells(record.line, record.values)
    document = _head(head, as_of)
    lines, line_problems = _lines(details)
    problems += head.problems + line_problems
    if not details:
        problems.append(Problem(record.line, "OrderID", f"order {number} has no line in order_details.csv"))
    if problems:
        return Row("orders.csv", record.line, number, None, tuple(problems))
    return Row("orders.csv", record.line, number, json.dumps({**document, "lines": lines}, ensure_ascii=False))


def _head(row: Cells, as_of: date) -> dict[str, Any]:
    number = row.get("OrderID", cells.text, "")
    return {
        "number": number,
        "source": {"system": SYSTEM, "id": number},
        "channel": "import",
        "currency": CURRENCY,
        "ordered_at": cells.noon(row.get("OrderDate", cells.us_date, as_of)),
        "as_of": as_of.isoformat(),
        "customer": {"id": row.get("CustomerID", cells.text, "")},
        "ship_to": _ship_to(row),
        "requested_date": row.get("RequiredDate", cells.us_date, as_of).isoformat(),
        "ship_method": row.get("ShipVia", _method, ""),
        "charges": [{"code": "freight", "amount": row.get("Freight", cells.amount, "")}],
        "payment": {"method": "card", "token": CARD_TOKEN},
    }


def _ship_to(row: Cells) -> dict[str, str]:
    address = {
        "name": row.get("ShipName", cells.text, ""),
        "street": row.get("ShipAddress", cells.text, ""),
        "city": row.get("ShipCity", cells.text, ""),
        "region": row.get("ShipRegion", str, ""),
        "postal_code": row.get("ShipPostalCode", str, ""),
        "country": row.get("ShipCountry", iso_country, ""),
    }
    return {name: value for name, value in address.items() if value}


def _method(cell: str) -> str:
    if cell not in METHODS:
        raise CellError(f"{cells.shown(cell)} is no shipper; known are {', '.join(METHODS)}")
    return METHODS[cell]


def _lines(details: list[Record]) -> tuple[list[dict[str, Any]], list[Problem]]:
    lines = []
    problems = []
    for number, record in enumerate(details, 1):
        if record.broken:
            problems.append(Problem(record.line, "order_details.csv", record.broken))
            continue
        row = Cells(record.line, record.values)
        lines.append(
            {
                "number": number,
                "sku": row.get("ProductID", cells.text, ""),
                "quantity": row.get("Quantity", cells.whole, 0),
                "unit_price": row.get("UnitPrice", cells.amount, ""),
                "discount": str(row.get("Discount", cells.decimal, Decimal(0))),
            }
        )
        problems += [Problem(p.line, f"order_details.csv {p.where}", p.words) for p in row.problems]
    return lines, problems


def _stray_details(details: Iterable[Record], known: set[str]) -> Iterator[Row]:
    """Lines of no order: told, because an order may be short of them."""
    for record in details:
        number = record.values.get("OrderID", "")
        if number not in known:
            words = record.broken or f"order {cells.shown(number)} is not in orders.csv"
            yield Row("order_details.csv", record.line, number, None, (Problem(record.line, "OrderID", words),))


def _catalogue(
    products: Iterable[Record], details: Iterable[Record]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Row]]:
    """Items with list prices, and the stock they opened with: what is there now and all that was ordered since."""
    ordered: dict[str, int] = defaultdict(int)
    for record in details:
        if not record.broken:
            ordered[record.values["ProductID"]] += Cells(0, record.values).get("Quantity", cells.whole, 0)
    items, movements, broken = [], [], []
    for record in products:
        row = Cells(record.line, record.values)
        sku = row.get("ProductID", cells.text, "")
        title = row.get("ProductName", cells.text, "")
        price = row.get("UnitPrice", cells.amount, "")
        on_hand = row.get("UnitsInStock", cells.whole, 0) + ordered[sku]
        problems = [Problem(record.line, "", record.broken)] if record.broken else row.problems
        if problems:
            broken.append(Row("products.csv", record.line, "", None, tuple(problems)))
            continue
        prices = [{"currency": CURRENCY, "amount": price, "valid_from": LISTED_FROM.isoformat()}]
        items.append({"sku": sku, "title": title, "prices": prices})
        if on_hand:
            movement = {"id": f"{SYSTEM}/opening/{sku}", "location": LOCATION, "sku": sku}
            movements.append({**movement, "quantity": on_hand, "reason": "opening stock"})
    return items, movements, broken
