"""The README told to a machine: every command in it runs, and prints what the README shows."""

import asyncio
import json
import os
import re
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from settings import PROJECT_ROOT
from tests.docs.fenced import Example, examples, missing
from tests.support.up import environment, ordito, ordito_up

SECONDS = 120
ORDERS = "20"
"""Orders of the demo here; the demo has its own test with all of them."""

PLACED = "W-3001"

DEMO, UP, *REST = examples("README.md")


def test_the_first_two_commands_exist_and_the_second_is_what_ci_runs() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()

    assert DEMO.commands == ["make demo", "make test"]
    assert UP.commands == ["make up"]
    for target in ("demo", "test", "up"):
        assert re.search(rf"^{target}: install", makefile, re.MULTILINE), target
    assert "make test" in (PROJECT_ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.timeout(600)
async def test_every_command_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    checkout = tmp_path / "ordito"
    checkout.mkdir()
    for folder in ("examples", "policies"):
        shutil.copytree(PROJECT_ROOT / folder, checkout / folder)
    (checkout / ".venv").symlink_to(PROJECT_ROOT / ".venv")
    env = environment(tmp_path, ORDITO_POLICIES=str(checkout / "policies"))

    async with ordito_up(env) as up:
        assert missing(UP.excerpt, up.said) == []
        demo = Example([f".venv/bin/ordito demo --orders {ORDERS}"], DEMO.excerpt)
        for example in (demo, *REST):
            printed = await _run(example, checkout, env)
            assert missing(example.excerpt, printed) == [], printed
            if any(command.startswith("ordito order place") for command in example.commands):
                await _a_moment_later(env)


async def _a_moment_later(env: dict[str, str]) -> None:
    """Until the order that was placed waits for the carrier."""
    async with asyncio.timeout(SECONDS):
        while True:
            _, said, _ = await ordito("order", "show", PLACED, "--json", env=env)
            if json.loads(said)["waiting"]:
                return


async def _run(example: Example, checkout: Path, env: dict[str, str]) -> str:
    """What the commands print, run by a shell that stops at the first that fails."""
    activated = [". .venv/bin/activate", *example.commands]
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", "\n".join(activated)),
        cwd=checkout,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{example.commands}\n{said.decode()}"
    return said.decode()
