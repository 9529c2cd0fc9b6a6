"""Changes of orders in flight, and trying again (CHG14, ORC19)."""

import uuid
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import ChangeView
from api.answers_other import RetryView
from api.auth import ChangeWriter, Operator, OrderReader
from api.errors import ApiError, document_refused
from api.orders import order_unknown, printable
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of, parameters
from api.views import change as change_view
from api.wire import answer, read_model
from domain.base import Value
from domain.card_numbers import contains_card_number
from domain.document_fields import OrderNumber
from domain.problems import Problem
from domain.process.change_requests import signal_payload, without_personal_data
from domain.process.messages import ChangeAsked, RetryAsked
from domain.process.words import ChangeOutcome
from limits import DEFAULT_WAIT_SECONDS, MAX_REASON, MAX_WAIT_SECONDS
from store import changes, dispatch, reading
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError

router = APIRouter(prefix="/v1", tags=["changes"])
log = structlog.get_logger("api")


class CancelRequest(Value):
    """Ask that the order be cancelled. The same `change_id` again gets the same answer."""

    change_id: OrderNumber | None = None
    """Your id of the change; drawn when left out."""
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    base_revision: int | None = Field(default=None, strict=True, ge=1, le=2**31 - 1)
    """The revision you decided on; the change is refused when the order has moved on."""


_CANCEL_EXAMPLE = {"change_id": "cancel-1", "reason": "The customer found it cheaper."}


@router.post(
    "/orders/{number}/cancel",
    summary="Cancel an order",
    response_model=ChangeView,
    responses={202: {"model": ChangeView}},
    openapi_extra={**body_of(CancelRequest, _CANCEL_EXAMPLE), **parameters("timeout")},
)
async def cancel_order(number: str, request: Request, caller: ChangeWriter) -> Response:
    """200 when the order is cancelled, 409 with the reason when it cannot be, 202 when the answer takes longer.

    The request is kept before the order is asked, so it is not lost while the order engine is away; then 202 too,
    with the address of the answer.
    """
    services = services_of(request)
    query = Query(request, "timeout")
    seconds = query.number("timeout", DEFAULT_WAIT_SECONDS, 1, MAX_WAIT_SECONDS)
    query.done()
    body = await read_model(request, CancelRequest)
    if contains_card_number(body.reason):
        words = "This looks like a card number. Leave it out; nothing was kept."
        raise document_refused((Problem("$.reason", "card_number", words),))
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = ChangeAsked(
        change_id=body.change_id or uuid.uuid4().hex,
        base_revision=body.base_revision,
        reason=body.reason,
        requested_by=caller.principal,
        at=services.clock(),
    )
    row, message = await _keep(services, number, asked)
    if row["answer"] is None:
        row = await _ask(services, number, asked, message, timedelta(seconds=seconds)) or row
    return _answer(number, row)


async def _keep(services: Services, number: str, asked: ChangeAsked) -> tuple[dict[str, Any], int | None]:
    """Commit the change and its message; the row, and the message's id when it is new.

    A closed order has nobody to ask: its answer is written at once.
    """
    async with services.pool.connection() as connection:
        start = await reading.start_of(connection, number)
        if start is None:
            raise order_unknown()
        row, new = await changes.keep(connection, number, asked.model_dump(mode="json"))
        if not new:
            same = row["document"].get("reason") == asked.reason and row["base_revision"] == asked.base_revision
            if not same and row["document"]:
                raise ApiError("change_id_reused", "This change_id came before, with another content.")
            return row, None
        if start["finished"]:
            await changes.answer_closed(connection, number, asked.change_id, asked.at)
            return (await changes.find(connection, number, asked.change_id)) or row, None
        return row, await dispatch.enqueue(connection, number, "change", signal_payload(asked))


async def _ask(
    services: Services, number: str, asked: ChangeAsked, message: int | None, wait: timedelta
) -> dict[str, Any] | None:
    """Ask the order itself. Whatever goes wrong, the relay has the message; the row, perhaps with the answer."""
    given, closed = None, False
    try:
        given = await services.gateway.ask_change(number, without_personal_data(asked), wait)
    except (TemporalAwayError, OrderNotRunningError) as error:
        log.info("the change is left to the relay", why=type(error).__name__)
    except RefusedError as error:
        closed = error.code == "order_closed"
    async with services.pool.connection() as connection:
        if closed:
            await changes.answer_closed(connection, number, asked.change_id, asked.at)
        answered = closed or (given is not None and given.outcome is not ChangeOutcome.IN_PROGRESS)
        if answered and message is not None:
            await dispatch.mark_delivered(connection, [message], "the order was asked directly")
        elif message is not None:
            await dispatch.announce(connection)
        row = await changes.find(connection, number, asked.change_id)
    if row is not None and given is not None and row["answer"] is None:
        return {**row, "outcome": given.outcome, "answer": given.model_dump(mode="json")}
    return row


def _answer(number: str, row: dict[str, Any]) -> Response:
    """200, 202 or 409 by the outcome."""
    shown = change_view(row)
    place = f"/v1/orders/{number}/changes/{row['change_id']}"
    match shown["outcome"]:
        case ChangeOutcome.REFUSED:
            given = row["answer"] or {}
            code = "order_closed" if given.get("code") == "order_closed" else "change_refused"
            raise ApiError(code, given.get("words", ""), change=_plain(shown), reason=given.get("code", ""))
        case ChangeOutcome.ACCEPTED | ChangeOutcome.PARTLY:
            return answer(shown, 200)
        case _:
            return answer(shown, 202, {"Location": place})


def _plain(shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "received_at": shown["received_at"].isoformat()}


@router.get("/orders/{number}/changes/{change_id:path}", summary="The answer to a change", response_model=ChangeView)
async def show_change(number: str, change_id: str, request: Request, caller: OrderReader) -> Response:
    """What was asked, and what came of it; `outcome` is in_progress until the order has answered."""
    Query(request).done()
    async with services_of(request).pool.connection() as connection:
        row = await changes.find(connection, printable(number), printable(change_id))
    if row is None:
        raise ApiError("change_unknown", "The order has no change with the id in the address.")
    return answer(change_view(row))


@router.post("/orders/{number}/retry", summary="Try parked work again", response_model=RetryView)
async def retry_order(number: str, request: Request, caller: Operator) -> Response:
    """Has every parked step of the order tried again at once; 409 when nothing is parked."""
    services = services_of(request)
    Query(request).done()
    structlog.contextvars.bind_contextvars(order=printable(number))
    async with services.pool.connection() as connection:
        start = await reading.start_of(connection, number)
    if start is None:
        raise order_unknown()
    if start["finished"]:
        raise ApiError("order_closed", "The order has ended; there is nothing to try again.")
    asked = RetryAsked(requested_by=caller.principal, at=services.clock())
    try:
        given = await services.gateway.retry(number, asked)
    except RefusedError as error:
        code = "nothing_to_retry" if error.code == "nothing_to_retry" else "change_refused"
        raise ApiError(code, error.words) from None
    return answer({"number": number, "retried": list(given.retried), "words": given.words})
