"""POST /v1/ubl: orders and their changes as UBL 2.1 documents, through the same doors as JSON (CAP1, CHG1, CHG14)."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.ubl.documents import Defaults, Document, DocumentType, read
from adapters.ubl.response import ACCEPTED, IN_PART, RECEIVED, REJECTED, order_response
from api.answers_ubl import UblAccepted, UblChange
from api.asking import put_to_order
from api.auth import DocumentSender, demand
from api.errors import CATALOGUE, ApiError, document_refused
from api.place import idempotency_key, problems_of, take_order
from api.query import Query
from api.services import Services, services_of
from api.shapes import parameters, xml_body
from api.wire import answer, read_bytes
from domain.change_document import edit_of, read_change
from domain.problems import Problem, ProblemsFound
from domain.process.events import ChangeAsked
from domain.process.words import ChangeOutcome
from limits import DEFAULT_WAIT_SECONDS, MAX_UBL_BYTES, MAX_WAIT_SECONDS
from store import changes, reading
from store.changes import Later
from store.keys import Caller, Role
from store.pool import Connection

router = APIRouter(prefix="/v1", tags=["ubl"])
XML = "application/xml"
_NOTES = 100
"""Notes of one OrderResponse; the JSON answer has all problems."""
_XML_TOO = frozenset({404, 409, 422})
"""Refusals that are told as an OrderResponse to those who want XML; all others are problems in JSON."""
_CHANNEL = {"channel": "Channel of an order; `edi` when left out."}
_ANSWERS = {"model": UblAccepted | UblChange, "content": {XML: {"schema": {"type": "string"}}}}


@router.post(
    "/ubl",
    summary="Send a UBL document",
    response_model=UblAccepted | UblChange,
    responses={200: _ANSWERS, 201: _ANSWERS, 202: _ANSWERS},
    openapi_extra={
        **xml_body(),
        **parameters("source", "channel", "ship_method", "timeout", key=True, words=_CHANNEL),
    },
)
async def send_document(request: Request, caller: DocumentSender) -> Response:
    """Take an Order, OrderChange or OrderCancellation of UBL 2.1: answered as the same thing sent as JSON would be.

    What could not be carried out is refused, with its XPath; what changes nothing is listed in `ubl.ignored`. The same
    document again gets the same answer. With `Accept: application/xml` the answer is a UBL OrderResponse.
    """
    services = services_of(request)
    query = Query(request, "source", "channel", "ship_method", "timeout")
    seconds = query.number("timeout", DEFAULT_WAIT_SECONDS, 1, MAX_WAIT_SECONDS)
    source = query.text("source")
    defaults = Defaults(source, query.text("channel"), query.text("ship_method"))
    query.done()
    key = idempotency_key(request)
    body = await read_bytes(request, MAX_UBL_BYTES)
    try:
        document = await asyncio.to_thread(read, body, defaults)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None
    is_order = document.type is DocumentType.ORDER
    demand(caller, Role.ORDERS_WRITE if is_order else Role.CHANGES_WRITE)
    as_xml = XML in request.headers.get("accept", "")
    try:
        if is_order:
            shown, status, headers = await _place(services, caller, document, key)
        else:
            shown, status, headers = await _change(services, caller, document, source, timedelta(seconds=seconds))
    except ApiError as error:
        if as_xml and CATALOGUE[error.code].status in _XML_TOO:
            return _rejected(services, document, error)
        raise
    if as_xml:
        code = RECEIVED if is_order or status == 202 else _done(shown)
        notes = [shown["words"]] if shown.get("words") else []
        return _xml(order_response(document, code, notes, shown["ubl"]["order"], services.clock()), status, headers)
    return answer(shown, status, headers)


def _done(shown: dict[str, Any]) -> str:
    """The code of a change that was done, be it in part: its words, the note, say which."""
    return IN_PART if shown.get("outcome") == ChangeOutcome.PARTLY else ACCEPTED


async def _place(
    services: Services, caller: Caller, document: Document, key: str | None
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """An order, by the way of every order."""
    if document.problems:
        raise document_refused(document.refused_as(await problems_of(services, caller, document.raw)))
    try:
        accepted, status, headers = await take_order(services, caller, document.raw, key)
    except ApiError as error:
        if error.problems and error.code == "invalid_document":
            raise document_refused(document.refused_as(error.problems)) from None
        raise
    return {**accepted, "ubl": _told(document, accepted["number"])}, status, headers


async def _change(
    services: Services, caller: Caller, document: Document, source: str | None, wait: timedelta
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """A change or a cancel, by the way of every change; but not after a later document about the same order."""
    number, currency = await _order_meant(services, document, source)
    structlog.contextvars.bind_contextvars(order=number)
    document.problems.extend(document.other_currencies(currency))
    own: Iterable[Problem] = ()
    try:
        change = read_change(document.raw, currency)
    except ProblemsFound as found:
        own = found.problems
    if problems := document.refused_as(own):
        raise document_refused(problems)
    edit = {} if change.cancel else edit_of(change.set, change.lines, currency)
    edit["ubl"] = {"sequence": document.sequence, "issued": document.issued}
    asked = ChangeAsked(
        change_id=document.change_id,
        change=change.kind,
        reason=change.reason or "",
        requested_by=caller.principal,
        at=services.clock(),
    )

    async def in_order(connection: Connection) -> None:
        later = await changes.latest_document(connection, number, asked.change_id)
        if later is not None and _stale(document, later):
            raise ApiError("document_stale", "The order has had a document of a higher number, or a later date.")

    shown, status, headers = await put_to_order(services, number, asked, wait, edit, in_order)
    return {**shown, "ubl": _told(document, number)}, status, headers


async def _order_meant(services: Services, document: Document, source: str | None) -> tuple[str, str]:
    """Number and currency of the order a change is about."""
    if not document.order_id or not document.issuer:
        raise document_refused(document.refused_as(()))
    system = source or document.issuer
    async with services.pool.connection() as connection:
        row = await reading.meant_by(connection, system, document.order_id, document.order_number)
    if row is None:
        words = "No order of this buyer has the id in cac:OrderReference. Check it, and the query `source`."
        raise ApiError("order_unknown", words)
    return row["number"], row["currency"]


def _stale(document: Document, later: Later) -> bool:
    """By the sequence numbers if both have one, else by when they were issued, as exactly as both tell it."""
    if document.sequence is not None and later.sequence is not None:
        return document.sequence <= later.sequence
    here, there = document.issued or "", later.issued or ""
    exact = min(len(here), len(there))
    return here[:exact] < there[:exact]


def _told(document: Document, number: str) -> dict[str, Any]:
    return {"type": document.type, "id": document.id, "order": number, "ignored": document.ignored}


def _rejected(services: Services, document: Document, error: ApiError) -> Response:
    """A refusal as an OrderResponse, with the status it would have had as JSON."""
    notes = [f"{problem.path}: {problem.words}" for problem in error.problems[:_NOTES]] or [error.detail]
    body = order_response(document, REJECTED, notes, document.order_number, services.clock())
    return _xml(body, CATALOGUE[error.code].status, error.headers)


def _xml(body: bytes, status: int, headers: dict[str, str] | None) -> Response:
    return Response(body, status, headers, media_type=XML)
