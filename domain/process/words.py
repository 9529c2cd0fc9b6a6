"""The closed vocabularies of the order process."""

from domain.base import Word


class Status(Word):
    """Where a line, a group or an order stands. The moves between them are in `MOVES` (I8)."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


RANK = {status: rank for rank, status in enumerate(Status)}
"""From least to most advanced: the order's status is that of its least advanced open group (CAP10)."""

CLOSED = frozenset({Status.COMPLETED, Status.CANCELLED})

MOVES: dict[Status, frozenset[Status]] = {
    Status.ACCEPTED: frozenset({Status.SCHEDULED, Status.CANCELLING}),
    Status.SCHEDULED: frozenset({Status.RESERVED, Status.RELEASED, Status.COMPLETED, Status.CANCELLING}),
    Status.RESERVED: frozenset({Status.RELEASED, Status.SCHEDULED, Status.COMPLETED, Status.CANCELLING}),
    Status.RELEASED: frozenset({Status.SHIPPED, Status.RESERVED, Status.CANCELLING}),
    Status.SHIPPED: frozenset({Status.COMPLETED, Status.CANCELLED}),
    Status.COMPLETED: frozenset(),
    Status.CANCELLING: frozenset(
        {Status.CANCELLED, Status.ACCEPTED, Status.SCHEDULED, Status.RESERVED, Status.RELEASED, Status.SHIPPED}
    ),
    Status.CANCELLED: frozenset(),
}
"""The allowed moves of one group's status (I8).

A cancel that is refused goes back to where it came from; what is lost on its way may be cancelled by us (SHP2).
"""


class Operation(Word):
    """What the process may ask of the world. Each has one activity of the same name."""

    OPEN = "open_order"
    SAVE = "save_order"
    RESERVE = "reserve_stock"
    RELEASE = "release_stock"
    AUTHORIZE = "authorize_payment"
    VOID = "void_authorization"
    SHIP = "request_shipment"
    CANCEL_SHIPMENT = "cancel_shipment"
    UPDATE_SHIPMENT = "update_shipment"
    CAPTURE = "capture_payment"
    REFUND = "refund_payment"
    INVOICE = "create_invoice"
    CREDIT = "create_credit_memo"
    REVISE = "revise_order"
    TRIM = "trim_reservation"
    INQUIRE = "inquire_shipment"
    CHECK = "check_stock"


REMOTE = frozenset(
    {
        Operation.AUTHORIZE,
        Operation.VOID,
        Operation.SHIP,
        Operation.CANCEL_SHIPMENT,
        Operation.UPDATE_SHIPMENT,
        Operation.CAPTURE,
        Operation.REFUND,
        Operation.INQUIRE,
    }
)
"""Operations that call an outside system; the others are one transaction in our own database (design rule 2)."""

UNDO: dict[Operation, Operation] = {
    Operation.RESERVE: Operation.RELEASE,
    Operation.AUTHORIZE: Operation.VOID,
    Operation.SHIP: Operation.CANCEL_SHIPMENT,
    Operation.CAPTURE: Operation.REFUND,
    Operation.INVOICE: Operation.CREDIT,
}
"""Each effect and its inverse (CHG9)."""


CANCEL, EDIT = "cancel", "edit"
"""What a change may ask for: that the whole order be cancelled, or that it be another one (CHG1)."""


class ChangeOutcome(Word):
    """How a change request was answered (CHG14)."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"
    PENDING_APPROVAL = "pending_approval"
    IN_PROGRESS = "in_progress"


class ChangeKind(Word):
    """What a change changes: the rows of the change matrix (CHG2, `docs/concepts/change.md`)."""

    QUANTITY_UP = "quantity_up"
    QUANTITY_DOWN = "quantity_down"
    ITEM = "item"
    CANCELLED = "cancelled"
    ADDED = "added"
    ADDRESS_SAME_ZONE = "address_same_zone"
    ADDRESS_OTHER_ZONE = "address_other_zone"
    LATER_DATE = "later_date"
    EARLIER_DATE = "earlier_date"
    SHIP_METHOD = "ship_method"
    WAREHOUSE = "warehouse"
    PAYMENT = "payment"
    PRICE = "price"
    REFERENCE = "reference"
    """Purchase order number, note, bill-to: nothing that a step works on."""


MOVES_NO_STOCK = frozenset(
    {
        ChangeKind.ADDRESS_SAME_ZONE,
        ChangeKind.ADDRESS_OTHER_ZONE,
        ChangeKind.LATER_DATE,
        ChangeKind.EARLIER_DATE,
        ChangeKind.SHIP_METHOD,
        ChangeKind.PAYMENT,
        ChangeKind.PRICE,
        ChangeKind.REFERENCE,
    }
)
"""Changes that leave the goods as they are."""


class Stage(Word):
    """How far the shipment request of a group is: the columns of the change matrix."""

    NOT_SENT = "not_sent"
    RELEASED = "released"
    PICKED = "picked"
    SHIPPED = "shipped"
    INVOICED = "invoiced"


class Pattern(Word):
    """What the change matrix says in a cell."""

    KEEP = "keep"
    UPDATE = "update"
    REDO = "redo"
    CANCEL_AND_CREATE = "cancel_and_create"
    ADDED_LINE = "added_line"
    ASK = "ask"
    RETURN = "return"
    REFUSE = "refuse"


class ActionWord(Word):
    """What is done to a step that a change touches (CHG3)."""

    KEEP = "keep"
    UPDATE = "update"
    CANCEL = "cancel"
    REDO = "redo"
    UNDO = "undo"
    CANCEL_AND_CREATE = "cancel_and_create"
    DO = "do"
