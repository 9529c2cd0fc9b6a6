"""Holding an order, and letting it go on (CAP9)."""

import uuid
from typing import Any, Literal

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import HoldView
from api.auth import Operator
from api.errors import ApiError
from api.operator_requests import must_run, no_card, noted
from api.orders import printable
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of, parameters
from api.wire import answer, read_model
from domain.base import Value
from domain.document_fields import Code, LineNumber, OrderNumber
from domain.problems import Problem
from domain.process.events import HoldAsked, ReleaseAsked
from limits import MAX_REASON, MAX_REFERENCE
from store import requests
from store.keys import Caller, Role

router = APIRouter(prefix="/v1", tags=["operations"])


class HoldRequest(Value):
    """Ask that an order, or a part of it, begins nothing more. The same `id` again is the same hold."""

    id: OrderNumber | None = None
    """Your id of the hold; drawn when left out."""
    code: Code
    """Why, in a word: it is searched by, and shown in lists."""
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    line: LineNumber | None = None
    """Only this line, with the lines that travel with it."""
    step: str | None = Field(default=None, min_length=1, max_length=MAX_REFERENCE)
    """Only this step, by its name or its task."""
    when: Literal["now", "reached"] = "now"
    """A hold for when its step is reached is in force, and seen, only then."""
    role: Role | None = None
    """The role without which it cannot be released."""


_EXAMPLE = {"code": "credit", "reason": "The customer is over the limit.", "step": "ship", "when": "reached"}


@router.post(
    "/orders/{number}/holds",
    summary="Hold an order",
    response_model=HoldView,
    openapi_extra=body_of(HoldRequest, _EXAMPLE),
)
async def hold_order(number: str, request: Request, caller: Operator) -> Response:
    """Nothing more is begun for the order, the line or the step until the hold is released; 409 when it cannot be held.

    What is on its way is not cut short. A held order can be changed and cancelled.
    """
    services = services_of(request)
    Query(request).done()
    body = await read_model(request, HoldRequest)
    return await hold_by(services, number, body, caller.principal, uuid.uuid4().hex)


async def hold_by(services: Services, number: str, body: HoldRequest, requested_by: str, request_id: str) -> Response:
    """Ask for a hold; the door of single and of mass actions. It is kept, with its reason, under `request_id`."""
    no_card(body.reason, "$.reason")
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = HoldAsked(
        **body.model_dump(include={"code", "line", "step", "when"}),
        id=body.id or uuid.uuid4().hex[:12],
        role=body.role or "",
        request=request_id,
        requested_by=requested_by,
        at=services.clock(),
    )
    return await _put_to(services, number, asked, body.model_dump(mode="json"))


@router.delete(
    "/orders/{number}/holds/{hold_id:path}",
    summary="Release a hold",
    response_model=HoldView,
    openapi_extra=parameters("reason"),
)
async def release_hold(number: str, hold_id: str, request: Request, caller: Operator) -> Response:
    """The order goes on, unless another hold stands; 403 when the hold names a role that the key has not."""
    services = services_of(request)
    query = Query(request, "reason")
    reason = query.text("reason", MAX_REASON)
    query.done()
    if reason is None:
        words = "Say why the hold is released."
        raise ApiError("invalid_query", words, (Problem("?reason", "missing", words),))
    no_card(reason, "?reason")
    return await release_by(services, number, hold_id, reason, caller, uuid.uuid4().hex)


async def release_by(
    services: Services, number: str, hold_id: str, reason: str, caller: Caller, request_id: str
) -> Response:
    """Ask for a release; the door of single and of mass actions. It is kept, with its reason, under `request_id`."""
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = ReleaseAsked(
        id=printable(hold_id),
        request=request_id,
        requested_by=caller.principal,
        roles=tuple(sorted(caller.roles)),
        at=services.clock(),
    )
    return await _put_to(services, number, asked, {"id": asked.id, "reason": reason})


async def _put_to(services: Services, number: str, asked: HoldAsked | ReleaseAsked, kept: dict[str, Any]) -> Response:
    """Keep what is asked with its reason, then ask the order, which is not told the reason (design rule 7)."""
    kind = "hold" if isinstance(asked, HoldAsked) else "release"
    async with services.pool.connection() as connection:
        await must_run(connection, number, "The order has ended; nothing of it can be held or released.")
        await requests.keep(connection, asked.request, kind, number, {**kept, "requested_by": asked.requested_by})
    given = await noted(services, asked.request, services.gateway.hold(number, asked), "not_holdable")
    return answer({"number": number, **given.model_dump(mode="json")})
