"""The cells of a decision table: `any`, `a, b`, `not a, b`, `10..99`, `at least 5`, `over 5`, `up to 5`, `yes`."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self

from domain.policy.written import Written

_NUMBER = r"-?\d{1,18}(?:\.\d{1,10})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})", re.ASCII)
_BOUND = re.compile(rf"(at least|over|up to|under) +({_NUMBER})", re.ASCII)


class CellKind(StrEnum):
    """How a cell compares."""

    ANY = "any"
    ONE_OF = "one of"
    NOT = "not"
    RANGE = "range"
    AT_LEAST = "at least"
    OVER = "over"
    UP_TO = "up to"
    UNDER = "under"


NUMERIC = frozenset({CellKind.RANGE, CellKind.AT_LEAST, CellKind.OVER, CellKind.UP_TO, CellKind.UNDER})


@dataclass(frozen=True, slots=True)
class Cell(Written):
    """One test of one input. `values` are texts; what they mean depends on the type of the column."""

    pattern: ClassVar[str] = r"^\S.*$"
    examples: ClassVar[tuple[str, ...]] = ("any", "gold, platinum", "not US", "10..99", "over 500", "yes")

    kind: CellKind
    values: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if text == "any":
            return cls(CellKind.ANY)
        if match := _RANGE.fullmatch(text):
            if Decimal(match[1]) > Decimal(match[2]):
                raise ValueError(f"the range `{text}` runs backwards; write {match[2]}..{match[1]}")
            return cls(CellKind.RANGE, (match[1], match[2]))
        if match := _BOUND.fullmatch(text):
            return cls(CellKind(match[1]), (match[2],))
        kind = CellKind.NOT if text.startswith("not ") else CellKind.ONE_OF
        values = tuple(value.strip() for value in text.removeprefix("not ").split(","))
        if not all(values):
            raise ValueError(f"`{text}` has an empty value; write values with a comma between them")
        if len(set(values)) < len(values):
            raise ValueError(f"`{text}` names a value twice")
        return cls(kind, values)

    def __str__(self) -> str:
        match self.kind:
            case CellKind.ANY:
                return "any"
            case CellKind.RANGE:
                return "..".join(self.values)
            case CellKind.ONE_OF:
                return ", ".join(self.values)
            case _:
                return f"{self.kind} {', '.join(self.values)}"

    def matches(self, value: object) -> bool | None:
        """Whether `value` passes; None when it is missing and the cell asks for it."""
        if self.kind is CellKind.ANY:
            return True
        if value is None:
            return None
        if self.kind in NUMERIC:
            return self._matches_number(value)
        return (_text(value, self.values) in self.values) == (self.kind is CellKind.ONE_OF)

    def _matches_number(self, value: object) -> bool | None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        first = Decimal(self.values[0])
        match self.kind:
            case CellKind.RANGE:
                return first <= value <= Decimal(self.values[1])
            case CellKind.AT_LEAST:
                return first <= value
            case CellKind.OVER:
                return first < value
            case CellKind.UP_TO:
                return value <= first
            case _:
                return value < first


def _text(value: object, written: tuple[str, ...]) -> str:
    """How `value` would be written in a cell; a number takes the spelling of an equal number in the cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return next((w for w in written if re.fullmatch(_NUMBER, w) and Decimal(w) == value), str(value))
    return str(value)
