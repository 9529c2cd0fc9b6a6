"""Whether a first-match table leaves anything out, and which of its rows are never reached.

Every column is cut into regions that its cells cannot tell apart: values named, numbers between bounds, the rest,
and "missing". The combinations of regions stand for all orders there can be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from domain.conditions.types import Kind, Type
from domain.policy.cells import NUMERIC, CellKind
from domain.policy.model import Table

BUDGET = 20_000
"""Combinations looked at before the answer is "not proven"; about 20 ms."""


@dataclass(frozen=True)
class Column:
    """An input: its name, its type, and whether an order may lack it."""

    name: str
    type: Type
    optional: bool


@dataclass
class Cover:
    """The answer: an example that no row takes, the rows never reached (from 0), and whether all was looked at."""

    gap: list[tuple[str, str]] | None = None
    never: list[int] = field(default_factory=list)
    proven: bool = True


@dataclass(frozen=True)
class _Region:
    """A region of a column: how an example reads, and which rows accept it (bit n = row n)."""

    shown: str
    rows: int


def cover(table: Table, columns: Sequence[Column]) -> Cover:
    """Look at every combination of regions, up to the budget."""
    regions = [_merged(_regions(table, number, column)) for number, column in enumerate(columns)]
    search = _Search(columns, regions)
    search.descend(0, (1 << len(table.rows)) - 1, [])
    never = [number for number in range(len(table.rows)) if not search.reached >> number & 1]
    return Cover(search.gap, never if search.proven else [], search.proven)


class _Search:
    """Depth first through the columns; rows that no longer fit fall away on the way down."""

    def __init__(self, columns: Sequence[Column], regions: Sequence[Sequence[_Region]]) -> None:
        self.columns = columns
        self.regions = regions
        self.reached = 0
        self.gap: list[tuple[str, str]] | None = None
        self.proven = True
        self._left = BUDGET

    def descend(self, depth: int, rows: int, example: list[tuple[str, str]]) -> None:
        """All combinations below one choice of regions."""
        self._left -= 1
        if self._left < 0:
            self.proven = False
            return
        if rows == 0:
            self.gap = self.gap or list(example)
            return
        if depth == len(self.columns):
            self.reached |= rows & -rows
            return
        for region in self.regions[depth]:
            told = [(self.columns[depth].name, region.shown)] if len(self.regions[depth]) > 1 else []
            self.descend(depth + 1, rows & region.rows, example + told)


def _regions(table: Table, column: int, about: Column) -> Iterator[_Region]:
    cells = [row.when[column] for row in table.rows]
    examples = _numbers(table, column) if about.type.kind in (Kind.NUMBER, Kind.MONEY) else _words(table, column, about)
    for shown, value in examples:
        yield _Region(shown, sum(1 << n for n, cell in enumerate(cells) if cell.matches(value)))
    if about.optional:
        yield _Region("missing", sum(1 << n for n, cell in enumerate(cells) if cell.matches(None)))


def _merged(regions: Iterator[_Region]) -> list[_Region]:
    """Regions that the same rows accept are one."""
    by_rows: dict[int, _Region] = {}
    for region in regions:
        by_rows.setdefault(region.rows, region)
    return list(by_rows.values())


def _words(table: Table, column: int, about: Column) -> list[tuple[str, object]]:
    if about.type.kind is Kind.YES_NO:
        return [("yes", True), ("no", False)]
    named = dict.fromkeys(
        v for row in table.rows if row.when[column].kind not in NUMERIC for v in row.when[column].values
    )
    rest = next((code for code in about.type.codes if code not in named), None)
    if not about.type.codes:
        rest = f"other than {', '.join(named)}" if named else "anything"
    return [*((value, value) for value in named), *([(rest, rest)] if rest is not None else [])]


def _numbers(table: Table, column: int) -> list[tuple[str, object]]:
    cells = [row.when[column] for row in table.rows if row.when[column].kind is not CellKind.ANY]
    bounds = sorted({Decimal(value) for cell in cells for value in cell.values})
    if not bounds:
        return [("any number", Decimal(0))]
    points = [bounds[0] - 1]
    for lower, upper in pairwise(bounds):
        points += [lower, (lower + upper) / 2]
    points += [bounds[-1], bounds[-1] + 1]
    return [(f"{point:f}", point) for point in points]
