"""`python -m tests.orders.replaying [--broken|--strict]`: replays recorded histories with the workflow code as it is.

Exit status 1 names the histories that this code would not have written. With `--broken` the code is changed on
purpose: a database step becomes a remote activity, as a careless edit would have it. With `--strict` the sandbox guards
the workflow's own module too, which the worker lets through because loading it for each order costs too much.
"""

import asyncio
import os
import sys
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import domain.process.words
from worker import runner
from workflows import calling
from workflows.converter import DATA_CONVERTER
from workflows.order import OrderWorkflow

FOLDER = Path(__file__).resolve().parents[1] / "histories"


def break_on_purpose() -> None:
    """Reserving stock becomes a remote activity."""
    calling.REMOTE = domain.process.words.REMOTE | {domain.process.words.Operation.RESERVE}


def strict_runner() -> SandboxedWorkflowRunner:
    """The SDK's sandbox, with only what has no clock, no chance and no I/O let through."""
    helpers = ("attributes", "calling", "snapshot")
    passed = ("domain", "zoneinfo", *(f"workflows.{name}" for name in helpers))
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))


async def replay_all(workflow_runner: WorkflowRunner) -> list[str]:
    """The recorded histories that do not replay, each with the reason."""
    replayer = Replayer(workflows=[OrderWorkflow], data_converter=DATA_CONVERTER, workflow_runner=workflow_runner)
    failed = []
    for path in sorted(FOLDER.glob("*.json")):
        history = WorkflowHistory.from_json("replayed", path.read_text(encoding="utf-8"))
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failed.append(f"{path.stem}: {result.replay_failure}")
    return failed


def main() -> int:
    if "--broken" in sys.argv:
        break_on_purpose()
    failed = asyncio.run(replay_all(strict_runner() if "--strict" in sys.argv else runner()))
    sys.stdout.write("".join(f"{line}\n" for line in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads, joined at an orderly exit, now and then take the process down with a signal
