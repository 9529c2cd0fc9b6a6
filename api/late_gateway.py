"""The door to the workflows, opened at its first use: a process boots, and takes orders, while Temporal is away."""

import asyncio
from datetime import timedelta
from typing import Any, Literal

from temporalio.service import RPCError

import tracing
from domain.process.doors import HoldAnswer, PromiseAnswer, RetryAnswer, SkipAnswer, Start
from domain.process.events import (
    ApproveAsked,
    ChangeAsked,
    HoldAsked,
    PreviewAsked,
    RefuseAsked,
    ReleaseAsked,
    RetryAsked,
    SkipAsked,
)
from domain.process.read_model import ChangeAnswer
from settings import Settings
from workflows.connecting import connect
from workflows.gateway import OrderGateway, TemporalAwayError

CONNECT_SECONDS = 3.0
REST_SECONDS = 0.5


class LateGateway:
    """As `OrderGateway`; every method raises TemporalAwayError while the server cannot be reached."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._gateway: OrderGateway | None = None
        self._opening = asyncio.Lock()
        self._rest_until = 0.0

    async def start(self, start: Start) -> None:
        """See OrderGateway."""
        await (await self._open()).start(start)

    async def promised(self, start: Start, wait: timedelta) -> PromiseAnswer | None:
        """See OrderGateway."""
        return await (await self._open()).promised(start, wait)

    async def ask_change(self, number: str, asked: ChangeAsked, wait: timedelta) -> ChangeAnswer | None:
        """See OrderGateway."""
        return await (await self._open()).ask_change(number, asked, wait)

    async def preview(self, number: str, asked: PreviewAsked, wait: timedelta) -> ChangeAnswer | None:
        """See OrderGateway."""
        return await (await self._open()).preview(number, asked, wait)

    async def retry(self, number: str, asked: RetryAsked) -> RetryAnswer:
        """See OrderGateway."""
        return await (await self._open()).retry(number, asked)

    async def skip(self, number: str, asked: SkipAsked) -> SkipAnswer:
        """See OrderGateway."""
        return await (await self._open()).skip(number, asked)

    async def hold(self, number: str, asked: HoldAsked | ReleaseAsked) -> HoldAnswer:
        """See OrderGateway."""
        return await (await self._open()).hold(number, asked)

    async def decide_change(self, number: str, asked: ApproveAsked | RefuseAsked) -> ChangeAnswer:
        """See OrderGateway."""
        return await (await self._open()).decide_change(number, asked)

    async def signal(self, number: str, kind: Literal["carrier", "payment", "change"], payload: dict[str, Any]) -> bool:
        """See OrderGateway."""
        return await (await self._open()).signal(number, kind, payload)

    async def _open(self) -> OrderGateway:
        if self._gateway is not None:
            return self._gateway
        async with self._opening:
            loop = asyncio.get_running_loop()
            if self._gateway is None and loop.time() >= self._rest_until:
                self._gateway = await self._connect()
                self._rest_until = 0.0 if self._gateway else loop.time() + REST_SECONDS
        if self._gateway is None:
            raise TemporalAwayError(f"no Temporal server answers at {self._settings.temporal_address}")
        return self._gateway

    async def _connect(self) -> OrderGateway | None:
        """None while the server is away; those who wait meanwhile need not try again at once."""
        settings = self._settings
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                client = await connect(settings, lazy=False, interceptors=tracing.interceptors())
        except (RuntimeError, RPCError, TimeoutError):  # RuntimeError is what the client raises when nobody listens
            return None
        return OrderGateway(client, settings.task_queue)
