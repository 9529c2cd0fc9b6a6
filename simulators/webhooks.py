"""Webhooks out: signed by Standard Webhooks, in order per lane, lanes in parallel, repeated until answered 2xx."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog
from standardwebhooks import Webhook

from simulators.books import Books, Event
from simulators.config import CommonConfig
from simulators.post import Post

PARALLEL = 8
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
SHUFFLE_WINDOW = 0.1
"""Seconds a lane gathers events before the newest goes first, when `shuffle` is on."""

log = structlog.get_logger("simulators.webhooks")


class Sender:
    """Delivers the events of one simulator's books; `config` is asked at every attempt."""

    def __init__(self, books: Books, config: Callable[[], CommonConfig]) -> None:
        self._books = books
        self._config = config
        self._lanes: dict[str, deque[Event]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._posts = [Post() for _ in range(PARALLEL)]
        self._threads = ThreadPoolExecutor(PARALLEL, "webhooks")
        self._signer: tuple[str, Webhook] | None = None
        self._parked: set[str] = set()

    def start(self) -> None:
        """Take up what the books say is not acknowledged, and whatever is recorded from now on."""
        self._books.deliver = self.deliver
        self.deliver(self._books.waiting_events())
        self._tasks = [asyncio.create_task(self._work(post)) for post in self._posts]

    async def stop(self) -> None:
        """Stop delivering; what is not acknowledged stays in the books."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for post in self._posts:
            post.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for post in self._posts:
            post.close()

    def deliver(self, events: list[Event]) -> None:
        """Queue events for delivery."""
        for event in events:
            lane = self._lanes.get(event.lane)
            if lane is None:
                self._lanes[event.lane] = deque([event])
                self._make_ready(event.lane, SHUFFLE_WINDOW if self._config().shuffle else 0)
            else:
                lane.append(event)

    def wake(self) -> None:
        """Take up the lanes that wait for a receiver to be configured."""
        while self._parked:
            self._ready.put_nowait(self._parked.pop())

    def forget(self) -> None:
        """Drop what is waiting: the books were emptied."""
        for lane in self._lanes.values():
            lane.clear()
        self.wake()

    def _make_ready(self, lane: str, seconds: float) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._ready.put_nowait, lane)
        else:
            self._ready.put_nowait(lane)

    async def _work(self, post: Post) -> None:
        while True:
            name = await self._ready.get()
            lane = self._lanes[name]
            if not lane:
                del self._lanes[name]
                continue
            config = self._config()
            if not config.webhook_url or not config.webhook_secret:
                self._parked.add(name)
                continue
            event = lane[-1] if config.shuffle else lane[0]
            if await self._send(post, event, config.webhook_url, config.webhook_secret):
                if event in lane:
                    lane.remove(event)
                self._make_ready(name, 0)
            else:
                self._make_ready(name, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(event.attempts - 1, 10)))

    async def _send(self, post: Post, event: Event, url: str, secret: str) -> bool:
        """One attempt; True when it was acknowledged."""
        event.attempts += 1
        every = self._config().duplicate_every
        problem = await self._post(post, event, url, secret)
        if problem is None and every > 0 and event.number % every == 0:
            await self._post(post, event, url, secret)
        if problem is None:
            self._books.acknowledge(event)
            return True
        self._books.run("UPDATE event SET attempts = ? WHERE number = ?", event.attempts, event.number)
        if event.attempts in (1, 5) or event.attempts % 50 == 0:
            log.warning("webhook not acknowledged", id=event.id, attempts=event.attempts, problem=problem)
        return False

    async def _post(self, post: Post, event: Event, url: str, secret: str) -> str | None:
        """Send once; what went wrong, None when answered 2xx."""
        if self._signer is None or self._signer[0] != secret:
            self._signer = (secret, Webhook(secret))
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer[1].sign(event.id, now, event.body),
        }
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, post.send, url, headers, event.body.encode())
