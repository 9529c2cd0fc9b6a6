"""Changes of orders in flight, and trying again (CHG14, ORC19)."""

import uuid
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import ChangeList, ChangeView, PreviewView
from api.answers_other import RetryView
from api.asking import ask_for
from api.auth import ChangeWriter, Operator, OrderReader
from api.change_views import change as change_view
from api.errors import ApiError, document_refused
from api.operator_requests import must_run
from api.orders import order_unknown, printable
from api.previews import order_token, preview_for
from api.query import Query, cursor_of
from api.services import Services, services_of
from api.shapes import body_of, parameters
from api.wire import answer, read_json, read_model
from domain.base import Value
from domain.card_numbers import contains_card_number
from domain.change_document import MAX_REVISION, ChangeDocument, edit_of, read_change
from domain.document_fields import OrderNumber
from domain.problems import Problem, ProblemsFound
from domain.process.events import ChangeAsked, RetryAsked
from limits import DEFAULT_WAIT_SECONDS, MAX_REASON, MAX_WAIT_SECONDS
from store import changes, requests
from store.pool import statement
from workflows.gateway import RefusedError

router = APIRouter(prefix="/v1", tags=["changes"])


class CancelRequest(Value):
    """Ask that the order be cancelled. The same `change_id` again gets the same answer."""

    change_id: OrderNumber | None = None
    """Your id of the change; drawn when left out."""
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    base_revision: int | None = Field(default=None, strict=True, ge=1, le=MAX_REVISION)
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
    return await ask_for(services, number, asked, timedelta(seconds=seconds))


_CHANGE_EXAMPLE = {
    "change_id": "change-1",
    "base_revision": 1,
    "reason": "The customer wants more of one and none of the other.",
    "set": {"requested_date": "2026-04-20"},
    "lines": [
        {"number": 1, "quantity": 15},
        {"number": 2, "cancel": True},
        {"add": {"sku": "11", "quantity": 3}},
    ],
}


@router.post(
    "/orders/{number}/changes",
    summary="Change an order",
    response_model=ChangeView | PreviewView,
    responses={202: {"model": ChangeView}},
    openapi_extra={**body_of(ChangeDocument, _CHANGE_EXAMPLE), **parameters("preview", "timeout")},
)
async def change_order(number: str, request: Request, caller: ChangeWriter) -> Response:
    """200 when the change is accepted, wholly or in part, 409 with the reason when it is refused.

    202 when the answer takes longer, with its address. The request is kept before the order is asked, so it is not
    lost while the order engine is away. A field that is left out stays as it is, null takes an optional one away.

    With `preview=true` nothing is done or kept: 200 tells what the change would come to, and its `token` holds a later
    change to exactly that.
    """
    services = services_of(request)
    query = Query(request, "preview", "timeout")
    seconds = query.number("timeout", DEFAULT_WAIT_SECONDS, 1, MAX_WAIT_SECONDS)
    only_preview = query.flag("preview")
    query.done()
    raw = await read_json(request)
    return await change_by(services, number, raw, caller.principal, timedelta(seconds=seconds), bool(only_preview))


async def change_by(
    services: Services, number: str, raw: Any, requested_by: str, wait: timedelta, only_preview: bool
) -> Response:
    """Ask for the change document `raw`, or what it would come to; the door of single and of mass actions."""
    structlog.contextvars.bind_contextvars(order=printable(number))
    async with statement(services.pool) as connection:
        currency = await changes.currency_of(connection, number)
    try:
        change = read_change(raw, currency)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None
    edit = {} if change.cancel else edit_of(change.set, change.lines, currency)
    asked = ChangeAsked(
        change_id=change.change_id or uuid.uuid4().hex,
        change=change.kind,
        base_revision=change.base_revision,
        token=None if only_preview else order_token(change.token, edit),
        reason=change.reason or "",
        requested_by=requested_by,
        at=services.clock(),
    )
    if only_preview:
        return await preview_for(services, number, asked, edit, currency or "", wait)
    return await ask_for(services, number, asked, wait, edit)


@router.get(
    "/orders/{number}/changes",
    summary="The changes of an order",
    response_model=ChangeList,
    openapi_extra=parameters("limit", "after"),
)
async def list_changes(number: str, request: Request, caller: OrderReader) -> Response:
    """Every change that was asked for, as they came, with its answer."""
    query = Query(request, "limit", "after")
    after = query.cursor(str, str)
    limit = query.page()
    place = (query.moment_of(after[0]), after[1]) if after else None
    query.done()
    async with services_of(request).pool.connection() as connection:
        if await changes.currency_of(connection, printable(number)) is None:
            raise order_unknown()
        rows = await changes.of_order(connection, number, place, limit + 1)
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    following = cursor_of(last["received_at"].isoformat(), last["change_id"]) if last else None
    return answer({"changes": [change_view(row, row["currency"]) for row in page], "next": following})


@router.get("/orders/{number}/changes/{change_id:path}", summary="The answer to a change", response_model=ChangeView)
async def show_change(number: str, change_id: str, request: Request, caller: OrderReader) -> Response:
    """What was asked, and what came of it; `outcome` is in_progress until the order has answered."""
    Query(request).done()
    async with services_of(request).pool.connection() as connection:
        row = await changes.find(connection, printable(number), printable(change_id))
    if row is None:
        raise ApiError("change_unknown", "The order has no change with the id in the address.")
    return answer(change_view(row, row["currency"]))


@router.post("/orders/{number}/retry", summary="Try parked work again", response_model=RetryView)
async def retry_order(number: str, request: Request, caller: Operator) -> Response:
    """Has every parked step of the order tried again at once; 409 when nothing is parked."""
    services = services_of(request)
    Query(request).done()
    return await retry_by(services, number, RetryAsked(requested_by=caller.principal, at=services.clock()))


async def retry_by(services: Services, number: str, asked: RetryAsked, reason: str = "") -> Response:
    """Ask for another try; the door of single and of mass actions. With a `request` it is kept, with its reason."""
    structlog.contextvars.bind_contextvars(order=printable(number))
    async with services.pool.connection() as connection:
        await must_run(connection, number, "The order has ended; there is nothing to try again.")
        if asked.request:
            kept = {"reason": reason, "requested_by": asked.requested_by}
            await requests.keep(connection, asked.request, "retry", number, kept)
    try:
        given = await services.gateway.retry(number, asked)
    except RefusedError as error:
        code = "nothing_to_retry" if error.code == "nothing_to_retry" else "change_refused"
        raise ApiError(code, error.words) from None
    return answer({"number": number, "retried": list(given.retried), "words": given.words})
