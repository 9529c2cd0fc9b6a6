"""One request with an effect, from reading to answering: idempotency, faults, books before the answer."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from simulators.books import Books
from simulators.errors import Refusal
from simulators.faults import Fault, Faults
from simulators.messages import Answer, answer_no, read_body, read_key

HANG_UP = "simulators.hang_up"
"""The ASGI extension whose `abort` closes the connection without an answer."""

B = TypeVar("B", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]
Effect = Callable[[B, str], Answer]


def speaking(endpoint: Endpoint) -> Endpoint:
    """Turn the refusals an endpoint raises into answers."""

    async def spoken(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return answer_no(refusal).response()

    return spoken


class Exchange:
    """Runs the operations of one simulator against its books."""

    def __init__(self, books: Books, faults: Faults) -> None:
        self._books = books
        self._faults = faults

    def effect(self, operation: str, model: type[B], run: Effect[B], order_of: Callable[[B], str | None]) -> Endpoint:
        """An endpoint that runs `run(body, key)` at most once per idempotency key, inside one transaction."""

        async def endpoint(request: Request) -> Response:
            key = read_key(request)
            body = await read_body(request, model)
            fault = self._faults.take(operation, lambda: order_of(body))
            await self._before(fault, request)
            refused = fault if fault and fault.kind == "refuse" else None
            given, repeated = self._once(operation, key, body, run, refused)
            await self._after(fault, request)
            return given.response({"idempotent-replayed": "true"} if repeated else None)

        return speaking(endpoint)

    def question(self, operation: str, ask: Callable[[Request], Any]) -> Endpoint:
        """An endpoint that only reads; faults strike it too."""

        async def endpoint(request: Request) -> Response:
            fault = self._faults.take(operation, lambda: None)
            await self._before(fault, request)
            if fault and fault.kind == "refuse":
                raise Refusal(409, fault.code, "Refused by a fault that is switched on.")
            given: Answer = ask(request)
            await self._after(fault, request)
            return given.response()

        return speaking(endpoint)

    async def _before(self, fault: Fault | None, request: Request) -> None:
        if fault is None:
            return
        if fault.kind == "unavailable":
            raise Refusal(503, "unavailable", "Not available now, try again later.")
        if fault.kind in ("slow", "timeout_before"):
            await asyncio.sleep(fault.seconds)
        if fault.kind == "timeout_before":
            await _hang_up(request)

    async def _after(self, fault: Fault | None, request: Request) -> None:
        if fault is None:
            return
        if fault.kind == "timeout_after_success":
            await asyncio.sleep(fault.seconds)
        if fault.kind in ("timeout_after_success", "drop_connection_after_success"):
            await _hang_up(request)

    def _once(self, operation: str, key: str, body: B, run: Effect[B], refused: Fault | None) -> tuple[Answer, bool]:
        """The answer, and whether it is the kept one. No await in here: two requests of one key cannot interleave."""
        fingerprint = hashlib.blake2b(body.__pydantic_serializer__.to_json(body), digest_size=16).digest()
        try:
            kept = self._books.kept_answer(key)
            if kept is not None:
                if (kept.operation, kept.fingerprint) == (operation, fingerprint):
                    return kept.answer, True
                detail = f"The key '{key}' was used before for another request ({kept.operation})."
                raise Refusal(422, "key_reused", detail, violation=True)
            with self._books.transaction():
                if refused is not None:
                    raise Refusal(409, refused.code, "Refused by a fault that is switched on.")
                given = run(body, key)
                self._books.keep_answer(key, operation, fingerprint, given)
                return given, False
        except Refusal as refusal:
            given = answer_no(refusal)
            with self._books.transaction():
                if refusal.violation:
                    self._books.record_violation(refusal, operation, key)
                if refusal.final:
                    self._books.keep_answer(key, operation, fingerprint, given)
            return given, False


async def _hang_up(request: Request) -> None:
    """Close the connection without an answer, and end the request."""
    request.scope["extensions"][HANG_UP]["abort"]()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise Refusal(503, "gone", "The connection is closed; nobody reads this.")
