"""What crosses the border between the decider and the world: calls out, outcomes and events in.

Every call has the same shape, so the durable shell needs no knowledge of any of them. Nothing here
carries personal data: a call names an order, its lines by number, and amounts (design rule 7).
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Message
from domain.policy.model import OrderSlice, RetryStyle
from domain.process.words import ChangeOutcome, Operation, Status

Lines = dict[int, int]
"""Line number to quantity."""


# ---- what is saved beside an effect ------------------------------------------------------------


class BusinessEvent(Message):
    """One thing that happened, told once (ORC20, EXC8).

    `key` is derived and unique per order: the same event written twice is one event. For an effect it is
    the effect's key, and the activity adds the outside reference to `data`.
    """

    key: str
    type: str
    at: datetime
    words: str
    why: str = ""
    data: dict[str, str | int | bool | None] = {}


class Waiting(Message):
    """Why an order stands still: what, why, who and until when (I6)."""

    what: str
    why: str
    who: str
    until: datetime | None = None
    step: str
    group: str
    code: str = "waiting"
    parked: bool = False
    """True when a person has to act; False when a fact from outside is awaited."""


class GroupRow(Message):
    """Read model of one group of lines that travel together."""

    id: str
    process: str
    status: Status
    step: str | None = None
    lines: tuple[int, ...]
    warehouse: str | None = None
    promise_date: date | None = None


class OrderRow(Message):
    """Read model of an order, written with every save (design, hard case 9)."""

    status: Status
    lowest: Status
    highest: Status
    counts: dict[Status, int]
    """Lines by status (CAP10)."""
    revision: int
    promise_date: date | None = None
    at_risk: bool = False
    waiting: tuple[Waiting, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    finished: bool = False


class ChangeAnswer(Message):
    """The answer to one change request; given again, the same (CHG14, I11)."""

    change_id: str
    kind: str
    outcome: ChangeOutcome
    revision: int
    code: str
    words: str
    at: datetime
    actions: tuple[str, ...] = ()
    requested_by: str = ""
    reason: str = ""


class Save(Message):
    """Everything about the order that goes to the database in the call's transaction.

    `version` only moves up; a save older than what is stored changes no row, yet its events and answers,
    being keyed, are kept.
    """

    version: int
    row: OrderRow
    events: tuple[BusinessEvent, ...] = ()
    answers: tuple[ChangeAnswer, ...] = ()
    cancelled: Lines = {}


# ---- calls ---------------------------------------------------------------------------------------


class OpenOrder(Message):
    kind: Literal[Operation.OPEN] = Operation.OPEN
    bundle: str
    resumed: bool | None = None
    """True for an order that is resumed: the answer then tells what its ledger knows."""


class SaveOrder(Message):
    kind: Literal[Operation.SAVE] = Operation.SAVE


class ReserveStock(Message):
    kind: Literal[Operation.RESERVE] = Operation.RESERVE
    location: str
    lines: Lines


class AuthorizePayment(Message):
    kind: Literal[Operation.AUTHORIZE] = Operation.AUTHORIZE
    amount: int
    currency: str


class RequestShipment(Message):
    kind: Literal[Operation.SHIP] = Operation.SHIP
    location: str
    method: str
    lines: Lines
    wakes: tuple[str, ...] = ()
    """Statuses of the carrier that a step of the process waits for; others stay out of the workflow."""


class CapturePayment(Message):
    kind: Literal[Operation.CAPTURE] = Operation.CAPTURE
    authorization: str
    """Key of the authorization."""
    shipment: str
    """Key of the shipment request: one capture per shipment and payment method (I3)."""
    amount: int
    currency: str


class CreateInvoice(Message):
    kind: Literal[Operation.INVOICE] = Operation.INVOICE
    shipment: str
    lines: Lines
    goods: int
    charges: int
    tax: int
    currency: str
    paid: bool
    """True when captured before: the receivable is settled by the capture."""


class Undo(Message):
    """The inverse of an earlier effect, named by that effect's key: it works even if the answer was lost."""

    kind: Literal[Operation.RELEASE, Operation.VOID, Operation.CANCEL_SHIPMENT, Operation.REFUND, Operation.CREDIT]
    of: str
    amount: int = 0
    currency: str = ""


Work = Annotated[
    OpenOrder | SaveOrder | ReserveStock | AuthorizePayment | RequestShipment | CapturePayment | CreateInvoice | Undo,
    Field(discriminator="kind"),
]


class Call(Message):
    """One request to the world. `key` is derived, never drawn (design rule 2), and names the effect for ever:
    `order/step/group/r<revision>/operation/<n>`.
    """

    key: str
    order: str
    group: str = ""
    step: str = ""
    revision: int = 1
    n: int = 1
    at: datetime
    """Business time."""
    work: Work
    save: Save | None = None
    """Written when, and in the transaction in which, the call is done."""
    retry: RetryStyle | None = None
    summary: str = ""

    @property
    def operation(self) -> Operation:
        return self.work.kind


# ---- outcomes --------------------------------------------------------------------------------------


class PricedLine(Message):
    """One line as the process needs it. Amounts in minor units of the order's currency."""

    number: int
    sku: str
    quantity: int
    amount: int
    group: str


class GroupPlan(Message):
    """Lines that run one process together (ORC6), and why."""

    id: str
    process: str
    lines: tuple[int, ...]
    location: str
    why: str


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


class Opened(Message):
    """Result of opening an order: facts, priced lines, groups and the slice of the pinned policy bundle."""

    facts: OrderFacts
    lines: tuple[PricedLine, ...]
    groups: tuple[GroupPlan, ...]
    policy: OrderSlice
    known: tuple[KnownEffect, ...] | None = None
    """What the effects ledger knows of the order; None unless it is resumed."""


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


# ---- events ----------------------------------------------------------------------------------------


class CallDone(Message):
    kind: Literal["call_done"] = "call_done"
    key: str
    outcome: Outcome
    at: datetime


class CallFailed(Message):
    """A call's attempts ran out or were cut: it may or may not have had its effect."""

    kind: Literal["call_failed"] = "call_failed"
    key: str
    words: str
    at: datetime


class CarrierFact(Message):
    """The carrier says how far a shipment is (signal `carrier`)."""

    kind: Literal["carrier"] = "carrier"
    id: str
    request_key: str
    status: str
    at: datetime
    lines: Lines = {}
    words: str = ""


class PaymentFact(Message):
    """The payment provider says what became of an authorization (signal `payment`)."""

    kind: Literal["payment"] = "payment"
    id: str
    authorization: str
    status: str
    at: datetime


Fact = Annotated[CarrierFact | PaymentFact, Field(discriminator="kind")]


class ChangeAsked(Message):
    """A change was asked for; here: to cancel the order. `problem` is set when the payload made no sense."""

    kind: Literal["change_asked"] = "change_asked"
    change_id: str
    change: str = "cancel"
    base_revision: int | None = None
    reason: str = ""
    requested_by: str = ""
    problem: str | None = None
    at: datetime


class RetryAsked(Message):
    """Someone asks to try parked work again (ORC19)."""

    kind: Literal["retry_asked"] = "retry_asked"
    requested_by: str = ""
    at: datetime


class TimePassed(Message):
    """The order's timer went off."""

    kind: Literal["time_passed"] = "time_passed"
    at: datetime


class Begun(Message):
    """The workflow has started."""

    kind: Literal["begun"] = "begun"
    at: datetime


Event = Begun | CallDone | CallFailed | CarrierFact | PaymentFact | ChangeAsked | RetryAsked | TimePassed


# ---- doors of the workflow ---------------------------------------------------------------------------


class Start(Message):
    """What starts an order's process."""

    number: str
    bundle: str
    ordered_at: datetime
    accepted_at: datetime
    as_of: date | None = None
    customer: str
    channel: str
    version: int = 0
    """The read model's version to go on from: 0, or at least 1 when a terminated order is resumed."""
    changes: tuple[ChangeAsked, ...] | None = None
    """The changes that a resumed order still has to answer; told here, they are known before anything new is begun."""


class PromiseAnswer(Message):
    """Answer of the update `promised`: the date given and the priced lines. Amounts in minor units."""

    number: str
    status: Status
    promise_date: date | None = None
    currency: str
    lines: tuple[PricedLine, ...]
    groups: tuple[GroupRow, ...]
    goods: int
    charges: int
    tax: int
    total: int
    waiting: tuple[Waiting, ...] = ()


class RetryAnswer(Message):
    """Answer of the update `retry`: which steps are tried again."""

    retried: tuple[str, ...]
    words: str
