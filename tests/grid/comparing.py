"""What is compared of a cell beside the end of its order."""

import asyncio
import time

from temporalio.client import WorkflowExecutionStatus

from domain.policy.model import TaskWord
from domain.policy.process import Step
from tests.grid.buyer import EFFECT, PATIENCE, Buyer
from tests.grid.database import done_effects
from tools.docs.saga_grid import Cell, shipped_steps


def step_of(cell: Cell) -> Step:
    return next(step for step in shipped_steps() if step.step == cell.step)


async def keys_are(buyer: Buyer, cell: Cell, n: int) -> None:
    """One effect of that kind is done, under the n-th key: a fault is tried again under its key, a refusal is not."""
    wanted = f"{buyer.number}/{cell.step}/1/r1/{EFFECT[cell.task]}/{n}"
    assert await done_effects(buyer, EFFECT[cell.task]) == [wanted]


async def at_the_outside(buyer: Buyer, task: TaskWord) -> int:
    """How many effects of that kind the outside has in its own books."""
    if task is TaskWord.SHIP:
        return len((await buyer.shop.books("carrier", buyer.number))["requests"])
    money = (await buyer.shop.books("payments", buyer.number))["authorizations"]
    if task is TaskWord.AUTHORIZE:
        return len(money)
    return sum(len(one["captures"]) for one in money)


async def has_ended(buyer: Buyer, run_id: str) -> None:
    """The run that was begun anew comes to its end as well."""
    handle = buyer.shop.temporal.get_workflow_handle(f"order-{buyer.number}", run_id=run_id)
    deadline = time.monotonic() + PATIENCE
    while (status := (await handle.describe()).status) is WorkflowExecutionStatus.RUNNING:
        assert time.monotonic() < deadline, f"{buyer.number} still runs"
        await asyncio.sleep(0.25)
    assert status is WorkflowExecutionStatus.COMPLETED
