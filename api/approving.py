"""Deciding on changes that wait for a person (CHG10, CHG14)."""

import uuid

import structlog
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import ChangeView
from api.auth import Operator
from api.change_views import change as change_view
from api.errors import ApiError
from api.operator_requests import must_run, no_card, noted
from api.orders import printable
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of
from api.wire import answer, read_model
from domain.base import Value
from domain.process.events import ApproveAsked, RefuseAsked
from domain.process.words import ChangeOutcome
from limits import MAX_REASON
from store import changes, requests

router = APIRouter(prefix="/v1", tags=["operations"])


class DecisionRequest(Value):
    """Why the change is approved or refused."""

    reason: str = Field(min_length=1, max_length=MAX_REASON)


_APPROVE = {"reason": "The warehouse puts it back on the shelf."}
_REFUSE = {"reason": "It is packed already."}


@router.post(
    "/orders/{number}/changes/{change_id:path}/approve",
    summary="Approve a change that waits for a person",
    response_model=ChangeView,
    responses={202: {"model": ChangeView}},
    openapi_extra=body_of(DecisionRequest, _APPROVE),
)
async def approve_change(number: str, change_id: str, request: Request, caller: Operator) -> Response:
    """The change is judged anew against the order as it is now; 200 with what came of it, 202 while it is carried out.

    409 when it does not wait for anybody. The request is kept with its reason, whatever becomes of it.
    """
    return await _decide(number, change_id, request, caller.principal, ApproveAsked)


@router.post(
    "/orders/{number}/changes/{change_id:path}/refuse",
    summary="Refuse a change that waits for a person",
    response_model=ChangeView,
    openapi_extra=body_of(DecisionRequest, _REFUSE),
)
async def refuse_change(number: str, change_id: str, request: Request, caller: Operator) -> Response:
    """The change is answered with `turned_down`, and nothing of the order is touched; 409 when it waits for nobody."""
    return await _decide(number, change_id, request, caller.principal, RefuseAsked)


async def _decide(
    number: str, change_id: str, request: Request, by: str, kind: type[ApproveAsked] | type[RefuseAsked]
) -> Response:
    services = services_of(request)
    Query(request).done()
    body = await read_model(request, DecisionRequest)
    no_card(body.reason, "$.reason")
    structlog.contextvars.bind_contextvars(order=printable(number))
    asked = kind(change_id=printable(change_id), request=uuid.uuid4().hex, requested_by=by, at=services.clock())
    await _keep(services, number, asked, body.reason)
    given = await noted(services, asked.request, services.gateway.decide_change(number, asked), "not_pending")
    async with services.pool.connection() as connection:
        row = await changes.find(connection, number, asked.change_id)
    assert row is not None
    decision = body.reason if given.code == "turned_down" else None
    # What the order says is newer than what is saved.
    row = {**row, "outcome": given.outcome, "answer": given.model_dump(mode="json"), "decision": decision}
    shown = change_view(row, row["currency"])
    if given.outcome is ChangeOutcome.IN_PROGRESS:
        return answer(shown, 202, {"Location": f"/v1/orders/{number}/changes/{asked.change_id}"})
    return answer(shown)


async def _keep(services: Services, number: str, asked: ApproveAsked | RefuseAsked, reason: str) -> None:
    """Commit what is decided, and why."""
    kept = {"change_id": asked.change_id, "reason": reason, "requested_by": asked.requested_by}
    async with services.pool.connection() as connection:
        await must_run(connection, number, "The order has ended; no change of it waits for anybody.")
        if await changes.find(connection, number, asked.change_id) is None:
            raise ApiError("change_unknown", "The order has no change with the id in the address.")
        await requests.keep(connection, asked.request, asked.kind.removesuffix("_asked"), number, kept)
