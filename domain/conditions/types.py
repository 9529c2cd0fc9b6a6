"""Types of the condition language, and the environment that a condition is checked in."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, in words for messages."""

    YES_NO = "yes or no"
    NUMBER = "a number"
    MONEY = "an amount of money"
    TEXT = "a text"
    DATE = "a date"
    INSTANT = "a point in time"
    DURATION = "a length of time"
    DAYS = "a number of days"
    OBJECT = "a thing with fields"
    LIST = "a list"
    WRONG = "a mistake"
    """The type of what was already reported; it fits everywhere, so that one mistake gives one message."""


@dataclass(frozen=True, eq=False)
class ObjectType:
    """A thing with fields, such as an order or a line."""

    name: str
    fields: "Mapping[str, Type]"


@dataclass(frozen=True)
class Type:
    """A kind, with what belongs to it: the item type of a list, the fields of an object, the codes of a text."""

    kind: Kind
    item: "Type | None" = None
    of: ObjectType | None = None
    codes: tuple[str, ...] = ()
    """Every value a text can take; empty when it is free."""
    looks: str = ""
    """What to write, in words, where the codes are too many to be listed."""
    optional: bool = False
    """Whether an order may lack the value, so that it can be unknown."""

    def refuses(self, value: str) -> str | None:
        """Why a text with this type can never be `value`; None when it can."""
        if not self.codes or value in self.codes:
            return None
        return f"`{value}` is not a value it can have; {suggest(value, self.codes, self.looks)}"


YES_NO = Type(Kind.YES_NO)
NUMBER = Type(Kind.NUMBER)
MONEY = Type(Kind.MONEY)
TEXT = Type(Kind.TEXT)
DATE = Type(Kind.DATE)
INSTANT = Type(Kind.INSTANT)
DURATION = Type(Kind.DURATION)
DAYS = Type(Kind.DAYS)
WRONG = Type(Kind.WRONG)


@dataclass(frozen=True)
class NamedFact:
    """A fact of the glossary: an expression that any condition may use by its name."""

    name: str
    about: str
    """The root that must be known where the fact is used: order, line or group."""
    gives: Kind
    formula: str


@dataclass(frozen=True, eq=False)
class Environment:
    """The names that a condition may use. Compared by identity, so that compiled conditions can be cached by it."""

    roots: Mapping[str, Type]
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, NamedFact] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Every name, for suggestions."""
        return [*self.roots, *self.lists, *self.facts]


def suggest(wrong: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean ...?` with the nearest known word, else what to write otherwise, else the list of what is known."""
    words = {word.lower(): word for word in known}
    # Codes of two or three letters are all near each other; a guess among them would only mislead.
    cutoff = 0.99 if otherwise and len(wrong) < 4 else 0.6
    near = difflib.get_close_matches(wrong.lower(), words, n=1, cutoff=cutoff)
    if near:
        return f"did you mean `{words[near[0]]}`?"
    if otherwise:
        return otherwise
    shown = ", ".join(list(words.values())[:12]) + (", ..." if len(words) > 12 else "")
    return f"known here: {shown}" if words else "none is known here"
