"""`ordito` as a person runs it: a process of its own, on free ports, in a folder of the test."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from settings import PROJECT_ROOT
from stack.child import LAUNCHER
from stack.leftovers import signal_all, still_alive
from tests.support.ports import free_port

PORTS = (
    "ORDITO_POSTGRES_PORT",
    "ORDITO_TEMPORAL_PORT",
    "ORDITO_TEMPORAL_UI_PORT",
    "ORDITO_TEMPORAL_METRICS_PORT",
    "ORDITO_WORKER_METRICS_PORT",
    "ORDITO_API_PORT",
    "ORDITO_SIMULATORS_PORT",
)
ORDITO = Path(sys.executable).with_name("ordito")
SERVERS_ONLY = ("--without", "api", "--without", "relay", "--without", "worker")
READY = "ready after"


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Variables for a stack of its own: home in `folder`, every port free; of ours only what finds programs."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        if name in os.environ
    }
    ports = {name: str(free_port()) for name in PORTS}
    return {**kept, "ORDITO_HOME": str(folder / "home"), "COLUMNS": "200", **ports, **changes}


async def ordito(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Runs a command to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        ORDITO, *arguments, env=env, cwd=PROJECT_ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(), timeout=240)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode is not None
    return process.returncode, stdout.decode(), stderr.decode()


class UpProcess:
    """An `ordito up` that runs."""

    def __init__(self, process: asyncio.subprocess.Process, env: dict[str, str], output: Path) -> None:
        self.process = process
        self.env = env
        self.home = Path(env["ORDITO_HOME"])
        self._output = output

    @property
    def said(self) -> str:
        """Everything it printed so far, both streams."""
        return self._output.read_text(encoding="utf-8")

    async def until(self, pattern: str, seconds: float = 240) -> str:
        """Waits until it printed something that matches; all it printed."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said):
            assert self.process.returncode is None, f"ended with {self.process.returncode}:\n{self.said}"
            assert time.monotonic() < deadline, f"{pattern!r} was not said:\n{self.said}"
            await asyncio.sleep(0.05)
        return self.said

    def children(self) -> dict[str, int]:
        """Process ids of the parts, by name."""
        return {child["name"]: child["pid"] for child in self.stack_file()["children"]}

    def stack_file(self) -> dict[str, Any]:
        """What the stack wrote down for others."""
        written: dict[str, Any] = json.loads((self.home / "stack.json").read_text())
        return written

    def family(self) -> list[psutil.Process]:
        """It and every process below it."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    async def interrupt(self, what: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(what)
        return await asyncio.wait_for(self.process.wait(), timeout=30)


@asynccontextmanager
async def ordito_up(env: dict[str, str], *arguments: str, ready: str = READY) -> AsyncIterator[UpProcess]:
    """Runs `ordito up` until it said `ready`; at the end nothing of it is left, however the test went."""
    home = Path(env["ORDITO_HOME"])
    home.parent.mkdir(parents=True, exist_ok=True)
    output = home.with_name(f"{home.name}-output-{time.monotonic_ns()}.txt")
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(signal.SIGKILL)), "-1", "-1", ""),
            *(str(ORDITO), "up", *arguments),  # tied to us: a test run that is killed leaves no stack behind
            env=env,
            cwd=PROJECT_ROOT,
            stdout=file,
            stderr=file,
        )
    up = UpProcess(process, env, output)
    family: list[psutil.Process] = []
    try:
        await up.until(ready)
        family = up.family()
        yield up
    finally:
        if process.returncode is None:
            family += up.family()
            await _end(up)
        signal_all(still_alive(family, 10), signal.SIGKILL)


async def _end(up: UpProcess) -> None:
    try:
        await up.interrupt()
    except TimeoutError:
        up.process.kill()
        await up.process.wait()
