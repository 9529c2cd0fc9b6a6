"""What a reader of order files yields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_FILE_BYTES = 200 * 1024 * 1024
"""A file is read into memory: a larger one is split by its owner."""


class ImportFailedError(Exception):
    """The file cannot be read at all; the text says which file, why, and what to do."""


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken. `where` is a column's name or a JSON path, empty when it is the whole row."""

    line: int
    where: str
    words: str


@dataclass(frozen=True)
class Row:
    """One order of a file, or a row that is part of none.

    `line` is where the order begins, counted from 1 with the header. `body` is the JSON text of the order document;
    it is None when there are problems: an order never goes in short of a line (CAP4).
    A UBL document is in bytes, as they were.
    """

    file: str
    line: int
    number: str
    body: str | bytes | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class OrderFile:
    """A file or folder, read. `items` and `movements` go in before the orders, in the shape of the API."""

    rows: tuple[Row, ...]
    items: tuple[dict[str, Any], ...] = ()
    movements: tuple[dict[str, Any], ...] = ()
    door: str = "/v1/orders"
    """Where each row is posted to."""
    media_type: str = "application/json"
    in_order: bool = False
    """One row after the other, because a later one may be about an earlier one."""

    def good(self) -> Iterator[Row]:
        """The rows that can be sent."""
        return (row for row in self.rows if row.body is not None)

    def bad(self) -> Iterator[Row]:
        """The rows that cannot, with their problems."""
        return (row for row in self.rows if row.body is None)
