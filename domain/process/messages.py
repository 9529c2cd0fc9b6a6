"""What crosses the border between the decider and the world: calls out, outcomes and events in.

Every call has the same shape, so the durable shell needs no knowledge of any of them. Nothing here
carries personal data: a call names an order, its lines by number, and amounts (design rule 7).
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.base import Message
from domain.policy.model import OrderSlice, RetryStyle
from domain.process.words import ActionWord, ChangeKind, ChangeOutcome, Operation, Status

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
    hold: str | None = None
    """Id of the hold that has to be released."""
    change: str | None = None
    """Id of the change that has to be approved or refused."""


class Hold(Message):
    """Keeps steps from being begun until somebody releases it (CAP9)."""

    id: str
    code: str
    """Why, in a word."""
    line: int | None = None
    """The line that is held, with the lines that travel with it; None for the whole order."""
    step: str | None = None
    """The step that is held, by its name or its task; None for every step."""
    when: Literal["now", "reached"] = "now"
    """A hold for when the step is reached is in force, and seen, only then."""
    role: str = ""
    """The role without which it is not released; empty for whoever may release holds."""
    reason: str = ""
    request: str = ""
    """Where the reason is in the database, if it is not here."""
    placed_by: str = ""
    at: datetime
    until: datetime
    """When somebody should have looked at it."""


class GroupRow(Message):
    """Read model of one group of lines that travel together."""

    id: str
    process: str
    status: Status
    step: str | None = None
    lines: tuple[int, ...]
    units: Lines = {}
    """Units of the lines of which only a part is in this group (ORC16)."""
    warehouse: str | None = None
    promise_date: date | None = None
    expected_date: date | None = None
    """What the carrier expects by its latest word; None where it told of no other date."""


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
    holds: tuple[Hold, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    finished: bool = False


class Action(Message):
    """One thing that a change does to one step, for the answer (CHG3, CHG13)."""

    step: str
    do: ActionWord
    lines: tuple[int, ...]
    adapter: str = ""
    """The outside system that is asked; empty for our own database."""
    reason: str = ""
    words: str = ""


class Terms(Message):
    """What the customer was told: the date and the total, in minor units of the order's currency."""

    promise_date: date | None = None
    total: int
    currency: str


class Approval(Message):
    """Who has to agree to a change, and until when (business time)."""

    role: str
    until: datetime


class NotDone(Message):
    """What of a change was not done, and why (CHG10)."""

    line: int | None = None
    """None for what is of the whole order."""
    what: str
    """In words: line 3 from 2 to 5 units."""
    code: str
    words: str


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
    """What was done, in words."""
    plan: tuple[Action, ...] = ()
    """The same step by step: kept, updated, cancelled, redone."""
    before: Terms | None = None
    after: Terms | None = None
    cost: int = 0
    """What the change costs us, in minor units of the order's currency (CHG13)."""
    assumptions: tuple[str, ...] = ()
    requested_by: str = ""
    reason: str = ""
    basis: str = ""
    """Fingerprint of the version that was worked out: lines, prices, groups, and what the matrix said of them."""
    preview: bool = False
    """Whether this is what the change would come to, and nothing was done."""
    token: str = ""
    """Of a preview that can be had: a change that names it comes to exactly this, or is refused as stale."""
    approval: Approval | None = None
    """Of a change that waits for a person."""
    not_done: tuple[NotDone, ...] = ()
    """Of one that was done in part: the rest of it."""
    to_return: Lines = {}
    """Of one refused with `use_return`: the units of each line that are to come back; that is on record (FLW7)."""
    instead: "ChangeAnswer | None" = None
    """The preview as it is now, of a change that was refused because the one it named is stale."""


class Revision(Message):
    """An accepted change: the version of the order that it makes (CAP11)."""

    number: int
    change_id: str
    homes: dict[int, str] = {}
    """Lines that travel in another group than was proposed."""
    parted: "tuple[GroupPlan, ...] | None" = None
    """The groups in which a line travels of which other units travel in another group."""


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
    revised: Revision | None = None
    """Makes the proposal that the change's `ReviseOrder` has stored the order's document and lines."""


# ---- calls ---------------------------------------------------------------------------------------


class OpenOrder(Message):
    kind: Literal[Operation.OPEN] = Operation.OPEN
    bundle: str
    resumed: bool | None = None
    """True for an order that is resumed: the answer then tells what its ledger knows."""
    revision: int | None = None
    """The revision that a resumed order is at; None for the first one. Later ones are not seen, also in a repeat."""


class SaveOrder(Message):
    kind: Literal[Operation.SAVE] = Operation.SAVE


class ReserveStock(Message):
    kind: Literal[Operation.RESERVE] = Operation.RESERVE
    location: str
    lines: Lines
    skus: dict[int, str] | None = None
    """The items of lines that the order's table does not have yet, or has with another item."""
    replaces: str | None = None
    """Key of an earlier reservation that this one takes over: it then holds the larger of both (CHG8)."""


class TrimReservation(Message):
    """Gives back what a reservation holds beyond `lines` at `location`."""

    kind: Literal[Operation.TRIM] = Operation.TRIM
    of: str
    location: str
    lines: Lines
    skus: dict[int, str] | None = None
    elsewhere: Lines | None = None
    """Units of these lines that have left with other groups: they were never part of `lines`."""


class Rest(Message):
    """What of a change is still to be done, because the outside did not give all of it back (CHG10)."""

    without_lines: tuple[int, ...] = ()
    """Lines of which nothing is changed; one that the change would add is not added."""
    without_fields: tuple[ChangeKind, ...] = ()
    """Kinds of the order's own fields that stay as they are."""


class ReviseOrder(Message):
    """Works out the order as the change would make it, and keeps that as a proposal; nothing else changes."""

    kind: Literal[Operation.REVISE] = Operation.REVISE
    change_id: str
    revision: int
    """The number the new revision would have."""
    edit: dict[str, Any] | None = None
    """The change as a raw signal brought it; None when it is in the database under its id."""
    requested_by: str = ""
    rest: Rest | None = None
    """Set where only a part of the change is worked out."""
    cancels: Lines | None = None
    """Set for a cancel of the order that is done in part: its lines, with the units of each that go on."""
    preview: str | None = None
    """The preview that it is for: nothing is kept then, and a change that is in no database is under this id."""


class CheckStock(Message):
    """Asks whether these reservations would be held, all of them at once; nothing is held (CHG13)."""

    kind: Literal[Operation.CHECK] = Operation.CHECK
    wanted: tuple[ReserveStock, ...]


class InquireShipment(Message):
    """Asks the carrier how far a request is (design, hard case 3)."""

    kind: Literal[Operation.INQUIRE] = Operation.INQUIRE
    of: str
    updates: bool | None = None
    """True where it makes a difference whether the carrier can update the request in place (CHG7)."""


class AuthorizePayment(Message):
    kind: Literal[Operation.AUTHORIZE] = Operation.AUTHORIZE
    amount: int
    currency: str
    change_id: str | None = None
    """The change whose proposal names the card; None for the order's own."""


class RequestShipment(Message):
    kind: Literal[Operation.SHIP] = Operation.SHIP
    location: str
    method: str
    lines: Lines
    wakes: tuple[str, ...] = ()
    """Statuses of the carrier that a step of the process waits for; others stay out of the workflow."""


class UpdateShipment(Message):
    """Has the carrier change the request `of` in place: from now on it is to be as told here (CHG7)."""

    kind: Literal[Operation.UPDATE_SHIPMENT] = Operation.UPDATE_SHIPMENT
    of: str
    method: str
    lines: Lines
    change_id: str | None = None
    """The change whose proposal has the address; None for the order as it is."""
    instead_of: str | None = None
    """Key of an earlier update that this one takes back; that has no effect if it arrives later."""


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
    lost: bool | None = None
    """True for stock that is not there any more: it is taken off what is on hand too (SHP2)."""
    left_as: str | None = None
    """Key of the shipment request under which lost stock had left: it counts as shipped no more (SHP2)."""


Work = Annotated[
    OpenOrder
    | SaveOrder
    | ReserveStock
    | TrimReservation
    | CheckStock
    | AuthorizePayment
    | RequestShipment
    | InquireShipment
    | UpdateShipment
    | CapturePayment
    | CreateInvoice
    | ReviseOrder
    | Undo,
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


class Part(Message):
    """Of a line that is in several groups: the units in one of them, and what they come to in minor units (ORC16)."""

    units: int
    amount: int


class GroupPlan(Message):
    """Lines that run one process together (ORC6), and why."""

    id: str
    process: str
    lines: tuple[int, ...]
    location: str
    why: str
    parts: dict[int, Part] | None = None
    """The lines that are in other groups too, with what of them is in this one."""
    beside: str | None = None
    """The group of whose lines it has further units (CHG3)."""


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
    """What a reservation holds."""
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
    """The changes of a resumed order that have their answers, by their ids, oldest first."""
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
    short: bool | None = None
    """True where less has left than was asked for and the request is over: the rest has to be asked for anew."""
    expected_on: date | None = None
    """Of a delay: the day on which the carrier expects it now."""


class PaymentFact(Message):
    """The payment provider says what became of an authorization (signal `payment`)."""

    kind: Literal["payment"] = "payment"
    id: str
    authorization: str
    status: str
    at: datetime


Fact = Annotated[CarrierFact | PaymentFact, Field(discriminator="kind")]


class ChangeAsked(Message):
    """A change was asked for. `problem` is set when the payload made no sense."""

    kind: Literal["change_asked"] = "change_asked"
    change_id: str
    change: str = "cancel"
    """`cancel` for the whole order, or `edit`."""
    edit: dict[str, Any] | None = None
    """What a raw signal asks to be changed; None when it is in the database under the change's id."""
    base_revision: int | None = None
    token: str | None = None
    """Token of the preview that the change has to come to."""
    reason: str = ""
    requested_by: str = ""
    problem: str | None = None
    at: datetime


class PreviewAsked(Message):
    """Someone asks what a change would come to (CHG13)."""

    kind: Literal["preview_asked"] = "preview_asked"
    id: str
    """Of this question: the same change may be previewed any number of times."""
    asked: ChangeAsked
    at: datetime


class RetryAsked(Message):
    """Someone asks to try parked work again (ORC19)."""

    kind: Literal["retry_asked"] = "retry_asked"
    request: str = ""
    """Under which it is kept in the database, with its reason; empty if it is not."""
    requested_by: str = ""
    at: datetime


class SkipAsked(Message):
    """Someone asks to go on without a parked step (ORC19). It stays in the workflow's history."""

    kind: Literal["skip_asked"] = "skip_asked"
    step: str
    group: str | None = None
    """None for every group of which the step is parked."""
    reason: str = ""
    """Why; empty when it is in the database under `request`, which is where a reason with personal data belongs."""
    request: str = ""
    requested_by: str = ""
    at: datetime


class HoldAsked(Message):
    """Someone asks to hold the order, or a part of it (CAP9). It stays in the workflow's history."""

    kind: Literal["hold_asked"] = "hold_asked"
    id: str
    code: str
    line: int | None = None
    step: str | None = None
    when: Literal["now", "reached"] = "now"
    role: str = ""
    reason: str = ""
    """Why; empty when it is in the database under `request`, which is where a reason with personal data belongs."""
    request: str = ""
    requested_by: str = ""
    at: datetime


class ReleaseAsked(Message):
    """Someone asks to release a hold (CAP9). It stays in the workflow's history."""

    kind: Literal["release_asked"] = "release_asked"
    id: str
    reason: str = ""
    """As that of a hold."""
    request: str = ""
    requested_by: str = ""
    roles: tuple[str, ...] | None = None
    """The roles of whoever asks; None for an operator at the Temporal server, who may do all."""
    at: datetime


class _Decided(Message):
    change_id: str
    reason: str = ""
    """As that of a hold."""
    request: str = ""
    requested_by: str = ""
    at: datetime


class ApproveAsked(_Decided):
    """Someone agrees to a change that waits for a person (CHG10). It stays in the workflow's history."""

    kind: Literal["approve_asked"] = "approve_asked"


class RefuseAsked(_Decided):
    """Someone refuses a change that waits for a person (CHG10). It stays in the workflow's history."""

    kind: Literal["refuse_asked"] = "refuse_asked"


class TimePassed(Message):
    """The order's timer went off."""

    kind: Literal["time_passed"] = "time_passed"
    at: datetime


class Begun(Message):
    """The workflow has started."""

    kind: Literal["begun"] = "begun"
    at: datetime


Event = (
    Begun
    | CallDone
    | CallFailed
    | CarrierFact
    | PaymentFact
    | ChangeAsked
    | PreviewAsked
    | RetryAsked
    | SkipAsked
    | HoldAsked
    | ReleaseAsked
    | ApproveAsked
    | RefuseAsked
    | TimePassed
)
