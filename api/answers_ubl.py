"""The shapes of answers to UBL documents, for the OpenAPI document."""

from typing import Literal

from pydantic import BaseModel, Field

from api.answers import Accepted, ChangeView


class UblNote(BaseModel):
    """What was read."""

    type: Literal["Order", "OrderChange", "OrderCancellation"]
    id: str
    order: str = Field(description="Our number of the order.")
    ignored: list[str] = Field(description="XPaths of what was left aside, because it changes nothing here.")


class UblAccepted(Accepted):
    """An Order was accepted."""

    ubl: UblNote


class UblChange(ChangeView):
    """An OrderChange or OrderCancellation, and what came of it."""

    ubl: UblNote
