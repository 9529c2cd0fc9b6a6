"""Is it alive, is it ready, how is it doing: for supervisors and Prometheus. No key is needed."""

import psycopg
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from api.answers_other import Health, Readiness
from api.metrics import Metrics
from api.services import services_of
from api.wire import answer
from store import reading, releases

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?", response_model=Health)
async def alive(request: Request) -> Response:
    """Answers without asking anyone."""
    return answer({"status": "alive"})


@router.get(
    "/readyz", summary="Can orders be accepted?", response_model=Readiness, responses={503: {"model": Readiness}}
)
async def ready(request: Request) -> Response:
    """200 when the database answers and a policy bundle is live. Temporal may be away: orders are taken even so."""
    services = services_of(request)
    try:
        async with services.pool.connection(timeout=2) as connection:
            live = await releases.live(connection, services.clock())
    except (psycopg.Error, PoolTimeout):
        return answer({"status": "not ready", "database": False, "policy": False}, 503)
    status = "ready" if live else "not ready"
    return answer({"status": status, "database": True, "policy": live is not None}, 200 if live else 503)


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """Requests, orders by status, and how far telling Temporal is behind (outbox and inbox lag)."""
    async with services_of(request).pool.connection() as connection:
        lags = await reading.lags(connection)
        statuses, parked = await reading.statuses(connection)
    kept: Metrics = request.app.state.metrics
    return Response(kept.page(lags, statuses, parked), media_type=CONTENT_TYPE_LATEST)
