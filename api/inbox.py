"""Webhooks in: what carriers and payment providers report, signed by Standard Webhooks 1.0."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Literal, TypeVar

import structlog
from fastapi import APIRouter
from psycopg.errors import DeadlockDetected, SerializationFailure
from pydantic import BaseModel, Field
from standardwebhooks import WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import Noted
from api.errors import ApiError, document_refused
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of, webhook_headers
from api.wire import answer, read_bytes
from domain.base import Message
from domain.document_fields import Moment, Reference
from domain.exact_json import loads
from domain.problems import ProblemsFound, read
from domain.process.events import CarrierFact, PaymentFact
from limits import MAX_BODY_BYTES, MAX_LINE_NUMBER, MAX_LINES, MAX_QUANTITY
from store.inbox import Letter, take_carrier_fact, take_payment_fact
from store.pool import Connection

router = APIRouter(prefix="/v1", tags=["inbox"])
log = structlog.get_logger("api")
TRIES = 3
M = TypeVar("M", bound=BaseModel)


class ShippedLine(Message):
    """A line of a carrier's report."""

    line: int = Field(strict=True, ge=1, le=MAX_LINE_NUMBER)
    quantity: int = Field(strict=True, ge=1, le=MAX_QUANTITY)


class CarrierReport(Message):
    """What a carrier reports. Fields we do not know are kept with the body and not looked at."""

    id: Reference
    type: Reference = Field(pattern=r"^shipment\.[a-z_]{1,40}$")
    at: Moment
    request_key: str = Field(min_length=1, max_length=300)
    lines: tuple[ShippedLine, ...] = Field(default=(), max_length=MAX_LINES)
    tracking: Reference | None = None
    rest: Literal["follows", "backordered"] = "follows"
    """Of a part: whether the rest follows under the same request, or has to be asked for anew (ORC16)."""
    expected_on: date | None = None
    """Of a delay: the day on which it is expected now."""


class PaymentReport(Message):
    """What a payment provider reports."""

    id: Reference
    type: Reference
    at: Moment
    authorization_key: str = Field(min_length=1, max_length=300)


_EXAMPLE_AT = "2026-04-02T14:05:00Z"
_CARRIER_EXAMPLE = {
    "id": "evt_0192",
    "type": "shipment.shipped",
    "at": _EXAMPLE_AT,
    "request_key": "O-100001/ship/1/r1/request_shipment/1",
    "lines": [{"line": 1, "quantity": 12}],
    "tracking": "1Z999",
}
_PAYMENT_EXAMPLE = {
    "id": "evt_0193",
    "type": "authorization.expired",
    "at": _EXAMPLE_AT,
    "authorization_key": "O-100001/authorize/1/r1/authorize_payment/1",
}


@router.post(
    "/inbox/carrier",
    summary="A carrier's webhook",
    response_model=Noted,
    dependencies=[webhook_headers()],
    openapi_extra=body_of(CarrierReport, _CARRIER_EXAMPLE),
)
async def carrier(request: Request) -> Response:
    """Keep and apply a carrier's report; the same id again changes nothing. 200 means: kept for good."""
    services = services_of(request)
    raw = await _signed(request, services)
    report = _read(CarrierReport, raw)
    lines: dict[int, int] = {}
    for line in report.lines:
        lines[line.line] = lines.get(line.line, 0) + line.quantity
    fact = CarrierFact(
        id=report.id,
        request_key=report.request_key,
        status=report.type.removeprefix("shipment."),
        at=report.at,
        lines=lines,
        short=True if report.rest == "backordered" else None,
        expected_on=report.expected_on,
    )
    letter = Letter("carrier", report.id, report.type, raw)
    return await _keep(services, letter, lambda c: take_carrier_fact(c, letter, fact, report.tracking))


@router.post(
    "/inbox/payment",
    summary="A payment provider's webhook",
    response_model=Noted,
    dependencies=[webhook_headers()],
    openapi_extra=body_of(PaymentReport, _PAYMENT_EXAMPLE),
)
async def payment(request: Request) -> Response:
    """Keep and apply a payment provider's report; the same id again changes nothing. 200 means: kept for good."""
    services = services_of(request)
    raw = await _signed(request, services)
    report = _read(PaymentReport, raw)
    status = report.type.rpartition(".")[2]
    fact = PaymentFact(id=report.id, authorization=report.authorization_key, status=status, at=report.at)
    letter = Letter("payment", report.id, report.type, raw)
    return await _keep(services, letter, lambda c: take_payment_fact(c, letter, fact))


async def _signed(request: Request, services: Services) -> Any:
    """The body, when its signature fits."""
    Query(request).done()
    if services.webhook is None:
        raise ApiError("webhooks_off", "No secret for webhooks is set, so none can be checked.")
    body = await read_bytes(request, MAX_BODY_BYTES)
    try:
        services.webhook.verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: headers that are no signature at all
        raise ApiError("bad_signature", "The webhook's signature is missing, wrong or too old.") from None
    try:
        return loads(body)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None


def _read(model: type[M], raw: Any) -> M:
    try:
        return read(model, raw)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None


async def _keep(services: Services, letter: Letter, take: Callable[[Connection], Awaitable[str]]) -> Response:
    """One transaction; repeated when it and another one stood in each other's way."""
    for attempt in range(TRIES):
        try:
            async with services.pool.connection() as connection:
                note = await take(connection)
        except (DeadlockDetected, SerializationFailure):
            if attempt == TRIES - 1:
                raise
        else:
            log.info("inbox", source=letter.source, type=letter.type, note=note)
            return answer({"id": letter.id, "note": note})
    raise AssertionError("the last attempt returns or raises")
