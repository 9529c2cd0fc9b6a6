"""What an order knows of a preview that it still has to answer (CHG13)."""

from domain.base import Message
from domain.process.calls import ReserveStock
from domain.process.events import ChangeAsked
from domain.process.outcomes import Outcome


class Preview(Message):
    """A question what a change would come to, and what was answered so far to the questions behind it."""

    id: str
    asked: ChangeAsked
    instead: bool = False
    """Whether the change itself was asked for, on a preview that is stale: it is refused with this one."""
    worked_out: Outcome | None = None
    revision: int = 0
    """The revision that `worked_out` would make."""
    progress: dict[str, str] = {}
    """How far the carrier is, by key of the request."""
    updatable: tuple[str, ...] = ()
    """The requests that it could update in place."""
    wanted: tuple[ReserveStock, ...] = ()
    """The reservations that `stock` speaks of."""
    stock: Outcome | None = None
    rounds: int = 0
    """How often the outside was asked."""
    failed: str = ""
    """Why it could not be asked."""
