"""The supplier on HTTP: `/v1` for the product, `/admin` for tests and demos."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulators.desk import Desk
from simulators.exchange import speaking
from simulators.messages import answer, read_body
from simulators.supplier.desk import Supplier, describe
from simulators.supplier.messages import Advance, Cancellation, PurchaseOrder, SupplierConfig


def supplier_routes(desk: Desk[SupplierConfig]) -> Mount:
    """The routes of the supplier."""
    supplier, exchange = Supplier(desk.books, desk.config), desk.exchange

    async def advance(request: Request) -> Response:
        body = await read_body(request, Advance)
        with desk.books.transaction():
            moved = supplier.advance(body)
        return answer(moved).response()

    def books(request: Request) -> dict[str, Any]:
        shown = desk.books.rows("SELECT * FROM purchase_order ORDER BY at, key")
        return {
            "violations": desk.violations(),
            "webhooks": desk.webhooks(),
            "purchase_orders": [describe(row) for row in shown],
        }

    def order_of(body: Cancellation) -> str | None:
        found = supplier.by_key(body.request_key)
        return None if found is None else str(found["order_number"])

    product = [
        Route(
            "/purchase_orders",
            exchange.effect("purchase_orders", PurchaseOrder, supplier.take, lambda body: body.order),
            methods=["POST"],
        ),
        Route(
            "/cancellations",
            exchange.effect("cancellations", Cancellation, supplier.cancel, order_of),
            methods=["POST"],
        ),
        Route("/capabilities", exchange.question("capabilities", supplier.capabilities), methods=["GET"]),
        Route(
            "/purchase_orders/{purchase_order}",
            exchange.question("purchase_orders.read", supplier.show),
            methods=["GET"],
        ),
        Route("/requests/{key:path}", exchange.question("requests", supplier.inquire), methods=["GET"]),
    ]
    backstage = [Route("/advance", speaking(advance), methods=["POST"]), *desk.admin_routes(books)]
    return Mount("/supplier", routes=[Mount("/v1", routes=product), Mount("/admin", routes=backstage)])
