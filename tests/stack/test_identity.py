"""Who PostgreSQL runs as when root starts it: one system user, however many stacks start at the same moment."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import PROJECT_ROOT
from stack.identity import identity_for

AT_ONCE = 8
MANY = 500
FIND = """
import sys, time
from stack.identity import system_user

print("ready", flush=True)
sys.stdin.readline()
print(*system_user(sys.argv[1]), flush=True)
time.sleep(1.5)
print(*system_user(sys.argv[1]), flush=True)
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")


@pytest.fixture
def newcomer() -> Iterator[str]:
    """The name of a system user who is not there yet, and is not there any more afterwards."""
    if shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin") is None:
        pytest.skip("useradd (shadow utilities) is not here")
    name = f"ordito-{secrets.token_hex(4)}"
    yield name
    subprocess.run(["/usr/sbin/userdel", name], check=True)


def test_stacks_that_start_at_the_same_moment_create_one_user_whose_id_stays(newcomer: str) -> None:
    """OPS8: the first start on a machine, several times at once."""
    stacks = [
        subprocess.Popen(
            [sys.executable, "-c", FIND, newcomer],
            cwd=PROJECT_ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(AT_ONCE)
    ]
    for stack in stacks:
        assert stack.stdout is not None
        assert stack.stdout.readline() == "ready\n"
    for stack in stacks:
        assert stack.stdin is not None
        stack.stdin.write("\n")
        stack.stdin.flush()
    said = [stack.communicate()[0].splitlines() for stack in stacks]

    entry = pwd.getpwnam(newcomer)
    assert said == [[f"{entry.pw_uid} {entry.pw_gid}"] * 2] * AT_ONCE
    assert entry.pw_shell == "/usr/sbin/nologin"


def test_programs_that_only_root_may_read_are_opened_and_the_server_last(tmp_path: Path) -> None:
    programs = tmp_path / "pginstall"
    for name in ("bin/postgres", *(f"bin/{number}" for number in range(MANY)), "share/timezone"):
        (programs / name).parent.mkdir(parents=True, exist_ok=True)
        (programs / name).write_text("")
        (programs / name).chmod(0o700 if name.startswith("bin") else 0o600)
    for folder in (programs, programs / "bin", programs / "share"):
        folder.chmod(0o700)

    identity_for(tmp_path / "data", programs)

    modes = Counter(stat.S_IMODE(path.stat().st_mode) for path in (programs, *programs.rglob("*")))
    assert modes == {0o755: 4 + MANY, 0o644: 1}
    changed = {path: path.stat().st_ctime_ns for path in (programs, *programs.rglob("*"))}
    server = changed.pop(programs / "bin" / "postgres")
    assert len(changed) == 4 + MANY
    assert max(changed.values()) <= server
    assert min(changed.values()) < server, "all within one tick of the clock: nothing is proven"
