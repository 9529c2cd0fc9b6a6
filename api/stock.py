"""Stock: what is there, and movements that no order makes (INV1, GOP13)."""

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import MovementList, StockList
from api.auth import OrderReader, StockWriter
from api.errors import ApiError, document_refused
from api.query import Query, cursor_of
from api.services import services_of
from api.shapes import body_of, parameters
from api.wire import answer, read_model
from domain.base import Value
from domain.document_fields import Code, Reference, Sku
from domain.problems import Problem
from limits import MAX_BULK, MAX_QUANTITY
from store import catalogue, reading
from store.catalogue import Movement, StockTooLowError

router = APIRouter(prefix="/v1", tags=["stock"])


class StockMovement(Value):
    """Units that come or go; the same id again changes nothing."""

    id: Reference
    location: Code
    sku: Sku
    quantity: int = Field(strict=True, ge=-MAX_QUANTITY, le=MAX_QUANTITY)
    """Positive: units come. Negative: units go."""
    reason: Reference


class StockMovements(Value):
    """Movements that are made together or not at all."""

    movements: tuple[StockMovement, ...] = Field(min_length=1, max_length=MAX_BULK)


_EXAMPLE = {
    "movements": [{"id": "count-2026-03-31/11", "location": "main", "sku": "11", "quantity": 40, "reason": "count"}]
}


@router.get(
    "/stock",
    summary="Units by location and item",
    response_model=StockList,
    openapi_extra=parameters("location", "sku", "after", "limit"),
)
async def show_stock(request: Request, caller: OrderReader) -> Response:
    """What is on hand, what of it is reserved for orders, and what is available."""
    query = Query(request, "location", "sku", "after", "limit")
    location, skus, after, limit = query.text("location"), query.texts("sku"), query.cursor(str, str), query.page()
    query.done()
    async with services_of(request).pool.connection() as connection:
        place = (after[0], after[1]) if after else None
        rows = await reading.stock(connection, location, skus, place, limit + 1)
    page = rows[:limit]
    following = cursor_of(page[-1]["location"], page[-1]["sku"]) if len(rows) > limit else None
    return answer({"stock": page, "next": following})


@router.post(
    "/stock/movements",
    summary="Move stock",
    response_model=MovementList,
    openapi_extra=body_of(StockMovements, _EXAMPLE),
)
async def move_stock(request: Request, caller: StockWriter) -> Response:
    """Add or take units, all or nothing. A movement whose id came before is not made again."""
    Query(request).done()
    asked = (await read_model(request, StockMovements)).movements
    movements = [Movement(m.id, m.location, m.sku, m.quantity, m.reason) for m in asked]
    _no_repeats(movements)
    async with services_of(request).pool.connection() as connection:
        unknown = await catalogue.unknown_skus(connection, [m.sku for m in movements])
        if unknown:
            raise document_refused(_unknown(movements, unknown))
        before = await catalogue.known_movements(connection, [m.id for m in movements])
        for index, movement in enumerate(movements):
            if before.get(movement.id, movement) != movement:
                raise ApiError("movement_id_reused", f"$.movements[{index}].id came before, with another content.")
        try:
            made = await catalogue.move_stock(connection, movements)
        except StockTooLowError:
            raise ApiError("not_enough_stock", "A movement takes units that are reserved or not there.") from None
    return answer({"movements": [{"id": m.id, "made": m.id in made} for m in movements]})


def _unknown(movements: list[Movement], unknown: set[str]) -> tuple[Problem, ...]:
    words = "There is no item with this SKU. Check it, or add the item with PUT /v1/items."
    return tuple(
        Problem(f"$.movements[{index}].sku", "unknown_sku", words)
        for index, movement in enumerate(movements)
        if movement.sku in unknown
    )


def _no_repeats(movements: list[Movement]) -> None:
    first: dict[str, int] = {}
    problems = []
    for index, movement in enumerate(movements):
        if movement.id in first:
            words = f"The id is used by $.movements[{first[movement.id]}] too."
            problems.append(Problem(f"$.movements[{index}].id", "repeated_entry", words))
        first.setdefault(movement.id, index)
    if problems:
        raise document_refused(tuple(problems))
