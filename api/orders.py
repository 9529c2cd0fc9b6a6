"""Reading orders: list, one, and what happened to it."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import OrderList, OrderView, Timeline
from api.auth import OrderReader
from api.errors import ApiError
from api.query import Query, cursor_of
from api.services import Services, services_of
from api.shapes import parameters
from api.views import in_list, whole
from api.wire import answer
from domain.process.words import Status
from store import reading
from store.keys import Role

router = APIRouter(prefix="/v1", tags=["orders"])

LIST_PARAMETERS = (
    "status", "customer", "channel", "source_system", "source_id", "late", "shipped", "parked", "finished", "number",
    "accepted_from", "accepted_to", "limit", "after",
)  # fmt: skip


@router.get("/orders", summary="List orders", response_model=OrderList, openapi_extra=parameters(*LIST_PARAMETERS))
async def list_orders(request: Request, caller: OrderReader) -> Response:
    """A page of orders, the latest first. `number` finds by the beginning of the number.

    `late` means: left after the day asked for, or has not left and that day is over.
    """
    services = services_of(request)
    query = Query(request, *LIST_PARAMETERS)
    after = query.cursor(str, str)
    wanted = reading.OrderFilter(
        today=services.clock().date(),
        limit=query.page() + 1,
        status=query.choices("status", tuple(Status)),
        customer=query.text("customer"),
        channel=query.text("channel"),
        source_system=query.text("source_system"),
        source_id=query.text("source_id"),
        late=query.flag("late"),
        shipped=query.flag("shipped"),
        parked=query.flag("parked"),
        finished=query.flag("finished"),
        prefix=query.text("number"),
        accepted_from=query.moment("accepted_from"),
        accepted_to=query.moment("accepted_to"),
        after=(query.moment_of(after[0]), after[1]) if after else None,
    )
    query.done()
    async with services.pool.connection() as connection:
        rows = await reading.orders(connection, wanted)
    page = rows[: wanted.limit - 1]
    last = page[-1] if len(rows) == wanted.limit else None
    following = cursor_of(last["accepted_at"].isoformat(), last["number"]) if last else None
    return answer({"orders": [in_list(row) for row in page], "next": following})


@router.get("/orders/{number}", summary="Show an order", response_model=OrderView)
async def show_order(number: str, request: Request, caller: OrderReader) -> Response:
    """The order with its lines and prices, shipments, payments, invoices and changes.

    `personal` (names, addresses, payment token, note) is null for keys without the role orders:personal.
    """
    Query(request).done()
    row = await find_order(services_of(request), number)
    return answer(whole(row, personal=caller.may(Role.ORDERS_PERSONAL)))


@router.get("/orders/{number}/timeline", summary="What happened to an order, and why", response_model=Timeline)
async def show_timeline(number: str, request: Request, caller: OrderReader) -> Response:
    """Everything that happened, in the order of business time, in words (EXC8)."""
    Query(request).done()
    async with services_of(request).pool.connection() as connection:
        rows = await reading.timeline(connection, printable(number))
    if rows is None:
        raise order_unknown()
    entries = [{**row, "key": row["key"]} for row in rows]
    return answer({"number": number, "entries": entries})


async def find_order(services: Services, number: str) -> dict[str, Any]:
    """The order's row; `order_unknown` when there is none."""
    async with services.pool.connection() as connection:
        row = await reading.order(connection, printable(number))
    if row is None:
        raise order_unknown()
    return row


def printable(number: str) -> str:
    """The number from an address; what cannot be one is unknown, and never reaches the database."""
    if len(number) > 100 or not number.isprintable():
        raise order_unknown()
    return number


def order_unknown() -> ApiError:
    """The number is not in the address of the answer: it may be anything."""
    return ApiError("order_unknown", "No order has the number in the address.")
