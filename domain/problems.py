"""What is wrong with a document, where, and what to do: one entry for each problem, all of them at once (CAP4)."""

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from domain.card_numbers import contains_card_number
from limits import MAX_JSON_DEPTH


class Problem(NamedTuple):
    """One problem. `path` is a JSON path like `$.lines[3].quantity`; `code` is stable, `words` are for people."""

    path: str
    code: str
    words: str


class ProblemsFound(Exception):  # noqa: N818 - a document with problems is an answer, not an error of the program
    """A document was refused; holds every problem found in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problem(s), first: {problems[0].code}")
        self.problems = problems


M = TypeVar("M", bound=BaseModel)
Place = tuple[str | int, ...]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_REFUSED_CHARACTERS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufffe\\uffff]"
)
_LINE_BREAKS = re.compile(r"[\n\r\t]")


def read(model: type[M], raw: Any, multiline: frozenset[str] = frozenset()) -> M:
    """`raw` (a JSON value) as a model. Raises ProblemsFound with all problems; values are never repeated in them."""
    problems = scan(raw, multiline)
    try:
        value = model.model_validate(raw)
    except ValidationError as error:
        raise ProblemsFound((*problems, *of_validation(error, model))) from None
    if problems:
        raise ProblemsFound(tuple(problems))
    return value


def json_path(place: Place) -> str:
    """`$.lines[3].quantity`; a name that is not plain is left out, it may hold anything."""
    path = "$"
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part) and not contains_card_number(part):
            path += f".{part}"
        else:
            path += ".?"
    return path


def scan(raw: Any, multiline: frozenset[str] = frozenset()) -> list[Problem]:
    """Problems of any JSON value whatever it is for: depth, and characters that no text of ours may hold.

    `multiline` are the paths where line breaks are welcome.
    """
    problems = []
    for place, value in leaves(raw):
        if len(place) > MAX_JSON_DEPTH:
            return [Problem("$", "too_deep", f"The body is nested more than {MAX_JSON_DEPTH} levels deep.")]
        if isinstance(value, str) and not value.isprintable():
            path = json_path(place)
            text = _LINE_BREAKS.sub("", value) if path in multiline else value
            if _REFUSED_CHARACTERS.search(text):
                words = "The text holds a control character; take it out."
                problems.append(Problem(path, "control_character", words))
    return problems


def leaves(raw: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every text, number and name in a JSON value with its place; what is nested too deeply is given as it is."""
    if len(place) > MAX_JSON_DEPTH:
        yield place, None
    elif isinstance(raw, dict):
        for name, value in raw.items():
            if not _PLAIN_NAME.fullmatch(name):
                yield (*place, name), name
            yield from leaves(value, (*place, name))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from leaves(value, (*place, index))
    else:
        yield place, raw


def of_validation(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """The problems pydantic found, in our words."""
    all_found = error.errors(include_url=False, include_input=False)
    broken_lists = {found["loc"][:-depth] for found in all_found for depth in range(1, len(found["loc"]) + 1)}
    return [
        Problem(json_path(found["loc"]), *_in_words(found["type"], found["loc"], found.get("ctx", {}), found, model))
        for found in all_found
        if found["type"] != "too_short" or found["loc"] not in broken_lists  # a list of broken entries counts as empty
    ]


def _in_words(kind: str, place: Place, ctx: Mapping[str, Any], found: Any, model: type[BaseModel]) -> tuple[str, str]:
    """Code and words of one problem."""
    match kind:
        case "missing":
            return "missing", "This field is required."
        case "extra_forbidden":
            return "unknown_field", f"There is no such field.{_did_you_mean(place, model)}"
        case "string_too_short":
            return "empty", "The text is empty; leave the field out or fill it."
        case "string_too_long":
            return "too_long", f"The text is too long: at most {ctx['max_length']:,} characters."
        case "too_long":
            return "too_many", f"Too many entries: {ctx['actual_length']}, at most {ctx['max_length']:,}."
        case "too_short":
            return "too_few", f"At least {ctx['min_length']} entry is needed."
        case "literal_error" | "enum":
            return "not_a_choice", f"One of {ctx['expected']} is needed."
        case "string_pattern_mismatch":
            return "wrong_form", f"The text must have the form {ctx['pattern']}."
        case "greater_than_equal":
            return "out_of_range", f"The value must be at least {ctx['ge']:,}."
        case "less_than_equal":
            return "out_of_range", f"The value must be at most {ctx['le']:,}."
        case _ if kind in _TYPE_WORDS:
            return "wrong_type", _TYPE_WORDS[kind]
        case _:
            return kind, found["msg"]


_TYPE_WORDS = {
    "string_type": "A text is needed.",
    "string_unicode": "The text holds half of a character; it is not Unicode.",
    "int_type": "A whole number is needed, without quotes and decimals.",
    "int_from_float": "A whole number is needed.",
    "bool_type": "true or false is needed.",
    "tuple_type": "A list is needed.",
    "list_type": "A list is needed.",
    "dict_type": "An object is needed.",
    "model_type": "An object is needed.",
    "model_attributes_type": "An object is needed.",
}


def _did_you_mean(place: Place, model: type[BaseModel]) -> str:
    level = tuple(part for part in place[:-1] if isinstance(part, str))
    near = difflib.get_close_matches(str(place[-1])[:60], _fields(model).get(level, ()), n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else ""


@cache
def _fields(model: type[BaseModel]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Names of the fields at each level of a document; list indices are left out of the levels."""
    levels: dict[tuple[str, ...], tuple[str, ...]] = {(): tuple(model.model_fields)}
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            levels.update({(name, *level): names for level, names in _fields(inner).items()})
    return levels


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
