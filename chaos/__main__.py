"""`python -m chaos`: orders are changed while parts of the stack are killed; then all is healed and audited.

Exit status 1 names every order that was lost, doubled, half changed or badly counted. The seed draws everything but
the moments at which the machine gets to it.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from rich.console import Console

from chaos.auditing import audited
from chaos.customers import act, crowd_of
from chaos.figures import Result, show
from chaos.healing import Healer
from chaos.judging import Offence, judge_end, judge_rest
from chaos.killing import kill_all, until_all_run
from chaos.plan import PRICES, SCARCE, Plan, draw
from chaos.shop import Shop, open_doors, stock_up
from chaos.truth import look
from settings import PROJECT_ROOT, Settings
from stack.running import RunningStack, running_stack
from stack.scratch import free_ports

ORDERS, KILLS = 500, 24
HEAL_SECONDS = 150.0
LONGEST = 1800.0
"""Seconds after which a run is cut, unless --within says otherwise."""

console = Console(highlight=False, width=max(Console().width, 110))


@asynccontextmanager
async def impatient_stack(folder: Path) -> AsyncIterator[RunningStack]:
    """A stack of its own with the policies of the checkout, whose calls are parked after three tries."""
    policies = folder / "policies"
    shutil.copytree(PROJECT_ROOT / "policies", policies)
    workspace = policies / "00-workspace.yaml"
    text = re.sub(r"(first_wait|longest_wait): \w+", r"\1: 1s", workspace.read_text(encoding="utf-8"))
    workspace.write_text(re.sub(r"times: \d+", "times: 3", text), encoding="utf-8")
    home = {"ORDITO_HOME": str(folder / "home"), "ORDITO_POLICIES": str(policies)}
    async with running_stack(Settings.from_env({**home, **free_ports()}), tell=_tell) as stack:
        yield stack


async def run(plan: Plan, seed: int, folder: Path, within: float) -> Result:
    """The storm, the healing, the judgement; what is not over `within` so many seconds is cut, and told."""
    loop = asyncio.get_running_loop()
    deadline, clock = loop.time() + within, _Clock()
    async with impatient_stack(folder) as stack, open_doors(stack.settings) as shop:
        crowd = crowd_of(plan.stories)
        healer = Healer(shop, crowd, HEAL_SECONDS)
        result = Result(seed, Counter(), crowd.told, [], healer, [], crowd.offences, clock.laps)
        try:
            async with asyncio.timeout_at(deadline):
                await _endured(plan, stack, healer, result, clock)
        except TimeoutError:
            crowd.offences.append(("run", f"was cut after {within:.0f} s, while: {clock.next}"))
            await healer.tell_who_waits()
        return result


async def _endured(plan: Plan, stack: RunningStack, healer: Healer, result: Result, clock: "_Clock") -> None:
    """All of it, written into `result` as far as it comes."""
    shop, crowd, numbers = healer.shop, healer.crowd, [story.number for story in plan.stories]
    await stock_up(shop, PRICES, plan.stock)
    clock.lap("start", then="storm")
    async with asyncio.TaskGroup() as group:
        group.create_task(kill_all(stack.supervisor, plan.kills, crowd, result.killed))
        group.create_task(act(shop, plan.stories, crowd))
    await until_all_run(stack.supervisor)
    clock.lap("storm", then="coming to rest")
    await healer.until_at_rest()
    clock.lap("rest", then="audit at rest")
    result.offences.extend(await _audit(shop, "at rest", result))
    result.offences.extend(judge_rest(await look(shop, numbers)))
    clock.lap("audit", then="shipping")
    orders = await healer.until_ended()
    clock.lap("shipping", then="last audit")
    result.statuses.update(str(order["status"]) for order in orders)
    result.offences.extend(await _audit(shop, "at the end", result))
    opened = {**plan.stock, SCARCE: plan.stock[SCARCE] + healer.received}
    listed = [order["number"] for order in orders]
    result.offences.extend(judge_end(await look(shop, numbers), listed, plan.stories, crowd.told, opened))
    clock.lap("last audit", then="nothing")


async def _audit(shop: Shop, when: str, result: Result) -> list[Offence]:
    said, offences = await audited(shop, when)
    result.audits.append(said)
    return offences


class _Clock:
    """How long each part of a run took, in seconds, and which is the next."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.next = "start"
        self._last = time.monotonic()

    def lap(self, name: str, then: str) -> None:
        """A part of the run is over, and `then` begins."""
        now = time.monotonic()
        self.laps[name], self._last, self.next = now - self._last, now, then
        _tell(f"{name} is over after {self.laps[name]:.1f} s; next: {then}")


STARTED = time.monotonic()


def _tell(words: str) -> None:
    console.print(f"{time.monotonic() - STARTED:6.1f} s  {words}", style="dim", markup=False)


def main() -> int:
    """Exit status 1 when anything was lost, doubled or badly counted."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS, help=f"default: {ORDERS}")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"spread evenly over the parts; default: {KILLS}")
    parser.add_argument("--seed", type=int, help="draws the same orders, changes and kills again")
    parser.add_argument(
        "--within", type=float, default=LONGEST, help=f"seconds until it is cut; default: {LONGEST:.0f}"
    )
    parser.add_argument("--folder", type=Path, help="keep data and logs in this new folder")
    options = parser.parse_args()
    if options.orders < 1 or options.kills < 0:
        parser.error("at least one order is needed, and no fewer than 0 kills")
    seed = options.seed if options.seed is not None else SystemRandom().randrange(1_000_000)
    console.print(f"Seed {seed}: {options.orders} orders, {options.kills} kills.", style="bold")
    plan = draw(seed, options.orders, options.kills, datetime.now(UTC))
    if options.folder is not None:
        result = asyncio.run(run(plan, seed, options.folder.resolve(), options.within))
    else:
        with tempfile.TemporaryDirectory(prefix="ordito-chaos-") as folder:
            result = asyncio.run(run(plan, seed, Path(folder), options.within))
    show(result, console)
    return 1 if result.offences else 0


if __name__ == "__main__":
    sys.exit(main())
