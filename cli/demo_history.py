"""How long and how large the histories of the demo's orders are, by the server's own count."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from workflows.gateway import workflow_id


@dataclass
class _Size:
    events: int = 0
    bytes: int = 0


async def measure(client: Client, numbers: Sequence[str]) -> dict[str, int]:
    """Median and maximum of events and bytes over all these orders; runs of one order are added up."""
    wanted = {workflow_id(number) for number in numbers}
    sizes: dict[str, _Size] = defaultdict(_Size)
    async for run in client.list_workflows('WorkflowType = "order"', page_size=1000):
        if run.id in wanted:
            size = await _size(client, run)
            sizes[run.id].events += size.events
            sizes[run.id].bytes += size.bytes
    events = sorted(size.events for size in sizes.values())
    octets = sorted(size.bytes for size in sizes.values())
    return {
        "events_p50": _median(events),
        "events_max": events[-1] if events else 0,
        "bytes_p50": _median(octets),
        "bytes_max": octets[-1] if octets else 0,
    }


async def _size(client: Client, run: WorkflowExecution) -> _Size:
    """The list knows the size of what has ended; what runs is asked for."""
    info = run.raw_info
    if run.status is WorkflowExecutionStatus.RUNNING or not info.history_size_bytes:
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        info = (await handle.describe()).raw_info
    return _Size(info.history_length, info.history_size_bytes)


def _median(ordered: Sequence[int]) -> int:
    return ordered[len(ordered) // 2] if ordered else 0
