"""Supervision, on small processes: what is said, in which order, and what never stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from settings import PROJECT_ROOT
from stack.child import Child, Command
from stack.errors import StackError
from stack.leftovers import describe, end_leftovers
from stack.part import Part
from stack.ports import PortNeed, require_free
from stack.processes import Supervisor
from tests.support.ports import free_port

BEGIN = "import os, pathlib, signal, sys, time; journal = pathlib.Path(sys.argv[1]); name = sys.argv[2]\n"
READY = "journal.with_name(f'{name}.{os.getpid()}').touch()\n"
NOTE = "def note(what):\n    with journal.open('a') as file: file.write(f'{what} {name}\\n')\n"
POLITE = (
    BEGIN
    + NOTE
    + "def end(*_):\n    note('stop'); sys.exit(0)\n"
    + "signal.signal(signal.SIGTERM, end); note('start')\n"
    + READY
    + "while True: time.sleep(0.01)\n"
)
STUBBORN = BEGIN + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "while True: time.sleep(1)\n"


class Yard:
    """Where small parts write down what they do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.txt"
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append, changed=lambda: None)

    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def part(self, name: str, program: str = POLITE, start_seconds: float = 10) -> Part:
        command = Command(
            (sys.executable, "-c", program, str(self.journal), name),
            log=self.folder / f"{name}.log",
            stop_seconds=0.5,
        )

        async def is_ready(child: Child) -> bool:
            return (self.folder / f"{name}.{child.pid}").exists()

        return Part(name, lambda: command, is_ready, start_seconds=start_seconds)

    async def until_said(self, sentence: str) -> None:
        deadline = time.monotonic() + 10
        while sentence not in self.said:
            assert time.monotonic() < deadline, self.said
            await asyncio.sleep(0.02)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


async def test_waves_start_in_order_and_stop_in_reverse(yard: Yard) -> None:
    await yard.supervisor.start([yard.part("database")])
    await yard.supervisor.start([yard.part("worker")])
    await yard.supervisor.stop()

    assert yard.lines() == ["start database", "start worker", "stop worker", "stop database"]
    assert yard.said == []


async def test_a_crashed_part_is_started_again_and_it_is_said(yard: Yard) -> None:
    await yard.supervisor.start([yard.part("relay")])
    first = yard.supervisor.children()["relay"]
    os.kill(first.pid, signal.SIGKILL)
    await yard.until_said("relay runs again")
    second = yard.supervisor.children()["relay"]
    await yard.supervisor.stop()

    assert yard.said == ["relay ended (signal 9); starting it again in 0.5 s", "relay runs again"]
    assert first.pid != second.pid
    assert yard.lines() == ["start relay", "start relay", "stop relay"]


async def test_a_part_that_crashes_again_waits_longer_each_time(yard: Yard) -> None:
    await yard.supervisor.start([yard.part("relay")])
    for _ in range(2):
        before = len(yard.said)
        os.kill(yard.supervisor.children()["relay"].pid, signal.SIGKILL)
        while yard.said[before:].count("relay runs again") == 0:
            await asyncio.sleep(0.02)
    await yard.supervisor.stop()

    assert [line for line in yard.said if "again in" in line] == [
        "relay ended (signal 9); starting it again in 0.5 s",
        "relay ended (signal 9); starting it again in 1 s",
    ]


async def test_a_part_that_will_not_stop_is_killed(yard: Yard) -> None:
    await yard.supervisor.start([yard.part("mule", STUBBORN)])
    child = yard.supervisor.children()["mule"]
    began = time.monotonic()
    await yard.supervisor.stop()

    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 3


async def test_a_part_that_ends_at_its_start_shows_the_end_of_its_log(yard: Yard) -> None:
    broken = yard.part("api", "raise SystemExit('the table `orders` is missing')")

    with pytest.raises(StackError) as caught:
        await yard.supervisor.start([yard.part("relay"), broken])
    await yard.supervisor.stop()

    assert str(caught.value) == (
        f"api ended at its start (exit code 1); its log {yard.folder}/api.log ends with:\nthe table `orders` is missing"
    )
    assert yard.lines() == ["start relay", "stop relay"]


async def test_a_part_that_is_never_ready_is_stopped(yard: Yard) -> None:
    silent = yard.part("api", "import time; time.sleep(60)", start_seconds=0.3)

    with pytest.raises(StackError, match=r"api was not ready after 0 seconds; its log .* is empty"):
        await yard.supervisor.start([silent])

    assert yard.supervisor.children() == {}


PARENT = """
import asyncio, sys
from pathlib import Path
from stack.child import Child, Command

async def main():
    children = [await Child.start(Command(("sleep", "600"), log=Path(sys.argv[1]) / "log")) for _ in range(2)]
    print(*(child.pid for child in children), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends them")
def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT
    ) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()

    assert len(children) == 2
    assert psutil.wait_procs(children, timeout=5)[1] == []


ORPHANS = "import subprocess as s; print(*(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid for _ in range(2)))"


def test_what_a_dead_supervisor_left_is_ended_and_a_reused_id_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True, check=True)
    left, stranger = (psutil.Process(int(pid)) for pid in done.stdout.split())
    try:
        of_another = {**describe("relay", stranger.pid, signal.SIGKILL), "created": 1.0}
        end_leftovers([describe("api", left.pid, signal.SIGTERM), of_another, {"pid": "?"}])

        assert not psutil.pid_exists(left.pid) or left.status() == psutil.STATUS_ZOMBIE
        assert stranger.status() in (psutil.STATUS_SLEEPING, psutil.STATUS_RUNNING)
    finally:
        stranger.kill()


async def test_every_taken_port_is_named_with_its_variable() -> None:
    first, second = free_port(), free_port()
    servers = [await asyncio.start_server(lambda *_: None, "127.0.0.1", port) for port in (first, second)]
    needs = [
        PortNeed(first, "the API", "ORDITO_API_PORT"),
        PortNeed(free_port(), "Temporal", "ORDITO_TEMPORAL_PORT"),
        PortNeed(second, "PostgreSQL", "ORDITO_POSTGRES_PORT"),
    ]
    try:
        with pytest.raises(StackError) as caught:
            await require_free(needs)
    finally:
        for server in servers:
            server.close()

    assert str(caught.value) == (
        f"port {first} is taken, and the API needs it: stop what listens there, "
        "or choose another with ORDITO_API_PORT=<port>\n"
        f"port {second} is taken, and PostgreSQL needs it: stop what listens there, "
        "or choose another with ORDITO_POSTGRES_PORT=<port>"
    )


async def test_one_port_given_to_two_parts_is_named() -> None:
    port = free_port()

    with pytest.raises(StackError) as caught:
        await require_free(
            [PortNeed(port, "the API", "ORDITO_API_PORT"), PortNeed(port, "Temporal", "ORDITO_TEMPORAL_PORT")]
        )

    assert str(caught.value) == (
        f"port {port} is given to the API and to Temporal: change ORDITO_API_PORT or ORDITO_TEMPORAL_PORT"
    )
