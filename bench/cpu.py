"""CPU seconds of processes and everything below them."""

from collections.abc import Iterable

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time so far. What a process below has used counts on after its end: its parent inherited it."""
    total = 0.0
    for pid in pids:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:  # ended meanwhile: in its parent's sum the next time
                continue
            total += used.user + used.system + used.children_user + used.children_system
    return total
