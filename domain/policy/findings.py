"""What a check of a bundle finds."""

from dataclasses import dataclass
from enum import StrEnum

Path = tuple[str | int, ...]


class Severity(StrEnum):
    """An error keeps a bundle from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    `path` leads through the bundle as its files write it: `("processes", "standard", "steps", 3, "when")`. In a
    table it ends in `("table", row, column)`, both from zero, row -1 being the heading. `offset` counts characters
    inside the text at the path, for mistakes within a condition.
    """

    path: Path
    message: str
    severity: Severity = Severity.ERROR
    offset: int | None = None
