"""Which process a line runs, and why in words (ORC6)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from domain.conditions.compiled import Compiled, compile_condition
from domain.conditions.order_model import LineFacts, OrderFacts
from domain.conditions.runtime import Unknown, Value
from domain.conditions.types import Kind
from domain.policy.cells import CellKind
from domain.policy.environments import LINE, environment_for
from domain.policy.model import Assignment, Bundle, Glossary, Override, Table

ANSWER = "process"
ANY_KIND = tuple(kind for kind in Kind if kind not in (Kind.OBJECT, Kind.LIST, Kind.WRONG))


class NoProcessError(ValueError):
    """No row takes a line. The check of a bundle rules this out; a bundle that was not checked can raise it."""


def assign(bundle: Bundle, order: OrderFacts, line: LineFacts, today: date | None = None) -> tuple[str, str]:
    """The process of a line and the reason, naming the row or the override.

    `today` is the business day that overrides end by; without it the day of the order counts.
    """
    day = today or order.ordered_at.date()
    values: dict[str, object] = {"order": order, "line": line, "now": order.ordered_at, "today": day}
    assignment = bundle.assignment
    for number, override in enumerate(assignment.overrides, start=1):
        if _applies(override, bundle.glossary, values, day):
            return override.process, f"override {number} of {assignment.name}: {override.because}"
    return _by_table(assignment, bundle.glossary, values, line)


def _applies(override: Override, glossary: Glossary, values: Mapping[str, object], day: date) -> bool:
    compiled = compile_condition(override.when, environment_for(glossary, LINE))
    return day <= override.until and compiled.evaluate(values) is True


def _by_table(
    assignment: Assignment, glossary: Glossary, values: Mapping[str, object], line: LineFacts
) -> tuple[str, str]:
    table = assignment.table
    asked = [_known(column.evaluate(values)) for column in columns(table, glossary)]
    for number, row in enumerate(table.rows, start=1):
        if all(cell.matches(value) for cell, value in zip(row.when, asked, strict=True)):
            told = ", ".join(
                f"{name} is {_shown(value)}"
                for name, cell, value in zip(table.inputs, row.when, asked, strict=True)
                if cell.kind is not CellKind.ANY
            )
            process = row.then[table.outputs.index(ANSWER)]
            return process, f"row {number} of {assignment.name}" + (f": {told}" if told else "")
    raise NoProcessError(f"no row of {assignment.name} takes line {line.number}")


def columns(table: Table, glossary: Glossary) -> tuple[Compiled, ...]:
    """The inputs of a table as compiled expressions. BadConditionError for a column that is not known."""
    known = environment_for(glossary, LINE)
    return tuple(compile_condition(name, known, ANY_KIND) for name in table.inputs)


def _known(value: Value | Unknown) -> Value | None:
    return None if isinstance(value, Unknown) else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
