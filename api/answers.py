"""The shapes of answers about orders, for the OpenAPI document. Amounts are decimal text in the order's currency."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.process.read_model import Action, GroupRow, Hold, Waiting
from domain.process.words import ChangeOutcome, Status

Amount = Field(default=None, examples=["1230.50"], description="Decimal text; null before the order is priced.")


class Source(BaseModel):
    """Where an order comes from."""

    system: str
    id: str


class Links(BaseModel):
    """Where to look next."""

    order: str
    timeline: str


class PromisedLine(BaseModel):
    """A line with its price."""

    number: int
    sku: str
    quantity: int
    amount: str
    group: str


class Promise(BaseModel):
    """The date given, and the priced lines."""

    status: Status
    promise_date: date | None
    currency: str
    lines: list[PromisedLine]
    groups: list[GroupRow]
    waiting: list[Waiting]
    goods: str
    charges: str
    tax: str
    total: str


class Accepted(BaseModel):
    """An order was accepted. `promise` is there when it was waited for, null when it takes longer."""

    number: str = Field(examples=["O-100001"])
    status: Literal["accepted"]
    accepted_at: datetime
    policy_bundle: str
    links: Links
    promise: Promise | None = None


class OrderInList(BaseModel):
    """An order in a list."""

    number: str
    status: Status
    customer: str
    channel: str
    currency: str
    ordered_at: datetime
    accepted_at: datetime
    promise_date: date | None
    requested_date: date | None
    shipped_at: datetime | None
    late: bool
    finished: bool
    parked: bool
    at_risk: bool
    revision: int
    waiting: list[Waiting]
    source: Source
    total: str | None = Amount


class OrderList(BaseModel):
    """A page of orders. `next` is null on the last page."""

    orders: list[OrderInList]
    next: str | None


class LineView(BaseModel):
    """A line: what of it is open, shipped, cancelled; and every component of its price."""

    number: int
    sku: str
    quantity: int
    open: int
    shipped: int
    cancelled: int
    amount: str | None = Amount
    group: str | None
    status: Status
    waterfall: list[dict[str, Any]]


class ShipmentLineView(BaseModel):
    """A line of a shipment."""

    line: int
    quantity: int
    shipped: int


class ShipmentView(BaseModel):
    """A shipment as the carrier reports it."""

    key: str
    group_id: str
    ref: str | None
    method: str
    location: str
    status: str
    tracking: str | None
    status_at: datetime | None
    shipped_at: datetime | None
    lines: list[ShipmentLineView]


class AuthorizationView(BaseModel):
    """Money a payment provider holds for the order."""

    key: str
    group_id: str
    ref: str | None
    amount: str
    captured: str
    currency: str
    state: str
    expires_at: datetime | None


class CaptureView(BaseModel):
    """Money taken for a shipment."""

    key: str
    authorization_key: str
    shipment_key: str
    ref: str | None
    amount: str
    refunded: str
    currency: str
    at: datetime


class InvoiceView(BaseModel):
    """An invoice."""

    number: int
    key: str
    shipment_key: str
    currency: str
    goods: str
    charges: str
    tax: str
    total: str
    lines: list[dict[str, Any]]
    at: datetime


class CreditMemoView(BaseModel):
    """Takes a whole invoice back."""

    number: int
    key: str
    invoice_number: int
    currency: str
    goods: str
    charges: str
    tax: str
    total: str
    at: datetime


class Cost(BaseModel):
    """What a change costs us."""

    amount: str = Field(examples=["5.00"])
    currency: str


class PriceChange(BaseModel):
    """The order's total before and after; null where it is not known."""

    before: str | None
    after: str | None
    currency: str


class PromiseChange(BaseModel):
    """The date given before and after; null where there is none."""

    before: date | None
    after: date | None


class ChangeReason(BaseModel):
    """Why not, or not all, of a change was done. `code` is stable."""

    code: str
    words: str


class NotDone(BaseModel):
    """What of a change was not done. `line` is null for what is of the whole order; `code` is stable."""

    line: int | None
    what: str
    code: str
    words: str


class ToReturn(BaseModel):
    """Units of a line that go out all the same, and are to come back; that is on record as `return.requested`."""

    line: int
    quantity: int


class GivenAnswer(BaseModel):
    """The answer as it was given; `actions` tells in words what was done."""

    change_id: str
    kind: str
    outcome: ChangeOutcome
    revision: int
    code: str
    words: str
    at: datetime
    actions: list[str]
    requested_by: str
    reason: str


class PreviewView(BaseModel):
    """What a change would come to; nothing was done. `token` is null where there is nothing to be had."""

    preview: Literal[True]
    change_id: str
    kind: str = Field(examples=["edit"], description="`cancel` for the whole order, or `edit`.")
    outcome: ChangeOutcome
    revision: int = Field(description="The revision that the order would be at.")
    code: str
    words: str
    at: datetime
    actions: list[Action]
    cost: Cost | None
    price: PriceChange | None
    promise: PromiseChange | None
    assumptions: list[str] = Field(description="What was taken to be granted, and what the carrier said.")
    reasons: list[ChangeReason]
    not_done: list[NotDone] = Field(description="Of a change that was done in part (`partly`): the rest, and why.")
    to_return: list[ToReturn] = Field(description="Of a change refused with `use_return`: what has to come back.")
    token: str | None = Field(description="A change with this token comes to exactly this, or is refused as stale.")


class WaitsForApproval(BaseModel):
    """Who has to agree to a change, and until when; then it is refused."""

    role: str
    until: datetime


class ChangeView(BaseModel):
    """A change that was asked for; `outcome` is in_progress until it is answered, and what depends on it is null."""

    change_id: str
    kind: str = Field(examples=["edit"], description="`cancel` for the whole order, or `edit`.")
    base_revision: int | None
    requested_by: str
    reason: str
    received_at: datetime
    outcome: ChangeOutcome
    revision: int | None
    code: str | None
    words: str | None
    at: datetime | None
    actions: list[Action]
    cost: Cost | None
    price: PriceChange | None
    promise: PromiseChange | None
    assumptions: list[str]
    reasons: list[ChangeReason]
    not_done: list[NotDone] = Field(description="Of a change that was done in part (`partly`): the rest, and why.")
    to_return: list[ToReturn] = Field(description="Of a change refused with `use_return`: what has to come back.")
    approval: WaitsForApproval | None = Field(description="Of a change that is `pending_approval`.")
    new_preview: PreviewView | None = Field(description="Of a change refused with `stale_preview`: as it is now.")
    answer: GivenAnswer | None


class ChangeList(BaseModel):
    """Changes of an order, the first one first. `next` is null on the last page."""

    changes: list[ChangeView]
    next: str | None


class RollUp(BaseModel):
    """Status of the order's lines: lowest, highest, and how many lines have each (CAP10)."""

    lowest: Status
    highest: Status
    counts: dict[str, int]


class OrderView(BaseModel):
    """An order with all that belongs to it."""

    number: str
    status: Status
    revision: int
    version: int
    finished: bool
    parked: bool
    at_risk: bool
    promise_date: date | None
    requested_date: date | None
    ordered_at: datetime
    accepted_at: datetime
    shipped_at: datetime | None
    placed_by: str
    policy_bundle: str
    document: dict[str, Any]
    personal: dict[str, Any] | None
    currency: str
    goods: str | None = Amount
    charges: str | None = Amount
    tax: str | None = Amount
    total: str | None = Amount
    roll_up: RollUp | None
    waiting: list[Waiting]
    holds: list[Hold]
    groups: list[GroupRow]
    lines: list[LineView]
    shipments: list[ShipmentView]
    authorizations: list[AuthorizationView]
    captures: list[CaptureView]
    invoices: list[InvoiceView]
    credit_memos: list[CreditMemoView]
    changes: list[ChangeView]


class TimelineEntry(BaseModel):
    """One thing that happened: `at` is business time, `recorded_at` when we learnt of it."""

    key: str
    type: str
    at: datetime
    recorded_at: datetime
    words: str
    why: str
    data: dict[str, Any]


class Timeline(BaseModel):
    """What happened to an order."""

    number: str
    entries: list[TimelineEntry]
