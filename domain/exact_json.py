"""Reads JSON (RFC 8259) without losing anything: numbers stay exact, a repeated name is an error."""

import json
from decimal import Decimal
from typing import Any

from domain.problems import Problem, ProblemsFound

_DIGITS = 30


def loads(text: bytes | str) -> Any:
    """The JSON value; fractions become Decimal. Raises ProblemsFound naming the place when it is not JSON."""
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise _not_json(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except UnicodeDecodeError:
        raise _not_json("The body is not JSON: it is not UTF-8 text.") from None
    except RecursionError:
        raise _not_json("The body is nested too deeply.") from None


def _fraction(text: str) -> Decimal:
    if len(text) > _DIGITS:
        raise _not_json(f"The body has a number of more than {_DIGITS} characters.")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise _not_json(f"The body has a number of more than {_DIGITS} characters.")
    return int(text)


def _constant(text: str) -> Any:
    raise _not_json(f"The body is not JSON: {text} is no number.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ProblemsFound((Problem("$", "repeated_field", "An object of the body has the same field twice."),))
    return read


def _not_json(words: str) -> ProblemsFound:
    return ProblemsFound((Problem("$", "not_json", words),))
