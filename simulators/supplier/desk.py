"""The supplier's purchase orders: taken on, acknowledged, shipped, cancelled."""

import json
import sqlite3
from typing import Any

from starlette.requests import Request

from simulators.books import Books, new_id
from simulators.config import KeptConfig
from simulators.desk import inquiry
from simulators.errors import Refusal, breach, unknown
from simulators.messages import Answer, answer
from simulators.supplier.messages import Advance, Cancellation, PurchaseOrder, SupplierConfig

TABLES = """
CREATE TABLE IF NOT EXISTS purchase_order (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, order_number TEXT, lines TEXT NOT NULL, status TEXT NOT NULL,
    at TEXT NOT NULL, promised_at TEXT, sequence INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""
RANKS = {"received": 0, "acknowledged": 1, "shipped": 2}


class Supplier:
    """The supplier's desk. Every method that writes runs inside a transaction of the caller's."""

    def __init__(self, books: Books, config: KeptConfig[SupplierConfig]) -> None:
        self._books = books
        self._config = config

    def take(self, body: PurchaseOrder, key: str) -> Answer:
        """Take a purchase order on."""
        if self._books.is_fenced(key):
            raise breach("cancelled_before_arrival", f"The purchase order '{key}' was cancelled before it arrived.")
        name, at = new_id("po"), body.at.isoformat()
        lines = json.dumps([line.model_dump() for line in body.lines])
        self._books.run(
            "INSERT INTO purchase_order (key, id, order_number, lines, status, at) VALUES (?, ?, ?, ?, 'received', ?)",
            *(key, name, body.order, lines, at),
        )
        return answer({"purchase_order": name, "status": "received", "at": at}, 201)

    def cancel(self, body: Cancellation, key: str) -> Answer:
        """Cancel what is not shipped; a key never seen is fenced off."""
        at, found = body.at.isoformat(), self.by_key(body.request_key)
        if found is None:
            self._books.fence(body.request_key, at)
            return answer({"status": "never_requested", "request_key": body.request_key, "at": at})
        if found["status"] == "shipped":
            raise Refusal(409, "already_shipped", f"Purchase order {found['id']} is shipped.")
        if found["status"] != "cancelled":
            self._move(found, "cancelled", at, found["promised_at"])
        return answer({"status": "cancelled", "purchase_order": found["id"], "request_key": body.request_key, "at": at})

    def advance(self, body: Advance) -> dict[str, Any]:
        """Move a purchase order on; where it is already is no move."""
        found = self.by_name(body.purchase_order)
        if found["status"] == "cancelled":
            raise Refusal(409, "wrong_status", f"Purchase order {found['id']} is cancelled.")
        if RANKS[body.to] > RANKS[found["status"]]:
            promised_at = body.promised_at.isoformat() if body.promised_at else found["promised_at"]
            self._move(found, body.to, body.at.isoformat(), promised_at)
        return describe(self.by_name(body.purchase_order))

    def _move(self, found: sqlite3.Row, status: str, at: str, promised_at: str | None) -> None:
        sends = self._config.now.sends(status)
        self._books.run(
            "UPDATE purchase_order SET status = ?, at = ?, promised_at = ?, sequence = sequence + ? WHERE key = ?",
            *(status, at, promised_at, int(sends), found["key"]),
        )
        if sends:
            body = {"id": new_id("evt"), "type": f"purchase_order.{status}", **describe(self.by_name(found["id"]))}
            self._books.record_event(body["id"], found["id"], json.dumps(body, separators=(",", ":")))

    def by_key(self, key: str) -> sqlite3.Row | None:
        """The purchase order of this idempotency key."""
        return self._books.row("SELECT * FROM purchase_order WHERE key = ?", key)

    def by_name(self, name: str) -> sqlite3.Row:
        """The purchase order of this name of the supplier's; 404 if unknown."""
        found = self._books.row("SELECT * FROM purchase_order WHERE id = ?", name)
        if found is None:
            raise unknown("purchase order", name)
        return found

    def capabilities(self, request: Request) -> Answer:
        """What this supplier can do."""
        return answer(self._config.now.capabilities.model_dump())

    def show(self, request: Request) -> Answer:
        """A purchase order by its own name."""
        return answer(describe(self.by_name(request.path_params["purchase_order"])))

    def inquire(self, request: Request) -> Answer:
        """What became of an idempotency key: the purchase order as it is now, or the answer that was given."""
        key = request.path_params["key"]
        found = self.by_key(key)
        if found is not None:
            return answer({"operation": "purchase_orders", **describe(found)})
        given = inquiry(self._books, key)
        if given is None:
            raise unknown("request", key)
        return given


def describe(found: sqlite3.Row) -> dict[str, Any]:
    """A purchase order as the API shows it."""
    return {
        "purchase_order": found["id"],
        "request_key": found["key"],
        "order": found["order_number"],
        "status": found["status"],
        "at": found["at"],
        "promised_at": found["promised_at"],
        "sequence": found["sequence"],
        "lines": json.loads(found["lines"]),
    }
