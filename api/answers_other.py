"""The shapes of answers other than orders, for the OpenAPI document: facts, events, stock, sums, policies, health."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.comparing import Difference
from domain.process.words import Status


class RetryView(BaseModel):
    """What is tried again."""

    number: str
    retried: list[str]
    words: str


class HoldView(BaseModel):
    """The hold that was placed or released."""

    number: str
    id: str
    words: str


class SkipView(BaseModel):
    """The step, and the groups that go on without it."""

    number: str
    step: str
    groups: list[str]
    words: str


class Revision(BaseModel):
    """A version of an order; `change_id` is null for the first one."""

    revision: int
    change_id: str | None
    at: datetime
    requested_by: str
    reason: str


class RevisionList(BaseModel):
    """Versions of an order, the first one first. `next` is null on the last page."""

    revisions: list[Revision]
    next: str | None


class Comparison(BaseModel):
    """What differs between two versions of an order: its own fields first, then line by line."""

    number: str
    from_: int = Field(alias="from")
    to: int
    differences: list[Difference]


class Noted(BaseModel):
    """The fact is kept; `note` says what was done with it."""

    id: str
    note: str


class EventView(BaseModel):
    """A business event in attributes of CloudEvents 1.0. `cause` is the effect or fact behind it."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str = Field(examples=["shipment.shipped"])
    subject: str
    time: datetime
    recorded_at: datetime
    dataschema: str
    datacontenttype: str
    correlationid: str
    cause: str
    words: str
    why: str
    data: dict[str, Any]


class EventPage(BaseModel):
    """Events after a cursor; `next` is the cursor after them."""

    events: list[EventView]
    next: str
    more: bool


class ExceptionEntry(BaseModel):
    """One reason why an order waits for a person."""

    number: str
    customer: str
    channel: str
    status: Status
    kind: Literal["parked", "overdue"]
    what: str
    why: str
    owner: str
    until: datetime | None
    step: str
    group: str
    code: str
    retry: str | None
    change: str | None = Field(description="Of a change that waits for a person to agree: its id.")
    approve: str | None
    refuse: str | None


class ExceptionList(BaseModel):
    """What waits for a person."""

    exceptions: list[ExceptionEntry]
    next: str | None


class StockLevel(BaseModel):
    """Units of an item at a location; available = on_hand - reserved."""

    location: str
    sku: str
    on_hand: int
    reserved: int
    available: int


class StockList(BaseModel):
    """Units by location and item."""

    stock: list[StockLevel]
    next: str | None


class MovementMade(BaseModel):
    """`made` is false when the movement had been made before."""

    id: str
    made: bool


class MovementList(BaseModel):
    """What became of the movements."""

    movements: list[MovementMade]


class ItemCount(BaseModel):
    """How many items were given."""

    items: int


class InvoicedSums(BaseModel):
    """Sums of invoices, or of credit memos."""

    count: int
    goods: str
    charges: str
    tax: str
    total: str


class CapturedSums(BaseModel):
    """Sums of captures."""

    count: int
    total: str
    refunded: str


class CurrencyTotals(BaseModel):
    """Sums of one currency."""

    currency: str
    orders: dict[str, int]
    invoiced: InvoicedSums
    credited: InvoicedSums
    captured: CapturedSums


class Totals(BaseModel):
    """Sums by currency."""

    totals: list[CurrencyTotals]


class PolicyStatus(BaseModel):
    """The live bundle (null before the first), and the files of the folder that differ from it in meaning."""

    live: str | None
    released_at: datetime | None
    author: str | None
    note: str | None
    differing: list[str]


class Published(PolicyStatus):
    """`changed` is false when the folder was live already."""

    changed: bool


class Health(BaseModel):
    """The process is alive."""

    status: Literal["alive"]


class Readiness(BaseModel):
    """Whether orders can be accepted."""

    status: Literal["ready", "not ready"]
    database: bool
    policy: bool


class ProblemEntry(BaseModel):
    """One problem of a document."""

    path: str = Field(examples=["$.lines[3].quantity"])
    code: str = Field(examples=["out_of_range"])
    words: str


class ProblemDetails(BaseModel):
    """An error (RFC 9457). `type` and `code` are stable; `problems` names everything that is wrong."""

    type: str = Field(examples=["/errors/invalid_document"])
    title: str
    status: int
    detail: str
    instance: str
    code: str
    help: str
    problems: list[ProblemEntry] = []
    problems_found: int = 0
