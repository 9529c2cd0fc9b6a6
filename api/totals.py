"""Sums over all orders."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import Totals
from api.auth import OrderReader
from api.query import Query
from api.services import services_of
from api.views import amount
from api.wire import answer
from store import reading

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get("/totals", summary="Sums by currency", response_model=Totals)
async def show_totals(request: Request, caller: OrderReader) -> Response:
    """Orders by status, what was invoiced (goods, charges, tax) and what was captured, for each currency."""
    Query(request).done()
    async with services_of(request).pool.connection() as connection:
        rows = await reading.totals(connection)
    return answer({"totals": [_sums(row) for row in rows]})


def _sums(row: dict[str, Any]) -> dict[str, Any]:
    def worded(sums: dict[str, Any]) -> dict[str, Any]:
        return {name: value if name == "count" else amount(int(value), row["currency"]) for name, value in sums.items()}

    return {
        "currency": row["currency"],
        "orders": row["orders"],
        "invoiced": worded(row["invoiced"]),
        "credited": worded(row["credited"]),
        "captured": worded(row["captured"]),
    }
