"""`python -m tests.orders.record_histories`: runs every way an order can go and keeps its history for replay.

A history that is there already is kept: a recording speaks for the release that made it. Name one to record it anew.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from tests.orders import scenarios
from tests.orders.continued import continued
from tests.orders.losing import LOSING
from tests.orders.lost_workflows import LOST_WORKFLOWS
from tests.orders.not_given_back import NOT_GIVEN_BACK
from tests.orders.scenarios import ENDED, WAITING, Scenario
from tests.support.shop import Shop, running_shop

OF_THE_MACHINE = frozenset({"stackTrace", "identity"})
FOLDER = Path(__file__).resolve().parents[1] / "histories"
RECORDED: tuple[Scenario, ...] = (*ENDED, *NOT_GIVEN_BACK, *LOSING, *LOST_WORKFLOWS, *WAITING)
CONTINUED = ("continued_before", "continued_after")
"""The two halves of one that is continued as new."""


async def keep(handle: WorkflowHandle[object, object], name: str) -> None:
    """Writes the history of the handle's run."""
    history = await handle.fetch_history()
    content = without_the_machine(json.loads(history.to_json()))
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{name}: {len(history.events)} events\n")


def without_the_machine(content: Any) -> Any:
    """Without what tells where it was recorded and replay does not need: stack traces, names of machines."""
    match content:
        case dict():
            return {name: without_the_machine(value) for name, value in content.items() if name not in OF_THE_MACHINE}
        case list():
            return [without_the_machine(value) for value in content]
        case _:
            return content


async def record(shop: Shop, scenario: Scenario) -> None:
    """One history; of an order that ended the one that a later release will meet while it ran, of others as far as
    they got.
    """
    number = await scenario(shop)
    await keep(shop.workflow(number), scenario.__name__)


async def main(names: list[str]) -> None:
    """Records what is missing, and what is named."""
    FOLDER.mkdir(exist_ok=True)
    wanted = [s for s in RECORDED if s.__name__ in names or not (FOLDER / f"{s.__name__}.json").exists()]
    with tempfile.TemporaryDirectory() as folder:
        if wanted:
            async with running_shop(Path(folder) / "shop") as shop:
                for scenario in wanted:
                    await record(shop, scenario)
                    await scenarios.leave_nothing_broken(shop)
        if "continued" in names or not all((FOLDER / f"{name}.json").exists() for name in CONTINUED):
            async with continued(Path(folder) / "continued") as (shop, number, first, last):
                for run_id, name in zip((first, last), CONTINUED, strict=True):
                    await keep(shop.temporal.get_workflow_handle(f"order-{number}", run_id=run_id), name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
