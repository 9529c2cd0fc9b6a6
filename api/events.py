"""Business events out: every one once, in order per order (ORC20)."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import EventPage
from api.auth import OrderReader
from api.query import Query, cursor_of
from api.services import services_of
from api.shapes import parameters
from api.wire import answer
from limits import DEFAULT_PAGE, MAX_FEED_PAGE
from store import reading

router = APIRouter(prefix="/v1", tags=["events"])
SCHEMA = "/openapi.json#/components/schemas/EventView"


@router.get(
    "/events",
    summary="The feed of business events",
    response_model=EventPage,
    openapi_extra=parameters("after", "limit", limit={"maximum": MAX_FEED_PAGE}),
)
async def feed(request: Request, caller: OrderReader) -> Response:
    """Events after a cursor, in attributes named as in CloudEvents 1.0.

    Keep `next` and ask again with it: no event is skipped and none comes twice, also when transactions commit out of
    order. `next` stays the same while there is nothing new.
    """
    query = Query(request, "after", "limit")
    after = query.cursor(int, int) or (0, 0)
    limit = query.page(MAX_FEED_PAGE, DEFAULT_PAGE)
    query.done()
    async with services_of(request).pool.connection() as connection:
        rows = await reading.feed(connection, (after[0], after[1]), limit)
    following = (rows[-1]["tx"], rows[-1]["id"]) if rows else after
    page = {"events": [_event(row) for row in rows], "next": cursor_of(*following), "more": len(rows) == limit}
    return answer(page)


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """`time` is business time, `recorded_at` when we learnt of it; `cause` is the effect or fact behind it."""
    return {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": "/v1/orders",
        "type": row["type"],
        "subject": row["order_number"],
        "time": row["at"],
        "recorded_at": row["recorded_at"],
        "dataschema": SCHEMA,
        "datacontenttype": "application/json",
        "correlationid": row["correlation"],
        "cause": row["key"],
        "words": row["words"],
        "why": row["why"],
        "data": row["data"],
    }
