"""What is written about an order beside an effect: its read model, what it tells, its answers to changes.

Nothing here carries personal data: an order is named, its lines by number, and amounts (design rule 7).
"""

from datetime import date, datetime
from typing import Literal

from domain.base import Lines, Message
from domain.process.words import ActionWord, ChangeOutcome, Status


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
