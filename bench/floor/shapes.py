"""The order document as the floors read it: plain pydantic models of the same fields, without rules of ours."""

from datetime import date, datetime

from pydantic import BaseModel


class BareLine(BaseModel):
    """A line."""

    sku: str
    quantity: int


class BareAddress(BaseModel):
    """Where to."""

    name: str
    street: str
    city: str
    postal_code: str | None = None
    country: str


class BareSource(BaseModel):
    """Where it comes from."""

    system: str
    id: str


class BareCustomer(BaseModel):
    """Who buys."""

    id: str


class BarePayment(BaseModel):
    """How it is paid."""

    method: str
    token: str


class BareOrder(BaseModel):
    """The document."""

    number: str
    source: BareSource
    channel: str
    currency: str
    ordered_at: datetime
    customer: BareCustomer
    ship_to: BareAddress
    requested_date: date
    ship_method: str
    payment: BarePayment
    lines: list[BareLine]
