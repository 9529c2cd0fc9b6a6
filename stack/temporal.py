"""The embedded Temporal server with its UI, and what every Temporal server must know before orders run on it."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
    ListSearchAttributesResponse,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.envconfig import ClientConfigProfile
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from stack.child import Command
from stack.errors import StackError
from workflows import attributes
from workflows.connecting import keep_runtime

RETENTION = timedelta(days=30)
REGISTRATION_SECONDS = 30.0

SEARCH_ATTRIBUTES: dict[str, IndexedValueType.ValueType] = {
    key.name: IndexedValueType.ValueType(int(key.indexed_value_type))
    for key in vars(attributes).values()
    if isinstance(key, SearchAttributeKey)
}
"""Every key that the order workflow declares, with its type."""

# One shard polls 20 times a second by default, which adds up to 50 ms to every hop of a workflow.
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": "500",
    "history.timerProcessorMaxPollRPS": "500",
    "history.visibilityProcessorMaxPollRPS": "500",
}
SQLITE_PRAGMAS = ("journal_mode=wal", "synchronous=normal")  # half the throughput is lost without


@dataclass(frozen=True)
class TemporalServer:
    """Where the embedded server keeps its file, and the ports it listens on. `ui_port` None: no UI."""

    database: Path
    log: Path
    port: int
    ui_port: int | None
    metrics_port: int
    namespace: str = "default"
    dynamic_config: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """host:port of the gRPC front end."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> Command:
        """How to run the server; raises StackError when its program is missing."""
        self.database.parent.mkdir(parents=True, exist_ok=True)
        values = [f"{name}={value}" for name, value in DYNAMIC_CONFIG.items()] + list(self.dynamic_config)
        ui = ("--headless",) if self.ui_port is None else ("--ui-port", str(self.ui_port), "--ui-disable-news-fetch")
        return Command(
            arguments=(
                *(program(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port), *ui),
                *("--namespace", self.namespace),
                *("--metrics-port", str(self.metrics_port), "--log-level", "warn"),
                *("--db-filename", str(self.database)),
                *(part for pragma in SQLITE_PRAGMAS for part in ("--sqlite-pragma", pragma)),
                *(part for value in values for part in ("--dynamic-config-value", value)),
            ),
            log=self.log,
            environment={"GOGC": "200"},
        )


def program() -> str:
    """Path of the `temporal` program: the one beside our Python, else one on the PATH."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise StackError("the program `temporal` is not installed: run `make install`, or set TEMPORAL_ADDRESS")
    return found


async def connect(address: str, namespace: str) -> Client:
    """A client; TLS and API key come from the SDK's own variables (`TEMPORAL_TLS*`, `TEMPORAL_API_KEY`).

    Raises StackError when nobody answers.
    """
    config = ClientConfigProfile.load().to_client_connect_config()
    config["target_host"] = address
    config["namespace"] = namespace
    _keep_default_runtime()
    try:
        return await Client.connect(**config)
    except RuntimeError as error:
        raise StackError(f"no Temporal server answers at {address}: {error}") from error


@cache
def _keep_default_runtime() -> None:
    keep_runtime(Runtime.default())


async def is_ready(address: str, namespace: str) -> bool:
    """Whether the server answers and knows the namespace."""
    try:
        return await _knows_namespace(await connect(address, namespace))
    except (StackError, RPCError):
        return False


async def register(
    address: str, namespace: str, *, retention: timedelta | None = None, create_namespace: bool = False
) -> None:
    """Registers the search attributes that are missing and, for a server of ours, sets how long history is kept.

    Repeating it changes nothing. Raises StackError when the namespace is unknown and not to be created, when an
    attribute exists with another type, or when we may not do it.
    """
    client = await connect(address, namespace)
    try:
        await _ensure_namespace(client, create_namespace)
        if retention is not None:
            config = NamespaceConfig(workflow_execution_retention_ttl=_duration(retention))
            await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=config))
        missing = await missing_search_attributes(client)
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
            )
            await _until(lambda: _all_registered(client), "list the search attributes it took")
    except RPCError as error:
        raise StackError(f"Temporal at {address} cannot be made ready: {error.message}") from error


async def _ensure_namespace(client: Client, create: bool) -> None:
    if await _knows_namespace(client):
        return
    if not create:
        raise StackError(
            f"Temporal does not know the namespace {client.namespace}: set TEMPORAL_NAMESPACE right, "
            "or create it with `ordito prepare`"
        )
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=_duration(RETENTION))
    )
    await _until(lambda: _knows_namespace(client), f"know the namespace {client.namespace} it took")


async def _knows_namespace(client: Client) -> bool:
    """Asked in a way that a server answers from its cache, as it does when workflows start."""
    try:
        await _list_search_attributes(client)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _all_registered(client: Client) -> bool:
    return not await missing_search_attributes(client)


async def _until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """A server of several processes tells its caches late."""
    deadline = asyncio.get_running_loop().time() + REGISTRATION_SECONDS
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise StackError(f"Temporal does not {what}, even after {REGISTRATION_SECONDS:.0f} seconds")
        await asyncio.sleep(0.1)


def _duration(length: timedelta) -> Duration:
    return Duration(seconds=int(length.total_seconds()))


async def missing_search_attributes(client: Client) -> dict[str, IndexedValueType.ValueType]:
    """Those the server does not know yet; raises StackError when one is known with another type."""
    listed = await _list_search_attributes(client)
    for name, kind in SEARCH_ATTRIBUTES.items():
        known = listed.custom_attributes.get(name, kind)
        if known != kind:
            raise StackError(
                f"Temporal knows the search attribute {name} as {IndexedValueType.Name(known)}, "
                f"orders need {IndexedValueType.Name(kind)}: use another namespace (TEMPORAL_NAMESPACE)"
            )
    return {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in listed.custom_attributes}


async def _list_search_attributes(client: Client) -> ListSearchAttributesResponse:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    return await client.operator_service.list_search_attributes(request)


async def kept_for(client: Client) -> timedelta:
    """How long the namespace keeps the history of closed workflows."""
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return timedelta(seconds=described.config.workflow_execution_retention_ttl.seconds)


async def has_poller(address: str, namespace: str, task_queue: str, pid: int) -> bool:
    """Whether the process waits for workflow tasks of the queue. The SDK names a worker `<process id>@<host>`."""
    try:
        client = await connect(address, namespace)
        described = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
    except (StackError, RPCError):
        return False
    return any(poller.identity.startswith(f"{pid}@") for poller in described.pollers)
