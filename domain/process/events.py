"""What the decider hears: calls that came back, facts from outside, what people ask for, and that time has passed."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.base import Lines, Message
from domain.process.outcomes import Outcome
from domain.process.words import CANCEL, EDIT


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
    change: str = CANCEL
    """CANCEL or EDIT; another word is refused by the order."""
    edit: dict[str, Any] | None = None
    """What a raw signal asks to be changed; None when it is in the database under the change's id."""
    base_revision: int | None = None
    token: str | None = None
    """Token of the preview that the change has to come to."""
    reason: str = ""
    requested_by: str = ""
    problem: str | None = None
    at: datetime

    @property
    def is_edit(self) -> bool:
        """Whether it changes what the order is; it can wait in line (CHG12)."""
        return self.change == EDIT

    @property
    def is_cancel(self) -> bool:
        """Whether the whole order is to be cancelled; that goes before what is there."""
        return self.change == CANCEL


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
