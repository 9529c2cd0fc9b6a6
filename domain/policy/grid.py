"""Text grids: a `|` block whose lines are rows and whose cells stand between `|`. Places count from zero."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the text of a grid: zero-based line and column inside the block, and the message."""

    line: int
    column: int
    message: str


class TableError(ValueError):
    """The text is no grid of its kind. Carries every flaw, so that a person can mend them in one go."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__("; ".join(f.message for f in flaws))
        self.flaws = flaws


@dataclass(frozen=True, slots=True)
class Text:
    """A trimmed cell with its place in the block."""

    line: int
    column: int
    text: str

    def flaw(self, message: str) -> Flaw:
        """A flaw at this cell."""
        return Flaw(self.line, self.column, message)


def grid(text: str) -> list[list[Text]]:
    """The rows of a block with their cells, the heading first; empty lines are none."""
    return [_cells(number, line) for number, line in enumerate(text.split("\n")) if line.strip()]


def cell_places(text: str) -> list[list[tuple[int, int]]]:
    """Line and column of every cell, the heading first."""
    return [[(cell.line, cell.column) for cell in row] for row in grid(text)]


def wrong_length(row: list[Text], heading: list[Text]) -> Flaw | None:
    """The flaw of a row that has more or fewer cells than the heading."""
    if len(row) == len(heading):
        return None
    return row[0].flaw(f"this row has {len(row)} cells, the heading has {len(heading)}")


def twice(cells: list[Text], what: str = "") -> Iterator[Flaw]:
    """A flaw for every word that is there a second time; `what` says what the words name."""
    seen: Counter[str] = Counter()
    for cell in cells:
        seen[cell.text] += 1
        if seen[cell.text] == 2:
            yield cell.flaw(f"{what}`{cell.text}` is there twice; keep one of them")


def _cells(number: int, line: str) -> list[Text]:
    """The cells of a line; an outer `|` on both ends, as in Markdown, is allowed."""
    cells: list[Text] = []
    start = 0
    for part in line.split(SEPARATOR):
        lead = len(part) - len(part.lstrip())
        cells.append(Text(number, start + (lead if part.strip() else 0), part.strip()))
        start += len(part) + 1
    if len(cells) > 2 and not cells[0].text and not cells[-1].text:
        return cells[1:-1]
    return cells
