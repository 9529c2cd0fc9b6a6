"""Around every request: an id, one log line, counts, and an answer in our shape even when something breaks."""

import re
import time
import traceback
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import tracing
from api.errors import ApiError
from api.metrics import Metrics

log = structlog.get_logger("api")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked all the time by machines: neither logged nor traced."""
_OF_A_KNOWN_ORDER = frozenset({409, 429})
"""Refusals that the order gives. With others its number may be anything that was typed into an address."""


class RequestFrame:
    """Outermost of our middlewares. Bodies and queries never reach the log: they may hold personal data."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status < 400 or status in _OF_A_KNOWN_ORDER:
                    tracing.answering(scope.get("path_params", {}))
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except Exception as error:
            log.error("request broke", error=type(error).__name__, at=_frames(error))
            if status:
                raise
            broken = ApiError("internal", "The request could not be completed; it is in the log under this id.")
            await broken.response(request_id)(scope, receive, stamped)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.request(scope["method"], route, status, seconds)
        if route not in QUIET:
            log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id if it is plain, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


def _frames(error: BaseException) -> list[str]:
    """Where it broke. Messages are left out: those of databases quote values."""
    return [
        f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-8:]
    ]
