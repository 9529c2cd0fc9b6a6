"""From text to a syntax tree, with limits and with messages for people who do not write Python."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass

MAX_CHARACTERS = 2_000
MAX_DEPTH = 40
MAX_NODES = 2_000
MAX_LOOPS = 2
MAX_DIGITS = 28


@dataclass(frozen=True)
class ConditionError:
    """One mistake: its zero-based offset in the text of the condition, and what is wrong."""

    offset: int
    message: str


class BadConditionError(ValueError):
    """A condition that cannot be compiled. Carries every mistake found."""

    def __init__(self, errors: list[ConditionError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


# What people bring along from other languages, and what to write here instead.
_HABITS = (
    (re.compile(r"&&"), "write `and` instead of `&&`"),
    (re.compile(r"\|\|"), "write `or` instead of `||`"),
    (re.compile(r"=>"), "write `>=` instead of `=>`"),
    (re.compile(r"=<"), "write `<=` instead of `=<`"),
    (re.compile(r"<>"), "write `!=` instead of `<>`"),
    (re.compile(r"!(?!=)"), "write `not` instead of `!`"),
    (re.compile(r"(?<![=!<>:])=(?!=)"), "write `==` to compare"),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "write `and`, `or`, `not`, `in` in small letters"),
)
_UNFINISHED = re.compile(r"([-+*/<>=]+|\b(?:and|or|not|in))$")
_SYNTAX = (
    ("never closed", "this bracket is not closed"),
    ("unmatched", "this bracket was not opened"),
    ("does not match", "this bracket closes another kind of bracket"),
    ("unterminated string", "this quote is not closed"),
    ("invalid decimal literal", "a name cannot start with a digit"),
    ("leading zeros", "a number has no leading zeros"),
    ("too many nested", "the condition is nested too deeply"),
)
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'")


def parse(source: str) -> ast.expr:
    """The tree of one expression; BadConditionError when it is none.

    Offsets of the tree are byte offsets on one line: `offset_of` gives characters.
    """
    if len(source) > MAX_CHARACTERS:
        raise BadConditionError([ConditionError(0, f"a condition has at most {MAX_CHARACTERS} characters")])
    if not source.strip():
        raise BadConditionError([ConditionError(0, "the condition is empty")])
    for sign, message in (("\\", "backslashes have no place in a condition"), ("\0", "a zero byte is in the text")):
        if sign in source:
            raise BadConditionError([ConditionError(source.index(sign), message)])
    line, lead = one_line(source)
    try:
        tree = ast.parse(line, mode="eval").body
    except SyntaxError as error:
        raise BadConditionError([_explain(line, lead, error)]) from None
    except (RecursionError, MemoryError, ValueError):
        raise BadConditionError([ConditionError(0, "the condition is nested too deeply")]) from None
    if "#" in line:
        _refuse_comment(line, lead)
    return tree


def one_line(source: str) -> tuple[str, int]:
    """The text as one line that starts with its first word, and how many characters were before that."""
    flat = re.sub(r"[\r\n\t\f\v]", " ", source)
    stripped = flat.lstrip()
    return stripped, len(flat) - len(stripped)


def offset_of(source: str, node: ast.AST) -> int:
    """Where a node starts, in characters of the source (the tree counts bytes of UTF-8)."""
    line, lead = one_line(source)
    column: int = getattr(node, "col_offset", 0)
    return lead + (column if line.isascii() else len(line.encode()[:column].decode(errors="ignore")))


def text_of(source: str, node: ast.expr) -> str:
    """The text of a node as it was written."""
    line, _ = one_line(source)
    return line.encode()[node.col_offset : node.end_col_offset].decode(errors="ignore")


def _explain(line: str, lead: int, error: SyntaxError) -> ConditionError:
    blanked = _STRINGS.sub(lambda m: " " * len(m[0]), line)
    for habit, message in _HABITS:
        if match := habit.search(blanked):
            return ConditionError(lead + match.start(), message)
    if match := _UNFINISHED.search(line.rstrip()):
        return ConditionError(lead + match.start(1), f"something is missing after `{match[1]}`")
    # CPython counts from 1, in characters; 0 means that it knows no place.
    at = min(max((error.offset or 1) - 1, 0), len(line))
    said = error.msg or ""
    for sign, message in _SYNTAX:
        if sign in said:
            return ConditionError(lead + at, message)
    rest = line[at:][:30].strip()
    return ConditionError(lead + at, f"the condition cannot be read from `{rest}` on")


def _refuse_comment(line: str, lead: int) -> None:
    for token in tokenize.generate_tokens(io.StringIO(line).readline):
        if token.type == tokenize.COMMENT:
            raise BadConditionError([ConditionError(lead + token.start[1], "a comment cannot stand in a condition")])
