"""Rules about the assignment of processes: known names, cells that fit their columns, nothing left out (ORC6)."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from domain.conditions.compiled import YES_OR_NO, Compiled, check, compile_condition
from domain.conditions.types import Kind, suggest
from domain.policy.assign import ANSWER, ANY_KIND
from domain.policy.cells import NUMERIC, Cell, CellKind
from domain.policy.check_conditions import condition_problems, may_be_unknown
from domain.policy.cover import Column, cover
from domain.policy.environments import LINE, environment_for
from domain.policy.findings import Path, Problem, Severity
from domain.policy.model import Bundle, Table

_TABLE: Path = ("assignment", "table")
_NUMBERS = (Kind.NUMBER, Kind.MONEY)


def check_assignment(bundle: Bundle) -> Iterator[Problem]:
    """Everything about the table and its overrides."""
    assignment = bundle.assignment
    for number, override in enumerate(assignment.overrides):
        at = ("assignment", "overrides", number)
        yield from condition_problems(override.when, bundle.glossary, LINE, YES_OR_NO, (*at, "when"))
        yield from _process(override.process, bundle, (*at, "process"))
    table = assignment.table
    wrong = [*_heading(table, bundle), *_answers(table, bundle)]
    yield from wrong
    if not wrong:
        yield from _cells_and_cover(table, bundle)


def _process(name: str, bundle: Bundle, at: Path) -> Iterator[Problem]:
    if name not in bundle.processes:
        yield Problem(at, f"there is no process `{name}`; {suggest(name, bundle.processes)}")


def _heading(table: Table, bundle: Bundle) -> Iterator[Problem]:
    known = environment_for(bundle.glossary, LINE)
    for column, name in enumerate(table.inputs):
        at = (*_TABLE, -1, column)
        errors = check(name, known, ANY_KIND)
        yield from (Problem(at, error.message) for error in errors[:1])
        if not errors and compile_condition(name, known, ANY_KIND).type.kind in (
            Kind.INSTANT,
            Kind.DURATION,
            Kind.DAYS,
        ):
            yield Problem(at, f"`{name}` is too fine for a table; compare it in a fact of the glossary")
    for column, name in enumerate(table.outputs, start=len(table.inputs)):
        if name != ANSWER:
            yield Problem((*_TABLE, -1, column), f"this table answers `=> {ANSWER}`, not `{name}`")


def _answers(table: Table, bundle: Bundle) -> Iterator[Problem]:
    if ANSWER not in table.outputs:
        return
    column = table.outputs.index(ANSWER)
    for number, row in enumerate(table.rows):
        yield from _process(row.then[column], bundle, (*_TABLE, number, len(table.inputs) + column))
    used = {row.then[column] for row in table.rows} | {override.process for override in bundle.assignment.overrides}
    for name in bundle.processes.keys() - used:
        message = "no row of the assignment leads to this process; add one, or remove the file"
        yield Problem(("processes", name, "name"), message, Severity.WARNING)


def _cells_and_cover(table: Table, bundle: Bundle) -> Iterator[Problem]:
    known = environment_for(bundle.glossary, LINE)
    inputs = [compile_condition(name, known, ANY_KIND) for name in table.inputs]
    wrong = [
        Problem((*_TABLE, number, column), message)
        for number, row in enumerate(table.rows)
        for column, (cell, compiled) in enumerate(zip(row.when, inputs, strict=True))
        if (message := _misfit(cell, compiled)) is not None
    ]
    yield from wrong
    if not wrong:
        columns = [Column(c.source, c.type, may_be_unknown(c)) for c in inputs]
        yield from _cover(table, columns)


def _misfit(cell: Cell, compiled: Compiled) -> str | None:
    kind = compiled.type.kind
    if cell.kind is CellKind.ANY:
        return None
    if cell.kind in NUMERIC:
        return None if kind in _NUMBERS else f"`{cell}` compares numbers, but `{compiled.source}` is {kind}"
    for value in cell.values:
        if kind is Kind.YES_NO and value not in ("yes", "no"):
            return f"`{compiled.source}` is yes or no, not `{value}`"
        if kind in _NUMBERS and not _is_number(value):
            return f"`{compiled.source}` is {kind}, not `{value}`"
        if kind is Kind.TEXT and (message := compiled.type.refuses(value)) is not None:
            return message
    return None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _cover(table: Table, columns: list[Column]) -> Iterator[Problem]:
    result = cover(table, columns)
    if result.gap is not None:
        case = " and ".join(f"{name} is {value}" for name, value in result.gap) or "anything"
        message = f"no row takes a line where {case}; add a row for it, or a last row with `any` everywhere"
        yield Problem(_TABLE, message)
    for number in result.never:
        if result.proven:
            yield Problem((*_TABLE, number, 0), f"row {number + 1} is never reached: the rows above take all it would")
    if not result.proven and result.gap is None:
        closed = any(all(cell.kind is CellKind.ANY for cell in row.when) for row in table.rows)
        unproven = "every row is reached" if closed else "it covers everything; end it with a row of `any`"
        yield Problem(_TABLE, f"the table is too large to prove that {unproven}", Severity.WARNING)
