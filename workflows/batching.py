"""A worker that hands an order all that a workflow task brings before the order goes on with any of it."""

from temporalio.worker import Worker
from temporalio.worker._workflow_instance import _WorkflowLogicFlag


def hand_over_whole_tasks(worker: Worker) -> None:
    """Has signals and updates taken together with the results of calls; without it they are decided on first.

    A task that is done over may have a request in it that has come since. Were that decided on before the results which
    the first try began with, the order would not come to the same local steps again, and what those did would be held
    for ever (`workflows.arriving`). The SDK writes into the history which way a task was taken, so every history
    replays as it was; it will be the SDK's own way from a later version on.
    """
    worker._set_default_workflow_logic_flag(
        _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH, enabled=True
    )
