"""Supervision: parts start in waves, a crashed one is started again, all stop in reverse order."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stack import part as parts
from stack.child import Child
from stack.errors import StackError
from stack.part import Part

FIRST_DELAY_SECONDS = 0.5
MAX_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a part that ran so long starts again with the first delay

Tell = Callable[[str], None]


@dataclass
class _Kept:
    part: Part
    child: Child
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """Owns the child processes. `tell` gets one sentence per event; `changed` is called when a child was replaced."""

    def __init__(self, tell: Tell, changed: Callable[[], None]) -> None:
        self._tell = tell
        self._changed = changed
        self._waves: list[list[_Kept]] = []

    async def start(self, wave: Sequence[Part]) -> None:
        """Starts the parts side by side and keeps them; raises the first StackError, with the others of the wave kept.

        The caller then calls `stop`.
        """
        kept: list[_Kept] = []
        self._waves.append(kept)

        async def one(part: Part) -> None:
            child = await parts.start(part)
            kept.append(_Kept(part, child))

        results = await asyncio.gather(*(one(part) for part in wave), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        kept.sort(key=lambda entry: wave.index(entry.part))
        for entry in kept:
            entry.keeper = asyncio.create_task(self._keep(entry))
        self._changed()

    async def stop(self) -> None:
        """Stops all, last wave first, the parts of a wave side by side."""
        kept = [entry for wave in self._waves for entry in wave]
        keepers = [entry.keeper for entry in kept if entry.keeper is not None]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        while self._waves:
            await asyncio.gather(*(entry.child.stop() for entry in self._waves[-1]))
            self._waves.pop()

    def kill(self) -> None:
        """Ends every process at once, for people who press Ctrl-C twice."""
        for child in self.children().values():
            child.signal_group(signal.SIGKILL)

    def children(self) -> dict[str, Child]:
        """The running children by the name of their part, in the order of their start."""
        return {entry.part.name: entry.child for wave in self._waves for entry in wave}

    async def _keep(self, entry: _Kept) -> None:
        delay = FIRST_DELAY_SECONDS
        started = time.monotonic()
        while True:
            ending = parts.ending(await entry.child.wait())
            if time.monotonic() - started > STEADY_SECONDS:
                delay = FIRST_DELAY_SECONDS
            self._tell(f"{entry.part.name} ended ({ending}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_DELAY_SECONDS)
            started = time.monotonic()
            try:
                entry.child = await parts.start(entry.part)
            except (StackError, OSError) as error:
                self._tell(str(error))
                continue
            self._changed()
            self._tell(f"{entry.part.name} runs again")
