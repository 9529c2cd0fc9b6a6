"""A second, plain evaluator of conditions over small trees, to hold the compiled one against.

A tree is a tuple whose first element is its form. `text` writes it as a condition, `value` works it out step by step.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from domain.conditions.order_model import LineFacts, OrderFacts

Tree = tuple[Any, ...]
UNKNOWN = object()
LOOPED = ("any", "all", "sum", "count")


def text(tree: Tree) -> str:
    """The condition that the tree stands for."""
    match tree:
        case ("path", path):
            return str(path)
        case ("number", value):
            return f"{value:f}" if value >= 0 else f"-{-value:f}"
        case ("text", value):
            return f'"{value}"'
        case ("not" | "minus" as form, inner):
            return f"(not {text(inner)})" if form == "not" else f"(-{text(inner)})"
        case ("and" | "or" as form, *parts):
            return "(" + f" {form} ".join(text(part) for part in parts) + ")"
        case ("in", value, members):
            return f"({text(value)} in [{', '.join(text(member) for member in members)}])"
        case ("coalesce", left, right):
            return f"coalesce({text(left)}, {text(right)})"
        case ("has" | "percent" as form, inner):
            return f"{form}({text(inner)})"
        case ("loop", form, body, condition):
            kept = "" if condition is None else f" if {text(condition)}"
            return f"{form}({text(body)} for l in order.lines{kept})"
    form, left, right = tree
    return f"({text(left)} {form} {text(right)})"


def value(tree: Tree, order: OrderFacts, line: LineFacts | None = None) -> Any:
    """What the tree gives, with UNKNOWN as the third truth value."""
    match tree:
        case ("path", path):
            return _read(path, order, line)
        case ("number" | "text", constant):
            return constant
        case ("not", inner):
            found = value(inner, order, line)
            return found if found is UNKNOWN else not found
        case ("minus", inner):
            found = value(inner, order, line)
            return found if found is UNKNOWN else _calculate("-", Decimal(0), found)
        case ("and" | "or" as form, *parts):
            return _logic(form, [value(part, order, line) for part in parts])
        case ("in", asked, members):
            found = value(asked, order, line)
            return found if found is UNKNOWN else found in [member[1] for member in members]
        case ("coalesce", left, right):
            found = value(left, order, line)
            return value(right, order, line) if found is UNKNOWN else found
        case ("has", inner):
            return value(inner, order, line) is not UNKNOWN
        case ("percent", inner):
            return _calculate("/", value(inner, order, line), Decimal(100))
        case ("loop", form, body, condition):
            return _loop(form, body, condition, order)
    form, left, right = tree
    return _calculate(form, value(left, order, line), value(right, order, line))


def _read(path: str, order: OrderFacts, line: LineFacts | None) -> Any:
    root, *fields = path.split(".")
    found: Any = line if root == "l" else order
    for name in fields:
        found = getattr(found, name)
    return UNKNOWN if found is None else found


def _logic(form: str, values: list[Any]) -> Any:
    settles = form == "or"
    if any(found is settles for found in values):
        return settles
    return UNKNOWN if UNKNOWN in values else not settles


def _calculate(form: str, left: Any, right: Any) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    with localcontext(prec=28, rounding=ROUND_HALF_EVEN):
        match form:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right if right else UNKNOWN
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right if form == "<" else None,
        "<=": left <= right if form == "<=" else None,
        ">": left > right if form == ">" else None,
        ">=": left >= right if form == ">=" else None,
    }[form]


def _loop(form: str, body: Tree, condition: Tree | None, order: OrderFacts) -> Any:
    kept: list[Any] = []
    for line in order.lines:
        asked = True if condition is None else value(condition, order, line)
        if asked is not False:
            kept.append(UNKNOWN if asked is UNKNOWN else value(body, order, line))
    if form in ("any", "all"):
        return _logic("or" if form == "any" else "and", kept)
    if UNKNOWN in kept:
        return UNKNOWN
    if form == "count":
        return Decimal(sum(1 for found in kept if found))
    total = Decimal(0)
    for found in kept:
        total = _calculate("+", total, found)
    return total
