"""The functions that a condition may call (closed list)."""

import ast
import re
from datetime import date
from typing import TYPE_CHECKING

from domain.conditions import loops
from domain.conditions.operators import ORDERED, Typed, comparable, helper_call
from domain.conditions.parse import text_of
from domain.conditions.place import Place
from domain.conditions.types import DATE, DAYS, DURATION, NUMBER, TEXT, WRONG, YES_NO, Kind, suggest
from domain.conditions.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from domain.conditions.translate import Translator

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def call(t: "Translator", node: ast.Call, place: Place) -> Typed:
    """A call of one of the functions."""
    if not isinstance(node.func, ast.Name):
        return t.fail(node, place, f"`{text_of(place.source, node.func)}` cannot be called; {_known()}")
    name = node.func.id
    if name not in FUNCTIONS:
        return t.fail(node, place, f"there is no function `{name}`; {suggest(name, FUNCTIONS)}")
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        return t.fail(node, place, f"`{name}` takes plain values: {FUNCTIONS[name]}")
    if name in loops.HELPERS:
        looped = loops.call(t, name, node, place)
        if looped is not None:
            return looped
    if name in ("min", "max", "coalesce"):
        return _several(t, name, node, place)
    if len(node.args) != 1 and not (name == "round" and len(node.args) == 2):
        return t.fail(node, place, f"`{name}` takes one value: {FUNCTIONS[name]}")
    return _single(t, name, node, place)


def _known() -> str:
    return "the functions are " + ", ".join(FUNCTIONS)


def _single(t: "Translator", name: str, node: ast.Call, place: Place) -> Typed:
    argument = node.args[0]
    match name:
        case "has":
            return Typed(YES_NO, helper_call("has", t.expression(argument, place).code))
        case "lower":
            return Typed(TEXT, helper_call("lower", t.expect(argument, place, Kind.TEXT).code))
        case "percent":
            typed = t.expect(argument, place, Kind.NUMBER)
            return Typed(NUMBER, helper_call("percent", typed.code), computed=typed.fixed)
        case "hours" | "days":
            seconds, gives = (3_600, DURATION) if name == "hours" else (86_400, DAYS)
            return Typed(gives, helper_call("span", t.expect(argument, place, Kind.NUMBER).code, ast.Constant(seconds)))
        case "round":
            return _round(t, node, place)
    return _date(t, node, place)


def _round(t: "Translator", node: ast.Call, place: Place) -> Typed:
    typed = t.expression(node.args[0], place)
    if typed.kind not in (Kind.NUMBER, Kind.MONEY, Kind.WRONG):
        return t.fail(node, place, f"`round` takes a number, not {typed.kind}")
    places = 0
    if len(node.args) == 2:
        written = text_of(place.source, node.args[1])
        if not re.fullmatch(r"\d", written, re.ASCII):
            return t.fail(node.args[1], place, "the second value of `round` is how many decimal places: 0 to 9")
        places = int(written)
    return Typed(typed.type, helper_call("rounded", typed.code, ast.Constant(places)), computed=typed.fixed)


def _date(t: "Translator", node: ast.Call, place: Place) -> Typed:
    typed = t.expression(node.args[0], place)
    if isinstance(typed.constant, str):
        try:
            if not _DATE.fullmatch(typed.constant):
                raise ValueError
            return Typed(DATE, t.constant(date.fromisoformat(typed.constant)))
        except ValueError:
            return t.fail(node.args[0], place, f'`{typed.constant}` is not a date; write date("2026-03-01")')
    if typed.kind not in (Kind.INSTANT, Kind.DATE, Kind.WRONG):
        return t.fail(node.args[0], place, f"`date` takes a point in time, or a date as in {FUNCTIONS['date']}")
    return Typed(DATE, helper_call("day_of", typed.code))


def _several(t: "Translator", name: str, node: ast.Call, place: Place) -> Typed:
    if len(node.args) < 2:
        return t.fail(node, place, f"`{name}` takes two or more values: {FUNCTIONS[name]}")
    parts = [t.expression(argument, place) for argument in node.args]
    first = next((p for p in parts if not p.fixed), parts[0])
    for argument, part in zip(node.args, parts, strict=True):
        if message := comparable(first, part, ordered=name != "coalesce"):
            return t.fail(argument, place, message)
    if any(part.kind is Kind.WRONG for part in parts):
        return Typed(WRONG, ast.Constant(None))
    codes = [part.code for part in parts]
    if name == "coalesce":
        return Typed(first.type, helper_call("coalesce", *codes))
    if first.kind not in ORDERED:
        return t.fail(node, place, f"`{name}` does not go with {first.kind}")
    return Typed(first.type, helper_call("least" if name == "min" else "most", ast.Tuple(codes, ast.Load())))
