"""The floor of the first activation: a workflow that does nothing. The sandbox loads this module for each of them."""

from temporalio import workflow


@workflow.defn(name="empty")
class EmptyWorkflow:
    """Takes nothing, does nothing."""

    @workflow.run
    async def run(self) -> None:
        """Ends at once."""
