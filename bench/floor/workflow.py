"""A bare order: the same steps as ours, nothing decided, nothing kept.

Three local activities, three remote ones, one signal; and two updates, one that does nothing and one that makes the
calls of a change so that none is lost. The sandbox loads this module for each workflow.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from bench.floor.shapes import BareOrder

LOCAL = timedelta(seconds=10)
ATTEMPT = timedelta(seconds=20)


@workflow.defn(name="bare-order")
class BareOrderWorkflow:
    """As in the SDK's first tutorial."""

    def __init__(self) -> None:
        self._shipped = False

    @workflow.run
    async def run(self, order: BareOrder) -> str:
        """Open, reserve, authorize, ship, wait until shipped, capture, invoice."""
        await self._commit("open", order.number)
        await self._commit("reserve", order.number)
        await self._call("authorize", order)
        await self._call("ship", order)
        await workflow.wait_condition(lambda: self._shipped)
        await self._call("capture", order)
        await self._commit("invoice", order.number)
        return "completed"

    async def _commit(self, step: str, number: str) -> None:
        await workflow.execute_local_activity("commit", args=[number, step], schedule_to_close_timeout=LOCAL)

    async def _call(self, step: str, order: BareOrder) -> None:
        await workflow.execute_activity(step, order, start_to_close_timeout=ATTEMPT)

    @workflow.signal
    def shipped(self) -> None:
        """The goods have left."""
        self._shipped = True

    @workflow.update
    async def change(self) -> str:
        """Changes nothing: what it costs to ask a workflow and be answered."""
        return "unchanged"

    @workflow.update
    async def change_for_good(self, order: BareOrder) -> str:
        """The calls of a change up to its answer, in one activity that is in the history before they are made."""
        await self._call("make_calls", order)
        return "changed"
