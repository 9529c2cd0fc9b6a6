"""The carrier on HTTP: `/v1` for the product, `/admin` for tests and demos."""

import asyncio
import time
from collections.abc import Callable

from starlette.routing import Mount, Route

from simulators.carrier.admin import CarrierAdmin
from simulators.carrier.messages import Cancellation, CarrierConfig, ShipmentRequest, Update
from simulators.carrier.requests import Carrier
from simulators.carrier.shelf import by_key
from simulators.desk import Desk
from simulators.exchange import speaking
from simulators.messages import Answer


def carrier_routes(desk: Desk[CarrierConfig]) -> tuple[Mount, Callable[[], asyncio.Task[None]]]:
    """The routes, and what starts the carrier's automatic progress."""
    carrier, admin = Carrier(desk.books, desk.config), CarrierAdmin(desk)

    def ship(body: ShipmentRequest, key: str) -> Answer:
        given = carrier.ship(body, key, time.time())
        if desk.config.now.mode == "auto":
            admin.wake()
        return given

    def order_of_request(body: Cancellation | Update) -> str | None:
        found = by_key(desk.books, body.request_key)
        return None if found is None else str(found["order_number"])

    exchange = desk.exchange
    product = [
        Route(
            "/shipments", exchange.effect("shipments", ShipmentRequest, ship, lambda body: body.order), methods=["POST"]
        ),
        Route(
            "/cancellations",
            exchange.effect("cancellations", Cancellation, carrier.cancel, order_of_request),
            methods=["POST"],
        ),
        Route("/updates", exchange.effect("updates", Update, carrier.update, order_of_request), methods=["POST"]),
        Route("/capabilities", exchange.question("capabilities", carrier.capabilities), methods=["GET"]),
        Route("/shipments/{shipment}", exchange.question("shipments.read", carrier.show), methods=["GET"]),
        Route("/requests/{key:path}", exchange.question("requests", carrier.inquire), methods=["GET"]),
    ]
    backstage = [
        Route("/plan", speaking(admin.plan), methods=["POST"]),
        Route("/advance", speaking(admin.advance), methods=["POST"]),
        Route("/report", speaking(admin.report), methods=["POST"]),
        *desk.admin_routes(admin.books, admin.config_changed),
    ]
    routes = Mount("/carrier", routes=[Mount("/v1", routes=product), Mount("/admin", routes=backstage)])
    return routes, lambda: asyncio.create_task(admin.run())
