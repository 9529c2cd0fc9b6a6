"""The carrier's tables and the reading of them: requests by key, shipment and order, and the judging per line."""

import json
import sqlite3
from typing import Any

from simulators.books import Books
from simulators.errors import Refusal, breach, unknown
from simulators.messages import Label

TABLES = """
CREATE TABLE IF NOT EXISTS request (
    key TEXT PRIMARY KEY, shipment TEXT NOT NULL UNIQUE, order_number TEXT NOT NULL, grp NOT NULL, method TEXT NOT NULL,
    ship_to TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL, sequence INTEGER NOT NULL DEFAULT 0,
    history TEXT NOT NULL, due REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS request_order ON request (order_number);
CREATE INDEX IF NOT EXISTS request_due ON request (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS request_line (
    shipment TEXT NOT NULL, line NOT NULL, order_number TEXT NOT NULL, sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0), ordered INTEGER NOT NULL, shipped INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shipment, line), CHECK (shipped BETWEEN 0 AND quantity)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS request_line_order ON request_line (order_number, line);
CREATE TABLE IF NOT EXISTS plan (order_number TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""
RANKS = {"released": 0, "picked": 1, "packed": 2, "shipped": 3, "delivered": 4}
LIVE = ("released", "picked", "packed")
GONE = ("lost", "damaged")
"""Statuses whose goods never arrive, so that they may be sent again."""

LINE_TOTALS = """
SELECT l.line, SUM(r.grp = ? AND r.status IN ('released', 'picked', 'packed')) AS live,
    SUM(CASE WHEN r.status IN ('released', 'picked', 'packed') THEN l.quantity
        WHEN r.status IN ('lost', 'damaged') THEN 0 ELSE l.shipped END) AS taken,
    MAX(CASE WHEN r.status IN ('released', 'picked', 'packed') OR l.shipped > 0 THEN l.ordered ELSE 0 END) AS ordered
FROM request_line l JOIN request r USING (shipment) WHERE l.order_number = ? AND l.shipment <> ?
GROUP BY l.line
"""


def judge(books: Books, order: str, group: Label, wanted: list[tuple[Label, int, int]], beside: str = "") -> None:
    """Refuse unless every (line, quantity, ordered) has no live request of the group and stays within what was ordered.

    Other groups may have asked for other units of the line, and told of more that were ordered since: a request that is
    late still says what it was to say. The shipment `beside` does not count: it is about to carry these lines instead
    of its own.
    """
    totals = {row["line"]: row for row in books.rows(LINE_TOTALS, group, order, beside)}
    for line, quantity, ordered in wanted:
        seen = totals.get(line)
        if seen is not None and seen["live"]:
            raise breach("line_already_requested", f"Line {line} of order {order} has a live request already.")
        taken, ordered = (seen["taken"], max(ordered, seen["ordered"])) if seen is not None else (0, ordered)
        if taken + quantity > ordered:
            detail = f"Line {line} of order {order}: {taken} taken on and {quantity} requested of {ordered} ordered."
            raise breach("more_than_ordered", detail)


def carry(books: Books, request: sqlite3.Row, lines: list[tuple[Label, str, int, int]]) -> None:
    """Have a request carry these (line, sku, quantity, ordered) instead; refused once a part of it has left."""
    shipment, order = request["shipment"], request["order_number"]
    if any(line["shipped"] for line in lines_of(books, shipment)):
        raise Refusal(409, "already_shipped", f"A part of shipment {shipment} has left.")
    judge(books, order, request["grp"], [(line, quantity, ordered) for line, _, quantity, ordered in lines], shipment)
    books.run("DELETE FROM request_line WHERE shipment = ?", shipment)
    for line, sku, quantity, ordered in lines:
        books.run(
            "INSERT INTO request_line (shipment, line, order_number, sku, quantity, ordered) VALUES (?, ?, ?, ?, ?, ?)",
            *(shipment, line, order, sku, quantity, ordered),
        )


def by_key(books: Books, key: str) -> sqlite3.Row | None:
    """The request of this idempotency key."""
    return books.row("SELECT * FROM request WHERE key = ?", key)


def by_shipment(books: Books, shipment: str) -> sqlite3.Row:
    """The request of this shipment; 404 if unknown."""
    found = books.row("SELECT * FROM request WHERE shipment = ?", shipment)
    if found is None:
        raise unknown("shipment", shipment)
    return found


def of_order(books: Books, order: str) -> list[sqlite3.Row]:
    """All requests of an order, oldest first."""
    return books.rows("SELECT * FROM request WHERE order_number = ? ORDER BY at, key", order)


def lines_of(books: Books, shipment: str) -> list[sqlite3.Row]:
    """The lines of a shipment."""
    return books.rows("SELECT * FROM request_line WHERE shipment = ? ORDER BY line", shipment)


def describe(books: Books, request: sqlite3.Row) -> dict[str, Any]:
    """A request as the API shows it."""
    lines = lines_of(books, request["shipment"])
    return {
        "shipment": request["shipment"],
        "request_key": request["key"],
        "order": request["order_number"],
        "group": request["grp"],
        "method": request["method"],
        "ship_to": json.loads(request["ship_to"]),
        "status": request["status"],
        "at": request["at"],
        "sequence": request["sequence"],
        "lines": [{name: line[name] for name in ("line", "sku", "quantity", "ordered", "shipped")} for line in lines],
        "history": json.loads(request["history"]),
    }
