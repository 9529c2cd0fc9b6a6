"""The way of every change: kept, then put to the order itself; whatever goes wrong, the relay has it (CHG14)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from starlette.responses import Response

from api.change_views import change as change_view
from api.errors import ApiError, come_again
from api.orders import order_unknown
from api.services import Services
from api.wire import answer
from domain.process.change_requests import signal_payload, without_personal_data
from domain.process.events import ChangeAsked
from domain.process.words import ChangeOutcome
from store import changes, dispatch, reading
from store.pool import Connection, repeatable, statement, transaction
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError

LOOK_AGAIN_SECONDS = 0.25

log = structlog.get_logger("api")


Guard = Callable[[Connection], Awaitable[None]]
"""Looks at the order before a change is kept, in the same transaction; raises ApiError if it must not be."""


class Answered(NamedTuple):
    """A change that was not refused: as it is shown, HTTP status, headers."""

    shown: dict[str, Any]
    status: int
    headers: dict[str, str]


async def ask_for(
    services: Services, number: str, asked: ChangeAsked, wait: timedelta, edit: dict[str, Any] | None = None
) -> Response:
    """As `put_to_order`, as a response."""
    return answer(*await put_to_order(services, number, asked, wait, edit))


async def put_to_order(
    services: Services,
    number: str,
    asked: ChangeAsked,
    wait: timedelta,
    edit: dict[str, Any] | None = None,
    guard: Guard | None = None,
) -> Answered:
    """Keep the change, ask the order, and answer: 200, 202 or 409 by the outcome. `edit` is kept with it."""
    structlog.contextvars.bind_contextvars(change=asked.change_id)
    row, message, new = await _keep(services, number, asked, edit or {}, guard)
    if row["answer"] is None:
        until = asyncio.get_running_loop().time() + wait.total_seconds()
        row = await _ask(services, number, asked, message, wait) or row
        row = await _waited_for(services, number, row, until)
    return _answered(number, row, {} if new else {"Idempotent-Replay": "true"})


async def _waited_for(services: Services, number: str, row: dict[str, Any], until: float) -> dict[str, Any]:
    """The row with its answer, if the order works on it and has one before `until`: it lets nobody wait for long."""
    loop = asyncio.get_running_loop()
    while row["outcome"] == ChangeOutcome.IN_PROGRESS and loop.time() + LOOK_AGAIN_SECONDS < until:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        async with services.pool.connection() as connection:
            found = await changes.find(connection, number, row["change_id"])
        row = found if found is not None and found["answer"] is not None else row
    return row


async def _keep(
    services: Services, number: str, asked: ChangeAsked, edit: dict[str, Any], guard: Guard | None
) -> tuple[dict[str, Any], int | None, bool]:
    """Commit the change and its message; the row, the message's id when there is one, and whether it is new.

    A closed order has nobody to ask: its answer is written at once.
    """
    document = {"reason": asked.reason, "base_revision": asked.base_revision, **edit}
    if asked.token is not None:
        document["token"] = asked.token
    async with transaction(services.pool) as connection:
        start = await reading.start_of(connection, number)
        if start is None:
            raise order_unknown()
        if guard is not None:
            await guard(connection)
        row, new = await changes.keep(connection, number, asked.model_dump(mode="json"), document)
        if not new:
            known = row["document"]  # of one that came as a signal: less of it, or nothing
            if row["kind"] != asked.change or known != {name: document.get(name) for name in known}:
                raise ApiError("change_id_reused", "This change_id came before, with another content.")
            return row, None, False
        if start["finished"]:
            await changes.answer_closed(connection, number, asked.change_id, asked.at)
            return (await changes.find(connection, number, asked.change_id)) or row, None, True
        message = signal_payload(asked)
        note = dispatch.ASKED_DIRECTLY
        return row, await dispatch.enqueue(connection, number, "change", message, note=note), True


async def _ask(
    services: Services, number: str, asked: ChangeAsked, message: int | None, wait: timedelta
) -> dict[str, Any] | None:
    """Ask the order itself; the row, perhaps with the answer: the order's own, or the one that it has just saved."""
    asking = asyncio.create_task(_ask_order(services, number, asked, message, wait))
    with services.hearing.of(number, asked.change_id) as heard:
        hearing = asyncio.create_task(heard.wait())
        try:
            await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            if not asking.done():
                services.go_on_with(asking)
    if asking.done():
        return asking.result()
    async with statement(services.pool) as connection:
        return await changes.find(connection, number, asked.change_id)


async def _ask_order(
    services: Services, number: str, asked: ChangeAsked, message: int | None, wait: timedelta
) -> dict[str, Any] | None:
    """Whatever goes wrong, the relay has the message."""
    given, closed = None, False
    try:
        given = await services.gateway.ask_change(number, without_personal_data(asked), wait)
    except (TemporalAwayError, OrderNotRunningError) as error:
        log.info("the change is left to the relay", why=type(error).__name__)
    except RefusedError as error:
        closed = error.code == "order_closed"
        if error.code == "queue_full" and message is not None:
            await _take_back(services, number, asked.change_id, message, error.words)
    async with repeatable(services.pool) as connection:  # what is lost of it the relay does again
        if closed:
            await changes.answer_closed(connection, number, asked.change_id, asked.at)
        answered = closed or (given is not None and given.outcome is not ChangeOutcome.IN_PROGRESS)
        if answered and message is not None:
            await dispatch.mark_delivered(connection, [message], "the order was asked directly")
        elif message is not None:
            await dispatch.leave_to_relay(connection, message)
        row = await changes.find(connection, number, asked.change_id)
    if row is not None and given is not None and row["answer"] is None:
        return {**row, "outcome": given.outcome, "answer": given.model_dump(mode="json")}
    return row


async def _take_back(services: Services, number: str, change_id: str, message: int, words: str) -> None:
    """The order has no room for the change: it is not kept, unless the relay has told the order of it meanwhile."""
    async with services.pool.connection() as connection:
        if not await dispatch.withdraw(connection, message):
            return
        await changes.forget(connection, number, change_id)
    raise come_again("queue_full", words)


def _answered(number: str, row: dict[str, Any], headers: dict[str, str]) -> Answered:
    """200, 202 or 409 by the outcome."""
    shown = change_view(row, row["currency"])
    place = f"/v1/orders/{number}/changes/{row['change_id']}"
    match shown["outcome"]:
        case ChangeOutcome.REFUSED:
            if shown["code"] == "queue_full":
                raise come_again("queue_full", shown["words"] or "", change=_plain(shown))
            code = "order_closed" if shown["code"] == "order_closed" else "change_refused"
            raise ApiError(code, shown["words"] or "", change=_plain(shown), reason=shown["code"] or "")
        case ChangeOutcome.ACCEPTED | ChangeOutcome.PARTLY:
            return Answered(shown, 200, headers)
        case _:
            return Answered(shown, 202, {**headers, "Location": place})


def _plain(shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "received_at": shown["received_at"].isoformat()}
