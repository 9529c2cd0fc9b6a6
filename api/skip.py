"""Going on without a parked step (ORC19)."""

import uuid

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import SkipView
from api.auth import Operator
from api.operator_requests import must_run, no_card, noted
from api.orders import printable
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of
from api.wire import answer, read_model
from domain.base import Value
from domain.process.events import SkipAsked
from limits import MAX_REASON, MAX_REFERENCE
from store import requests

router = APIRouter(prefix="/v1", tags=["operations"])


class SkipRequest(Value):
    """Ask that the order go on without a step that is parked."""

    step: str = Field(min_length=1, max_length=MAX_REFERENCE)
    """Name of the step, as `waiting` of the order gives it."""
    group: str | None = Field(default=None, min_length=1, max_length=MAX_REFERENCE)
    """Only in this group; left out, in every group of which the step is parked."""
    reason: str = Field(min_length=1, max_length=MAX_REASON)


_EXAMPLE = {"step": "capture", "reason": "The card's bank is closed; the customer pays by bank transfer."}


@router.post(
    "/orders/{number}/skip",
    summary="Go on without a parked step",
    response_model=SkipView,
    openapi_extra=body_of(SkipRequest, _EXAMPLE),
)
async def skip_step(number: str, request: Request, caller: Operator) -> Response:
    """The parked step counts as passed, and what it would have done is not done; 409 with the reason when it cannot be.

    The request is kept with its reason, whatever becomes of it; the timeline tells who had the step skipped and why.
    """
    services = services_of(request)
    Query(request).done()
    body = await read_model(request, SkipRequest)
    return await skip_by(services, number, body, caller.principal, uuid.uuid4().hex)


async def skip_by(services: Services, number: str, body: SkipRequest, requested_by: str, request_id: str) -> Response:
    """Ask for a skip; the door of single and of mass actions. It is kept, with its reason, under `request_id`."""
    no_card(body.reason, "$.reason")
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = SkipAsked(
        step=body.step, group=body.group, request=request_id, requested_by=requested_by, at=services.clock()
    )
    kept = {"step": body.step, "group": body.group, "reason": body.reason, "requested_by": requested_by}
    async with services.pool.connection() as connection:
        await must_run(connection, number, "The order has ended; there is nothing to skip.")
        await requests.keep(connection, request_id, "skip", number, kept)
    given = await noted(services, request_id, services.gateway.skip(number, asked), "not_skippable")
    return answer({"number": number, **given.model_dump(mode="json")})
