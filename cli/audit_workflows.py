"""`ordito audit`, Temporal's part: no order is lost (I6), and the read model says what the workflows say."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.process.read_model import OrderRow
from store.audit_sql import STORED, UNFINISHED
from store.auditing import Offender, Verdict, snapshot
from workflows.gateway import workflow_id
from workflows.snapshot import OrderSnapshot

PREFIX = workflow_id("")
AT_ONCE = 16
QUERY_TIMEOUT = timedelta(seconds=10)
LOOKS = 6
PAUSE_SECONDS = 0.5
"""A workflow may be between a decision and its save: a difference counts only if it stays."""
COMPARED = ("status", "revision", "finished", "waiting", "counts", "promise_date")

ENDED = {
    WorkflowExecutionStatus.TERMINATED: "was terminated",
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.TIMED_OUT: "timed out",
    WorkflowExecutionStatus.CANCELED: "was cancelled at the server",
    WorkflowExecutionStatus.COMPLETED: "has ended",
}


@dataclass
class Comparison:
    """The read model held against the workflows."""

    compared: int = 0
    not_compared: int = 0
    offenders: list[Offender] = field(default_factory=list)


def mend(number: str) -> str:
    """The command that brings an order without workflow back."""
    return f"ordito order resume {number}"


async def running_orders(client: Client) -> set[str]:
    """Numbers of all orders whose workflow runs, as the server's list has them."""
    query = 'WorkflowType = "order" AND ExecutionStatus = "Running"'
    return {found.id.removeprefix(PREFIX) async for found in client.list_workflows(query, page_size=1000)}


async def lost_orders(client: Client, database_url: str, running: set[str]) -> list[Offender]:
    """Unfinished orders that no workflow carries on, and that wait for no start (I6)."""
    async with snapshot(database_url) as connection:
        rows = await (await connection.execute(UNFINISHED)).fetchall()
    doubtful = [row["number"] for row in rows if row["number"] not in running and not row["start_is_due"]]
    found = await _gather(_ending(client, number) for number in doubtful)
    suspects = [offender for offender in found if offender is not None]
    # what finished between the two looks is not lost
    async with snapshot(database_url) as connection:
        unfinished = {row["number"] for row in await (await connection.execute(UNFINISHED)).fetchall()}
    return [offender for offender in suspects if offender.subject in unfinished]


async def _ending(client: Client, number: str) -> Offender | None:
    try:
        description = await client.get_workflow_handle(workflow_id(number)).describe(rpc_timeout=QUERY_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return Offender(number, "is not finished, and Temporal has no workflow of it", mend(number))
    if description.status is None or description.status is WorkflowExecutionStatus.RUNNING:
        return None
    ended = ENDED.get(description.status, description.status.name.lower())
    return Offender(number, f"is not finished, and its workflow {ended}", mend(number))


async def compare(client: Client, database_url: str, numbers: Iterable[str]) -> Comparison:
    """Asks each running workflow for its state, and looks again as long as it differs from the read model."""
    comparison = Comparison()
    left = sorted(numbers)
    differing: dict[str, str] = {}
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(PAUSE_SECONDS)
        states = dict(zip(left, await _gather(_state(client, number) for number in left), strict=True))
        stored = await _stored(database_url, left)
        known = {number: state for number, state in states.items() if state is not None and number in stored}
        comparison.not_compared += len(left) - len(known)
        differences = {number: _difference(known[number], stored[number]) for number in known}
        differing = {number: words for number, words in differences.items() if words}
        comparison.compared += len(known) - len(differing)
        left = sorted(differing)
        if not left:
            break
    on_their_way = [number for number in differing if (state := states[number]) is not None and state.moving]
    for number in on_their_way:
        del differing[number]
    comparison.not_compared += len(on_their_way)
    comparison.compared += len(differing)
    comparison.offenders = [Offender(number, words) for number, words in sorted(differing.items())]
    return comparison


async def _state(client: Client, number: str) -> OrderSnapshot | None:
    """The workflow's own view; None when it cannot be asked: it just ended, or no worker answers."""
    handle = client.get_workflow_handle(workflow_id(number))
    try:
        found: OrderSnapshot = await handle.query("snapshot", result_type=OrderSnapshot, rpc_timeout=QUERY_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError):
        return None
    return found


async def _stored(database_url: str, numbers: list[str]) -> dict[str, dict[str, Any]]:
    async with snapshot(database_url) as connection:
        rows = await (await connection.execute(STORED, (numbers,))).fetchall()
    return {row["number"]: row for row in rows}


def _difference(state: OrderSnapshot, stored: dict[str, Any]) -> str:
    """What the workflow and the database say differently, in words; empty when they agree."""
    if stored["row"] is None:
        return f"its workflow is at version {state.version}, and nothing of it was written"
    kept = OrderRow.model_validate(stored["row"])
    pairs = [("version", state.saved, stored["version"])]
    pairs += [(name, getattr(state.row, name), getattr(kept, name)) for name in COMPARED]
    parts = [f"{name} {_short(told)} and {_short(found)}" for name, told, found in pairs if told != found]
    return f"workflow and read model differ: {'; '.join(parts)}" if parts else ""


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(waiting.what for waiting in value) or "nothing"
    return str(value)


async def _gather(calls: Iterable[Any]) -> list[Any]:
    """All results in order, so many calls at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(call: Any) -> Any:
        async with gate:
            return await call

    return list(await asyncio.gather(*(one(call) for call in calls)))


async def audit_workflows(client: Client, database_url: str, proved: list[Verdict]) -> list[Verdict]:
    """The database's verdicts with Temporal's findings: lost orders under I6, differences as a verdict of their own."""
    running = await running_orders(client)
    lost = await lost_orders(client, database_url, running)
    comparison = await compare(client, database_url, running)
    verdicts = [
        Verdict(v.invariant, v.title, v.checked, (*v.offenders, *lost)) if v.invariant == "I6" else v for v in proved
    ]
    note = f"{comparison.not_compared} could not be compared" if comparison.not_compared else ""
    read_model = Verdict(
        "read model", "equals the workflows", comparison.compared, tuple(comparison.offenders), note=note
    )
    return [*verdicts, read_model]
