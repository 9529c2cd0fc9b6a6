"""What waits for a person: one list for those who mend (I6)."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import ExceptionList
from api.auth import OrderReader
from api.query import Query, cursor_of
from api.services import services_of
from api.shapes import parameters
from api.wire import answer
from store import reading

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get(
    "/exceptions",
    summary="Orders that wait for a person",
    response_model=ExceptionList,
    openapi_extra=parameters("after", "limit"),
)
async def list_exceptions(request: Request, caller: OrderReader) -> Response:
    """Orders that are parked, or have waited longer than they may: what, why, who, until when, and how to go on.

    A page ends with a whole order, so it may have a few entries more than asked for.
    """
    services = services_of(request)
    query = Query(request, "after", "limit")
    after = query.cursor(str)
    limit = query.page()
    query.done()
    async with services.pool.connection() as connection:
        rows = await reading.exceptions(connection, services.clock(), after[0] if after else "", limit)
    more = len({row["number"] for row in rows}) == limit
    following = cursor_of(rows[-1]["number"]) if more else None
    return answer({"exceptions": [_entry(row) for row in rows], "next": following})


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    waiting = row["waiting"]
    parked = waiting.get("parked", False)
    return {
        "number": row["number"],
        "customer": row["customer"],
        "channel": row["channel"],
        "status": row["status"],
        "kind": "parked" if parked else "overdue",
        "what": waiting["what"],
        "why": waiting["why"],
        "owner": waiting["who"],
        "until": waiting.get("until"),
        "step": waiting["step"],
        "group": waiting["group"],
        "code": waiting.get("code", "waiting"),
        **_how_to_go_on(row["number"], waiting, parked),
    }


def _how_to_go_on(number: str, waiting: dict[str, Any], parked: bool) -> dict[str, str | None]:
    """What to call; null for what is of no use here. A change that waits is decided on, trying again moves nothing."""
    order, change = f"POST /v1/orders/{number}", waiting.get("change")
    path = f"{order}/changes/{quote(change, safe='')}" if change else None
    return {
        "retry": f"{order}/retry" if parked and change is None else None,
        "change": change,
        "approve": f"{path}/approve" if path else None,
        "refuse": f"{path}/refuse" if path else None,
    }
