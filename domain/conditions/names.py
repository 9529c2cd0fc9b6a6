"""What the names in a condition mean: parts of the order, lists and facts of the glossary."""

import ast
from typing import TYPE_CHECKING

from domain.conditions import loops, runtime
from domain.conditions.operators import SPANS, Typed, helper_call
from domain.conditions.parse import BadConditionError, parse, text_of
from domain.conditions.place import TOO_LARGE, Place
from domain.conditions.types import YES_NO, Kind, NamedFact, Type, suggest
from domain.conditions.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from domain.conditions.translate import Translator

_TRUTHS = {"true": True, "false": False}
_CYCLE = "a fact cannot use itself"
_MEND = "has a mistake of its own; mend it first"


def path(t: "Translator", node: ast.Name | ast.Attribute, place: Place) -> Typed:
    """A name, or fields of it with points between them."""
    fields: list[ast.Attribute] = []
    base: ast.expr = node
    while isinstance(base, ast.Attribute):
        fields.append(base)
        base = base.value
    if not isinstance(base, ast.Name):
        return t.fail(base, place, f"`{text_of(place.source, base)}` has no fields")
    if base.id not in place.scope:
        named = _named(t, base, place)
        return named if not fields or named.kind is Kind.WRONG else _no_fields(t, fields[-1], named.type, place)
    found, identifier = place.scope[base.id]
    for attribute in reversed(fields):
        known = found.of.fields if found.of is not None else {}
        if attribute.attr not in known:
            return _no_fields(t, attribute, found, place)
        found = known[attribute.attr]
    root = ast.Name(identifier, ast.Load())
    names = ".".join(a.attr for a in reversed(fields))
    shown = f"{base.id}.{names}" if names else base.id
    if names:
        return Typed(found, ast.Call(t.constant(runtime.path(names, shown)), [root], []))
    missing = t.constant(runtime.Unknown(f"{shown} is missing"))
    return Typed(found, helper_call("known", root, missing))


def _no_fields(t: "Translator", node: ast.Attribute, owner: Type, place: Place) -> Typed:
    at = ast.copy_location(ast.Name("x", ast.Load()), node)
    at.col_offset = (node.end_col_offset or 0) - len(node.attr.encode())
    shown = text_of(place.source, node.value)
    if owner.of is not None:
        hint = suggest(node.attr, owner.of.fields)
        return t.fail(at, place, f"`{shown}` has no field `{node.attr}`; {hint}")
    if owner.kind is Kind.LIST:
        return t.fail(at, place, f"`{shown}` is a list; write any(x.{node.attr} ... for x in {shown})")
    return t.fail(at, place, f"`{shown}` is {owner.kind}; it has no field `{node.attr}`")


def _named(t: "Translator", node: ast.Name, place: Place) -> Typed:
    environment = t.environment
    if node.id in environment.facts:
        return _fact(t, node, environment.facts[node.id], place)
    if node.id in environment.lists:
        return t.fail(node, place, f"`{node.id}` is a list; write `... in {node.id}`")
    if node.id in _TRUTHS:
        return Typed(YES_NO, ast.Constant(_TRUTHS[node.id]), _TRUTHS[node.id])
    if node.id in FUNCTIONS:
        return t.fail(node, place, f"`{node.id}` needs parentheses: {FUNCTIONS[node.id]}")
    owners = [name for name, (bound, _) in place.scope.items() if bound.of and node.id in bound.of.fields]
    if owners:
        hint = f"did you mean `{owners[0]}.{node.id}`?"
    else:
        hint = suggest(node.id, dict.fromkeys([*place.scope, *environment.names()]))
    return t.fail(node, place, f'`{node.id}` is not known here; {hint} (a text stands in quotes: "{node.id}")')


def _fact(t: "Translator", node: ast.Name, fact: NamedFact, place: Place) -> Typed:
    if fact.name in place.facts:
        way = " -> ".join((*place.facts[place.facts.index(fact.name) :], fact.name))
        return t.fail(node, place, f"{_CYCLE}: {way}")
    if fact.about not in place.scope:
        return t.fail(node, place, f"`{fact.name}` describes a {fact.about}, and no {fact.about} is known here")
    try:
        tree = parse(fact.formula)
    except BadConditionError:
        return t.fail(node, place, f"the fact `{fact.name}` {_MEND}")
    scope = {name: bound for name, bound in place.scope.items() if name in ("order", "now", "today", fact.about)}
    inner = Place(fact.formula, scope, place.depth, place.loops, (*place.facts, fact.name))
    before = len(t.errors)
    body = t.expression(tree, inner)
    fits = body.kind is fact.gives or {body.kind, fact.gives} == SPANS
    if len(t.errors) == before and fits:
        return Typed(Type(fact.gives), body.code)
    cause = next((e.message for e in t.errors[before:] if _about_size(e.message)), None)
    del t.errors[before:]
    return t.fail(node, place, cause or f"the fact `{fact.name}` {_MEND}")


def _about_size(message: str) -> bool:
    """Whether a mistake inside a fact comes from how it is used, not from the fact alone."""
    return message in (TOO_LARGE, loops.TOO_MANY) or message.startswith(_CYCLE)


def about_fact(message: str) -> bool:
    """Whether a message only repeats, where a fact is used, that the fact itself is wrong."""
    return message.endswith(_MEND) or message.startswith(_CYCLE)
