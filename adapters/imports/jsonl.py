"""JSON Lines: one order document a line, passed on as it stands, so that no number changes on the way."""

import json
from pathlib import Path
from typing import Any

from adapters.imports.row import OrderFile, Problem, Row
from adapters.imports.table import is_utf8, read_text


def read(path: Path, limit: int | None = None) -> OrderFile:
    """Reads the file; empty lines are skipped. Raises ImportFailedError when it cannot be read at all."""
    lines = enumerate(read_text(path).split("\n"), 1)
    rows = [_row(path.name, number, line.strip()) for number, line in lines if line.strip()]
    return OrderFile(tuple(rows[:limit]))


def _row(file: str, number: int, line: str) -> Row:
    try:
        if not is_utf8(line):
            raise ValueError("is not UTF-8 text; save the file as UTF-8")
        document = json.loads(line, object_pairs_hook=_object, parse_constant=_constant, parse_float=str)
        if not isinstance(document, dict):
            raise ValueError("is not a JSON object; an order document looks like {...}")
    except json.JSONDecodeError as error:
        return _refused(file, number, f"is not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return _refused(file, number, "is nested too deeply")
    except ValueError as error:
        return _refused(file, number, str(error))
    return Row(file, number, str(document.get("number", "")), line)


def _refused(file: str, line: int, words: str) -> Row:
    return Row(file, line, "", None, (Problem(line, "", words),))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"has the field {name!r} twice")
        found[name] = value
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which is no number of JSON")
