"""Bringing an order back whose workflow was terminated or lost (design, hard case 10)."""

import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api.auth import Operator
from api.errors import ApiError
from api.orders import order_unknown, printable
from api.query import Query
from api.services import Services, services_of
from api.wire import answer
from store import resuming
from store.resuming import NotResumableError
from workflows.connecting import connect
from workflows.gateway import workflow_id

router = APIRouter(prefix="/v1", tags=["operations"])


class ResumeView(BaseModel):
    """The order is about to run again; `told_again` counts the facts and changes that it is told once more."""

    number: str
    version: int
    told_again: int
    words: str


@router.post("/orders/{number}/resume", status_code=202, summary="Bring an order back", response_model=ResumeView)
async def resume_order(number: str, request: Request, caller: Operator) -> Response:
    """Starts an unfinished order anew whose workflow is gone; 409 when it runs or has ended.

    The new workflow walks the process from its beginning. Whatever was done is found in the effects ledger and not done
    again; what carrier, payment provider and callers told is told again.
    """
    services = services_of(request)
    Query(request).done()
    structlog.contextvars.bind_contextvars(order=printable(number))
    if await _is_running(services, number):
        raise ApiError("order_running", f"Order {number} is being run; there is nothing to resume.")
    try:
        async with services.pool.connection() as connection:
            resumed = await resuming.resume(connection, number)
    except NotResumableError as error:
        raise order_unknown() if error.code == "order_unknown" else ApiError(error.code, str(error)) from None
    structlog.get_logger("api").warning("order resumed", version=resumed.version, told_again=resumed.told_again)
    facts = "one fact is" if resumed.told_again == 1 else f"{resumed.told_again} facts are"
    words = f"is started anew from version {resumed.version} of its record; {facts} told again."
    content = {"number": number, "version": resumed.version, "told_again": resumed.told_again, "words": words}
    return answer(content, 202, {"Location": f"/v1/orders/{number}"})


async def _is_running(services: Services, number: str) -> bool:
    """Asked at the server itself: only it knows what it runs. `temporal_away` when it cannot be asked."""
    try:
        client = await connect(services.settings, lazy=False)
        description = await client.get_workflow_handle(workflow_id(number)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise _away() from error
    except RuntimeError as error:  # what the client raises when nobody listens
        raise _away() from error
    return description.status is WorkflowExecutionStatus.RUNNING


def _away() -> ApiError:
    return ApiError("temporal_away", "Whether the order runs cannot be found out now.")
