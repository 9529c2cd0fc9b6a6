"""A part of the stack: how it is prepared, started, known to be ready, and settled."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stack.child import Child, Command, log_tail
from stack.errors import StackError
from stack.ports import PortNeed, taken_message
from stack.ports import is_free as port_is_free

PART_NAMES = ("postgres", "temporal", "simulators", "api", "relay", "worker")
POLL_SECONDS = 0.1


async def _nothing() -> None:
    """For parts that need nothing done once they answer."""


@dataclass(frozen=True)
class Part:
    """One child process and its duties.

    `prepare` may block and runs in a thread, before every start. `settle` runs each time the part became ready and
    must be repeatable (create the database, register search attributes).
    """

    name: str
    prepare: Callable[[], Command]
    is_ready: Callable[[Child], Awaitable[bool]]
    settle: Callable[[], Awaitable[None]] = _nothing
    ports: tuple[PortNeed, ...] = ()
    start_seconds: float = 60.0


async def start(part: Part) -> Child:
    """Starts the part and waits until it is ready and settled.

    Raises StackError with the end of its log when it ends or is not ready in time; it is stopped then, and also when
    we are cancelled meanwhile.
    """
    command = await asyncio.to_thread(part.prepare)
    child = await Child.start(command)
    try:
        await _until_ready(part, child, command)
        await part.settle()
    except BaseException:
        await child.stop()
        raise
    return child


async def _until_ready(part: Part, child: Child, command: Command) -> None:
    deadline = time.monotonic() + part.start_seconds
    while child.returncode is None:
        if await part.is_ready(child):
            return
        if time.monotonic() > deadline:
            raise StackError(_failed(part, command, f"was not ready after {part.start_seconds:.0f} seconds"))
        await asyncio.sleep(POLL_SECONDS)
    raise StackError(_failed(part, command, f"ended at its start ({ending(child.returncode)})"))


def _failed(part: Part, command: Command, what: str) -> str:
    taken = [taken_message(need) for need in part.ports if not port_is_free(need.port, need.host)]
    tail = log_tail(command.log)
    log = f"its log {command.log} ends with:\n{tail}" if tail else f"its log {command.log} is empty"
    return "\n".join([f"{part.name} {what}; {log}", *taken])


def ending(returncode: int) -> str:
    """How a process ended, in words."""
    return f"exit code {returncode}" if returncode >= 0 else f"signal {-returncode}"
