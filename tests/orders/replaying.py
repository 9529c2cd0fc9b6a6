"""`python -m tests.orders.replaying [--broken|--strict|--traced]`: replays recorded histories with this workflow code.

Exit status 1 names the histories that this code would not have written. With `--broken` the code is changed on
purpose: a database step becomes a remote activity, as a careless edit would have it. With `--strict` the sandbox guards
the workflow's own module too, which the worker lets through because loading it for each order costs too much. With
`--traced` it is as while tracing is on (OPS6); then a span is a fault too, for what is replayed was told before.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadConverter
from temporalio.worker import Interceptor, Replayer, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import domain.process.words
from tracing.temporal import OrderTracing
from workflows import calling
from workflows.converter import DATA_CONVERTER
from workflows.order import OrderWorkflow
from workflows.sandbox import runner

FOLDER = Path(__file__).resolve().parents[1] / "histories"


def break_on_purpose() -> None:
    """Reserving stock becomes a remote activity."""
    calling.REMOTE = domain.process.words.REMOTE | {domain.process.words.Operation.RESERVE}


def strict_runner() -> SandboxedWorkflowRunner:
    """The SDK's sandbox, with only what has no clock, no chance and no I/O let through."""
    helpers = ("attributes", "calling", "snapshot")
    passed = ("domain", "zoneinfo", *(f"workflows.{name}" for name in helpers))
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))


async def replay_all(
    workflow_runner: WorkflowRunner, interceptors: Sequence[Interceptor] = (), header: Payload | None = None
) -> list[str]:
    """The recorded histories that do not replay, each with the reason; begun with that trace, if one is given."""
    replayer = Replayer(
        workflows=[OrderWorkflow],
        data_converter=DATA_CONVERTER,
        workflow_runner=workflow_runner,
        interceptors=interceptors,
    )
    failed = []
    for path in sorted(FOLDER.glob("*.json")):
        history = WorkflowHistory.from_json("replayed", path.read_text(encoding="utf-8"))
        if header is not None:
            begun = history.events[0].workflow_execution_started_event_attributes
            begun.header.fields["_tracer-data"].CopyFrom(header)
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failed.append(f"{path.stem}: {result.replay_failure}")
    return failed


async def replay_traced() -> list[str]:
    """The same with the interceptors of a worker that traces; what it would have sent is a fault."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    (header,) = PayloadConverter.default.to_payloads([{"traceparent": f"00-{7:032x}-{8:016x}-01"}])
    failed = await replay_all(runner(), [OrderTracing(provider.get_tracer("ordito"))], header)
    return failed + [f"a span in a replay: {span.name}" for span in kept.get_finished_spans()]


def main() -> int:
    if "--broken" in sys.argv:
        break_on_purpose()
    if "--traced" in sys.argv:
        failed = asyncio.run(replay_traced())
    else:
        failed = asyncio.run(replay_all(strict_runner() if "--strict" in sys.argv else runner()))
    sys.stdout.write("".join(f"{line}\n" for line in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads, joined at an orderly exit, now and then take the process down with a signal
