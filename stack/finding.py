"""What a check of the set-up found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`note`: nothing is wrong, but something could not be looked at."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One line of `ordito doctor`: what was looked at, what was found, and how to mend it."""

    level: Level
    subject: str
    words: str
    mend: str = ""


def ok(subject: str, words: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, words)


def note(subject: str, words: str) -> Finding:
    """Not looked at, and why."""
    return Finding(Level.NOTE, subject, words)


def problem(subject: str, words: str, mend: str) -> Finding:
    """Wrong, and how to mend it."""
    return Finding(Level.PROBLEM, subject, words, mend)
