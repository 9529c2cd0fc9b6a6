"""Turns itself into one child process of the stack. Run by path with `python -I -S`: standard library only.

Arguments: PARENT DEATH_SIGNAL UID GID GROUPS COMMAND... (UID -1 keeps the user; GROUPS are comma-separated ids).

The kernel sends DEATH_SIGNAL when the parent dies, even by kill -9, so that no child outlives `ordito up`
(Linux, prctl(2) PR_SET_PDEATHSIG; elsewhere the next start ends what was left). The signal is asked for after the
user is changed, because changing the user clears it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Changes user, ties itself to the parent, and becomes COMMAND."""
    parent, death_signal, uid, gid = (int(argument) for argument in arguments[:4])
    groups = [int(group) for group in arguments[4].split(",") if group]
    command = arguments[5:]
    if uid >= 0:
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point


if __name__ == "__main__":
    main(sys.argv[1:])
