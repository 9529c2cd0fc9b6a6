"""Cells of a file as values; what cannot be read raises CellError in words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from adapters.imports.row import Problem

T = TypeVar("T")

NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
WHOLE = re.compile(r"[0-9]{1,9}")
US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
NOON = 12
SHOWN = 40


class CellError(ValueError):
    """The cell does not hold what its column is for."""


class Cells:
    """Reads the cells of one record and keeps the problems, so that all of a row's are told at once."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self.line = line
        self.values = values
        self.problems: list[Problem] = []

    def get(self, column: str, read: Callable[[str], T], default: T) -> T:
        """The cell's value; `default`, and a problem noted, when it cannot be read."""
        try:
            return read(self.values.get(column, ""))
        except CellError as error:
            self.problems.append(Problem(self.line, column, str(error)))
            return default


def shown(text: str) -> str:
    """A cell for a message: short, and never a long text in full."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "...")


def text(cell: str) -> str:
    """Any text but none."""
    if not cell:
        raise CellError("is empty")
    return cell


def whole(cell: str) -> int:
    """A whole number, not negative."""
    if not WHOLE.fullmatch(cell):
        raise CellError(f"{shown(cell)} is not a whole number")
    return int(cell)


def decimal(cell: str) -> Decimal:
    """A decimal number, not negative, with a point."""
    if not NUMBER.fullmatch(cell):
        raise CellError(f"{shown(cell)} is not a number like 12.30")
    return Decimal(cell)


def amount(cell: str) -> str:
    """An amount of money as text, with the two decimals of the file's currency unless it has more."""
    value = decimal(cell)
    return f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else str(value)


def iso_date(cell: str) -> date:
    """2026-01-31."""
    try:
        if len(cell) == len("2026-01-31"):
            return date.fromisoformat(cell)
    except ValueError:
        pass
    raise CellError(f"{shown(cell)} is not a date like 2026-01-31")


def us_date(cell: str) -> date:
    """M/D/YYYY, as the Northwind files write it."""
    match = US_DATE.fullmatch(cell)
    try:
        if match:
            month, day, year = map(int, match.groups())
            return date(year, month, day)
    except ValueError:
        pass
    raise CellError(f"{shown(cell)} is not a date like 7/4/1996 (month/day/year)")


def noon(day: date) -> str:
    """A moment for a file that knows days only: noon UTC is the same day in every time zone of business."""
    return datetime(day.year, day.month, day.day, NOON, tzinfo=UTC).isoformat().replace("+00:00", "Z")
