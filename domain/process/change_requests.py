"""Reading a change request that came as a raw signal: whatever it holds, it gets an answer (CHG14, CHG15)."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from domain.base import Value
from domain.change_document import MAX_REVISION, NOT_SEARCHED, ChangedLine, edit_of, edit_problems
from domain.document_checks import card_numbers
from domain.document_fields import Code, Day, OrderNumber, Reference
from domain.problems import Problem, of_validation, scan
from domain.process.events import ChangeAsked
from domain.process.words import CANCEL, EDIT
from limits import MAX_LINES, MAX_REASON

SENDER = "signal change_requested"
NAMED_PROBLEMS = 20
"""Of a malformed request; its answer is kept in the workflow."""
PERSONAL = frozenset(f"$.set.{name}" for name in ("ship_to", "bill_to", "note", "payment"))

ShortText = Annotated[str, StringConstraints(max_length=MAX_REASON)]


class SignalledFields(Value):
    """New values of the order's own fields. Personal data never comes by a signal."""

    requested_date: Day | None = None
    ship_method: Code | None = None
    warehouse: Code | None = None
    purchase_order: Reference | None = None


class ChangeRequest(Value):
    """Payload of the signal `change_requested`. It stays in the workflow's history: no field is for personal data.

    `change` may be left out: with `set` or `lines`, even empty ones, it is an edit, with neither a cancel of the whole
    order. An edit with neither is looked up under its `change_id`, where the API has kept it.
    """

    change_id: OrderNumber
    change: Literal["cancel", "edit"] | None = None
    cancel: Literal[True] | None = None
    """The whole order is cancelled, as `change` may say too."""
    base_revision: Annotated[int, Field(strict=True, ge=1, le=MAX_REVISION)] | None = None
    token: ShortText | None = None
    reason: ShortText = ""
    requested_by: ShortText = ""
    set: SignalledFields | None = None
    lines: tuple[ChangedLine, ...] = Field(default=(), max_length=MAX_LINES)


def read_change_request(payload: Any, at: datetime) -> ChangeAsked:
    """The change asked for; for a malformed payload one with a `problem` that names every mistake and its place."""
    problems = [TOO_LONG] if _is_too_long(payload) else list(_problems(payload))
    if problems:
        named = " ".join(f"{problem.path}: {problem.words}" for problem in problems[:NAMED_PROBLEMS])
        return ChangeAsked(
            change_id=_id_of(payload),
            requested_by=SENDER,
            problem=f"The change request makes no sense. {named}",
            at=at,
        )
    request = ChangeRequest.model_validate(payload)
    change = CANCEL if request.cancel else request.change
    edits = change != CANCEL and not request.model_fields_set.isdisjoint(("set", "lines"))
    return ChangeAsked(
        change_id=request.change_id,
        change=change or (EDIT if edits else CANCEL),
        edit=edit_of(request.set, request.lines) if edits else None,
        base_revision=request.base_revision,
        token=request.token,
        reason=request.reason,
        requested_by=request.requested_by or SENDER,
        at=at,
    )


CANCELS_ALL = "The whole order is cancelled; leave out all else that is to be changed."
TOO_LONG = Problem("$.lines", "too_many", f"A change names at most {MAX_LINES:,} lines.")


def _is_too_long(payload: Any) -> bool:
    """Looked at first: to word every mistake of a very long list takes longer than a workflow task may."""
    lines = payload.get("lines") if isinstance(payload, dict) else payload
    return isinstance(lines, list) and len(lines) > MAX_LINES


def problem_of(asked: ChangeAsked) -> str | None:
    """What is wrong with an edit that came with a typed update, which no other door has looked at; None if nothing."""
    if asked.edit is None:
        return None
    request = {"change_id": asked.change_id, "change": asked.change, **asked.edit}
    return read_change_request(request, asked.at).problem


def _problems(payload: Any) -> Iterator[Problem]:
    yield from scan(payload)
    yield from card_numbers(payload, NOT_SEARCHED, "This looks like a card number, which no change request may hold.")
    try:
        ChangeRequest.model_validate(payload)
    except ValidationError as error:
        yield from map(_or_personal, of_validation(error, ChangeRequest))
    if isinstance(payload, dict):
        yield from edit_problems(payload)
        cancels = [name for name, word in (("change", "cancel"), ("cancel", True)) if payload.get(name) == word]
        if cancels and (payload.get("set") or payload.get("lines")):
            yield Problem(f"$.{cancels[0]}", "contradiction", CANCELS_ALL)
        elif payload.get("cancel") is True and payload.get("change") == EDIT:
            yield Problem("$.change", "contradiction", CANCELS_ALL)


def _or_personal(problem: Problem) -> Problem:
    if problem.path not in PERSONAL:
        return problem
    words = "It would stay in the workflow's history; send it to POST /v1/orders/{number}/changes."
    return Problem(problem.path, "personal_data", words)


def without_personal_data(asked: ChangeAsked) -> ChangeAsked:
    """What may enter a workflow's history of a change that is kept in the database: not the reason (design rule 7)."""
    return asked.model_copy(update={"reason": ""})


def signal_payload(asked: ChangeAsked) -> dict[str, Any]:
    """The change as payload of the signal, for one whose order could not be asked directly."""
    names = {"change_id", "change", "base_revision", "token", "reason", "requested_by"}
    return without_personal_data(asked).model_dump(mode="json", include=names, exclude_none=True)


def _id_of(payload: Any) -> str:
    """The id a malformed request is answered under. Never the caller's own: a corrected request may use that one."""
    try:
        text = json.dumps(payload, sort_keys=True, default=repr)
    except (TypeError, ValueError):
        text = repr(payload)
    return f"malformed/{hashlib.sha256(text.encode()).hexdigest()[:16]}"
