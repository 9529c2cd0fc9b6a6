"""The sandbox of the orders' workflows: the SDK's own, asked less often."""

from dataclasses import dataclass
from typing import Any

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

PASSED_THROUGH = ("domain", "workflows", "zoneinfo")
"""Our own modules are loaded once, not anew for each order: that would cost more than the rest of its first task.

What the sandbox would catch in them is kept out by other means: import contracts (no I/O, no driver behind a workflow)
and replays of recorded histories under two hash seeds.
"""


@dataclass(frozen=True)
class OrderSandbox(SandboxedWorkflowRunner):
    """Runs each order in a sandbox of its own."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An order's workflow in a new sandbox."""
        return _OrderInstance(super().create_instance(det))


def runner() -> OrderSandbox:
    """The sandbox of the order workflow."""
    return OrderSandbox(SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


class _OrderInstance(WorkflowInstance):
    """Answers for the sandbox what a value belongs to: our converter does not look at it, nor is anything kept outside.

    The SDK asks three times for each value that comes or goes, and entering the sandbox for the answer made up a sixth
    of the worker's CPU.
    """

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: Any) -> Any:
        """Into the sandbox."""
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:
        """None: `workflows.converter` writes a value the same way wherever it goes."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """No value is stored outside of the history."""
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        """As the sandbox has it."""
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        """The thread of the activation, for reports of a workflow that hangs."""
        return self._sandboxed.get_thread_id()
