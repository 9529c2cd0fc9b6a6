"""`ordito demo` as a person runs it: killed half-way, run again, and once more.

A tenth of the orders; ORDITO_TEST_SCALE=full runs all 830.
"""

import asyncio
import csv
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from settings import PROJECT_ROOT
from stack.leftovers import signal_all, still_alive
from tests.demo.figures import ALL, TENTH
from tests.support.up import ORDITO, environment, ordito

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
FIGURES = ALL if FULL else TENTH
PATIENCE = 420.0
PROVED = {f"I{number}": "ok" for number in range(1, 15)}


class Demo:
    """An `ordito demo` on its way."""

    def __init__(self, process: asyncio.subprocess.Process, env: dict[str, str]) -> None:
        self.process = process
        self.home = Path(env["ORDITO_HOME"])
        self._api = f"http://127.0.0.1:{env['ORDITO_API_PORT']}"

    async def completed(self) -> int:
        """Orders that are completed, as the API tells; 0 while it does not answer."""
        try:
            key = json.loads((self.home / "secrets.json").read_text())["api_key"]
            async with httpx.AsyncClient(timeout=5, verify=False) as client:
                answer = await client.get(f"{self._api}/v1/totals", headers={"Authorization": f"Bearer {key}"})
            return sum((entry["orders"] or {}).get("completed", 0) for entry in answer.json()["totals"])
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            return 0

    async def until_completed(self, count: int) -> None:
        """Waits for so many completed orders."""
        deadline = time.monotonic() + PATIENCE
        while await self.completed() < count:
            assert self.process.returncode is None, "the demo ended before it was half-way"
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)

    def kill(self) -> None:
        """kill -9 of the demo and of every process it started, all at once."""
        me = psutil.Process(self.process.pid)
        signal_all([me, *me.children(recursive=True)], signal.SIGKILL)

    async def ended(self) -> tuple[int, str]:
        """Its exit code and what it said."""
        said, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()

    def outcome(self) -> dict[str, Any]:
        """What it wrote down."""
        written: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return written


@asynccontextmanager
async def running_demo(env: dict[str, str]) -> AsyncIterator[Demo]:
    """Starts the demo; at the end nothing of it is left."""
    process = await asyncio.create_subprocess_exec(
        *(ORDITO, "demo", *(() if FULL else ("--orders", str(FIGURES.orders)))),
        env=env,
        cwd=PROJECT_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    me = psutil.Process(process.pid)
    try:
        yield Demo(process, env)
    finally:
        family = [me, *me.children(recursive=True)] if process.returncode is None else []
        signal_all(still_alive(family, 0), signal.SIGKILL)
        if process.returncode is None:
            await process.wait()


def units_left(orders: int) -> dict[str, int]:
    """What is there after so many orders: what the file of products says, and what all later orders have asked for."""
    taken = [row["OrderID"] for row in northwind("orders")][:orders]
    left = {row["ProductID"]: int(row["UnitsInStock"]) for row in northwind("products")}
    for line in northwind("order_details"):
        if line["OrderID"] not in taken:
            left[line["ProductID"]] += int(line["Quantity"])
    return left


def northwind(name: str) -> list[dict[str, str]]:
    """The rows of a file."""
    with (PROJECT_ROOT / "examples" / "northwind" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_the_truth(outcome: dict[str, Any]) -> None:
    """Every figure that does not depend on the machine."""
    assert (outcome["orders"], outcome["lines"]) == (FIGURES.orders, FIGURES.lines)
    assert (outcome["completed"], outcome["waiting"]) == (FIGURES.orders - FIGURES.waiting, FIGURES.waiting)
    assert outcome["late"] == FIGURES.late
    assert outcome["invoiced"] == FIGURES.money()
    assert outcome["captured"] == FIGURES.money()
    assert {sku: units["available"] for sku, units in outcome["stock"].items()} == units_left(FIGURES.orders)
    assert len(outcome["stock"]) == 77
    assert sum(units["reserved"] for units in outcome["stock"].values()) == FIGURES.reserved
    assert outcome["invariants"] == PROVED
    assert len(outcome["policy_bundle"]) == 64


@pytest.mark.timeout(1200)
async def test_orders_killed_half_way_and_run_again_come_to_the_same_figures(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with running_demo(env) as first:
        await first.until_completed(FIGURES.half_way)
        first.kill()
        code, _ = await first.ended()
        assert code == -signal.SIGKILL
        assert not (first.home / "demo.json").exists()

    async with running_demo(env) as second:
        code, said = await second.ended()
        assert code == 0, said
        assert "Nothing changed" not in said
        assert "Every figure is what the files say, and every invariant that applies holds." in said
        outcome = second.outcome()
    assert_the_truth(outcome)

    async with running_demo(env) as third:
        code, said = await third.ended()
        assert code == 0, said
        assert "Nothing changed: every order was there and at rest already." in said
        assert third.outcome() == outcome


async def test_the_demo_has_an_exit_for_each_mistake(tmp_path: Path) -> None:
    env = environment(tmp_path)

    code, _, told = await ordito("demo", "--orders", "0", env=env)
    bad_port, _, port_told = await ordito("demo", env={**env, "ORDITO_API_PORT": "many"})

    assert code == 2
    assert "--orders" in told
    assert bad_port == 1
    assert "ORDITO_API_PORT" in port_told
    assert not (tmp_path / "home" / "demo.json").exists()
