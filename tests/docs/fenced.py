"""The fenced blocks of a page."""

import re
from dataclasses import dataclass

from settings import PROJECT_ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """Commands, and an excerpt of what they print."""

    commands: list[str]
    excerpt: list[str]


def examples(page: str) -> list[Example]:
    """The `sh` blocks of a page, each with the `text` block behind it."""
    found: list[Example] = []
    for language, text in FENCE.findall((PROJECT_ROOT / page).read_text(encoding="utf-8")):
        if language == "sh":
            found.append(Example(text.splitlines(), []))
        elif language == "text":
            found[-1].excerpt = text.splitlines()
    return found


def shape(line: str) -> str:
    """A line without what differs from run to run: numbers, hashes, spaces."""
    return re.sub(r"\d[\d,.]*", "#", re.sub(r"\b[0-9a-f]{12,}\b", "#", " ".join(line.split())))


def missing(excerpt: list[str], printed: str) -> list[str]:
    """The lines of an excerpt that were not printed."""
    shapes = [shape(line) for line in printed.splitlines()]
    return [line for line in excerpt if not any(shape(line) in one for one in shapes)]
