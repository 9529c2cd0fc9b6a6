"""Recorded histories of every path replay with the code as it is, whatever the hash seed (I13)."""

import asyncio
import os
import sys

from settings import PROJECT_ROOT
from tests.orders.record_histories import CONTINUED, FOLDER, RECORDED


async def replay(seed: str, *arguments: str) -> tuple[int | None, str]:
    """Replays all histories in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.orders.replaying", *arguments,
        cwd=PROJECT_ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def test_every_path_has_a_recorded_history() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} >= {*(one.__name__ for one in RECORDED), *CONTINUED}


async def test_recorded_histories_replay() -> None:
    assert await replay("0") == (0, "")


async def test_recorded_histories_replay_with_other_hashes_in_a_sandbox_that_guards_the_workflow_too() -> None:
    assert await replay("4242", "--strict") == (0, "")


async def test_recorded_histories_replay_while_tracing_is_on_and_are_not_told_again() -> None:
    assert await replay("0", "--traced") == (0, "")


async def test_a_change_that_would_break_running_orders_is_found() -> None:
    code, said = await replay("0", "--broken")
    assert code == 1
    assert "Nondeterminism" in said
