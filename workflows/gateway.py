"""The one door to the orders' workflows for everyone outside them: API, relay, CLI (design, hard case 1)."""

import asyncio
import time
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.process import releases
from domain.process.doors import HoldAnswer, PromiseAnswer, RetryAnswer, SkipAnswer, Start
from domain.process.events import (
    ApproveAsked,
    CarrierFact,
    ChangeAsked,
    HoldAsked,
    PaymentFact,
    PreviewAsked,
    RefuseAsked,
    ReleaseAsked,
    RetryAsked,
    SkipAsked,
)
from domain.process.read_model import ChangeAnswer
from domain.process.state import OrderInput
from workflows.attributes import at_start
from workflows.snapshot import OrderSnapshot

RPC = timedelta(seconds=5)
DECISION = timedelta(seconds=10)
"""Longer than the order itself waits for what comes of a decision on a change; then it says that it is in progress."""
STARTING = timedelta(seconds=3)
"""How long an order that was accepted and has no workflow yet is waited for: the relay starts it in a moment."""
_LOOK_AGAIN = 0.1  # seconds
AWAY = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})


class TemporalAwayError(Exception):
    """The Temporal server cannot be reached. What was asked is kept, and done when it is back."""


class TemporalTroubleError(TemporalAwayError):
    """The Temporal server is there and does not do what was asked: too much at once, or something broke.

    It may be about one order only, so it is no reason to keep others waiting.
    """


class OrderNotRunningError(Exception):
    """There is no running workflow of that order: not started yet, closed, or terminated."""


class RefusedError(Exception):
    """The order's workflow turned a request down, with a code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def workflow_id(number: str) -> str:
    """The id of an order's workflow."""
    return f"order-{number}"


class OrderGateway:
    """Starts orders and talks to them. Every method raises TemporalAwayError when the server cannot be reached."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    def _options(self, start: Start) -> dict[str, Any]:
        return {
            "id": workflow_id(start.number),
            "task_queue": self._task_queue,
            "search_attributes": at_start(start),
            "static_summary": f"Order {start.number} of customer {start.customer}, by {start.channel}",
            "static_details": f"Ordered {start.ordered_at:%Y-%m-%d}. Policy bundle {start.bundle[:12]}.",
        }

    async def start(self, start: Start) -> None:
        """Starts the order's workflow; one that runs, or has run, counts as started.

        A start with a version goes on where a terminated order stood: there an ended run is no obstacle.
        """
        resumed = start.version > 0
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if resumed else WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            await self._client.start_workflow(
                "order",
                OrderInput(start=start, release=releases.RELEASE),
                id_reuse_policy=reuse,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC,
                **self._options(start),
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise _away(error) from error

    async def promised(self, start: Start, wait: timedelta) -> PromiseAnswer | None:
        """Starts the order and waits for its promise; None when there is none within `wait`."""
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "order",
            OrderInput(start=start, release=releases.RELEASE),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            **self._options(start),
        )
        try:
            answer: PromiseAnswer = await self._client.execute_update_with_start_workflow(
                "promised",
                start_workflow_operation=operation,
                id=f"promised/{start.number}",
                result_type=PromiseAnswer,
                rpc_timeout=wait,
            )
            return answer
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return None
        except WorkflowUpdateFailedError as error:
            if _refusal(error).code == "in_progress":
                return None
            raise _refusal(error) from error
        except WorkflowAlreadyStartedError as error:
            raise OrderNotRunningError(start.number) from error
        except RPCError as error:
            raise _away(error) from error
        finally:
            _retrieve(operation)

    async def ask_change(self, number: str, asked: ChangeAsked, wait: timedelta) -> ChangeAnswer | None:
        """Asks for a cancel or another change and waits for the answer; None when there is none within `wait`."""
        name, update_id = "cancel" if asked.is_cancel else "change", f"change/{asked.change_id}"
        answer: ChangeAnswer | None = await self._update(number, name, asked, ChangeAnswer, update_id, wait)
        return answer

    async def preview(self, number: str, asked: PreviewAsked, wait: timedelta) -> ChangeAnswer | None:
        """Asks what a change would come to; None when there is no answer within `wait`."""
        update_id = f"preview/{asked.id}"
        answer: ChangeAnswer | None = await self._update(number, "preview", asked, ChangeAnswer, update_id, wait)
        return answer

    async def retry(self, number: str, asked: RetryAsked) -> RetryAnswer:
        """Has parked work tried again; RefusedError `nothing_to_retry` when nothing is parked."""
        update_id = f"retry/{asked.request}" if asked.request else None
        answer: RetryAnswer | None = await self._update(number, "retry", asked, RetryAnswer, update_id, RPC)
        if answer is None:
            raise TemporalAwayError("no worker answered in time")
        return answer

    async def skip(self, number: str, asked: SkipAsked) -> SkipAnswer:
        """Has the order go on without a parked step; RefusedError says why it cannot (`domain.process.skips`)."""
        update_id = f"skip/{asked.request}" if asked.request else None
        answer: SkipAnswer | None = await self._update(number, "skip", asked, SkipAnswer, update_id, RPC)
        if answer is None:
            raise TemporalAwayError("no worker answered in time")
        return answer

    async def hold(self, number: str, asked: HoldAsked | ReleaseAsked) -> HoldAnswer:
        """Places a hold, or releases one; RefusedError says why it cannot (`domain.process.holds`)."""
        name = "hold" if isinstance(asked, HoldAsked) else "release"
        update_id = f"{name}/{asked.request}" if asked.request else None
        answer: HoldAnswer | None = await self._update(number, name, asked, HoldAnswer, update_id, RPC)
        if answer is None:
            raise TemporalAwayError("no worker answered in time")
        return answer

    async def decide_change(self, number: str, asked: ApproveAsked | RefuseAsked) -> ChangeAnswer:
        """Approves or refuses a change that waits; RefusedError says why it cannot (`domain.process.approvals`)."""
        name = "approve" if isinstance(asked, ApproveAsked) else "refuse_change"
        update_id = f"{name}/{asked.request}" if asked.request else None
        answer: ChangeAnswer | None = await self._update(number, name, asked, ChangeAnswer, update_id, DECISION)
        if answer is None:
            raise TemporalAwayError("no worker answered in time")
        return answer

    async def _update(
        self, number: str, name: str, argument: Any, result: type[Any], update_id: str | None, wait: timedelta
    ) -> Any:
        """The answer of the order's workflow, or None; one whose start is still on its way is waited for."""
        patience = time.monotonic() + min(STARTING, wait).total_seconds()
        while True:
            try:
                return await self._handle(number).execute_update(
                    name, argument, id=update_id, result_type=result, rpc_timeout=wait
                )
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                return None
            except WorkflowUpdateFailedError as error:
                raise _refusal(error) from error
            except RPCError as error:
                missing = _away_or_missing(error, number)
                late = time.monotonic() >= patience
                if late or not isinstance(missing, OrderNotRunningError) or await self._has_ended(number):
                    raise missing from error
            await asyncio.sleep(_LOOK_AGAIN)

    async def _has_ended(self, number: str) -> bool:
        """Whether a workflow of the order ran and runs no more; False when none was started yet."""
        try:
            found = await self._handle(number).describe(rpc_timeout=RPC)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise _away(error) from error
        return found.status is not WorkflowExecutionStatus.RUNNING

    async def signal(self, number: str, kind: Literal["carrier", "payment", "change"], payload: dict[str, Any]) -> bool:
        """Tells a running order a fact or a change; False when no workflow of it runs."""
        name, argument = _SIGNALS[kind]
        content = argument.model_validate(payload) if argument is not None else payload
        try:
            await self._handle(number).signal(name, content, rpc_timeout=RPC)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise _away(error) from error
        return True

    async def snapshot(self, number: str) -> OrderSnapshot:
        """The read model as the workflow has it; OrderNotRunningError when there is no such workflow."""
        try:
            handle = self._handle(number)
            found: OrderSnapshot = await handle.query("snapshot", result_type=OrderSnapshot, rpc_timeout=RPC)
            return found
        except RPCError as error:
            raise _away_or_missing(error, number) from error

    def _handle(self, number: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(workflow_id(number))


_SIGNALS: dict[str, tuple[str, type[CarrierFact] | type[PaymentFact] | None]] = {
    "carrier": ("carrier", CarrierFact),
    "payment": ("payment", PaymentFact),
    "change": ("change_requested", None),
}


def _refusal(error: WorkflowUpdateFailedError) -> RefusedError:
    cause: BaseException | None = error.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    if cause is None:
        return RefusedError("failed", "The order's workflow could not answer.")
    return RefusedError(cause.type or "failed", cause.message)


def _away(error: RPCError) -> Exception:
    trouble = TemporalAwayError if error.status in AWAY else TemporalTroubleError
    return trouble(f"{error.status.name.lower()}: {error.message}")


def _away_or_missing(error: RPCError, number: str) -> Exception:
    return OrderNotRunningError(number) if error.status == RPCStatusCode.NOT_FOUND else _away(error)


def _retrieve(operation: WithStartWorkflowOperation[Any, Any]) -> None:
    """Takes the operation's own failure note, which has been raised already, so that nobody logs it as lost."""
    future = operation._workflow_handle
    if future.done() and not future.cancelled():
        future.exception()
    else:
        future.cancel()
