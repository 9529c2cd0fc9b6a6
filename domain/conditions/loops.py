"""Loops over lists, and `in`."""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.conditions.operators import ORDERED, Typed, helper_call
from domain.conditions.parse import MAX_LOOPS, text_of
from domain.conditions.place import Place
from domain.conditions.types import NUMBER, TEXT, WRONG, YES_NO, Kind, Type, suggest
from domain.conditions.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from domain.conditions.translate import Translator

TOO_MANY = f"at most {MAX_LOOPS} loops inside each other"
HELPERS = {"any": "any_of", "all": "all_of", "sum": "sum_of", "count": "count_of", "min": "least", "max": "most"}


def call(t: "Translator", name: str, node: ast.Call, place: Place) -> Typed | None:
    """`any(... for x in ...)` and its kin; None when it is min or max of plain values."""
    match node.args:
        case [ast.GeneratorExp() as loop]:
            return _loop(t, name, loop, place)
        case [only] if name == "count":
            listed = _list(t, only, place)
            return None if listed is None else Typed(NUMBER, helper_call("count_of", listed[1]))
    if name in ("min", "max"):
        return None
    return t.fail(node, place, f"`{name}` takes a loop: {FUNCTIONS[name]}")


def _loop(t: "Translator", name: str, node: ast.GeneratorExp, place: Place) -> Typed:
    if len(node.generators) != 1 or node.generators[0].is_async:
        return t.fail(node, place, "one `for` in each loop; put a second any(...) or all(...) inside")
    generator = node.generators[0]
    if place.loops >= MAX_LOOPS:
        return t.fail(node, place, TOO_MANY)
    listed = _list(t, generator.iter, place)
    if listed is None:
        return Typed(WRONG, ast.Constant(None))
    item, code = listed
    if not isinstance(generator.target, ast.Name):
        return t.fail(generator.target, place, "a loop has one name: any(... for l in order.lines)")
    variable = generator.target.id
    if message := _clash(t, variable, item, place):
        return t.fail(generator.target, place, message)
    identifier = t.temporary("v")
    inner = replace(place, scope={**place.scope, variable: (item, identifier)}, loops=place.loops + 1)
    element = t.expression(node.elt, inner)
    conditions = [t.expect(condition, inner, Kind.YES_NO).code for condition in generator.ifs]
    if message := _misfit(name, element.kind):
        return t.fail(node.elt, place, message)
    body = element.code
    for condition in reversed(conditions):
        body = helper_call("when", condition, body)
    target = ast.comprehension(ast.Name(identifier, ast.Store()), code, [], 0)
    gives = {"any": YES_NO, "all": YES_NO, "count": NUMBER}.get(name, Type(element.kind))
    return Typed(gives, helper_call(HELPERS[name], ast.GeneratorExp(body, [target])))


def _clash(t: "Translator", variable: str, item: Type, place: Place) -> str | None:
    if variable in FUNCTIONS or variable in t.environment.lists or variable in t.environment.facts:
        return f"`{variable}` already has a meaning; choose another name in the loop"
    bound = place.scope.get(variable)
    if bound is not None and (bound[0].of is None or bound[0].of is not item.of):
        return f"`{variable}` is already known here; choose another name in the loop"
    return None


def _misfit(name: str, kind: Kind) -> str | None:
    if kind is Kind.WRONG:
        return None
    if name in ("any", "all") and kind is not Kind.YES_NO:
        return f"`{name}` asks a yes/no question of each element, not {kind}"
    if name == "sum" and kind not in (Kind.NUMBER, Kind.MONEY):
        return f"`sum` adds numbers or money, not {kind}"
    if name in ("min", "max") and kind not in ORDERED:
        return f"`{name}` does not go with {kind}"
    if name == "count" and kind not in (Kind.YES_NO, Kind.OBJECT):
        return f"`count` counts what is true of each element, not {kind}"
    return None


def _list(t: "Translator", node: ast.expr, place: Place) -> tuple[Type, ast.expr] | None:
    """The item type and the code of a list; None after a failure that was noted."""
    if isinstance(node, ast.Name) and node.id in t.environment.lists and node.id not in place.scope:
        return TEXT, t.constant(t.environment.lists[node.id])
    typed = t.expression(node, place)
    if typed.type.item is None:
        if typed.kind is not Kind.WRONG:
            t.fail(node, place, f"`{text_of(place.source, node)}` is {typed.kind}, not a list")
        return None
    return typed.type.item, helper_call("elements", typed.code)


def membership(t: "Translator", left: ast.expr, right: ast.expr, place: Place) -> ast.expr:
    """`left in right`, where right is a written list or a list of the glossary."""
    value = t.expression(left, place)
    lists = t.environment.lists
    if isinstance(right, ast.Name) and right.id in lists and right.id not in place.scope:
        if value.kind not in (Kind.TEXT, Kind.WRONG):
            return t.fail(left, place, f"{value.kind} is never in a list of texts").code
        return helper_call("contains", value.code, t.constant(frozenset(lists[right.id])))
    if not isinstance(right, ast.List):
        hint = f"; {suggest(right.id, lists)}" if isinstance(right, ast.Name) and lists else ""
        shown = text_of(place.source, right)
        return t.fail(right, place, f'`in` needs a list, such as ["a", "b"]; `{shown}` is none{hint}').code
    constants = [_member(t, value, element, place) for element in right.elts]
    if not constants:
        return t.fail(right, place, "the list is empty, so nothing is ever in it").code
    return helper_call("contains", value.code, t.constant(frozenset(constants)))


def _member(t: "Translator", value: Typed, node: ast.expr, place: Place) -> object:
    member = t.expression(node, place)
    if member.constant is None and member.kind is not Kind.WRONG:
        t.fail(node, place, "a list holds values, not calculations")
    elif value.kind is not Kind.WRONG and member.kind is not Kind.WRONG:
        money = value.kind is Kind.MONEY and member.kind is Kind.NUMBER
        if value.kind is not member.kind and not money:
            t.fail(node, place, f"{value.kind} cannot be compared with {member.kind}")
        elif isinstance(member.constant, str) and (message := value.type.refuses(member.constant)):
            t.fail(node, place, message)
    return member.constant
