"""Which operators fit which types, and what they give."""

import ast
from dataclasses import dataclass

from domain.conditions.types import DATE, DAYS, DURATION, INSTANT, MONEY, NUMBER, WRONG, Kind, Type


@dataclass(frozen=True)
class Typed:
    """A translated part of a condition: its type and its code."""

    type: Type
    code: ast.expr
    constant: object = None
    """The value, where it is written as one."""
    computed: bool = False
    """Whether it is calculated from written values only."""

    @property
    def fixed(self) -> bool:
        """Whether no order changes it; a fixed number has the unit of what it is used with."""
        return self.computed or self.constant is not None

    @property
    def kind(self) -> Kind:
        """The kind of its type."""
        return self.type.kind


NUMERIC = frozenset({Kind.NUMBER, Kind.MONEY})
SPANS = frozenset({Kind.DURATION, Kind.DAYS})
ORDERED = NUMERIC | SPANS | {Kind.DATE, Kind.INSTANT}
_EQUAL = ORDERED | {Kind.YES_NO, Kind.TEXT}

# (operator, left, right) -> (helper, result); numbers that stand for themselves are handled before this.
_ARITHMETIC: dict[tuple[str, Kind, Kind], tuple[str, Type]] = {
    ("+", Kind.NUMBER, Kind.NUMBER): ("add", NUMBER),
    ("-", Kind.NUMBER, Kind.NUMBER): ("subtract", NUMBER),
    ("*", Kind.NUMBER, Kind.NUMBER): ("multiply", NUMBER),
    ("/", Kind.NUMBER, Kind.NUMBER): ("divide", NUMBER),
    ("+", Kind.MONEY, Kind.MONEY): ("add", MONEY),
    ("-", Kind.MONEY, Kind.MONEY): ("subtract", MONEY),
    ("*", Kind.MONEY, Kind.NUMBER): ("multiply", MONEY),
    ("*", Kind.NUMBER, Kind.MONEY): ("multiply", MONEY),
    ("/", Kind.MONEY, Kind.NUMBER): ("divide", MONEY),
    ("/", Kind.MONEY, Kind.MONEY): ("divide", NUMBER),
    ("+", Kind.DATE, Kind.DAYS): ("shift", DATE),
    ("-", Kind.DATE, Kind.DAYS): ("shift_back", DATE),
    ("-", Kind.DATE, Kind.DATE): ("shift_back", DAYS),
    ("+", Kind.INSTANT, Kind.DAYS): ("shift", INSTANT),
    ("-", Kind.INSTANT, Kind.DAYS): ("shift_back", INSTANT),
    ("+", Kind.INSTANT, Kind.DURATION): ("shift", INSTANT),
    ("-", Kind.INSTANT, Kind.DURATION): ("shift_back", INSTANT),
    ("-", Kind.INSTANT, Kind.INSTANT): ("shift_back", DURATION),
    ("+", Kind.DAYS, Kind.DAYS): ("shift", DAYS),
    ("-", Kind.DAYS, Kind.DAYS): ("shift_back", DAYS),
    ("+", Kind.DURATION, Kind.DURATION): ("shift", DURATION),
    ("-", Kind.DURATION, Kind.DURATION): ("shift_back", DURATION),
    ("+", Kind.DURATION, Kind.DAYS): ("shift", DURATION),
    ("-", Kind.DURATION, Kind.DAYS): ("shift_back", DURATION),
    ("+", Kind.DAYS, Kind.DURATION): ("shift", DURATION),
    ("-", Kind.DAYS, Kind.DURATION): ("shift_back", DURATION),
}
SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_HINTS = {
    (Kind.DATE, Kind.DURATION): "; a date moves by days(...)",
    (Kind.DATE, Kind.NUMBER): "; write days(...) around the number",
    (Kind.INSTANT, Kind.NUMBER): "; write hours(...) or days(...) around the number",
    (Kind.DATE, Kind.INSTANT): "; write date(...) around the point in time",
    (Kind.INSTANT, Kind.DATE): "; write date(...) around the point in time",
    (Kind.DURATION, Kind.NUMBER): "; write hours(...) or days(...) around the number",
    (Kind.DAYS, Kind.NUMBER): "; write days(...) around the number",
    (Kind.TEXT, Kind.NUMBER): "; a text stands in quotes",
}


def same_unit(left: Typed, right: Typed) -> tuple[Kind, Kind]:
    """Both kinds, where a written number next to money counts as money: `order.total > 500`."""
    kinds = left.kind, right.kind
    if kinds == (Kind.MONEY, Kind.NUMBER) and right.fixed:
        return Kind.MONEY, Kind.MONEY
    if kinds == (Kind.NUMBER, Kind.MONEY) and left.fixed:
        return Kind.MONEY, Kind.MONEY
    return kinds


def arithmetic(sign: str, left: Typed, right: Typed) -> tuple[str, Type] | str:
    """The helper and the type of the result, or the message when the types do not go together."""
    if Kind.WRONG in (left.kind, right.kind):
        return "add", WRONG
    kinds = same_unit(left, right) if sign in "+-" else (left.kind, right.kind)
    found = _ARITHMETIC.get((sign, *kinds))
    return found or f"`{sign}` does not go with {left.kind} and {right.kind}{_hint(left, right)}"


def comparable(left: Typed, right: Typed, ordered: bool) -> str | None:
    """Why two values cannot be compared; None when they can."""
    if Kind.WRONG in (left.kind, right.kind):
        return None
    one, other = same_unit(left, right)
    alike = one == other or {one, other} <= SPANS
    if alike and one in (ORDERED if ordered else _EQUAL):
        return None
    if alike and ordered:
        return f"{one} has no order; compare with == or !="
    return f"{left.kind} cannot be compared with {right.kind}{_hint(left, right)}"


def _hint(left: Typed, right: Typed) -> str:
    return _HINTS.get((left.kind, right.kind)) or _HINTS.get((right.kind, left.kind), "")


def helper_call(name: str, *arguments: ast.expr) -> ast.expr:
    """Code that calls a helper of `runtime`."""
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
