"""The first activation of an order's workflow in the worker's sandbox, against that of an empty workflow.

This is what every order costs the worker before anything happens: the sandbox is made, the workflow loaded into it, its
input decoded, and the workflow runs to its first await. Ours has its modules passed through (`workflows.sandbox`),
the empty one is loaded as the SDK does by default. Measured as CPU time of our thread, without a server.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median

from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.workflow_activation import InitializeWorkflow, WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.worker._workflow_instance import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from bench.empty import EmptyWorkflow
from bench.figures import Goal, Measure
from domain.process import releases
from domain.process.doors import Start
from domain.process.state import OrderInput
from workflows.converter import DATA_CONVERTER
from workflows.order import OrderWorkflow
from workflows.sandbox import runner

REPEATS = 40
WARM_UP = 10
AT = datetime(2026, 4, 1, 9, tzinfo=UTC)
START = Start(number="B-1", bundle="0" * 64, ordered_at=AT, accepted_at=AT, customer="C-1", channel="web", version=0)


Activation = Callable[[], Awaitable[float]]


async def measure(rounds: int) -> Measure:
    """Milliseconds of CPU for one first activation; a round's figure is the median of its repeats."""
    sandbox = runner()
    given = DATA_CONVERTER.payload_converter.to_payloads([OrderInput(start=START, release=releases.RELEASE)])
    ours, floor = _activation(sandbox, OrderWorkflow, given), _activation(sandbox, EmptyWorkflow, [])
    await _alternate(ours, floor, WARM_UP)
    pairs = [await _alternate(ours, floor, REPEATS) for _ in range(rounds)]
    return Measure(
        "first_activation", "ms of CPU", Goal(1.5), ours=[pair[0] for pair in pairs], floor=[pair[1] for pair in pairs]
    )


async def _alternate(ours: Activation, floor: Activation, repeats: int) -> tuple[float, float]:
    """Medians of both, taken in turns."""
    pairs = [(await ours(), await floor()) for _ in range(repeats)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _activation(sandbox: SandboxedWorkflowRunner, kind: type, arguments: list[Payload]) -> Activation:
    """Something that activates a new workflow of the kind, and tells the milliseconds of CPU it took."""
    details = _details(kind)
    sandbox.prepare_workflow(details.defn)
    first = InitializeWorkflow(
        workflow_type=details.info.workflow_type, workflow_id="order-B-1", arguments=arguments, attempt=1
    )
    activation = WorkflowActivation(
        run_id="run", history_length=3, jobs=[WorkflowActivationJob(initialize_workflow=first)]
    )
    activation.timestamp.FromDatetime(AT)

    async def activate() -> float:
        """As the worker does it: the instance is made in its loop, and activated in a thread."""
        started = time.thread_time()
        instance = sandbox.create_instance(details)
        made = time.thread_time() - started
        completion, activated = await asyncio.to_thread(_timed, instance, activation)
        if not completion.HasField("successful") or "fail_workflow_execution" in str(completion):
            raise RuntimeError(f"{kind.__name__} failed: {completion}")
        return (made + activated) * 1000

    return activate


def _timed(instance: WorkflowInstance, activation: WorkflowActivation) -> tuple[WorkflowActivationCompletion, float]:
    """What came of it, and the CPU seconds of this thread."""
    started = time.thread_time()
    completion = instance.activate(activation)
    return completion, time.thread_time() - started


def _any_activity(_: str) -> None:
    """Stands for the worker, which knows the names of its local activities."""


def _details(kind: type) -> WorkflowInstanceDetails:
    defn = workflow._Definition.must_from_class(kind)
    return WorkflowInstanceDetails(
        payload_converter_factory=DATA_CONVERTER._new_payload_converter,
        failure_converter_class=DATA_CONVERTER.failure_converter_class,
        interceptor_classes=[],
        defn=defn,
        info=_info(str(defn.name)),
        randomness_seed=7,
        extern_functions={"__temporal_assert_local_activity_valid": _any_activity},
        disable_eager_activity_execution=False,
        worker_level_failure_exception_types=[],
        patch_activation_callback=None,
        last_completion_result=Payloads(),
        last_failure=Failure(),
    )


def _info(name: str) -> workflow.Info:
    return workflow.Info(
        attempt=1,
        continued_run_id=None,
        cron_schedule=None,
        execution_timeout=None,
        first_execution_run_id="run",
        headers={},
        namespace="default",
        original_execution_run_id="run",
        parent=None,
        root=None,
        priority=Priority.default,
        raw_memo={},
        retry_policy=None,
        run_id="run",
        run_timeout=None,
        search_attributes={},
        start_time=AT,
        workflow_start_time=AT,
        task_queue="orders",
        task_timeout=timedelta(seconds=10),
        typed_search_attributes=TypedSearchAttributes.empty,
        workflow_id="order-B-1",
        workflow_type=name,
    )
