"""The door of the condition language: check a condition, compile it once, evaluate it often."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from domain.conditions import runtime
from domain.conditions.operators import Typed
from domain.conditions.parse import BadConditionError, ConditionError
from domain.conditions.runtime import Unknown, Value
from domain.conditions.translate import Translator
from domain.conditions.types import Environment, Kind, Type

YES_OR_NO = (Kind.YES_NO,)
POINT_IN_TIME = (Kind.DATE, Kind.INSTANT)
_HELPERS = {name: value for name, value in vars(runtime).items() if callable(value) and not name.startswith("_")}


@dataclass(frozen=True, eq=False)
class Compiled:
    """A condition that passed its check."""

    source: str
    type: Type
    roots: tuple[str, ...]
    run: Callable[..., Any]
    """Takes the roots in their order; `evaluate` is the same by name."""

    def evaluate(self, values: Mapping[str, object]) -> Value | Unknown:
        """The value for these roots (`order`, `line`, `now`...); an absent root makes what asks for it unknown."""
        result: Value | Unknown = self.run(*[values.get(root) for root in self.roots])
        return result


@lru_cache(maxsize=4_096)
def _translate(
    source: str, environment: Environment, expect: tuple[Kind, ...]
) -> Compiled | tuple[ConditionError, ...]:
    translator = Translator(environment)
    typed = translator.run(source)
    errors = sorted(set(translator.errors), key=lambda error: error.offset)
    if not errors and typed.kind not in expect:
        needed = " or ".join(expect)
        errors = [
            ConditionError(len(source) - len(source.lstrip()), f"this gives {typed.kind}, but needed is {needed}")
        ]
    return tuple(errors) if errors else _compile(source, typed, translator, environment)


def _compile(source: str, typed: Typed, translator: Translator, environment: Environment) -> Compiled:
    roots = tuple(environment.roots)
    parameters = ast.arguments([], [ast.arg(root) for root in roots], None, [], [], None, [])
    tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(parameters, typed.code)))
    module = compile(tree, "<condition>", "eval")
    body = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    run = FunctionType(body, {"__builtins__": {}, **_HELPERS, **translator.constants})
    return Compiled(source, typed.type, roots, run)


def check(source: str, environment: Environment, expect: tuple[Kind, ...] = YES_OR_NO) -> list[ConditionError]:
    """Every mistake in a condition, by its place; empty when there is none."""
    result = _translate(source, environment, expect)
    return [] if isinstance(result, Compiled) else list(result)


def compile_condition(source: str, environment: Environment, expect: tuple[Kind, ...] = YES_OR_NO) -> Compiled:
    """The compiled condition, from a cache when it was compiled before; BadConditionError when it has mistakes."""
    result = _translate(source, environment, expect)
    if isinstance(result, Compiled):
        return result
    raise BadConditionError(list(result))
