"""What callers may ask of the carrier: ship, cancel, update, and how far a request is."""

import json

from starlette.requests import Request

from simulators.books import Books, new_id
from simulators.carrier.messages import Cancellation, CarrierConfig, PlannedOrder, ShipmentRequest, Update
from simulators.carrier.progress import follow_plan, left_to_ship, set_status, step, tell
from simulators.carrier.shelf import by_key, by_shipment, carry, describe, judge, lines_of
from simulators.config import KeptConfig
from simulators.desk import inquiry
from simulators.errors import Refusal, breach, unknown
from simulators.messages import Answer, answer


class Carrier:
    """The carrier's desk. Every method that writes runs inside the exchange's transaction."""

    def __init__(self, books: Books, config: KeptConfig[CarrierConfig]) -> None:
        self._books = books
        self._config = config

    def ship(self, body: ShipmentRequest, key: str, now: float) -> Answer:
        """Take a request on, judged per order line; `now` is real time in epoch seconds, for automatic progress."""
        books, at = self._books, body.at.isoformat()
        if books.is_fenced(key):
            raise breach("cancelled_before_arrival", f"The request '{key}' was cancelled before it arrived.")
        judge(books, body.order, body.group, [(line.line, line.quantity, line.ordered) for line in body.lines])
        shipment = new_id("shp")
        books.run(
            "INSERT INTO request (key, shipment, order_number, grp, method, ship_to, status, at, history)"
            " VALUES (?, ?, ?, ?, ?, ?, 'released', ?, '[]')",
            *(key, shipment, body.order, body.group, body.method, body.ship_to.model_dump_json(), at),
        )
        for line in body.lines:
            books.run(
                "INSERT INTO request_line (shipment, line, order_number, sku, quantity, ordered)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                *(shipment, line.line, body.order, line.sku, line.quantity, line.ordered),
            )
        released = [{"line": line.line, "sku": line.sku, "quantity": line.quantity} for line in body.lines]
        tell(books, self._config.now, by_shipment(books, shipment), "released", at, released)
        self._set_out(shipment, body.order, now)
        return answer({"shipment": shipment, "status": "released", "at": at}, 201)

    def _set_out(self, shipment: str, order: str, now: float) -> None:
        """The plan of the order has the say; without one the automatic steps, if they are on."""
        books, config = self._books, self._config.now
        plan = books.row("SELECT body FROM plan WHERE order_number = ?", order)
        if plan is not None:
            follow_plan(books, config, shipment, PlannedOrder.model_validate_json(plan["body"]))
        elif config.mode == "auto" and config.step_seconds > 0:
            books.run("UPDATE request SET due = ? WHERE shipment = ?", now + config.step_seconds, shipment)
        elif config.mode == "auto":
            for _ in ("picked", "packed", "shipped", "delivered"):
                step(books, config, shipment, now)

    def cancel(self, body: Cancellation, key: str) -> Answer:
        """Cancel the request of a key, if it has not gone too far; a key never seen is fenced off."""
        books, at = self._books, body.at.isoformat()
        self._must_be_able("cancel")
        request = by_key(books, body.request_key)
        if request is None:
            books.fence(body.request_key, at)
            return answer({"status": "never_requested", "request_key": body.request_key, "at": at})
        status = request["status"]
        if status != "cancelled":
            self._refuse_late(status, request["shipment"], self._config.now.refuse_cancel_once_picked)
            left = left_to_ship(lines_of(books, request["shipment"]))
            set_status(books, request, "cancelled", at)
            tell(books, self._config.now, request, "cancelled", at, left)
        return answer(
            {"status": "cancelled", "request_key": body.request_key, "shipment": request["shipment"], "at": at}
        )

    def update(self, body: Update, key: str) -> Answer:
        """Change a request in place, where the carrier has this capability; of what is picked at most the label."""
        books, at = self._books, body.at.isoformat()
        if books.is_fenced(key):
            raise breach("taken_back_before_arrival", f"The update '{key}' was taken back before it arrived.")
        self._must_be_able("update")
        request = by_key(books, body.request_key)
        if request is None:
            raise unknown("request", body.request_key)
        status, shipment = request["status"], request["shipment"]
        carried = {line["line"]: line["quantity"] for line in lines_of(books, shipment)}
        wanted = carried if body.lines is None else {line.line: line.quantity for line in body.lines}
        only_label = wanted == carried and self._config.now.capabilities.relabel
        self._refuse_late(status, shipment, not only_label)
        if body.lines is not None:
            carry(books, request, [(line.line, line.sku, line.quantity, line.ordered) for line in body.lines])
        if body.instead_of is not None and books.kept_answer(body.instead_of) is None:
            books.fence(body.instead_of, at)
        ship_to = body.ship_to.model_dump_json() if body.ship_to else request["ship_to"]
        history = json.dumps([*json.loads(request["history"]), {"event": "updated", "at": at}])
        books.run(
            "UPDATE request SET ship_to = ?, method = ?, history = ? WHERE key = ?",
            *(ship_to, body.method or request["method"], history, body.request_key),
        )
        return answer({"status": status, "shipment": shipment, "at": at})

    def _must_be_able(self, capability: str) -> None:
        if not getattr(self._config.now.capabilities, capability):
            raise Refusal(409, "not_supported", f"This carrier cannot {capability} a request.")

    def _refuse_late(self, status: str, shipment: str, once_picked: bool) -> None:
        if status in ("picked", "packed") and once_picked:
            raise Refusal(409, "too_late", f"Shipment {shipment} is {status}.")
        if status not in ("released", "picked", "packed"):
            code = "already_shipped" if status in ("shipped", "delivered") else f"already_{status}"
            raise Refusal(409, code, f"Shipment {shipment} is {status}.")

    def capabilities(self, request: Request) -> Answer:
        """What this carrier can do."""
        return answer(self._config.now.capabilities.model_dump())

    def show(self, request: Request) -> Answer:
        """A shipment by its own name."""
        return answer(describe(self._books, by_shipment(self._books, request.path_params["shipment"])))

    def inquire(self, request: Request) -> Answer:
        """What became of an idempotency key: the shipment as it is now, or the answer that was given."""
        key = request.path_params["key"]
        found = by_key(self._books, key)
        if found is not None:
            return answer({"operation": "shipments", **describe(self._books, found)})
        given = inquiry(self._books, key)
        if given is None:
            raise unknown("request", key)
        return given
