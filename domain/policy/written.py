"""Values that a person writes as one piece of text: durations, reactions, opening hours, table cells."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class Written:
    """Base of the values with a text form. `parse` reads it, `str()` gives the canonical text back.

    pydantic reads and writes them as strings, so two spellings of the same value hash alike in a bundle.
    """

    pattern: ClassVar[str] = ""
    examples: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value that `text` names; ValueError says in words what to write instead."""
        raise NotImplementedError

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value.strip())
        raise ValueError(f"write it as text, such as {cls.examples[0]}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": cls.pattern, "examples": list(cls.examples)}


class Unit(StrEnum):
    """What a duration counts. A business day is a day on which the process's calendar is open."""

    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "day"
    WEEK = "week"
    BUSINESS_DAY = "business day"


_SPELLINGS = {
    **dict.fromkeys(("s", "second", "seconds"), Unit.SECOND),
    **dict.fromkeys(("m", "minute", "minutes"), Unit.MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), Unit.HOUR),
    **dict.fromkeys(("d", "day", "days"), Unit.DAY),
    **dict.fromkeys(("week", "weeks"), Unit.WEEK),
    **dict.fromkeys(("business day", "business days"), Unit.BUSINESS_DAY),
}
_SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86_400, Unit.WEEK: 604_800}
_DURATION = re.compile(r"(\d{1,5}) ?([a-z]+(?: [a-z]+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration(Written):
    """A span of time as a person says it: `30s`, `4h`, `30 days`, `2 business days`."""

    pattern: ClassVar[str] = r"^\d{1,5} ?(s|m|h|d|seconds?|minutes?|hours?|days?|weeks?|business days?)$"
    examples: ClassVar[tuple[str, ...]] = ("4h", "30 days", "2 business days")

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _DURATION.fullmatch(text)
        unit = _SPELLINGS.get(match[2]) if match else None
        if match is None or unit is None:
            raise ValueError(f"`{text}` is not a duration; write 30s, 4h, 30 days or 2 business days")
        return cls(int(match[1]), unit)

    def __str__(self) -> str:
        if self.unit in (Unit.SECOND, Unit.MINUTE, Unit.HOUR):
            return f"{self.amount}{self.unit}"
        return f"{self.amount} {self.unit}" + ("" if self.amount == 1 else "s")

    @property
    def business(self) -> bool:
        """Whether a working calendar is needed to find its end."""
        return self.unit is Unit.BUSINESS_DAY

    @property
    def span(self) -> timedelta:
        """Its length by the clock; ValueError for business days, which have no fixed length."""
        if self.business:
            raise ValueError(f"{self} has no fixed length; use the calendar")
        return timedelta(seconds=self.amount * _SECONDS[self.unit])


class ReactionWord(StrEnum):
    """What happens when a step is late or fails for good (closed list)."""

    ALERT = "alert"
    HOLD = "hold"
    SKIP = "skip"
    CANCEL = "cancel"
    CONTINUE = "continue"
    ASK = "ask"
    RE_SEND = "re_send"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Reaction(Written):
    """One word of the closed list; `ask ROLE` hands the decision to a person."""

    pattern: ClassVar[str] = r"^(alert|hold|skip|cancel|continue|re_send|refund|ask [a-z][a-z0-9_-]*)$"
    examples: ClassVar[tuple[str, ...]] = ("hold", "alert", "ask csr")

    word: ReactionWord
    role: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        word, _, role = text.partition(" ")
        if word not in set(ReactionWord) or (word == ReactionWord.ASK) != bool(role.strip()):
            known = ", ".join(sorted(w for w in ReactionWord if w is not ReactionWord.ASK))
            raise ValueError(f"`{text}` is not a reaction; write one of {known}, or ask ROLE")
        return cls(ReactionWord(word), role.strip() or None)

    def __str__(self) -> str:
        return f"{self.word} {self.role}" if self.role else str(self.word)
