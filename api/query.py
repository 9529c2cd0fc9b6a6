"""Query parameters: all problems at once, unknown names refused, page cursors."""

import base64
import binascii
import difflib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from api.errors import ApiError
from domain.document_fields import Moment
from domain.problems import Problem, scan
from limits import DEFAULT_PAGE, MAX_PAGE, MAX_REFERENCE

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


class Query:
    """The query of a request. Read every parameter, then call `done`, which raises when any was wrong."""

    def __init__(self, request: Request, *names: str) -> None:
        self._values = request.query_params
        self._problems: list[Problem] = []
        for name in self._values:
            if name not in names:
                near = difflib.get_close_matches(name[:60], names, n=1)
                hint = f" Did you mean `{near[0]}`?" if near else ""
                self._wrong("?", "unknown_field", f"There is no such parameter here.{hint}")

    def _wrong(self, name: str, code: str, words: str) -> None:
        self._problems.append(Problem(f"?{name}" if name != "?" else "?", code, words))

    def done(self) -> None:
        """Raises `invalid_query` with everything that was wrong."""
        if self._problems:
            words = "; ".join(f"{problem.path} {problem.words}" for problem in self._problems[:3])
            raise ApiError("invalid_query", f"The query has problems: {words}", tuple(self._problems))

    def text(self, name: str, most: int = MAX_REFERENCE) -> str | None:
        """A text."""
        value = self._values.get(name)
        if value is None:
            return None
        if not 0 < len(value) <= most or scan(value):
            self._wrong(name, "wrong_form", f"must be a text of 1 to {most} characters.")
            return None
        return value

    def texts(self, name: str) -> list[str] | None:
        """A parameter given once or more, or as a list with commas."""
        values = [part for value in self._values.getlist(name) for part in value.split(",") if part]
        if any(len(value) > MAX_REFERENCE or scan(value) for value in values) or len(values) > MAX_PAGE:
            self._wrong(name, "wrong_form", f"must be at most {MAX_PAGE} texts of at most {MAX_REFERENCE} characters.")
            return None
        return values or None

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """One of some words."""
        value = self._values.get(name)
        if value is not None and value not in choices:
            self._wrong(name, "not_a_choice", f"must be {' or '.join(choices)}.")
            return None
        return value

    def choices(self, name: str, choices: Sequence[str]) -> list[str] | None:
        """Some of some words."""
        values = self.texts(name)
        if values and not set(values) <= set(choices):
            self._wrong(name, "not_a_choice", f"must be of {', '.join(choices)}.")
        return values

    def flag(self, name: str) -> bool | None:
        """true or false."""
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number."""
        value = self._values.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most):
            self._wrong(name, "out_of_range", f"must be a whole number from {least} to {most:,}.")
            return default
        return int(value)

    def page(self, most: int = MAX_PAGE, default: int = DEFAULT_PAGE) -> int:
        """How many entries."""
        return self.number("limit", default, 1, most)

    def moment(self, name: str) -> datetime | None:
        """Date, time and offset."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return _MOMENT.validate_python(value.replace(" ", "+"))
        except ValidationError:
            self._wrong(name, "not_a_moment", "must be a time with its offset, like 2026-03-31T09:30:00Z.")
            return None

    def moment_of(self, part: str) -> datetime:
        """The moment in a cursor that `cursor_of` was given as text."""
        try:
            return datetime.fromisoformat(part)
        except ValueError:
            self._wrong("after", "wrong_form", "must be the `next` of an earlier page.")
            return datetime.min.replace(tzinfo=UTC)

    def cursor(self, *types: type) -> tuple[Any, ...] | None:
        """The place after which the page begins."""
        value = self._values.get("after")
        if not value:
            return None
        parts = _opened(value)
        if parts is None or len(parts) != len(types) or not all(map(_fits, parts, types)):
            self._wrong("after", "wrong_form", "must be the `next` of an earlier page.")
            return None
        return tuple(parts)


def _fits(part: Any, kind: type) -> bool:
    """A part of a cursor is of its type, and fits the database's."""
    if type(part) is not kind:
        return False
    if isinstance(part, int):
        return 0 <= part < 2**63
    return isinstance(part, str) and len(part) <= MAX_REFERENCE and not scan(part)


def cursor_of(*parts: str | int) -> str:
    """An opaque place in a list."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _opened(cursor: str) -> list[Any] | None:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return parts if isinstance(parts, list) else None
