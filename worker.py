"""The worker: the one place where orders' workflows, their activities, the database and the outside meet.

`python -m worker` runs until SIGTERM; what it needs comes from the environment (`settings.SETTINGS`).
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
import uvloop
from temporalio.client import Client
from temporalio.worker import Worker

import tracing
from activities.registry import all_activities
from adapters.carrier_http import HttpCarrier
from adapters.http_calls import create_client
from adapters.payment_http import HttpPayments
from logs import set_up_logs
from settings import Settings, SettingsError
from store.pool import create_pool
from workflows.batching import hand_over_whole_tasks
from workflows.connecting import connect, metrics_runtime
from workflows.converter import DATA_CONVERTER
from workflows.order import OrderWorkflow
from workflows.sandbox import runner
from workflows.untouched import pass_values_untouched

POOL_SIZE = 8
"""Connections to the database. Each prepares every statement for itself, so more than the server has cores to spare
for would plan more and do no more."""

STICKY = timedelta(seconds=3)
"""How long orders wait for a killed worker before another takes them; the default of 10 s dominates recovery."""

OPTIONS: dict[str, Any] = {
    "sticky_queue_schedule_to_start_timeout": STICKY,
    "graceful_shutdown_timeout": timedelta(seconds=5),
    "max_cached_workflows": 1000,
    "max_concurrent_activities": 64,
    "max_concurrent_local_activities": 32,
}
"""How much one worker takes on; `make bench` gives its floor the same."""


def order_worker(client: Client, task_queue: str, activities: list[Callable[..., Any]]) -> Worker:
    """Workflows and activities on one queue of one worker, so that activities are handed over without a round trip."""
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[OrderWorkflow],
        activities=activities,
        workflow_runner=runner(),
        **OPTIONS,
    )
    hand_over_whole_tasks(worker)
    return worker


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then lets what is running finish."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    pass_values_untouched(DATA_CONVERTER)
    pool = create_pool(settings.database(), size=POOL_SIZE, least=2, name="ordito-worker", by_key=True)
    async with (
        pool,
        create_client(hooks=tracing.http_hooks("carrier")) as carrier_http,
        create_client(hooks=tracing.http_hooks("payment provider")) as payment_http,
    ):
        carrier = HttpCarrier(carrier_http, settings.carrier_url)
        payments = HttpPayments(payment_http, settings.payment_url)
        runtime = metrics_runtime(settings.worker_metrics_port)
        client = await connect(settings, runtime=runtime, lazy=False, interceptors=tracing.interceptors())
        async with order_worker(client, settings.task_queue, all_activities(pool, carrier, payments)):
            _spare_the_collector()
            structlog.get_logger("worker").info("working", task_queue=settings.task_queue)
            await stopped.wait()


def _spare_the_collector() -> None:
    """What was loaded stays; what orders make is mostly freed at once, and needs no search for cycles so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def main() -> int:
    """Exit status 2 with a sentence for a bad environment."""
    try:
        settings = Settings.from_env()
        tracing.set_up(settings.otlp_endpoint, "ordito-worker")
        set_up_logs(settings.log_level)
        uvloop.run(run(settings))
        tracing.end()
    except SettingsError as error:
        sys.stderr.write(f"worker: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
