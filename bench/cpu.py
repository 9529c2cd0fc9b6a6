"""CPU seconds of processes and everything below them."""

from collections.abc import Mapping

import psutil

Cpu = dict[str, float]
"""Seconds by the name of the part."""


def cpu_seconds(pids: Mapping[str, int]) -> Cpu:
    """User and system time so far, of each part. What a child process used counts on after its end: it is inherited."""
    return {part: _of_family(pid) for part, pid in pids.items()}


def difference(later: Cpu, earlier: Cpu) -> Cpu:
    """What was used in between."""
    return {part: later[part] - earlier[part] for part in later}


def _of_family(pid: int) -> float:
    total = 0.0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:  # ended meanwhile: in its parent's sum the next time
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total
