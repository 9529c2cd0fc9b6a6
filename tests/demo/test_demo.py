"""`ordito demo` as a person runs it: all 830 orders, killed half-way, run again, and once more."""

import asyncio
import csv
import json
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
from tests.demo.figures import LATE, MONEY
from tests.support.up import ORDITO, environment, ordito

HALF_WAY = 330
"""Completed orders at which everything is killed: some 40 in a hundred."""
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
            await asyncio.sleep(0.5)

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
        ORDITO,
        "demo",
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


def units_in_stock() -> dict[str, int]:
    """What the file of products says is there now."""
    with (PROJECT_ROOT / "examples" / "northwind" / "products.csv").open(encoding="utf-8") as file:
        return {row["ProductID"]: int(row["UnitsInStock"]) for row in csv.DictReader(file)}


def assert_the_truth(outcome: dict[str, Any]) -> None:
    """Every figure that does not depend on the machine."""
    counts = {name: outcome[name] for name in ("orders", "lines", "completed", "waiting")}
    assert counts == {"orders": 830, "lines": 2155, "completed": 809, "waiting": 21}
    assert outcome["late"] == LATE
    assert outcome["invoiced"] == MONEY
    assert outcome["captured"] == MONEY
    assert {sku: units["available"] for sku, units in outcome["stock"].items()} == units_in_stock()
    assert len(outcome["stock"]) == 77
    assert sum(units["reserved"] for units in outcome["stock"].values()) == 1198
    assert outcome["invariants"] == PROVED
    assert len(outcome["policy_bundle"]) == 64


@pytest.mark.timeout(1200)
async def test_830_orders_killed_half_way_and_run_again_come_to_the_same_figures(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with running_demo(env) as first:
        await first.until_completed(HALF_WAY)
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
