"""What pydantic finds wrong with a file, in words for the person who wrote it."""

import re
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adapters.policy_files.tree import Mistake, Path, Tree
from domain.conditions.types import suggest
from domain.policy.grid import TableError

# Tags of unions in the models; pydantic puts them into the path, the file does not have them.
_TAGS = {"Step", "Choose", "Together", "Duration", "LeadTimeRules"}
_QUOTED = re.compile(r"'([^']*)'")
_PATTERNS = {
    r"^[a-z][a-z0-9_-]{0,59}$": "is not a name; names have small letters, digits, _ and -, and start with a letter",
    r"^[A-Z]{3}$": "is not a currency; write its ISO code, such as USD",
}


def mistakes_of(error: ValidationError, model: type[BaseModel], tree: Tree) -> Iterator[Mistake]:
    """Every mistake with its place in the file."""
    for details in error.errors(include_url=False):
        path = tuple(part for part in details["loc"] if part not in _TAGS)
        if any(path[:n] in tree.told for n in range(len(path) + 1)):
            continue
        yield from _mistake(details, path, model, tree)


def _mistake(details: ErrorDetails, path: Path, model: type[BaseModel], tree: Tree) -> Iterator[Mistake]:
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, TableError):
        for flaw in cause.flaws:
            line, column = tree.inside(path, flaw.line, flaw.column)
            yield Mistake(line, column, flaw.message)
        return
    match details["type"]:
        case "missing":
            place = tree.at(path[:-1])
            yield Mistake(place.line, place.column, f"`{path[-1]}:` is missing here")
        case "extra_forbidden":
            place = tree.key_at(path)
            hint = suggest(str(path[-1]), _keys(model, path[:-1]))
            yield Mistake(place.line, place.column, f"unknown key `{path[-1]}`; {hint}")
        case "too_short" if details["input"]:
            return  # what is wrong with its entries is told already
        case _:
            place = tree.at(path)
            yield Mistake(place.line, place.column, str(cause) if cause else _words(details, path))


def _words(details: ErrorDetails, path: Path) -> str:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    name = next((f"`{part}`" for part in reversed(path) if isinstance(part, str)), "this file")
    match kind:
        case "enum" | "literal_error" if isinstance(given, str):
            return f"`{given}` is not known for {name}; {suggest(given, _QUOTED.findall(context['expected']))}"
        case "string_pattern_mismatch":
            return f"`{given}` {_PATTERNS[context['pattern']]}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"`{given}` is not a whole number"
        case "greater_than_equal":
            return f"{name} is at least {context['ge']}"
        case "greater_than":
            return f"{name} is more than {context['gt']}"
        case "less_than_equal":
            return f"{name} is at most {context['le']}"
        case "string_too_long":
            return f"{name} has at most {context['max_length']} characters"
        case "string_too_short" | "too_short":
            return f"{name} is empty; write at least one entry"
        case "too_long":
            return f"{name} has at most {context['max_length']} entries"
        case "tuple_type" | "list_type":
            return f"{name} is a list: each entry on a line of its own that starts with `- `"
        case "string_type" | "enum" | "literal_error":
            return f"{name} is one text, not {_shape(given)}"
        case "node":
            return str(details["msg"])
    return f"{name} is {_shape(given)}; write keys and values below it, such as `name: standard`"


def _shape(value: object) -> str:
    match value:
        case dict():
            return "keys with values"
        case list():
            return "a list"
    return f"the text `{value}`"


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a model has at a path."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _step_into(kind, part)]
    return [field.alias or name for kind in kinds for name, field in kind.model_fields.items()]


def _step_into(kind: Any, part: str | int) -> list[Any]:
    if isinstance(part, int):
        return [kind]
    found = next((f for name, f in kind.model_fields.items() if part in (name, f.alias)), None)
    return _models(found.annotation) if found is not None else []


def _models(annotation: Any) -> list[Any]:
    """The models inside an annotation, through lists, unions and annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is dict:
        return []
    inner = get_args(annotation)[:1] if get_origin(annotation) not in (tuple, Union) else get_args(annotation)
    return [model for argument in inner for model in _models(argument)]
