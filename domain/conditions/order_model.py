"""The order as conditions see it: facts with field names of the order document, without personal data.

These models are the only list of the fields; the types that conditions are checked against come from them.
Money is in the currency of the workspace, instants carry the time zone of the workspace.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.codes import COUNTRIES, CURRENCIES
from domain.conditions.types import DATE, INSTANT, MONEY, NUMBER, TEXT, YES_NO, Kind, ObjectType, Type

Amount = Annotated[Decimal, MONEY]
Country = Annotated[str, Type(Kind.TEXT, codes=tuple(sorted(COUNTRIES)), looks="write an ISO code such as US or DE")]
Currency = Annotated[str, Type(Kind.TEXT, codes=tuple(CURRENCIES), looks="write an ISO code such as USD or EUR")]
PaymentMethod = Annotated[str, Type(Kind.TEXT, codes=("card", "terms"))]


class Facts(BaseModel):
    """Base of the facts: fixed once known, unknown when None."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CustomerFacts(Facts):
    """Who buys, by reference."""

    id: str
    segment: str | None = None


class ShipToFacts(Facts):
    """Where it goes, no closer than a zone."""

    country: Country
    region: str | None = None
    zone: str | None = None


class PaymentFacts(Facts):
    """How it is paid."""

    method: PaymentMethod


class LineFacts(Facts):
    """One line. `unit_price` and `amount` are unknown until the line is priced; `discount` is a share of 1."""

    number: int
    sku: str
    quantity: Decimal
    unit_price: Amount | None = None
    amount: Amount | None = None
    discount: Decimal = Decimal(0)
    ship_set: str | None = None
    requested_date: date | None = None
    warehouse: str | None = None


class GroupFacts(Facts):
    """Lines that travel together through one run of a process."""

    id: str
    lines: tuple[LineFacts, ...]
    warehouse: str | None = None
    amount: Amount | None = None
    ship_method: str | None = None


class OrderFacts(Facts):
    """The order. `total` is unknown until every line is priced."""

    number: str
    channel: str
    currency: Currency
    ordered_at: AwareDatetime
    requested_date: date | None = None
    ship_method: str | None = None
    warehouse: str | None = None
    total: Amount | None = None
    customer: CustomerFacts
    ship_to: ShipToFacts
    payment: PaymentFacts
    lines: tuple[LineFacts, ...]


_PLAIN: dict[Any, Type] = {
    str: TEXT,
    int: NUMBER,
    Decimal: NUMBER,
    bool: YES_NO,
    date: DATE,
    AwareDatetime: INSTANT,
}


@cache
def object_type(model: type[Facts]) -> ObjectType:
    """The type of a facts model, field by field."""
    name = model.__name__.removesuffix("Facts").lower()
    fields = {}
    for field_name, info in model.model_fields.items():
        own = next((m for m in info.metadata if isinstance(m, Type)), None)
        fields[field_name] = own or _type_of(info.annotation)
    return ObjectType(name, fields)


def _type_of(annotation: Any) -> Type:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        inner = _type_of(next(a for a in arguments if a is not type(None)))
        return Type(inner.kind, inner.item, inner.of, inner.codes, inner.looks, optional=True)
    if origin is Annotated:
        return next((m for m in arguments[1:] if isinstance(m, Type)), None) or _type_of(arguments[0])
    if origin is tuple:
        return Type(Kind.LIST, item=_type_of(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Facts):
        return Type(Kind.OBJECT, of=object_type(annotation))
    return _PLAIN[annotation]


@cache
def roots() -> dict[str, Type]:
    """Every root name of the order environment with its type."""
    return {
        "order": Type(Kind.OBJECT, of=object_type(OrderFacts)),
        "group": Type(Kind.OBJECT, of=object_type(GroupFacts)),
        "line": Type(Kind.OBJECT, of=object_type(LineFacts)),
        "now": INSTANT,
        "today": DATE,
    }
