"""The models of a policy folder (the bundle) and the slice of it that one order pins.

Every public name of the policy language can be imported from here.
"""

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.policy.change_policy import ChangePolicy
from domain.policy.change_rules import CancelRefused, ChangeRules
from domain.policy.hours import Calendar
from domain.policy.process import Choose, LeadTimeRule, Node, Path, Process, Step, Together
from domain.policy.table import Table
from domain.policy.words import (
    SUPPORTED_TASKS,
    Code,
    Condition,
    Day,
    FactAbout,
    FactGives,
    Name,
    PolicyModel,
    Rounding,
    Seconds,
    ShipStatus,
    TaskWord,
    Words,
)
from domain.policy.written import Duration, Reaction, ReactionWord, Unit

__all__ = [
    "SUPPORTED_TASKS",
    "Assigned",
    "Assignment",
    "Bundle",
    "Calendar",
    "CancelRefused",
    "ChangePolicy",
    "ChangeRules",
    "Choose",
    "Duration",
    "Fact",
    "FactAbout",
    "FactGives",
    "Glossary",
    "LeadTimeRule",
    "Node",
    "OrderSlice",
    "Override",
    "Path",
    "Pricing",
    "Process",
    "Reaction",
    "ReactionWord",
    "RetryStyle",
    "Rounding",
    "ShipStatus",
    "Step",
    "Table",
    "TaskWord",
    "Together",
    "Unit",
    "Workspace",
]


class RetryStyle(PolicyModel):
    """How often and how patiently a failed call is tried again; waits double up to the longest, in seconds."""

    style: Name
    times: int = Field(ge=1, le=1_000)
    first_wait: Seconds
    longest_wait: Seconds


class Workspace(PolicyModel):
    """What holds for every policy of the folder; one per folder."""

    kind: Literal["workspace"] = "workspace"
    company: Name
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217 code of every money amount in the files."""
    timezone: Words
    """IANA name; cut-off times and `today` use it."""
    rounding: Rounding
    calendars: tuple[Calendar, ...] = Field(min_length=1, max_length=50)
    roles: tuple[Name, ...] = Field(min_length=1, max_length=100)
    retry_styles: tuple[RetryStyle, ...] = Field(min_length=1, max_length=50)


class Fact(PolicyModel):
    """A named condition or amount, written once and used by its name in any policy."""

    fact: Name
    about: FactAbout
    means: Words
    gives: FactGives = FactGives.YES_NO
    formula: Condition = Field(alias="is")


class Glossary(PolicyModel):
    """The business words of the folder: lists of codes, and facts."""

    kind: Literal["glossary"] = "glossary"
    lists: dict[Name, tuple[Code, ...]] = Field(default_factory=dict, max_length=200)
    facts: tuple[Fact, ...] = Field(default=(), max_length=200)


class Override(PolicyModel):
    """An exception to the table, tried before it. It ends by itself: `until` is its last day."""

    when: Condition
    process: Name
    until: Day
    because: Words


class Assignment(PolicyModel):
    """Which process a line runs (ORC6): overrides first, then the top row of the table that matches."""

    kind: Literal["assignment"] = "assignment"
    name: Name
    each: Literal["line"] = "line"
    group_by: tuple[Literal["ship_set", "process", "warehouse"], ...] = ("ship_set", "process", "warehouse")
    """Lines that agree in all of these travel in one group."""
    pick: Literal["first"] = "first"
    must_cover: Literal["everything"] = "everything"
    table: Table
    overrides: tuple[Override, ...] = Field(default=(), max_length=200)


class Pricing(PolicyModel):
    """Where the parts of a line's amount come from, and its rounding. Words outside these closed lists are refused."""

    kind: Literal["pricing"] = "pricing"
    name: Name
    unit_price: Literal["order_then_list"]
    """The price frozen on the order's line, else the list price on the day of the order (PRC10)."""
    discount: Literal["from_order"]
    charges: Literal["from_order"]
    tax: Literal["none"]
    round: Literal["line"] = "line"
    """Quantity x price x (1 - discount) is rounded once for each line."""
    rounding: Rounding | None = None
    """The workspace's rounding when left out; `check` refuses another one."""


class Bundle(PolicyModel):
    """A whole policy folder, checked or not. Immutable and addressed by `hash`."""

    workspace: Workspace
    glossary: Glossary = Glossary()
    processes: dict[Name, Process]
    assignment: Assignment
    pricing: Pricing
    change_rules: ChangePolicy | None = None
    """The built-in rules when None: those of folders without the file."""

    def canonical(self) -> bytes:
        """Canonical JSON (UTF-8, sorted keys, defaults filled in): what is stored, and what the hash is taken of.

        A folder without change rules says nothing of them here, so bundles from before there were any keep their hash.
        """
        left_out = {"change_rules"} if self.change_rules is None else None
        return _canonical(self.model_dump(mode="json", exclude=left_out))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON in hexadecimal. Comments, quotes and layout of the files do not change it."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @cached_property
    def change(self) -> ChangeRules:
        """The change rules as an order pins them."""
        return ChangeRules() if self.change_rules is None else self.change_rules.pinned(self.workspace.currency)


class Assigned(PolicyModel):
    """Lines that run the same process for the same reason, by line number."""

    process: Name
    because: str
    lines: tuple[int, ...]


class OrderSlice(PolicyModel):
    """What one order needs of its bundle, small enough for workflow history; made by `slice_for`."""

    bundle: str
    """Hash of the bundle the order is pinned to."""
    currency: str
    timezone: str
    rounding: Rounding
    assigned: tuple[Assigned, ...]
    group_by: tuple[str, ...] = ("ship_set", "process", "warehouse")
    processes: dict[Name, Process]
    retry_styles: dict[Name, RetryStyle] = Field(default_factory=dict)
    calendars: dict[Name, Calendar] = Field(default_factory=dict)
    glossary: Glossary = Glossary()
    change: ChangeRules = ChangeRules()
    """The built-in rules in orders that began before there were others."""

    def compact(self) -> dict[str, Any]:
        """As JSON data without defaults; `OrderSlice.model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
