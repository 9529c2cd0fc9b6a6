"""What calls come to, as the decider hears it: priced lines and groups, the revised order, a reference or a refusal."""

from datetime import date, datetime
from typing import Literal

from domain.base import Lines, Message
from domain.policy.model import OrderSlice
from domain.process.read_model import GroupPlan, GroupRow
from domain.process.words import ChangeKind


class PricedLine(Message):
    """One line as the process needs it. Amounts in minor units of the order's currency."""

    number: int
    sku: str
    quantity: int
    amount: int
    group: str


class OrderFacts(Message):
    """What an order's process may know: no name, no address (design rule 7)."""

    number: str
    source: str
    channel: str
    currency: str
    customer: str
    segment: str | None = None
    country: str
    region: str | None = None
    ordered_at: datetime
    requested_date: date | None = None
    ship_method: str
    payment_method: str
    purchase_order: str | None = None
    goods: int
    charges: int
    tax: int = 0
    as_of: date | None = None
    """Set for an imported order: its business clock. Its deadlines are evaluated against it, never armed."""


class KnownEffect(Message):
    """An entry of the effects ledger, as a resumed order is told of it."""

    key: str
    over: bool
    """The effect was undone, or it is an undo that has its answer: its key is not used again."""
    state: Literal["intended", "done", "refused"] | None = None
    """None in what earlier releases told."""
    undoes: str | None = None
    """Key of the effect that an undo takes back."""
    amount: int | None = None
    """What an authorization is over, in minor units of the order's currency."""
    captured: bool | None = None
    """True for an authorization of which money was taken."""
    other_card: bool | None = None
    """True for an authorization on another card than the order is paid with."""
    lines: Lines | None = None
    """What a reservation holds, or what the carrier has of a shipment request of an order with updated ones."""
    location: str | None = None
    """Where it holds most of that."""
    met: bool | None = None
    """True from when the order that is resumed has come to it."""


class Opened(Message):
    """Result of opening an order: facts, priced lines, groups and the slice of the pinned policy bundle."""

    facts: OrderFacts
    lines: tuple[PricedLine, ...]
    groups: tuple[GroupPlan, ...]
    policy: OrderSlice
    known: tuple[KnownEffect, ...] | None = None
    """What the effects ledger knows of the order; None unless it is resumed."""
    answered: tuple[str, ...] | None = None
    """The changes of a resumed order that have their answers, by their ids, oldest first. Its start has told of them
    before; a call that was on its way when the workflow was lost may have answered one more."""
    rows: tuple[GroupRow, ...] | None = None
    """Every group that a resumed order had, in their order; those that are cancelled stay so."""
    dropped: tuple[int, ...] | None = None
    """The lines of a resumed order that changes have cancelled."""


class LineChange(Message):
    """How one line differs from the version before; a line may differ in several ways."""

    number: int
    kind: ChangeKind
    before: int = 0
    """Units; 0 for an added line."""
    after: int = 0


class Revised(Message):
    """How a proposed version differs from the order: what a change is about, without personal data (CHG1)."""

    lines: tuple[LineChange, ...] = ()
    fields: tuple[ChangeKind, ...] = ()
    """Kinds of the order's own fields whose values differ."""


class Outcome(Message):
    """What a call came to: done, or refused by the business on the other side (never retried by itself).

    A fault is not an outcome: activities raise, Temporal retries, and the decider gets `CallFailed`.
    """

    refused: bool = False
    code: str = ""
    words: str = ""
    ref: str | None = None
    at: datetime | None = None
    expires_at: datetime | None = None
    opened: Opened | None = None
    revised: Revised | None = None
    """Set with `opened` by `ReviseOrder`: `opened` is then the proposed version."""
    updates: bool | None = None
    """Of a question that asked for it: whether the carrier would update the request in place by now (CHG7)."""
