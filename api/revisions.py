"""The versions of an order, and two of them beside each other (CAP11)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import Comparison, RevisionList
from api.auth import OrderReader
from api.errors import ApiError
from api.orders import order_unknown, printable
from api.query import Query, cursor_of
from api.services import services_of
from api.shapes import parameters
from api.wire import answer
from domain.comparing import differences
from store import reading, versions
from store.keys import Role

router = APIRouter(prefix="/v1", tags=["orders"])

_MOST = 999_999_999


@router.get(
    "/orders/{number}/revisions",
    summary="The versions of an order",
    response_model=RevisionList,
    openapi_extra=parameters("limit", "after"),
)
async def list_revisions(number: str, request: Request, caller: OrderReader) -> Response:
    """A page of them, the first one first, each with the change that made it."""
    query = Query(request, "limit", "after")
    after, limit = query.cursor(int), query.page()
    query.done()
    async with services_of(request).pool.connection() as connection:
        rows = await versions.of_order(connection, printable(number), after[0] if after else 0, limit + 1)
        if not rows and await reading.start_of(connection, printable(number)) is None:
            raise order_unknown()
    page = rows[:limit]
    following = cursor_of(page[-1]["revision"]) if len(rows) > limit else None
    return answer({"revisions": page, "next": following})


@router.get(
    "/orders/{number}/revisions/compare",
    summary="Compare two versions of an order",
    response_model=Comparison,
    openapi_extra=parameters("from", "to"),
)
async def compare_revisions(number: str, request: Request, caller: OrderReader) -> Response:
    """What differs, field by field; without `to` the newest version, without `from` the one before `to`.

    The values of personal fields are for keys with the role orders:personal.
    """
    query = Query(request, "from", "to")
    old, new = query.number("from", 0, 1, _MOST), query.number("to", 0, 1, _MOST)
    query.done()
    async with services_of(request).pool.connection() as connection:
        start = await reading.start_of(connection, printable(number))
        if start is None:
            raise order_unknown()
        rows = await versions.of_order(connection, number, 0, _MOST)
        new = new or rows[-1]["revision"]
        old = old or max(1, new - 1)
        found = await versions.some(connection, number, (old, new))
    missing = sorted({old, new} - found.keys())
    if missing:
        words = f"The order has no revision {' and no revision '.join(map(str, missing))}; its newest is "
        raise ApiError("revision_unknown", f"{words}{rows[-1]['revision']}.")
    before, after = found[old], found[new]
    see = caller.may(Role.ORDERS_PERSONAL)
    seen = differences(before["document"], after["document"], before["party"], after["party"], see=see)
    shown = [difference.model_dump(mode="json") for difference in seen]
    return answer({"number": number, "from": old, "to": new, "differences": shown})
