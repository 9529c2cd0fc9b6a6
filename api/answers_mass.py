"""The shapes of answers about mass actions, for the OpenAPI document."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.answers import PreviewView

Outcome = Literal["open", "in_progress", "done", "partly", "refused", "failed", "stopped"]
OUTCOMES: tuple[Outcome, ...] = ("open", "in_progress", "done", "partly", "refused", "failed", "stopped")


class MassCounts(BaseModel):
    """How many items have each outcome."""

    open: int
    in_progress: int
    done: int
    partly: int
    refused: int
    failed: int
    stopped: int


class MassItemView(BaseModel):
    """An order or a line, and what became of it. `code` is stable, and empty when all was done."""

    position: int = Field(description="Place in the list that was made at acceptance, from 1.")
    order: str
    line: int | None
    outcome: Outcome
    code: str
    words: str
    at: datetime | None = Field(description="When the outcome was known; null before that.")


class MassInList(BaseModel):
    """A mass action in a list."""

    id: str
    action: str
    state: Literal["running", "done"]
    reason: str
    requested_by: str
    accepted_at: datetime
    stopped_at: datetime | None
    stopped_by: str | None
    finished_at: datetime | None
    total: int
    counts: MassCounts


class MassView(MassInList):
    """A mass action with a page of its report. `with` is without personal data. `next` is null on the last page."""

    chosen_by: Literal["orders", "lines", "filter"]
    filter: dict[str, Any] | None
    with_: dict[str, Any] = Field(alias="with")
    items: list[MassItemView]
    next: str | None


class MassList(BaseModel):
    """Mass actions, the latest first. `next` is null on the last page."""

    mass_actions: list[MassInList]
    next: str | None


class MassPreviewItem(BaseModel):
    """What the action would come to for an order or a line. `preview` is null where there is none."""

    order: str
    line: int | None
    outcome: Outcome
    code: str
    words: str
    preview: PreviewView | None


class MassPreview(BaseModel):
    """What a mass action would come to; nothing was done or kept."""

    preview: Literal[True]
    action: str
    total: int
    counts: MassCounts
    items: list[MassPreviewItem]
