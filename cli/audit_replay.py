"""`ordito audit`, the proof of I13 on a sample: recorded histories, run again, give the same commands."""

from collections.abc import AsyncIterator

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from store.auditing import Offender, Verdict
from workflows.converter import DATA_CONVERTER
from workflows.gateway import workflow_id
from workflows.order import OrderWorkflow
from workflows.sandbox import runner

SAMPLE = 10
"""Histories of each kind: ended and running. All of them are replayed by the tests of a release, not here."""


async def audit_replay(client: Client) -> Verdict:
    """Replays the latest histories with the code that is installed here."""
    replayer = Replayer(workflows=[OrderWorkflow], data_converter=DATA_CONVERTER, workflow_runner=runner())
    checked = 0
    offenders = []
    async with replayer.workflow_replay_iterator(_histories(client)) as results:
        async for result in results:
            checked += 1
            if result.replay_failure is not None:
                number = result.history.workflow_id.removeprefix(workflow_id(""))
                offenders.append(Offender(number, f"its history does not replay: {result.replay_failure}"))
    return Verdict(
        "I13",
        "replay gives the same commands",
        checked,
        tuple(offenders),
        not_applicable="" if checked else "there is no history yet",
        note="a sample",
    )


async def _histories(client: Client) -> AsyncIterator[WorkflowHistory]:
    for state in ("Completed", "Running"):
        query = f'WorkflowType = "order" AND ExecutionStatus = "{state}"'
        async for found in client.list_workflows(query, limit=SAMPLE):
            yield await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
