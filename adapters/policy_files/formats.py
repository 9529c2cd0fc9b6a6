"""Findings for other programs: JSON, and annotations of GitHub Actions."""

import json
from collections.abc import Iterable

from adapters.policy_files.folder import FileProblem


def as_text(problems: Iterable[FileProblem]) -> str:
    """One line each: `file:line:column: message`."""
    return "\n".join(str(problem) for problem in problems)


def as_json(problems: Iterable[FileProblem]) -> str:
    """A JSON list of objects with `file`, `line`, `column`, `severity` and `message`."""
    rows = [
        {"file": p.file, "line": p.line, "column": p.column, "severity": str(p.severity), "message": p.message}
        for p in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def as_github(problems: Iterable[FileProblem]) -> str:
    """Workflow commands that GitHub shows beside the line of a pull request."""
    return "\n".join(
        f"::{p.severity} file={_escaped(p.file, ':,')},line={p.line},col={p.column}::{_escaped(p.message)}"
        for p in problems
    )


def _escaped(text: str, also: str = "") -> str:
    for sign in "%\r\n" + also:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
