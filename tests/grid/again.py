"""An operator's Reset: an order does over what it did from one of its calls on."""

import asyncio
import time

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from domain.process.words import Operation
from tests.grid.buyer import PATIENCE, Buyer


async def reset_at(buyer: Buyer, operation: Operation) -> str:
    """Begins the order anew from the task that made its first call of that kind; the id of the new run."""
    shop = buyer.shop
    history = await shop.workflow(buyer.number).fetch_history()
    answer = await shop.temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=shop.settings.temporal_namespace,
            workflow_execution=WorkflowExecution(workflow_id=f"order-{buyer.number}"),
            reason="an operator pressed Reset",
            workflow_task_finish_event_id=_task_of(list(history.events), operation),
            request_id=f"reset-{buyer.number}",
        )
    )
    return str(answer.run_id)


def _task_of(events: list[HistoryEvent], operation: Operation) -> int:
    """The end of the task in which the call was made: it alone is done over, and what follows it."""
    for event in events:
        scheduled, marker = event.activity_task_scheduled_event_attributes, event.marker_recorded_event_attributes
        if scheduled.activity_type.name == str(operation):
            return scheduled.workflow_task_completed_event_id
        if f'"{operation}"'.encode() in marker.SerializeToString():
            return marker.workflow_task_completed_event_id
    raise AssertionError(f"there was no {operation}")


async def calls_of(buyer: Buyer, operation: Operation, run_id: str, *, first: int) -> int:
    """How often the new run has made such a call since event `first`, of which its history was a copy until then."""
    handle = buyer.shop.temporal.get_workflow_handle(f"order-{buyer.number}", run_id=run_id)
    events = [event for event in (await handle.fetch_history()).events if event.event_id > first]
    named = [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]
    markers = [event.marker_recorded_event_attributes.SerializeToString() for event in events]
    return named.count(str(operation)) + sum(f'"{operation}"'.encode() in marker for marker in markers)


async def until_asked_again(buyer: Buyer, operation: Operation, run_id: str) -> None:
    """Waits until the new run has made its own call of that kind: the reset is no proof without it."""
    deadline = time.monotonic() + PATIENCE
    while not await calls_of(buyer, operation, run_id, first=_copied(await _events(buyer, run_id))):
        assert time.monotonic() < deadline, f"{buyer.number}: {operation} is not asked for again"
        await asyncio.sleep(0.25)


async def _events(buyer: Buyer, run_id: str) -> list[HistoryEvent]:
    handle = buyer.shop.temporal.get_workflow_handle(f"order-{buyer.number}", run_id=run_id)
    return list((await handle.fetch_history()).events)


def _copied(events: list[HistoryEvent]) -> int:
    """The last event that the new run took over: the failed task that stands for the reset."""
    failed = [event.event_id for event in events if event.HasField("workflow_task_failed_event_attributes")]
    return failed[0] if failed else 0
