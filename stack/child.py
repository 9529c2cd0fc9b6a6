"""One child process: started in a session of its own, logged to a file, ended for certain."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settings import PROJECT_ROOT

LAUNCHER = Path(__file__).with_name("launch.py")
MAX_LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Identity:
    """The system user a child runs as, when it is not ours."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Command:
    """What to run. `environment` is added to ours; `log` is appended to, and begun anew once it is large."""

    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Identity | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    stop_seconds: float = 6.0


class Child:
    """A running child. Start it from the main thread: its life is tied to the thread that started it."""

    def __init__(self, process: asyncio.subprocess.Process, command: Command) -> None:
        self._process = process
        self._command = command

    @classmethod
    async def start(cls, command: Command) -> "Child":
        """Starts the command; output of both streams goes to its log."""
        who = command.identity or Identity(-1, -1)
        command.log.parent.mkdir(parents=True, exist_ok=True)
        if command.log.exists() and command.log.stat().st_size > MAX_LOG_BYTES:
            command.log.replace(command.log.with_suffix(".log.1"))
        with command.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(command.death_signal))),
                *(str(who.uid), str(who.gid), ",".join(map(str, who.groups))),
                *command.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT_ROOT,
                env={**os.environ, **command.environment},
                start_new_session=True,  # Ctrl-C in the terminal must reach the supervisor only
            )
        return cls(process, command)

    @property
    def pid(self) -> int:
        """Process id, also of its process group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.returncode

    @property
    def death_signal(self) -> signal.Signals:
        """What ends it when its supervisor is gone."""
        return self._command.death_signal

    async def wait(self) -> int:
        """Waits for its end; the return code."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Asks it to stop, and after `stop_seconds` ends it and everything in its process group."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self._command.stop_signal)
            try:
                await asyncio.wait_for(self._process.wait(), self._command.stop_seconds)
            except TimeoutError:
                await self.kill()
            self.signal_group(signal.SIGKILL)

    async def kill(self) -> None:
        """kill -9, as a test or an impatient stop does it."""
        self.signal_group(signal.SIGKILL)
        await self._process.wait()

    def signal_group(self, what: signal.Signals) -> None:
        """Signals the child and what it started in its own process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, what)


def log_tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for a message to a person."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
