"""The closed lists of words of the policy language, and the small types its fields share."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from domain.base import Word
from domain.policy.written import Duration


class TaskWord(Word):
    """What a step can do (ORC2). `check` refuses those outside SUPPORTED_TASKS until the interpreter runs them."""

    SCHEDULE = "schedule"
    RESERVE = "reserve"
    SCREEN = "screen"
    APPROVE = "approve"
    AUTHORIZE = "authorize"
    SHIP = "ship"
    WAIT = "wait"
    INVOICE = "invoice"
    CAPTURE = "capture"
    PROCURE = "procure"
    TRANSFER = "transfer"
    MAKE = "make"
    RECEIVE = "receive"
    INSPECT = "inspect"
    REFUND = "refund"
    NOTIFY = "notify"
    MANUAL = "manual"
    CALL = "call"
    PAUSE = "pause"
    CLOSE = "close"


UNDONE_BY: Mapping[TaskWord, str] = {
    TaskWord.RESERVE: "release",
    TaskWord.AUTHORIZE: "void",
    TaskWord.SHIP: "cancel of the shipment",
    TaskWord.CAPTURE: "refund",
    TaskWord.INVOICE: "credit memo",
}
"""The undo of each task that changes something outside the process."""
NO_EFFECT = frozenset({TaskWord.SCHEDULE, TaskWord.WAIT, TaskWord.CLOSE})
"""Tasks that change nothing outside, so that nothing is to be undone."""
SUPPORTED_TASKS = NO_EFFECT | UNDONE_BY.keys()
"""A task with an effect is run only once its undo is known; the other words are refused by `check`."""


class ShipStatus(Word):
    """What a carrier reports about a shipment, in the order in which it happens."""

    RELEASED = "released"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class Rounding(Word):
    """How an amount becomes a whole number of minor units."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


class FactAbout(Word):
    """The thing that a fact describes; the fact is known wherever that thing is."""

    ORDER = "order"
    LINE = "line"
    GROUP = "group"


class FactGives(Word):
    """The type of a fact's value."""

    YES_NO = "yes_no"
    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    DURATION = "duration"
    TEXT = "text"


class PolicyModel(BaseModel):
    """Base of everything a policy file contains: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


def _yes_no(value: object) -> object:
    match value:
        case "yes" | "true":
            return True
        case "no" | "false":
            return False
        case bool():
            return value
    raise ValueError(f"`{value}` is neither yes nor no")


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    duration = Duration.parse(value)
    if duration.business:
        raise ValueError(f"`{value}` has no fixed length; write seconds, minutes, hours or days")
    return duration.span.total_seconds()


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"`{value}` is not a date; write it as 2026-12-31")


YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": [True, False, "yes", "no"]})]
Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Condition = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]
# Typed as float seconds, because that is what a retry policy takes; in a file it is a Duration of the clock.
Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0, le=86_400 * 30),
    WithJsonSchema({"type": "string", "pattern": Duration.pattern, "examples": ["30s", "1h"]}),
]
