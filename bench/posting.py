"""How long POST /v1/orders takes at 50 a second, against a bare FastAPI route with one INSERT.

The relay is paused: what is measured is the door, not how a busy worker slows everything on a small machine down.
"""

import json
from statistics import quantiles

from bench.documents import documents
from bench.figures import Goal, Measure
from bench.floor import route
from bench.ground import Ground, running_program, until
from bench.open_loop import Target, latencies
from stack.ports import is_free
from stack.scratch import free_ports

PER_SECOND = 50
SECONDS = 10
"""Of each round, on each side."""
WARM_UP_SECONDS = 3
PATIENCE = 60.0
TABLE = "CREATE TABLE bench_order (number text PRIMARY KEY, document jsonb NOT NULL)"


async def measure(ground: Ground, rounds: int) -> Measure:
    """The 99th percentile of each round, in milliseconds."""
    await ground.database.execute(TABLE)
    settings = ground.settings
    ours = Target(settings.api_port, "/v1/orders", {"Authorization": f"Bearer {settings.api_key}"})
    floor = Target(int(next(iter(free_ports().values()))), "/orders", {})
    environment = {**settings.environment(), route.PORT: str(floor.port)}
    ground.pause_relay()
    async with running_program("bench.floor.route", ground.folder, environment):
        await until(lambda: _listens(floor.port), PATIENCE, "the bare route listens")
        for target, prefix in ((ours, "PW"), (floor, "RW")):
            await _p99(target, prefix, WARM_UP_SECONDS)
        pairs = []
        for number in range(rounds):
            sides = [(ours, f"P{number}"), (floor, f"R{number}")]
            found = {
                target.path: await _p99(target, prefix, SECONDS)
                for target, prefix in (sides if number % 2 else reversed(sides))
            }
            pairs.append((found[ours.path], found[floor.path]))
    return Measure(
        "post_order_p99", "ms", Goal(3.0), ours=[pair[0] for pair in pairs], floor=[pair[1] for pair in pairs]
    )


async def _p99(target: Target, prefix: str, seconds: int) -> float:
    bodies = [json.dumps(document).encode() for document in documents(prefix, PER_SECOND * seconds)]
    return quantiles(await latencies(target, bodies, PER_SECOND), n=100)[98]


async def _listens(port: int) -> bool:
    return not is_free(port)
