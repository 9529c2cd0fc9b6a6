"""Orders as CSV: one row a line, rows of one order share its number.

The columns of an order may be filled in its first row alone, or repeated; two different values are a problem.
A column `charge.CODE` holds a charge of the order, say `charge.freight`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.imports import cells
from adapters.imports.cells import Cells
from adapters.imports.row import OrderFile, Problem, Row
from adapters.imports.table import Record, read_table

CHARGE = "charge."
DEFAULT_SYSTEM = "csv"


@dataclass(frozen=True)
class Column:
    """A column of the file: where its value goes in the order document, and what it is for."""

    path: tuple[str, ...]
    meaning: str
    required: bool = False
    read: Callable[[str], Any] = cells.text


def _day(cell: str) -> str:
    return cells.iso_date(cell).isoformat()


def _decimal(cell: str) -> str:
    cells.decimal(cell)
    return cell


ORDER_COLUMNS = {
    "number": Column(("number",), "order number; rows with the same one are one order", required=True),
    "source_system": Column(("source", "system"), f"system the order comes from; {DEFAULT_SYSTEM!r} when empty"),
    "source_id": Column(("source", "id"), "its id there; the order number when empty"),
    "channel": Column(("channel",), "how it was placed", required=True),
    "currency": Column(("currency",), "ISO 4217, like EUR", required=True),
    "ordered_at": Column(("ordered_at",), "like 2026-01-31T09:30:00Z", required=True),
    "customer": Column(("customer", "id"), "customer number", required=True),
    "requested_date": Column(("requested_date",), "like 2026-02-15", read=_day),
    "ship_method": Column(("ship_method",), "how it shall travel", required=True),
    "warehouse": Column(("warehouse",), "where it shall ship from"),
    "purchase_order": Column(("purchase_order",), "the customer's own number"),
    "note": Column(("note",), "a note"),
    "ship_name": Column(("ship_to", "name"), "who receives it", required=True),
    "ship_street": Column(("ship_to", "street"), "street and number", required=True),
    "ship_city": Column(("ship_to", "city"), "city", required=True),
    "ship_region": Column(("ship_to", "region"), "state or province"),
    "ship_postal_code": Column(("ship_to", "postal_code"), "postal code"),
    "ship_country": Column(("ship_to", "country"), "ISO 3166-1 alpha-2, like DE", required=True),
    "payment_method": Column(("payment", "method"), "card or terms", required=True),
    "payment_token": Column(("payment", "token"), "the payment provider's token; never a card number"),
}
LINE_COLUMNS = {
    "line": Column(("number",), "line number; 1, 2, 3... when the column is not there", read=cells.whole),
    "sku": Column(("sku",), "what is ordered", required=True),
    "quantity": Column(("quantity",), "how many", required=True, read=cells.whole),
    "unit_price": Column(("unit_price",), "frozen price of one; the list price when empty", read=_decimal),
    "discount": Column(("discount",), "0.05 is five percent", read=_decimal),
    "ship_set": Column(("ship_set",), "lines of one ship set leave together"),
}
REQUIRED = tuple(name for name, column in (ORDER_COLUMNS | LINE_COLUMNS).items() if column.required)


def columns_help() -> str:
    """The header, explained: one column a line."""
    known = ORDER_COLUMNS | LINE_COLUMNS
    rows = [f"{name}{' (required)' if column.required else ''}: {column.meaning}" for name, column in known.items()]
    return "\n".join([*rows, f"{CHARGE}CODE: a charge of the order, say {CHARGE}freight"])


def read(path: Path, limit: int | None = None) -> OrderFile:
    """Reads the file; raises ImportFailedError when it has no usable header."""
    table = read_table(path, REQUIRED, (*ORDER_COLUMNS, *LINE_COLUMNS), prefix=CHARGE)
    charges = tuple(name for name in table.columns if name.startswith(CHARGE))
    orders: dict[str, list[Record]] = {}
    for record in table.records:
        number = record.values.get("number", "")
        # rows without a number belong to no order: each is a problem of its own
        orders.setdefault(number or f"\n{record.line}", []).append(record)
    rows = [_order(path.name, records, charges) for records in orders.values()]
    return OrderFile(tuple(rows[:limit]))


def _order(file: str, records: list[Record], charges: tuple[str, ...]) -> Row:
    first = records[0]
    number = first.values.get("number", "")
    problems = [Problem(record.line, "", record.broken) for record in records if record.broken]
    document: dict[str, Any] = {}
    if not problems:
        head = Cells(first.line, _merged(records, (*ORDER_COLUMNS, *charges), problems))
        document = _document(head, charges)
        problems += head.problems
        document["lines"] = [_line(record, problems) for record in records]
    if problems:
        return Row(file, first.line, number, None, tuple(problems))
    return Row(file, first.line, number, json.dumps(document, ensure_ascii=False))


def _merged(records: list[Record], columns: tuple[str, ...], problems: list[Problem]) -> dict[str, str]:
    """The order's own cells: of all its rows, as long as they do not disagree."""
    merged: dict[str, str] = {}
    for record in records:
        for name in columns:
            cell = record.values.get(name, "")
            if cell and merged.setdefault(name, cell) != cell:
                words = f"{cells.shown(cell)} differs from {cells.shown(merged[name])} in line {records[0].line}"
                problems.append(Problem(record.line, name, words))
    return merged


def _document(head: Cells, charges: tuple[str, ...]) -> dict[str, Any]:
    document: dict[str, Any] = {"source": {"system": DEFAULT_SYSTEM, "id": head.values.get("number", "")}}
    _fill(document, head, ORDER_COLUMNS)
    given = [name for name in charges if head.values.get(name)]
    if given:
        document["charges"] = [
            {"code": name.removeprefix(CHARGE), "amount": head.get(name, _decimal, "")} for name in given
        ]
    return document


def _line(record: Record, problems: list[Problem]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    row = Cells(record.line, record.values)
    _fill(line, row, LINE_COLUMNS)
    problems += row.problems
    return line


def _fill(document: dict[str, Any], row: Cells, columns: dict[str, Column]) -> None:
    for name, column in columns.items():
        if not row.values.get(name) and not column.required:
            continue
        value = row.get(name, column.read, None)
        *parents, last = column.path
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
