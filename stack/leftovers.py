"""Processes that a dead supervisor left behind."""

import contextlib
import signal
import time
from collections.abc import Iterable
from typing import Any

import psutil

PATIENCE_SECONDS = 15.0


def still_alive(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that have not ended within the time. One that ended but was never collected by its parent has ended."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in processes if _lives(process)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(0.02)
    return []


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def signal_all(processes: Iterable[psutil.Process], what: int) -> None:
    """Signals those that still exist and are ours to signal."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(what)


def describe(name: str, pid: int, death_signal: int) -> dict[str, Any]:
    """How to find a child again after we are gone; the time of creation tells it from a reuse of its id."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        created = 0.0
    return {"name": name, "pid": pid, "created": created, "signal": int(death_signal)}


def end_leftovers(children: Iterable[dict[str, Any]]) -> None:
    """Ends described children, and waits until they are gone, so that their ports are free.

    On Linux the kernel has told them already; elsewhere nobody has.
    """
    left = []
    for known in children:
        with contextlib.suppress(psutil.Error, KeyError, TypeError):
            process = psutil.Process(known["pid"])
            if abs(process.create_time() - known["created"]) < 0.01:
                signal_all([process], known["signal"])
                left.append(process)
    stubborn = still_alive(left, PATIENCE_SECONDS)
    signal_all(stubborn, signal.SIGKILL)
    still_alive(stubborn, PATIENCE_SECONDS)
