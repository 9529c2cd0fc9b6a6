"""The machine on a real stack: orders side by side, drawn from a seed, then everybody's books against each other."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaos.__main__ import impatient_stack
from chaos.auditing import audited
from chaos.customers import Crowd
from chaos.healing import Healer
from chaos.judging import judge_end, judge_rest
from chaos.plan import PRICES, SCARCE, draw
from chaos.shop import NotSoError, Shop, open_doors, stock_up
from chaos.truth import look
from tests.machine.life import RULES, Life

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
ORDERS, STEPS = (100, 50) if FULL else (25, 20)
AT_ONCE = 25
SEED = int(os.environ.get("ORDITO_SEED") or 0)
HEAL_SECONDS = 60.0

pytestmark = pytest.mark.timeout(2400 if FULL else 600)


async def test_orders_on_the_real_stack_keep_what_the_design_promises(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """I1-I14: at rest and at the end the audit is clean, and the books of the outside say what ours say.

    ORDITO_SEED draws the same orders and steps again; how they meet on the stack differs from run to run.
    """
    now = datetime.now(UTC)
    plan = draw(SEED, ORDERS, 0, now)
    async with impatient_stack(tmp_path) as stack, open_doors(stack.settings) as shop:
        await stock_up(shop, PRICES, plan.stock)
        lives = [
            Life(shop, story.document, random.Random(f"{SEED}/{place}"), now)
            for place, story in enumerate(plan.stories)
        ]
        crowd = Crowd(total=len(lives), over=True)
        await _lived(lives, crowd)
        steps = sum((life.steps for life in lives), Counter[str]())
        record_property("told", f"{steps.total()} steps of {len(lives)} orders, ORDITO_SEED={SEED}")
        crowd.told = {change_id: told for life in lives for change_id, told in life.told.items()}
        offences = crowd.offences + await _judged(shop, lives, crowd, dict(plan.stock))
    assert offences == [], f"ORDITO_SEED={SEED}"
    assert steps.total() == ORDERS * STEPS
    assert steps.keys() == {"place", *RULES}


async def _lived(lives: list[Life], crowd: Crowd) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(life: Life) -> None:
        async with gate:
            try:
                await life.live(STEPS)
            except NotSoError as error:
                crowd.offences.append((life.number, str(error)))

    await asyncio.gather(*map(one, lives))


async def _judged(shop: Shop, lives: list[Life], crowd: Crowd, stock: dict[str, int]) -> list[tuple[str, str]]:
    """What is wrong once all is at rest, and once everything has ended."""
    numbers = [life.number for life in lives]
    for partner in ("carrier", "payments"):
        await shop.outside.delete(f"/{partner}/admin/faults")
    await asyncio.gather(*(life.release_all() for life in lives))
    healer = Healer(shop, crowd, HEAL_SECONDS)
    await healer.until_at_rest()
    _, offences = await audited(shop, "at rest")
    offences += judge_rest(await look(shop, numbers))
    orders = await healer.until_ended()
    _, more = await audited(shop, "at the end")
    stock[SCARCE] += healer.received
    listed = [order["number"] for order in orders]
    told = tuple(life.story for life in lives)
    return [*offences, *more, *judge_end(await look(shop, numbers), listed, told, crowd.told, stock)]
