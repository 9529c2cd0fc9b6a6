"""The base of every value that crosses a border or is kept in an order's state."""

from collections.abc import Mapping
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

Lines = dict[int, int]
"""Line number to quantity."""

_set = object.__setattr__


class Word(StrEnum):
    """A word of a closed vocabulary. Every text of a state asks for the values of many, so they are read directly."""

    if not TYPE_CHECKING:
        value = property(attrgetter("_value_"))


class Value(BaseModel):
    """Immutable, and strict about names: an unknown field is an error, never dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(BaseModel):
    """Immutable, and tolerant of fields that a later release adds: recorded histories must stay readable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic has it, without a look at the extra and private fields that no message has: copies are many."""
        if deep:
            return super().model_copy(update=update, deep=True)
        changed = update or {}
        copied = type(self).__new__(type(self))
        _set(copied, "__dict__", {**self.__dict__, **changed})
        _set(copied, "__pydantic_fields_set__", {*self.__pydantic_fields_set__, *changed})
        _set(copied, "__pydantic_extra__", None)
        _set(copied, "__pydantic_private__", None)
        return copied

    def __eq__(self, other: object) -> bool:
        """Of the same kind, with the same values in all fields: a message holds nothing else."""
        return type(self) is type(other) and self.__dict__ == other.__dict__
