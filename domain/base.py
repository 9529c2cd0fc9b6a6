"""The base of every value that crosses a border or is kept in an order's state."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Immutable, and strict about names: an unknown field is an error, never dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(BaseModel):
    """Immutable, and tolerant of fields that a later release adds: recorded histories must stay readable."""

    model_config = ConfigDict(frozen=True, extra="ignore")
