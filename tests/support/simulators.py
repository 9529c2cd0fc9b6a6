"""Starts the simulators as a process of their own, on a free port, for the length of a test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class Simulators:
    """The process and its address. `kill` is kill -9; `start` after it goes on with the same books and port."""

    def __init__(self, data: Path, flags: dict[str, str]) -> None:
        self.data = data
        self._flags = flags
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Base address; the simulators are under /carrier, /payments and /supplier."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start, and wait until the books are open."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "simulators", "--port", str(self._port), "--data", str(self.data)]
        for name, value in self._flags.items():
            command += [f"--{name.replace('_', '-')}", value]
        log = self.data / "simulators.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDITO_")}
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the simulators did not start: {log.read_text()[-2000:].strip()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill at once, as kill -9 does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """Stop by SIGTERM; the process's exit code."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        return code

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None, "not started"
        return self._process.pid

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=1, trust_env=False, verify=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def running_simulators(data: Path, **flags: str) -> Iterator[Simulators]:
    """Simulators over the books in `data`; flags as on the command line, e.g. carrier_webhook=URL, secret=WHSEC."""
    simulators = Simulators(data, flags)
    try:
        simulators.start()
        yield simulators
    finally:
        simulators.kill()
