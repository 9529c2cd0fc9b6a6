"""From a syntax tree to typed code: names are resolved, types checked, and every mistake is collected.

The result calls only the helpers of `runtime`; nothing of the source is executed as it stands.
"""

import ast
import re
from decimal import Decimal

from domain.conditions import functions, loops, names, runtime
from domain.conditions.operators import SIGNS, Typed, arithmetic, comparable, helper_call
from domain.conditions.parse import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_NODES,
    BadConditionError,
    ConditionError,
    offset_of,
    parse,
    text_of,
)
from domain.conditions.place import TOO_LARGE, Place
from domain.conditions.types import NUMBER, TEXT, WRONG, YES_NO, Environment, Kind

_COMPARE: dict[type[ast.cmpop], tuple[str, bool, bool]] = {
    # operator: helper, needs an order, operands swapped
    ast.Eq: ("eq", False, False),
    ast.NotEq: ("ne", False, False),
    ast.Lt: ("lt", True, False),
    ast.LtE: ("le", True, False),
    ast.Gt: ("lt", True, True),
    ast.GtE: ("le", True, True),
}
_NUMERAL = re.compile(r"\d+(\.\d+)?", re.ASCII)
_NOT_ALLOWED = {
    ast.Subscript: "square brackets cannot pick from a list; write any(... for x in ...)",
    ast.IfExp: "`if ... else` has no place in a condition; write a `choose`, or a fact in the glossary",
    ast.Lambda: "`lambda` has no place in a condition",
    ast.ListComp: "square brackets hold values only; write any(... for x in ...)",
    ast.JoinedStr: "a text with braces has no place in a condition",
}


class Translator:
    """Translates one condition. `errors` and `constants` fill while it works."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.errors: list[ConditionError] = []
        self.constants: dict[str, object] = {}
        self._nodes = 0
        self._temporaries = 0

    def run(self, source: str) -> Typed:
        """The typed code of a condition; what is wrong with it is in `errors`."""
        try:
            tree = parse(source)
        except BadConditionError as fault:
            self.errors += fault.errors
            return Typed(WRONG, ast.Constant(None))
        return self.expression(tree, Place(source, {name: (t, name) for name, t in self.environment.roots.items()}))

    def fail(self, node: ast.expr, place: Place, message: str) -> Typed:
        """Note a mistake; its type fits everywhere, so that it is told once."""
        self.errors.append(ConditionError(offset_of(place.source, node), message))
        return Typed(WRONG, ast.Constant(None))

    def constant(self, value: object) -> ast.expr:
        """Code for a value that Python's own constants cannot hold."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return ast.Name(name, ast.Load())

    def temporary(self, prefix: str) -> str:
        """A fresh name in the compiled code."""
        self._temporaries += 1
        return f"{prefix}{self._temporaries}"

    def expression(self, node: ast.expr, place: Place) -> Typed:
        """Any expression."""
        self._nodes += 1
        if self._nodes > MAX_NODES or place.depth > MAX_DEPTH:
            told = any(error.message == TOO_LARGE for error in self.errors)
            return Typed(WRONG, ast.Constant(None)) if told else self.fail(node, place, TOO_LARGE)
        place = place.deeper()
        match node:
            case ast.BoolOp():
                return self._logic(node, place)
            case ast.UnaryOp():
                return self._unary(node, place)
            case ast.Compare():
                return self._comparison(node, place)
            case ast.BinOp():
                return self._calculation(node, place)
            case ast.Constant():
                return self._literal(node, place)
            case ast.Name() | ast.Attribute():
                return names.path(self, node, place)
            case ast.Call():
                return functions.call(self, node, place)
            case ast.List():
                return self.fail(node, place, "a list stands only right of `in`")
            case ast.Tuple():
                return self.fail(node, place, "a comma has no place here; a list stands in [ ] right of `in`")
        message = _NOT_ALLOWED.get(type(node), f"`{text_of(place.source, node)}` has no place in a condition")
        return self.fail(node, place, message)

    def expect(self, node: ast.expr, place: Place, kind: Kind) -> Typed:
        """An expression that must be of one kind."""
        typed = self.expression(node, place)
        if typed.kind in (kind, Kind.WRONG):
            return typed
        return self.fail(node, place, f"`{text_of(place.source, node)}` is {typed.kind}, but {kind} is needed here")

    def _logic(self, node: ast.BoolOp, place: Place) -> Typed:
        parts = [self.expect(value, place, Kind.YES_NO).code for value in node.values]
        helper, settled = ("both", False) if isinstance(node.op, ast.And) else ("either", True)
        code = parts[-1]
        for part in reversed(parts[:-1]):
            # False if (t := part) is False else both(t, rest): the rest is not evaluated when the part settles it
            name = self.temporary("t")
            keep = ast.NamedExpr(ast.Name(name, ast.Store()), part)
            test = ast.Compare(keep, [ast.Is()], [ast.Constant(settled)])
            code = ast.IfExp(test, ast.Constant(settled), helper_call(helper, ast.Name(name, ast.Load()), code))
        return Typed(YES_NO, code)

    def _unary(self, node: ast.UnaryOp, place: Place) -> Typed:
        if isinstance(node.op, ast.Not):
            return Typed(YES_NO, helper_call("negate", self.expect(node.operand, place, Kind.YES_NO).code))
        if not isinstance(node.op, ast.USub):
            return self.fail(node, place, f"`{text_of(place.source, node)}` has no place in a condition")
        typed = self.expression(node.operand, place)
        if typed.kind not in (Kind.NUMBER, Kind.MONEY, Kind.WRONG):
            return self.fail(node, place, f"a minus sign does not go with {typed.kind}")
        if isinstance(typed.constant, Decimal):
            value = runtime.CONTEXT.minus(typed.constant)
            return Typed(typed.type, self.constant(value), value)
        return Typed(typed.type, helper_call("minus", typed.code), computed=typed.fixed)

    def _calculation(self, node: ast.BinOp, place: Place) -> Typed:
        left, right = self.expression(node.left, place), self.expression(node.right, place)
        sign = SIGNS.get(type(node.op))
        if sign is None:
            return self.fail(node, place, "only + - * / calculate in a condition")
        found = arithmetic(sign, left, right)
        if isinstance(found, str):
            return self.fail(node, place, found)
        helper, result = found
        return Typed(result, helper_call(helper, left.code, right.code), computed=left.fixed and right.fixed)

    def _comparison(self, node: ast.Compare, place: Place) -> Typed:
        operands = [node.left, *node.comparators]
        codes: list[ast.expr] = []
        for left, operator, right in zip(operands, node.ops, node.comparators, strict=False):
            if isinstance(operator, ast.In | ast.NotIn):
                inside = loops.membership(self, left, right, place)
                codes.append(helper_call("negate", inside) if isinstance(operator, ast.NotIn) else inside)
            else:
                codes.append(self._compare(node, operator, left, right, place))
        code = codes[-1]
        for part in reversed(codes[:-1]):
            code = helper_call("both", part, code)
        return Typed(YES_NO, code)

    def _compare(
        self, node: ast.Compare, operator: ast.cmpop, left: ast.expr, right: ast.expr, place: Place
    ) -> ast.expr:
        if type(operator) not in _COMPARE:
            return self.fail(node, place, "`is` has no place in a condition; write ==").code
        helper, ordered, swapped = _COMPARE[type(operator)]
        one, other = self.expression(left, place), self.expression(right, place)
        if message := comparable(one, other, ordered):
            return self.fail(left, place, message).code
        for typed, written, at in ((one, other, right), (other, one, left)):
            if isinstance(written.constant, str) and (message := typed.type.refuses(written.constant)):
                self.fail(at, place, message)
        return helper_call(helper, *((other.code, one.code) if swapped else (one.code, other.code)))

    def _literal(self, node: ast.Constant, place: Place) -> Typed:
        match node.value:
            case bool():
                return Typed(YES_NO, ast.Constant(node.value), node.value)
            case str():
                return Typed(TEXT, ast.Constant(node.value), node.value)
            case int() | float():
                return self.number(node, place)
        return self.fail(node, place, f"`{text_of(place.source, node)}` has no place in a condition")

    def number(self, node: ast.expr, place: Place) -> Typed:
        """A number exactly as it is written."""
        written = text_of(place.source, node)
        if not _NUMERAL.fullmatch(written):
            return self.fail(node, place, f"`{written}` is not a plain number; write it in digits, such as 1200.50")
        if len(written) > MAX_DIGITS:
            return self.fail(node, place, f"a number has at most {MAX_DIGITS} digits")
        value = Decimal(written)
        return Typed(NUMBER, self.constant(value), value)
