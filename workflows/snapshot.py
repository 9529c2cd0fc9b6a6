"""Small answers of the order's workflow."""

from datetime import datetime

from domain.base import Message
from domain.process.events import ChangeAsked
from domain.process.read_model import ChangeAnswer, OrderRow
from domain.process.state import OrderState
from domain.process.words import ChangeOutcome


class OrderSnapshot(Message):
    """The read model as the workflow has it; `ordito audit` compares it with the database."""

    version: int
    saved: int
    """The version that was written last."""
    row: OrderRow
    moving: bool = False
    """Whether a call is on its way, or waits to be tried again: what it wrote may be unknown to the workflow yet."""


def in_progress(state: OrderState, asked: ChangeAsked, at: datetime) -> ChangeAnswer:
    """The answer to a caller whose change takes longer than a call should last (CHG14)."""
    return ChangeAnswer(
        change_id=asked.change_id,
        kind=asked.change,
        outcome=ChangeOutcome.IN_PROGRESS,
        revision=state.revision,
        code="in_progress",
        words="The change is being carried out; its answer follows as an event and under its id.",
        at=at,
        requested_by=asked.requested_by,
        reason=asked.reason,
    )
