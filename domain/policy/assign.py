"""Which process a line runs, and why in words (ORC6)."""

from datetime import date
from decimal import Decimal

from domain.conditions.compiled import compile_condition
from domain.conditions.order_model import LineFacts, OrderFacts
from domain.conditions.runtime import Unknown, Value
from domain.conditions.types import Kind
from domain.policy.cells import CellKind
from domain.policy.environments import LINE, environment_for
from domain.policy.model import Bundle
from domain.policy.table import Row

ANSWER = "process"
ANY_KIND = tuple(kind for kind in Kind if kind not in (Kind.OBJECT, Kind.LIST, Kind.WRONG))


class NoProcessError(ValueError):
    """No row takes a line. The check of a bundle rules this out; a bundle that was not checked can raise it."""


class Assigner:
    """Assigns the lines of one order; everything that does not depend on the line is prepared once.

    `today` is the business day that overrides end by; without it the day of the order counts.
    """

    def __init__(self, bundle: Bundle, order: OrderFacts, today: date | None = None) -> None:
        self._assignment = bundle.assignment
        known = environment_for(bundle.glossary, LINE)
        day = today or order.ordered_at.date()
        self._values: dict[str, object] = {"order": order, "now": order.ordered_at, "today": day}
        self._columns = [compile_condition(name, known, ANY_KIND) for name in self._assignment.table.inputs]
        self._overrides = [
            (number, override, compile_condition(override.when, known))
            for number, override in enumerate(self._assignment.overrides, start=1)
            if day <= override.until
        ]

    def process_of(self, line: LineFacts) -> tuple[str, str]:
        """The process of a line and the reason, naming the row or the override. NoProcessError when none fits."""
        values = {**self._values, "line": line}
        for number, override, condition in self._overrides:
            if condition.evaluate(values) is True:
                return override.process, f"override {number} of {self._assignment.name}: {override.because}"
        asked = [_known(column.evaluate(values)) for column in self._columns]
        for number, row in enumerate(self._assignment.table.rows, start=1):
            if all(cell.matches(value) for cell, value in zip(row.when, asked, strict=True)):
                return self._answer(number, row, asked)
        raise NoProcessError(f"no row of {self._assignment.name} takes line {line.number}")

    def _answer(self, number: int, row: Row, asked: list[Value | None]) -> tuple[str, str]:
        table = self._assignment.table
        told = ", ".join(
            f"{name} is {_shown(value)}"
            for name, cell, value in zip(table.inputs, row.when, asked, strict=True)
            if cell.kind is not CellKind.ANY
        )
        because = f"row {number} of {self._assignment.name}" + (f": {told}" if told else "")
        return row.then[table.outputs.index(ANSWER)], because


def assign(bundle: Bundle, order: OrderFacts, line: LineFacts, today: date | None = None) -> tuple[str, str]:
    """The process of one line and the reason, as `Assigner.process_of` gives it."""
    return Assigner(bundle, order, today).process_of(line)


def _known(value: Value | Unknown) -> Value | None:
    return None if isinstance(value, Unknown) else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
