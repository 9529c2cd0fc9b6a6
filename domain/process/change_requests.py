"""Reading a change request that came as a raw signal: whatever it holds, it gets an answer (CHG14, CHG15)."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.document_fields import OrderNumber
from domain.process.messages import ChangeAsked

ShortText = Annotated[str, StringConstraints(max_length=500)]


class ChangeRequest(BaseModel):
    """Payload of the signal `change_requested`. It stays in the workflow's history: no field is for personal data."""

    model_config = ConfigDict(extra="forbid")

    change_id: OrderNumber
    change: Literal["cancel"] = "cancel"
    base_revision: Annotated[int, Field(ge=1)] | None = None
    reason: ShortText = ""
    requested_by: ShortText = ""


def read_change_request(payload: Any, at: datetime) -> ChangeAsked:
    """The change asked for; for a malformed payload one with a `problem` that names every mistake and its place."""
    try:
        request = ChangeRequest.model_validate(payload)
    except ValidationError as error:
        problems = "; ".join(f"$.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:20])
        return ChangeAsked(
            change_id=_id_of(payload),
            requested_by="signal change_requested",
            problem=f"The change request makes no sense: {problems}.",
            at=at,
        )
    return ChangeAsked(
        change_id=request.change_id,
        change=request.change,
        base_revision=request.base_revision,
        reason=request.reason,
        requested_by=request.requested_by or "signal change_requested",
        at=at,
    )


def without_personal_data(asked: ChangeAsked) -> ChangeAsked:
    """What may enter a workflow's history of a change that is kept in the database: not the reason (design rule 7)."""
    return asked.model_copy(update={"reason": ""})


def signal_payload(asked: ChangeAsked) -> dict[str, Any]:
    """The change as payload of the signal, for one whose order could not be asked directly."""
    fields = set(ChangeRequest.model_fields)
    return without_personal_data(asked).model_dump(mode="json", include=fields, exclude_none=True)


def _id_of(payload: Any) -> str:
    """The id a malformed request is answered under. Never the caller's own: a corrected request may use that one."""
    try:
        text = json.dumps(payload, sort_keys=True, default=repr)
    except (TypeError, ValueError):
        text = repr(payload)
    return f"malformed/{hashlib.sha256(text.encode()).hexdigest()[:16]}"
