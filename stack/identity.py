"""PostgreSQL refuses to run as root: who it runs as then, and how that user reaches its files.

The user gets no right that others would get too: where a folder on the way is closed (`/root` is 0700), the folder's
group may pass through it (not list it), and only the PostgreSQL processes carry that group.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from stack.child import Identity
from stack.errors import StackError

SYSTEM_USER = "embedded_postgres"
FALLBACK_USER = "nobody"
USERS_FOLDER = "/etc"
"""Where the users of the machine are written down: who creates one locks it (flock; nothing is written)."""


def identity_for(data: Path, programs: Path) -> Identity | None:
    """The user that owns (or will own) `data`; None when that is ourselves.

    Raises StackError when the data belongs to somebody else and we may not become them.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise StackError(
                f"{data} belongs to user {_user_name(data.stat().st_uid)}: start as that user, "
                f"or give it to yourself with `sudo chown -R {os.geteuid()} {data}`, or set ORDITO_HOME"
            )
        return None
    owner = data.stat().st_uid if data.exists() else 0
    uid, gid = (owner, data.stat().st_gid) if owner != 0 else system_user()
    _open_programs(programs)
    groups = _groups_to_pass(data.parent, uid, gid) | _groups_to_pass(programs, uid, gid)
    return Identity(uid, gid, tuple(sorted(groups)))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def system_user(name: str = SYSTEM_USER) -> tuple[int, int]:
    """User and group id of the system user, who is created when nobody has that name; `nobody` where that cannot be."""
    entry = _found(name) or _created(name) or pwd.getpwnam(FALLBACK_USER)
    return entry.pw_uid, entry.pw_gid


def _found(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _created(name: str) -> pwd.struct_passwd | None:
    """One at a time on a machine.

    `useradd` looks whether the name is free before it waits for its turn: a second one at the same moment would give
    the user that the first one created another id, and data that was begun under the first id would belong to nobody.
    """
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        return None
    folder = os.open(USERS_FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if _found(name) is None:
            create = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
            subprocess.run(create, capture_output=True, check=False)
        return _found(name)
    finally:
        os.close(folder)


def _groups_to_pass(folder: Path, uid: int, gid: int) -> set[int]:
    """Groups that let the user through every folder down to `folder`; a closed one is opened to its group."""
    groups = set()
    for step in (folder, *folder.parents):
        info = step.stat()
        if info.st_uid == uid or info.st_mode & stat.S_IXOTH:
            continue
        if not info.st_mode & stat.S_IXGRP:
            step.chmod(stat.S_IMODE(info.st_mode) | stat.S_IXGRP)
        if info.st_gid != gid:
            groups.add(info.st_gid)
    return groups


def _open_programs(programs: Path) -> None:
    """A package installed under a strict umask is readable by root alone; PostgreSQL's own files are no secret.

    The server's program comes last: whoever finds it open at the same moment finds the rest open too.
    """
    read, enter = stat.S_IRGRP | stat.S_IROTH, stat.S_IXGRP | stat.S_IXOTH
    server = programs / "bin" / "postgres"
    if server.stat().st_mode & stat.S_IXOTH:
        return
    for path in (programs, *(path for path in programs.rglob("*") if path != server), server):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | read | (enter if mode & stat.S_IXUSR else 0))
