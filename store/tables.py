"""The tables. Each invariant of the design that one row can break is also a CHECK or UNIQUE here.

Money is in minor units of the row's currency. `at` columns hold business time, `*_at` recorded time unless
said otherwise. Rows are written by the modules of `store`; nothing else holds SQL.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

NOW = text("now()")


def moment(*, nullable: bool = False, default_now: bool = False, index: bool = False) -> Any:
    """A timestamp with time zone."""
    return Column(DateTime(timezone=True), nullable=nullable, server_default=NOW if default_now else None, index=index)


def jsonb(*, nullable: bool = False) -> Any:
    """A JSON document."""
    return Column(JSONB, nullable=nullable)


# ---- who may call, what may be ordered -----------------------------------------------------------


class ApiKey(SQLModel, table=True):
    """A caller of the API. Only the SHA-256 of the key is kept (OPS5)."""

    __tablename__ = "api_key"
    key_hash: str = Field(primary_key=True)
    principal: str
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_column=moment(default_now=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class PolicyBundle(SQLModel, table=True):
    """A released bundle, addressed by the hash of its content; never changed (design rule 6)."""

    __tablename__ = "policy_bundle"
    hash: str = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=jsonb())
    files: dict[str, Any] = Field(sa_column=jsonb())
    """File name to SHA-256 of its meaning, so that `policy status` can name the files that differ."""
    created_at: datetime = Field(sa_column=moment(default_now=True))


class PolicyRelease(SQLModel, table=True):
    """Which bundle new orders take, from when, and who said so (POL7)."""

    __tablename__ = "policy_release"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    hash: str = Field(foreign_key="policy_bundle.hash")
    effective_at: datetime = Field(sa_column=moment())
    author: str
    note: str = ""


class Item(SQLModel, table=True):
    """Something that can be ordered."""

    __tablename__ = "item"
    sku: str = Field(primary_key=True)
    title: str
    type: str = "physical"


class ListPrice(SQLModel, table=True):
    """Price per unit of an item, by currency and date (PRC2). `amount` in minor units."""

    __tablename__ = "list_price"
    __table_args__ = (CheckConstraint("amount >= 0", name="list_price_not_negative"),)
    sku: str = Field(primary_key=True, foreign_key="item.sku")
    currency: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))


# ---- stock (INV1, GOP13) -------------------------------------------------------------------------


class Stock(SQLModel, table=True):
    """Units of an item at a location. available = on_hand - reserved (I1)."""

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="stock_no_oversell"),
        Index("stock_sku", "sku"),
    )
    location: str = Field(primary_key=True)
    sku: str = Field(primary_key=True, foreign_key="item.sku")
    on_hand: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    reserved: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class StockMovement(SQLModel, table=True):
    """A change of what is on hand that no order made; the id makes it happen once (I11)."""

    __tablename__ = "stock_movement"
    id: str = Field(primary_key=True)
    location: str
    sku: str
    quantity: int
    reason: str
    at: datetime = Field(sa_column=moment(default_now=True))


class Reservation(SQLModel, table=True):
    """Units held for one line by one reserve effect (I1, I2). Live until released, issued or replaced.

    An effect that replaces another holds the larger of both plans while a change is under way, so a line may then have
    units at two locations, or of two items (CHG8).
    """

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="reservation_positive"),
        CheckConstraint("state IN ('live', 'released', 'replaced', 'issued')", name="reservation_state"),
        Index("reservation_live", "order_number", postgresql_where=text("state = 'live'")),
    )
    key: str = Field(primary_key=True)
    line: int = Field(primary_key=True)
    location: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    order_number: str
    quantity: int
    state: str = "live"


# ---- orders --------------------------------------------------------------------------------------


ORDER_NUMBERS = Sequence("order_number", start=100_001, metadata=SQLModel.metadata)
"""For orders that come without a number of their own: O-100001, O-100002... Gaps are allowed."""


class Order(SQLModel, table=True):
    """An accepted order: the document as taken, and the read model that the workflow keeps up to date.

    `version` belongs to the read model and only moves up (I8); the document columns change only by revision.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("source_system", "source_id", name="order_source_once"),
        Index("order_status", "status", "number"),
        Index("order_customer", "customer", "number"),
        Index("order_accepted", "accepted_at", "number"),
    )
    number: str = Field(primary_key=True)
    source_system: str
    source_id: str
    body_hash: str
    document: dict[str, Any] = Field(sa_column=jsonb())
    """The order document without names and addresses."""
    party: dict[str, Any] = Field(sa_column=jsonb())
    """Ship-to, bill-to, payment token, note: the personal part, erasable (OPS5)."""
    bundle: str = Field(foreign_key="policy_bundle.hash")
    channel: str
    customer: str
    currency: str
    ordered_at: datetime = Field(sa_column=moment())
    requested_date: date | None = None
    as_of: date | None = None
    principal: str
    accepted_at: datetime = Field(sa_column=moment(default_now=True))
    opened: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    """What opening the order came to; a second opening gives the same answer."""
    goods: int | None = Field(default=None, sa_column=Column(BigInteger))
    charges: int | None = Field(default=None, sa_column=Column(BigInteger))
    tax: int | None = Field(default=None, sa_column=Column(BigInteger))
    version: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    status: str = Field(default="accepted", sa_column=Column(Text, nullable=False, server_default="accepted"))
    finished: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    at_risk: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    parked: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    promise_date: date | None = None
    shipped_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """Business time at which the last of it left; set by the carrier's fact."""
    row: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    """The whole read-model row: groups, roll-up, what it waits for."""
    updated_at: datetime = Field(sa_column=moment(default_now=True))


class OrderLine(SQLModel, table=True):
    """One line. ordered = open + shipped + cancelled (I5); `open` is computed, and never negative."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="line_positive"),
        CheckConstraint("shipped >= 0 AND cancelled >= 0 AND shipped + cancelled <= quantity", name="line_quantities"),
    )
    order_number: str = Field(primary_key=True, foreign_key="sales_order.number")
    number: int = Field(primary_key=True)
    sku: str = Field(foreign_key="item.sku")
    quantity: int
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    waterfall: list[dict[str, Any]] = Field(sa_column=jsonb())
    """Every component of the price with its rule (PRC11)."""
    group_id: str
    shipped: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    cancelled: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    open: int = Field(sa_column=Column(Integer, Computed("quantity - shipped - cancelled"), nullable=False))


class IdempotencyKey(SQLModel, table=True):
    """An Idempotency-Key a caller used, and the order it made (I11)."""

    __tablename__ = "idempotency_key"
    principal: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body_hash: str
    order_number: str
    created_at: datetime = Field(sa_column=moment(default_now=True))


class Change(SQLModel, table=True):
    """A change request and its answer; the same id again gets the same answer (CHG14)."""

    __tablename__ = "change_request"
    order_number: str = Field(primary_key=True)
    change_id: str = Field(primary_key=True)
    kind: str
    base_revision: int | None = None
    document: dict[str, Any] = Field(sa_column=jsonb())
    requested_by: str
    received_at: datetime = Field(sa_column=moment(default_now=True))
    outcome: str | None = None
    answer: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    proposal: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    """The order as an edit would make it, or why it makes no sense; personal data included. See `store.revisions`."""


class OrderRevision(SQLModel, table=True):
    """A version of an order; the first one, as it was accepted, is written beside the second (CAP11, I8)."""

    __tablename__ = "order_revision"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision_counted_from_1"),
        UniqueConstraint("order_number", "change_id", name="revision_once_per_change"),
    )
    order_number: str = Field(primary_key=True, foreign_key="sales_order.number")
    revision: int = Field(primary_key=True)
    change_id: str | None = None
    """The change that made it; none made the first."""
    document: dict[str, Any] = Field(sa_column=jsonb())
    party: dict[str, Any] = Field(sa_column=jsonb())
    """The personal part, erasable (OPS5)."""
    opened: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    """What opening it came to; None for versions that were saved before this was kept."""
    at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(sa_column=moment(default_now=True))


# ---- effects and what they made -----------------------------------------------------------------


class Effect(SQLModel, table=True):
    """The effects ledger (CHG9): intended before the call, settled after it, found again by key on a repeat."""

    __tablename__ = "effect"
    __table_args__ = (
        CheckConstraint("state IN ('intended', 'done', 'refused')", name="effect_state"),
        Index("effect_order", "order_number"),
    )
    key: str = Field(primary_key=True)
    order_number: str
    operation: str
    undoes: str | None = None
    state: str
    outcome: dict[str, Any] | None = Field(default=None, sa_column=jsonb(nullable=True))
    at: datetime = Field(sa_column=moment())
    """Business time of the first call: a repeat tells the outside exactly the same."""
    intended_at: datetime = Field(sa_column=moment(default_now=True))
    settled_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Shipment(SQLModel, table=True):
    """A shipment request; `key` is its effect's. `status` follows the carrier and never goes back."""

    __tablename__ = "shipment"
    __table_args__ = (Index("shipment_order", "order_number"),)
    key: str = Field(primary_key=True)
    order_number: str
    group_id: str
    ref: str | None = None
    method: str
    location: str
    wakes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = "requested"
    tracking: str | None = None
    status_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    shipped_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class ShipmentLine(SQLModel, table=True):
    """What a shipment was asked to carry and what left. At most one live request a line and group (I12)."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND shipped >= 0 AND shipped <= quantity", name="shipment_line_quantities"),
        Index("shipment_line_one_live", "order_number", "line", "group_id", unique=True, postgresql_where=text("live")),
    )
    key: str = Field(sa_column=Column(Text, ForeignKey("shipment.key"), primary_key=True))
    line: int = Field(primary_key=True)
    order_number: str
    quantity: int
    shipped: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    live: bool = True
    """True from the request until shipped or cancelled."""
    group_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The shipment's; a line in parts is asked for by several groups."""


class Authorization(SQLModel, table=True):
    """Money a provider holds for us. captured <= amount (I3)."""

    __tablename__ = "payment_authorization"
    __table_args__ = (
        CheckConstraint("captured >= 0 AND captured <= amount", name="captured_within_authorized"),
        CheckConstraint(
            "state IN ('intended', 'authorized', 'refused', 'voided', 'expired')", name="authorization_state"
        ),
        Index("authorization_order", "order_number"),
    )
    key: str = Field(primary_key=True)
    order_number: str
    group_id: str
    ref: str | None = None
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    captured: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    currency: str
    state: str
    expires_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    change_id: str | None = None
    """The change that proposed the card; None for one on the order's own."""


class Capture(SQLModel, table=True):
    """Money taken: once per shipment and authorization's payment method (I3)."""

    __tablename__ = "payment_capture"
    __table_args__ = (
        CheckConstraint("amount > 0 AND refunded >= 0 AND refunded <= amount", name="refund_within_capture"),
    )
    key: str = Field(primary_key=True)
    order_number: str
    authorization_key: str = Field(foreign_key="payment_authorization.key")
    shipment_key: str = Field(unique=True)
    ref: str | None = None
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    refunded: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    currency: str
    at: datetime = Field(sa_column=moment())


class NumberRange(SQLModel, table=True):
    """The last number given. Taken by UPDATE in the transaction that uses it, so there is no gap (PAY3)."""

    __tablename__ = "number_range"
    name: str = Field(primary_key=True)
    last: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class Invoice(SQLModel, table=True):
    """An invoice, one per shipment; total = goods + charges + tax."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("total = goods + charges + tax", name="invoice_total"),
        Index("invoice_order", "order_number"),
    )
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(unique=True)
    order_number: str
    shipment_key: str = Field(unique=True)
    currency: str
    goods: int = Field(sa_column=Column(BigInteger, nullable=False))
    charges: int = Field(sa_column=Column(BigInteger, nullable=False))
    tax: int = Field(sa_column=Column(BigInteger, nullable=False))
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    lines: list[dict[str, Any]] = Field(sa_column=jsonb())
    at: datetime = Field(sa_column=moment())


class CreditMemo(SQLModel, table=True):
    """Takes a whole invoice back, once; the invoice itself never changes."""

    __tablename__ = "credit_memo"
    __table_args__ = (
        CheckConstraint("total = goods + charges + tax", name="credit_memo_total"),
        Index("credit_memo_order", "order_number"),
    )
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(unique=True)
    order_number: str
    invoice_number: int = Field(sa_column=Column(BigInteger, ForeignKey("invoice.number"), nullable=False, unique=True))
    currency: str
    goods: int = Field(sa_column=Column(BigInteger, nullable=False))
    charges: int = Field(sa_column=Column(BigInteger, nullable=False))
    tax: int = Field(sa_column=Column(BigInteger, nullable=False))
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = Field(sa_column=moment())


class Posting(SQLModel, table=True):
    """One amount from the credit account to the debit account: the ledger sums to zero by its shape (I4, PAY4)."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount > 0", name="posting_positive"),
        CheckConstraint("debit <> credit", name="posting_two_accounts"),
        Index("posting_order", "order_number"),
    )
    key: str = Field(primary_key=True)
    """Effect key."""
    entry: str = Field(primary_key=True)
    """Which part of the effect: goods, charges, tax, cash."""
    order_number: str
    debit: str
    credit: str
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    at: datetime = Field(sa_column=moment())


# ---- in and out ---------------------------------------------------------------------------------


class Event(SQLModel, table=True):
    """What happened, in words, once: the timeline (EXC8) and the events out (ORC20) are this table.

    A reader pages by (`tx`, `id`) and sees only transactions older than every open one, so a late commit is
    never skipped.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("order_number", "key", name="event_once"),
        Index("event_feed", "tx", "id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    tx: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint"))
    )
    order_number: str
    key: str
    type: str
    at: datetime = Field(sa_column=moment())
    words: str
    why: str = ""
    data: dict[str, Any] = Field(sa_column=jsonb())
    correlation: str
    recorded_at: datetime = Field(sa_column=moment(default_now=True))


class Inbox(SQLModel, table=True):
    """A fact that came from outside, kept before anyone acts on it."""

    __tablename__ = "inbox"
    __table_args__ = (Index("inbox_order", "order_number"),)
    source: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    type: str
    order_number: str | None = None
    body: dict[str, Any] = Field(sa_column=jsonb())
    note: str = ""
    """What was done with it, in words: applied, seen before by status, unknown shipment..."""
    received_at: datetime = Field(sa_column=moment(default_now=True))


class Dispatch(SQLModel, table=True):
    """Something the relay has to tell Temporal: start an order, or a signal. In order of id per order."""

    __tablename__ = "dispatch"
    __table_args__ = (
        CheckConstraint("kind IN ('start', 'carrier', 'payment', 'change', 'retry')", name="dispatch_kind"),
        Index("dispatch_open", "id", postgresql_where=text("delivered_at IS NULL")),
        Index("dispatch_order", "order_number"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    order_number: str
    kind: str
    payload: dict[str, Any] = Field(sa_column=jsonb())
    created_at: datetime = Field(sa_column=moment(default_now=True))
    delivered_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    note: str = ""
    traceparent: str | None = None
    """W3C trace context of the request that wrote it, while tracing is on (OPS6)."""


class MassAction(SQLModel, table=True):
    """One action on many orders or lines (CAP13); its items say what became of each."""

    __tablename__ = "mass_action"
    __table_args__ = (Index("mass_action_accepted", "accepted_at", "id"),)
    id: str = Field(primary_key=True)
    action: str
    document: dict[str, Any] = Field(sa_column=jsonb())
    """What was asked for, whole; the same id with the same document is the same mass action."""
    requested_by: str
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    """Of the caller when it was accepted: it is carried out with these."""
    accepted_at: datetime = Field(sa_column=moment(default_now=True))
    stopped_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    stopped_by: str | None = None


class MassItem(SQLModel, table=True):
    """An order, or a line, of a mass action: chosen when that was accepted, and what became of it."""

    __tablename__ = "mass_item"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('open', 'begun', 'in_progress', 'done', 'partly', 'refused', 'failed', 'stopped')",
            name="mass_item_outcome",
        ),
        UniqueConstraint("mass_id", "order_number", "line", name="mass_item_once", postgresql_nulls_not_distinct=True),
        Index(
            "mass_item_unsettled",
            "position",
            "mass_id",
            postgresql_where=text("outcome IN ('open', 'begun', 'in_progress')"),
        ),
    )
    mass_id: str = Field(primary_key=True, foreign_key="mass_action.id")
    position: int = Field(primary_key=True)
    order_number: str
    line: int | None = None
    outcome: str = Field(default="open", sa_column=Column(Text, nullable=False, server_default="open"))
    """`begun` is being asked for; `in_progress` has been, and the order has not answered yet."""
    code: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    words: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    not_before: datetime = Field(sa_column=moment(default_now=True))
    """When it may be tried again, after somebody was away."""
    at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When it was settled."""
