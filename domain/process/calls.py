"""What the decider asks of the world: calls, each with its work.

Every call has the same shape, so the durable shell needs no knowledge of any of them. None carries personal data: it
names an order, its lines by number, and amounts (design rule 7).
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.base import Lines, Message
from domain.policy.model import RetryStyle
from domain.process.read_model import Save
from domain.process.words import ChangeKind, Operation


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
