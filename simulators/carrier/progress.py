"""How a shipment moves on: released, picked, packed, shipped, delivered; each step is written and told by webhook."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from simulators.books import Books, new_id
from simulators.carrier.messages import Advance, CarrierConfig, LineQuantity, PlannedOrder, Report
from simulators.carrier.shelf import GONE, LIVE, RANKS, by_shipment, lines_of
from simulators.errors import Refusal, invalid


def tell(
    books: Books,
    config: CarrierConfig,
    request: sqlite3.Row,
    event: str,
    at: str,
    lines: list[dict[str, Any]],
    **more: Any,
) -> None:
    """Write the event into the request's history, and record its webhook if this type is sent."""
    sends = config.sends(event)
    sequence = request["sequence"] + sends
    history = json.dumps([*json.loads(request["history"]), {"event": event, "at": at, **more}])
    books.run("UPDATE request SET sequence = ?, history = ? WHERE key = ?", sequence, history, request["key"])
    if not sends:
        return
    body = {
        "id": new_id("evt"),
        "type": f"shipment.{event}",
        "at": at,
        "shipment": request["shipment"],
        "request_key": request["key"],
        "order": request["order_number"],
        "lines": lines,
        "sequence": sequence,
        **more,
    }
    books.record_event(body["id"], request["shipment"], json.dumps(body, separators=(",", ":")))


def parts_of(lines: list[sqlite3.Row], quantity: Callable[[sqlite3.Row], int]) -> list[dict[str, Any]]:
    """Lines as webhooks name them, with this quantity of each; lines without any are left out."""
    parts = [{"line": line["line"], "sku": line["sku"], "quantity": quantity(line)} for line in lines]
    return [part for part in parts if part["quantity"]]


def left_to_ship(lines: list[sqlite3.Row]) -> list[dict[str, Any]]:
    """What has not been shipped yet, as webhooks name it."""
    return parts_of(lines, lambda line: line["quantity"] - line["shipped"])


def set_status(books: Books, request: sqlite3.Row, status: str, at: str) -> None:
    """Write a status; what is no longer live is no longer due."""
    due = request["due"] if status in (*LIVE, "shipped") else None
    books.run("UPDATE request SET status = ?, at = ?, due = ? WHERE key = ?", status, at, due, request["key"])


def advance(books: Books, config: CarrierConfig, shipment: str, to: str, at: str) -> bool:
    """Move a shipment to a status; False if it is there or further already; 409 if it cannot move any more."""
    request = by_shipment(books, shipment)
    if request["status"] not in RANKS:
        raise Refusal(409, "wrong_status", f"Shipment {shipment} is {request['status']} and does not move any more.")
    if RANKS[to] <= RANKS[request["status"]]:
        return False
    lines, more = lines_of(books, shipment), {}
    moved = left_to_ship(lines)
    if request["status"] == "shipped":
        moved = parts_of(lines, lambda line: line["shipped"])
    elif RANKS[to] >= RANKS["shipped"]:
        books.run("UPDATE request_line SET shipped = quantity WHERE shipment = ?", shipment)
    if to == "shipped":
        more = {"tracking_number": new_id("trk").upper(), "complete": True}
    set_status(books, request, to, at)
    tell(books, config, request, to, at, moved, **more)
    return True


def ship_part(
    books: Books, config: CarrierConfig, shipment: str, at: str, parts: list[LineQuantity], rest: str = "follows"
) -> None:
    """Ship only these quantities; the rest stays packed, or is never shipped under this request.

    Shipping all that is left is a full shipment.
    """
    request = by_shipment(books, shipment)
    if request["status"] not in LIVE:
        raise Refusal(
            409, "wrong_status", f"Shipment {shipment} is {request['status']}; nothing of it is left to ship."
        )
    lines = {line["line"]: line for line in lines_of(books, shipment)}
    left = {name: line["quantity"] - line["shipped"] for name, line in lines.items()}
    for part in parts:
        if part.quantity > left.get(part.line, 0):
            raise invalid(f"lines: line {part.line} has {left.get(part.line, 0)} left to ship, not {part.quantity}.")
        left[part.line] -= part.quantity
    if not any(left.values()):
        advance(books, config, shipment, "shipped", at)
        return
    for part in parts:
        books.run(
            "UPDATE request_line SET shipped = shipped + ? WHERE shipment = ? AND line = ?",
            part.quantity,
            shipment,
            part.line,
        )
    set_status(books, request, "packed" if rest == "follows" else "shipped", at)
    moved = [{"line": part.line, "sku": lines[part.line]["sku"], "quantity": part.quantity} for part in parts]
    more = {"tracking_number": new_id("trk").upper(), "complete": False, "rest": rest}
    tell(books, config, request, "shipped", at, moved, **more)


def advance_all(books: Books, config: CarrierConfig, body: Advance, shipments: list[str]) -> list[str]:
    """Do what an admin's `advance` says; the shipments that moved."""
    at = body.at.isoformat()
    if body.lines is None:
        return [shipment for shipment in shipments if advance(books, config, shipment, body.to, at)]
    if len(shipments) != 1:
        raise invalid("lines: name the shipment, the order has more than one live one.")
    ship_part(books, config, shipments[0], at, body.lines, body.rest)
    return shipments


def follow_plan(books: Books, config: CarrierConfig, shipment: str, plan: PlannedOrder) -> bool:
    """Move a shipment through its planned statuses at once, with the planned business times."""
    moved = False
    for status in ("picked", "packed", "shipped", "delivered"):
        at: datetime | None = getattr(plan, f"{status}_at")
        if at is not None:
            moved |= advance(books, config, shipment, status, at.isoformat())
    return moved


def step(books: Books, config: CarrierConfig, shipment: str, now: float) -> None:
    """One automatic step, and the next one's due time (epoch seconds), up to `auto_until`."""
    request = by_shipment(books, shipment)
    rank = RANKS.get(request["status"], RANKS["delivered"])
    if rank < RANKS[config.auto_until]:
        to = next(name for name, other in RANKS.items() if other == rank + 1)
        at = datetime.fromisoformat(request["at"]) + timedelta(seconds=config.step_business_seconds)
        advance(books, config, shipment, to, at.isoformat())
        rank += 1
    due = now + config.step_seconds if rank < RANKS[config.auto_until] else None
    books.run("UPDATE request SET due = ? WHERE shipment = ?", due, shipment)


def report(books: Books, config: CarrierConfig, body: Report, shipment: str) -> None:
    """Tell that a shipment is delayed, lost or damaged; lost and damaged goods may be sent again."""
    request, at = by_shipment(books, shipment), body.at.isoformat()
    if request["status"] in (*GONE, "cancelled"):
        raise Refusal(409, "wrong_status", f"Shipment {shipment} is {request['status']} already.")
    if body.status in GONE:
        set_status(books, request, body.status, at)
    affected = parts_of(lines_of(books, shipment), lambda line: line["quantity"])
    expected = {"expected_on": body.expected_on.isoformat()} if body.expected_on is not None else {}
    tell(books, config, request, body.status, at, affected, details=body.details, **expected)
