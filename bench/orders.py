"""Orders a second, and CPU an order: ours from the relay to the invoice, against a bare workflow of the same shape."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.cpu import Cpu, cpu_seconds, difference
from bench.documents import documents
from bench.figures import Goal, Measure
from bench.floor import driver
from bench.ground import Ground, running_program, say, until
from stack.child import Child
from stack.temporal import has_poller

ORDERS = 150
WARM_UP = 60
REST_SECONDS = 1.0
PATIENCE = 120.0
POSTING_AT_ONCE = 8
STEPS = "CREATE TABLE bench_step (number text, step text, PRIMARY KEY (number, step))"
SHARED = ("postgres", "temporal", "simulators")
OURS = (*SHARED, "api", "relay", "worker")


@dataclass(frozen=True)
class Round:
    """What one round of `orders` took."""

    orders: int
    seconds: float
    cpu: Cpu

    @property
    def per_second(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU an order, of every process that had a part in it."""
        return sum(self.cpu.values()) / self.orders * 1000


async def measure(ground: Ground, rounds: int) -> list[Measure]:
    """Both measures, from the same rounds. Leaves the relay paused."""
    await ground.database.execute(STEPS)
    await quieten(ground)
    socket = ground.folder / "floor.sock"
    environment = {**ground.settings.environment(), driver.SOCKET: str(socket)}
    async with running_program("bench.floor.driver", ground.folder, environment) as drives:
        await until(lambda: _exists(socket), PATIENCE, "the floor's driver listens")
        async with running_program("bench.floor.worker", ground.folder, environment) as works:
            await until(lambda: polls(ground, works), PATIENCE, "the floor's worker polls")
            pairs = await _rounds(ground, socket, {"driver": drives.pid, "worker": works.pid}, rounds)
    ours, floor = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    say(f"CPU of an order, ours: {_in_words(ours)}")
    say(f"CPU of an order, floor: {_in_words(floor)}")
    return [
        Measure(
            "orders_per_second",
            "orders/s",
            Goal(0.8, at_least=True),
            ours=[one.per_second for one in ours],
            floor=[one.per_second for one in floor],
        ),
        Measure(
            "cpu_per_order",
            "ms of CPU",
            Goal(1.25),
            ours=[one.cpu_ms for one in ours],
            floor=[one.cpu_ms for one in floor],
        ),
    ]


async def quieten(ground: Ground) -> None:
    """One webhook an order, the one that it waits for; the floor's orders get their signal from its driver instead."""
    for partner, events in (("carrier", ["shipped"]), ("payments", [])):
        answer = await ground.outside.put(f"/{partner}/admin/config", json={"events": events})
        answer.raise_for_status()


async def _rounds(ground: Ground, socket: Path, pids: dict[str, int], rounds: int) -> list[tuple[Round, Round]]:
    """Rounds of both in turns; the one that goes first changes, so that a machine that gets slower is no advantage."""
    _, writer = await asyncio.open_unix_connection(str(socket))

    async def ours(name: str, count: int) -> Round:
        return await _ours(ground, f"B{name}", count)

    async def floor(name: str, count: int) -> Round:
        return await _floor(ground, writer, pids, f"F{name}", count)

    ground.pause_relay()
    pairs = []
    for number in range(rounds + 1):
        count = ORDERS if number else WARM_UP
        first, second = (ours, floor) if number % 2 else (floor, ours)
        one, other = await first(str(number), count), await second(str(number), count)
        if number:
            pairs.append((one, other) if first is ours else (other, one))
    writer.close()
    return pairs


async def _ours(ground: Ground, prefix: str, count: int) -> Round:
    """Orders are accepted before the clock runs; then the relay is let go."""
    orders = documents(prefix, count)
    shipped = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    plan = {"orders": [{"order": order["number"], "shipped_at": shipped} for order in orders]}
    (await ground.outside.post("/carrier/admin/plan", json=plan)).raise_for_status()
    slots = asyncio.Semaphore(POSTING_AT_ONCE)

    async def post(order: object) -> None:
        async with slots:
            (await ground.api.post("/v1/orders", json=order)).raise_for_status()

    await asyncio.gather(*(post(order) for order in orders))
    done = f"SELECT count(*) FROM sales_order WHERE number LIKE '{prefix}-%' AND finished"

    async def go() -> None:
        ground.resume_relay()

    try:
        return await _timed(ground, go, done, count, ground.pids(*OURS))
    finally:
        ground.pause_relay()


async def _floor(ground: Ground, writer: asyncio.StreamWriter, pids: dict[str, int], prefix: str, count: int) -> Round:
    """The driver has nothing to accept; it starts the workflows."""
    done = f"SELECT count(*) FROM bench_step WHERE number LIKE '{prefix}-%' AND step = 'invoice'"

    async def go() -> None:
        writer.write(f"start {prefix} {count}\n".encode())
        await writer.drain()

    return await _timed(ground, go, done, count, ground.pids(*SHARED) | pids)


async def _timed(
    ground: Ground, go: Callable[[], Awaitable[None]], done: str, count: int, pids: dict[str, int]
) -> Round:
    """From the start until the last row of the last order is committed."""

    async def all_done() -> bool:
        return await ground.count(done) == count

    await asyncio.sleep(REST_SECONDS)
    before, started = cpu_seconds(pids), time.monotonic()
    await go()
    await until(all_done, PATIENCE, f"{count} orders are done")
    return Round(count, time.monotonic() - started, difference(cpu_seconds(pids), before))


def _in_words(rounds: list[Round]) -> str:
    """Milliseconds of each process, the median of the rounds."""
    parts = rounds[0].cpu
    return ", ".join(f"{part} {median(r.cpu[part] / r.orders for r in rounds) * 1000:.1f} ms" for part in parts)


async def _exists(path: Path) -> bool:
    return path.exists()


async def polls(ground: Ground, child: Child) -> bool:
    settings = ground.settings
    return await has_poller(settings.temporal_address, settings.temporal_namespace, driver.QUEUE, child.pid)
