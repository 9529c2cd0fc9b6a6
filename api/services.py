"""What the routes work with: the pool, the door to the workflows, keys and settings; opened and closed with the app."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from standardwebhooks import Webhook
from starlette.requests import Request

from api.hearing import Hearing
from api.keyring import Keyring
from api.late_gateway import LateGateway
from settings import Settings
from store.keys import Role, ensure_key
from store.pool import Pool, create_pool

log = structlog.get_logger("api")

POOL_SIZE = 10
ENVIRONMENT_PRINCIPAL = "admin"


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """Everything a route may use."""

    settings: Settings
    pool: Pool
    gateway: LateGateway
    keyring: Keyring
    webhook: Webhook | None
    clock: Callable[[], datetime] = wall_clock
    hearing: Hearing = field(default_factory=Hearing)
    behind: set[asyncio.Task[Any]] = field(default_factory=set)
    """What goes on though its caller has an answer."""

    def go_on_with(self, task: asyncio.Task[Any]) -> None:
        """Let a task end by itself; what it raises concerns nobody any more."""
        self.behind.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.behind.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("what went on behind an answer failed", why=type(task.exception()).__name__)


async def open_services(settings: Settings) -> Services:
    """Open the pool and make sure that the key of the environment works."""
    pool = create_pool(settings.database(), size=POOL_SIZE, least=2, name="ordito api")
    await pool.open()
    if settings.api_key:
        async with pool.connection() as connection:
            await ensure_key(connection, settings.api_key, ENVIRONMENT_PRINCIPAL, frozenset({Role.ADMIN}))
    webhook = Webhook(settings.webhook_secret) if settings.webhook_secret else None
    return Services(settings, pool, LateGateway(settings), Keyring(pool), webhook)


def services_of(request: Request) -> Services:
    """The app's services."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
