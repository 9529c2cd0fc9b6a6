"""The FastAPI application, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import tracing
from api import (
    approving,
    changes,
    events,
    exceptions,
    health,
    holds,
    inbox,
    items,
    mass,
    orders,
    place,
    policies,
    resume,
    revisions,
    skip,
    stock,
    totals,
    ubl,
)
from api.errors import ApiError
from api.metrics import Metrics
from api.middleware import QUIET, RequestFrame
from api.openapi import DESCRIPTION, document
from api.services import open_services
from settings import Settings
from workflows.gateway import OrderNotRunningError, TemporalAwayError

ROUTERS = (
    place, orders, approving, changes, ubl, revisions, holds, skip, resume, mass,
    inbox, events, exceptions, stock, items, totals, policies,
)  # fmt: skip
CLOSING_SECONDS = 3.0
"""How long an app that closes waits for what goes on behind its answers."""


_TELEMETRY: TelemetryConfig = {
    "metrics": False,  # Prometheus has them
    "logs": False,  # they would quote what was sent
    "operation_spans": False,
    "auto_configure": False,
    "exclude": lambda scope: scope["path"] in QUIET,
}
"""FastAPI makes a span for each request, and nothing else (OPS6)."""


def create_app(settings: Settings) -> FastAPI:
    """The API on a database and a Temporal server; both are connected when the app starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = services = await open_services(settings)
        listening = asyncio.create_task(services.hearing.listen(settings.database()))
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.wait({listening, *services.behind}, timeout=CLOSING_SECONDS)
            await services.pool.close()
            await asyncio.to_thread(tracing.end)  # uvicorn ends by the signal it got: nothing after it runs

    app = FastAPI(
        title="Ordito",
        version="1",
        summary="Orders, their changes and what became of them.",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        docs_url="/docs",
        openapi_url="/openapi.json",
        redirect_slashes=False,
        telemetry=_TELEMETRY | {"tracing": tracing.is_on()},
    )
    for module in ROUTERS:
        app.include_router(module.router)
    app.include_router(health.router)
    app.state.metrics = Metrics()
    app.add_middleware(RequestFrame, metrics=app.state.metrics)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def _answer(request: Request, error: ApiError) -> Response:
    return error.response(request.state.request_id)


async def _api_error(request: Request, error: Any) -> Response:
    return _answer(request, error)


async def _http_error(request: Request, error: Any) -> Response:
    code = {405: "method_not_allowed", 413: "body_too_large", 400: "not_json"}.get(error.status_code, "not_found")
    return _answer(request, ApiError(code, _DETAILS[code], headers=error.headers))


_DETAILS = {
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "This address does not answer to this method.",
    "body_too_large": "The body is larger than this address takes.",
    "not_json": "The request cannot be read.",
}


async def _invalid(request: Request, error: Any) -> Response:
    return _answer(request, ApiError("invalid_query", "The address has a part of the wrong form."))


async def _temporal_away(request: Request, error: Any) -> Response:
    return _answer(
        request, ApiError("temporal_away", "The order engine does not answer.", headers={"Retry-After": "2"})
    )


async def _not_running(request: Request, error: Any) -> Response:
    return _answer(request, ApiError("order_not_running", "No workflow runs for this order at the moment."))


async def _database_away(request: Request, error: Any) -> Response:
    return _answer(request, ApiError("database_away", "The database does not answer.", headers={"Retry-After": "2"}))


_HANDLERS: dict[type[Exception], Any] = {
    ApiError: _api_error,
    HTTPException: _http_error,
    RequestValidationError: _invalid,
    TemporalAwayError: _temporal_away,
    OrderNotRunningError: _not_running,
    psycopg.OperationalError: _database_away,
    psycopg.InterfaceError: _database_away,
    PoolTimeout: _database_away,
}
