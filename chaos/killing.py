"""kill -9 of parts, at the planned moments; the stack's own supervision brings each back."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass

from chaos.customers import Crowd
from chaos.plan import Kill
from chaos.shop import NotSoError
from stack.part import PART_NAMES
from stack.processes import Supervisor

POLL = 0.02
BACK_SECONDS = 120.0


@dataclass(frozen=True)
class Killed:
    """A part that was killed, so many seconds after the start."""

    part: str
    at: float


async def kill_all(supervisor: Supervisor, kills: tuple[Kill, ...], crowd: Crowd, done: list[Killed]) -> None:
    """Kills each part when its moment has come, and adds it to `done`; one that is not back yet is waited for."""
    started = time.monotonic()
    for kill in kills:
        while crowd.share < kill.after and not crowd.over:
            await asyncio.sleep(POLL)
        await _until_it_runs(supervisor, kill.part)
        child = supervisor.children()[kill.part]
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
        done.append(Killed(kill.part, time.monotonic() - started))


async def until_all_run(supervisor: Supervisor) -> None:
    """Waits until every part is back."""
    for part in PART_NAMES:
        await _until_it_runs(supervisor, part)


async def _until_it_runs(supervisor: Supervisor, part: str) -> None:
    deadline = time.monotonic() + BACK_SECONDS
    while supervisor.children()[part].returncode is not None:
        if time.monotonic() > deadline:
            raise NotSoError(f"{part} did not come back within {BACK_SECONDS:.0f} s")
        await asyncio.sleep(POLL)
