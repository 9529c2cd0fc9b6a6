"""POST /v1/orders: check, commit, answer; on request wait for the promise (design, hard case 1)."""

from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Accepted
from api.auth import OrderWriter
from api.errors import ApiError, document_refused
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of, example_order, parameters
from api.views import amount
from api.wire import answer, read_json
from domain.order_document import OrderDocument, read_order, split
from domain.problems import Problem, ProblemsFound
from domain.process.doors import PromiseAnswer, Start
from limits import DEFAULT_WAIT_SECONDS, MAX_IDEMPOTENCY_KEY, MAX_ORDER_BYTES, MAX_WAIT_SECONDS
from store import reading
from store.accepting import NotTaken, Placing, Taken, accept, item_problems
from store.keys import Caller, Role
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError

router = APIRouter(prefix="/v1", tags=["orders"])
log = structlog.get_logger("api")

_DETAILS = {
    "idempotency_key_reused": "This Idempotency-Key came before, with another order.",
    "source_id_reused": "An order with this source.system and source.id came before, with another content.",
    "number_taken": "The order number in $.number belongs to an order of another source.",
    "no_policy": "No policy bundle is live, so the order has no process to run.",
}


@router.post(
    "/orders",
    status_code=201,
    summary="Place an order",
    response_model=Accepted,
    responses={200: {"model": Accepted}, 202: {"model": Accepted}},
    openapi_extra={**body_of(OrderDocument, example_order()), **parameters("wait", "timeout", key=True)},
)
async def place_order(request: Request, caller: OrderWriter) -> Response:
    """Accept an order, once: the same `source` or `Idempotency-Key` again gives the same answer with 200.

    The order is kept even while the order engine is away. With `wait=promised` the answer has the promised date and
    the priced lines, if they are known within `timeout` seconds; otherwise 202, and the order goes on.
    """
    services = services_of(request)
    query = Query(request, "wait", "timeout")
    wait = query.choice("wait", ("promised",))
    seconds = query.number("timeout", DEFAULT_WAIT_SECONDS, 1, MAX_WAIT_SECONDS)
    query.done()
    key = idempotency_key(request)
    accepted, status, headers = await take_order(services, caller, await read_json(request, MAX_ORDER_BYTES), key)
    if wait is None:
        return answer(accepted, status, headers)
    promise = await _promise(services, accepted["number"], timedelta(seconds=seconds))
    if promise is None:
        return answer({**accepted, "promise": None}, 202, headers)
    return answer({**accepted, "promise": _promise_view(promise)}, status, headers)


async def take_order(
    services: Services, caller: Caller, raw: Any, key: str | None
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Accept the order in a JSON value, or find it accepted before: the answer, its HTTP status, its headers.

    Raises ApiError with all that is wrong with it.
    """
    document, party = split(await _read(raw, services, caller))
    taken = await accept(services.pool, Placing(document, party, caller.principal, key, services.clock()))
    if isinstance(taken, NotTaken):
        raise _refused(taken)
    structlog.contextvars.bind_contextvars(order=taken.number)
    headers = {"Location": f"/v1/orders/{taken.number}"}
    if taken.replay:
        headers["Idempotent-Replay"] = "true"
    return _accepted(taken), 200 if taken.replay else 201, headers


async def problems_of(services: Services, caller: Caller, raw: Any) -> tuple[Problem, ...]:
    """All that is wrong with the order in a JSON value; nothing is kept."""
    try:
        await _read(raw, services, caller)
    except ApiError as error:
        return error.problems
    return tuple(await _item_problems(services, raw))


def _accepted(taken: Taken) -> dict[str, Any]:
    return {
        "number": taken.number,
        "status": "accepted",
        "accepted_at": taken.accepted_at,
        "policy_bundle": taken.bundle,
        "links": {"order": f"/v1/orders/{taken.number}", "timeline": f"/v1/orders/{taken.number}/timeline"},
    }


def idempotency_key(request: Request) -> str | None:
    """The caller's key, if there is one; ApiError when it cannot be used."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= MAX_IDEMPOTENCY_KEY and key.isascii() and key.isprintable()):
        raise ApiError("idempotency_key_invalid", "The header Idempotency-Key is empty, too long or not printable.")
    return key


async def _read(raw: Any, services: Services, caller: Caller) -> OrderDocument:
    try:
        order = read_order(raw, services.clock())
    except ProblemsFound as found:
        items = await _item_problems(services, raw)
        raise document_refused((*found.problems, *items)) from None
    if order.as_of is not None and not caller.may(Role.IMPORTER):
        problem = Problem("$.as_of", "role_needed", "Only a key with the role importer may set the business date.")
        raise ApiError("role_missing", "The field as_of needs the role importer.", (problem,), role="importer")
    return order


async def _item_problems(services: Services, raw: Any) -> list[Problem]:
    """Unknown items of a document that has other problems, so that one answer names them all."""
    lines = raw.get("lines") if isinstance(raw, dict) else None
    if not isinstance(lines, list):
        return []
    named = [
        (index, line["sku"].strip())
        for index, line in enumerate(lines)
        if isinstance(line, dict) and isinstance(line.get("sku"), str) and line["sku"].strip().isprintable()
    ]
    if not named:
        return []
    async with services.pool.connection() as connection:
        found = await item_problems(connection, [{"sku": sku} for _, sku in named if sku], None, None)
    places = [index for index, sku in named if sku]
    return [Problem(f"$.lines[{places[_index(problem.path)]}].sku", problem.code, problem.words) for problem in found]


def _index(path: str) -> int:
    return int(path[len("$.lines[") : path.index("]")])


def _refused(taken: NotTaken) -> ApiError:
    if taken.code == "problems":
        return document_refused(taken.problems)
    return ApiError(taken.code, _DETAILS[taken.code])


async def _promise(services: Services, number: str, wait: timedelta) -> PromiseAnswer | None:
    """The promise, when the order gives it in time."""
    async with services.pool.connection() as connection:
        row = await reading.start_of(connection, number)
    assert row is not None
    start = Start(**{**row, "version": 0})
    try:
        return await services.gateway.promised(start, wait)
    except (TemporalAwayError, OrderNotRunningError, RefusedError) as error:
        log.info("no promise in time", why=type(error).__name__)
        return None


def _promise_view(promise: PromiseAnswer) -> dict[str, Any]:
    currency = promise.currency
    lines = [{**line.model_dump(mode="json"), "amount": amount(line.amount, currency)} for line in promise.lines]
    return {
        "status": promise.status,
        "promise_date": promise.promise_date,
        "currency": currency,
        "lines": lines,
        "groups": [group.model_dump(mode="json") for group in promise.groups],
        "waiting": [waiting.model_dump(mode="json") for waiting in promise.waiting],
        **{name: amount(getattr(promise, name), currency) for name in ("goods", "charges", "tax", "total")},
    }
