"""What can be ordered, and at what list price (PRC2)."""

from collections.abc import Iterator
from decimal import Decimal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import ItemCount
from api.auth import CatalogueWriter
from api.errors import document_refused
from api.query import Query
from api.services import services_of
from api.shapes import body_of
from api.wire import answer, read_model
from domain.base import Value
from domain.codes import decimals_of
from domain.document_fields import Amount, Currency, Day, Name, Sku, decimals_written
from domain.money import to_minor
from domain.problems import Problem
from limits import MAX_BULK, MIN_YEAR
from store import catalogue
from store.catalogue import ItemPrice, NewItem

router = APIRouter(prefix="/v1", tags=["catalogue"])
ALWAYS = f"{MIN_YEAR}-01-01"


class ListPrice(Value):
    """Price per unit, from a day on; without a day, always."""

    currency: Currency
    amount: Amount
    valid_from: Day = Field(default=ALWAYS, validate_default=True)


class Item(Value):
    """Something that can be ordered."""

    sku: Sku
    title: Name
    prices: tuple[ListPrice, ...] = Field(default=(), max_length=50)


class Items(Value):
    """Items to add or change."""

    items: tuple[Item, ...] = Field(min_length=1, max_length=MAX_BULK)


_EXAMPLE = {"items": [{"sku": "11", "title": "Queso Cabrales", "prices": [{"currency": "USD", "amount": "21.00"}]}]}


@router.put("/items", summary="Add or change items", response_model=ItemCount, openapi_extra=body_of(Items, _EXAMPLE))
async def put_items(request: Request, caller: CatalogueWriter) -> Response:
    """Add items, or change their title and the prices given. All or nothing; again changes nothing."""
    Query(request).done()
    asked = (await read_model(request, Items)).items
    problems = (*_repeated(asked), *_too_many_decimals(asked))
    if problems:
        raise document_refused(problems)
    items = [
        NewItem(
            item.sku,
            item.title,
            tuple(ItemPrice(p.currency, to_minor(p.amount, p.currency), p.valid_from) for p in item.prices),
        )
        for item in asked
    ]
    async with services_of(request).pool.connection() as connection:
        await catalogue.put_items(connection, items)
    return answer({"items": len(items)})


def _repeated(items: tuple[Item, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.sku in seen:
            yield Problem(f"$.items[{index}].sku", "repeated_entry", "The SKU is in the list twice.")
        seen.add(item.sku)
        prices: set[tuple[str, object]] = set()
        for place, price in enumerate(item.prices):
            key = (price.currency, price.valid_from)
            if key in prices:
                words = "Two prices have the same currency and day."
                yield Problem(f"$.items[{index}].prices[{place}]", "repeated_entry", words)
            prices.add(key)


def _too_many_decimals(items: tuple[Item, ...]) -> Iterator[Problem]:
    for index, item in enumerate(items):
        for place, price in enumerate(item.prices):
            if decimals_written(Decimal(price.amount)) > decimals_of(price.currency):
                words = f"{price.currency} has {decimals_of(price.currency)} decimals, this amount has more."
                yield Problem(f"$.items[{index}].prices[{place}].amount", "too_many_decimals", words)
