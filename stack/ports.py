"""Ports of 127.0.0.1: is one free, who needs it, and which variable moves it."""

import asyncio
import socket
import time
from dataclasses import dataclass

from stack.errors import StackError

DYING_SECONDS = 2.0  # a server that was just ended may hold its port for a moment


@dataclass(frozen=True)
class PortNeed:
    """A port that a part of the stack listens on, and the environment variable that changes it."""

    port: int
    part: str
    variable: str
    host: str = "127.0.0.1"


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now. A port in TIME_WAIT counts as free, as it does for servers."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def taken_message(need: PortNeed) -> str:
    """The sentence for a port that somebody else holds."""
    return (
        f"port {need.port} is taken, and {need.part} needs it: stop what listens there, "
        f"or choose another with {need.variable}=<port>"
    )


async def require_free(needs: list[PortNeed]) -> None:
    """Raises StackError that names every taken port, and every port that two parts were given."""
    deadline = time.monotonic() + DYING_SECONDS
    taken = needs
    while taken := [need for need in taken if not is_free(need.port, need.host)]:
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    problems = [taken_message(need) for need in taken]
    first_user: dict[int, PortNeed] = {}
    for need in needs:
        other = first_user.setdefault(need.port, need)
        if other is not need:
            problems.append(
                f"port {need.port} is given to {other.part} and to {need.part}: "
                f"change {other.variable} or {need.variable}"
            )
    if problems:
        raise StackError("\n".join(problems))
