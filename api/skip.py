"""Going on without a parked step (ORC19)."""

import uuid

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import SkipView
from api.auth import Operator
from api.errors import CATALOGUE, ApiError, document_refused
from api.orders import order_unknown, printable
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of
from api.wire import answer, read_model
from domain.base import Value
from domain.card_numbers import contains_card_number
from domain.problems import Problem
from domain.process.doors import SkipAnswer
from domain.process.messages import SkipAsked
from limits import MAX_REASON, MAX_REFERENCE
from store import reading, requests
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError

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
    if contains_card_number(body.reason):
        words = "This looks like a card number. Leave it out; nothing was kept."
        raise document_refused((Problem("$.reason", "card_number", words),))
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = SkipAsked(
        step=body.step, group=body.group, request=request_id, requested_by=requested_by, at=services.clock()
    )
    await _keep(services, number, asked, body.reason)
    given = await _ask(services, number, asked)
    return answer({"number": number, **given.model_dump(mode="json")})


async def _keep(services: Services, number: str, asked: SkipAsked, reason: str) -> None:
    """Commit what is asked, and why; an order that is unknown or has ended is asked nothing."""
    async with services.pool.connection() as connection:
        start = await reading.start_of(connection, printable(number))
        if start is None:
            raise order_unknown()
        if start["finished"]:
            raise ApiError("order_closed", "The order has ended; there is nothing to skip.")
        kept = {"step": asked.step, "group": asked.group, "reason": reason, "requested_by": asked.requested_by}
        await requests.keep(connection, asked.request, "skip", number, kept)


async def _ask(services: Services, number: str, asked: SkipAsked) -> SkipAnswer:
    """The order's answer, noted with the request. The reason is not told to it (design rule 7)."""
    note = "no answer from the order"
    try:
        given = await services.gateway.skip(number, asked)
        note = given.words
        return given
    except RefusedError as error:
        note = f"refused: {error.words}"
        raise ApiError(error.code if error.code in CATALOGUE else "not_skippable", error.words) from None
    except (TemporalAwayError, OrderNotRunningError):
        note = "the order could not be asked"
        raise
    finally:
        async with services.pool.connection() as connection:
            await requests.note(connection, asked.request, note)
