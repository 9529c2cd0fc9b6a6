"""What tests and demos tell the carrier: shipping dates, progress, mishaps; and what they may read of its books."""

import asyncio
import sqlite3
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulators.carrier.messages import Advance, CarrierConfig, Plan, Report
from simulators.carrier.progress import advance_all, follow_plan, report, step
from simulators.carrier.shelf import RANKS, by_shipment, describe, of_order
from simulators.desk import Desk
from simulators.errors import unknown
from simulators.messages import answer, read_body

BROKEN_LINES = """
SELECT order_number, line, twice, shipped, ordered FROM (
    SELECT l.order_number, l.line,
        SUM(r.status IN ('released', 'picked', 'packed')) - COUNT(DISTINCT CASE
            WHEN r.status IN ('released', 'picked', 'packed') THEN r.grp END) AS twice,
        SUM(CASE WHEN r.status IN ('lost', 'damaged') THEN 0 ELSE l.shipped END) AS shipped, MAX(l.ordered) AS ordered
    FROM request_line l JOIN request r USING (shipment) GROUP BY l.order_number, l.line)
WHERE twice > 0 OR shipped > ordered
"""


class CarrierAdmin:
    """The carrier's admin routes and its automatic progress."""

    def __init__(self, desk: Desk[CarrierConfig]) -> None:
        self._desk = desk
        self._books = desk.books
        self._changed = asyncio.Event()

    async def plan(self, request: Request) -> Response:
        """Keep shipping dates by order, and move what is here already; telling it twice changes nothing."""
        plan, moved = await read_body(request, Plan), 0
        with self._books.transaction():
            for order in plan.orders:
                self._books.run("INSERT OR REPLACE INTO plan VALUES (?, ?)", order.order, order.model_dump_json())
                for row in of_order(self._books, order.order):
                    if row["status"] in RANKS:
                        moved += follow_plan(self._books, self._desk.config.now, row["shipment"], order)
        return answer({"planned": len(plan.orders), "moved": moved}).response()

    async def advance(self, request: Request) -> Response:
        """Move a shipment, or all moving ones of an order."""
        body = await read_body(request, Advance)
        with self._books.transaction():
            moved = advance_all(self._books, self._desk.config.now, body, self._named(body))
        return answer([describe(self._books, by_shipment(self._books, shipment)) for shipment in moved]).response()

    async def report(self, request: Request) -> Response:
        """Tell of a mishap."""
        body = await read_body(request, Report)
        shipments = self._named(body)
        with self._books.transaction():
            for shipment in shipments:
                report(self._books, self._desk.config.now, body, shipment)
        return answer([describe(self._books, by_shipment(self._books, shipment)) for shipment in shipments]).response()

    def _named(self, body: Advance | Report) -> list[str]:
        if body.shipment is not None:
            return [body.shipment]
        found = [row["shipment"] for row in of_order(self._books, body.order or "") if row["status"] in RANKS]
        if not found:
            raise unknown("moving shipment of order", body.order or "")
        return found

    def books(self, request: Request) -> dict[str, Any]:
        """The whole books, or of one `?order=`, or without the requests by `?summary=1`."""
        order = request.query_params.get("order")
        counts = self._books.rows("SELECT status, COUNT(*) AS n FROM request GROUP BY status")
        shown: list[sqlite3.Row] = []
        if order is not None:
            shown = of_order(self._books, order)
        elif "summary" not in request.query_params:
            shown = self._books.rows("SELECT * FROM request ORDER BY at, key")
        return {
            "counts": {row["status"]: row["n"] for row in counts},
            "violations": self._desk.violations() + self._broken_lines(),
            "webhooks": self._desk.webhooks(),
            "requests": [describe(self._books, row) for row in shown],
        }

    def _broken_lines(self) -> list[dict[str, Any]]:
        """A recount of the books themselves: lines with two live requests, or more shipped than ordered."""
        return [{"code": "books_broken", **dict(row)} for row in self._books.rows(BROKEN_LINES)]

    def config_changed(self) -> None:
        """Automatic progress switched on takes up what stands still; switched off it lets go."""
        config = self._desk.config.now
        if config.mode == "auto":
            self._books.run(
                "UPDATE request SET due = ? WHERE due IS NULL AND status IN ('released', 'picked', 'packed', 'shipped')"
                " AND order_number NOT IN (SELECT order_number FROM plan)",
                time.time() + config.step_seconds,
            )
        else:
            self._books.run("UPDATE request SET due = NULL WHERE due IS NOT NULL")
        self.wake()

    def wake(self) -> None:
        """A request may have become due earlier than awaited."""
        self._changed.set()

    async def run(self) -> None:
        """Take automatic steps as they become due, for ever."""
        while True:
            now, config = time.time(), self._desk.config.now
            due = self._books.rows("SELECT shipment FROM request WHERE due <= ? ORDER BY due LIMIT 200", now)
            if due:
                with self._books.transaction():
                    for row in due:
                        step(self._books, config, row["shipment"], now)
            await self._pause()

    async def _pause(self) -> None:
        """Sleep until the next step is due, or something changes."""
        row = self._books.row("SELECT MIN(due) AS due FROM request WHERE due IS NOT NULL")
        wait = max(0.0, row["due"] - time.time()) if row is not None and row["due"] is not None else None
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), wait)
        except TimeoutError:
            return
