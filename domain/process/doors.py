"""The doors of an order's workflow: what it is started with, and what its updates answer."""

from datetime import date, datetime

from domain.base import Message
from domain.process.events import ChangeAsked
from domain.process.outcomes import PricedLine
from domain.process.read_model import GroupRow, Hold, Waiting
from domain.process.words import Status


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
    answered: tuple[str, ...] | None = None
    """The changes that it has answered, by their ids, oldest first: one that comes again finds its answer given, also
    before the order is open and knows what it had done."""
    holds: tuple[Hold, ...] | None = None
    """The holds that stand on a resumed order."""
    approved: tuple[str, ...] | None = None
    """Those of them that a person has agreed to."""
    revision: int | None = None
    """The revision that a resumed order is at; None for the first."""


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


class SkipAnswer(Message):
    """Answer of the update `skip`: the step, and the groups that go on without it."""

    step: str
    groups: tuple[str, ...]
    words: str


class HoldAnswer(Message):
    """Answer of the updates `hold` and `release`."""

    id: str
    words: str


class RetryAnswer(Message):
    """Answer of the update `retry`: which steps are tried again."""

    retried: tuple[str, ...]
    words: str
