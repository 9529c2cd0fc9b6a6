"""`python -m api` in a process of its own, on a database of the test."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from settings import PROJECT_ROOT
from tests.support.ports import free_port

START_SECONDS = 90


@dataclass
class ApiProcess:
    """A running API."""

    url: str
    port: int
    process: asyncio.subprocess.Process
    log: Path


@asynccontextmanager
async def running_api(folder: Path, database_url: str, api_key: str, **environment: str) -> AsyncIterator[ApiProcess]:
    """The API until the end of the block; then SIGTERM, and kill -9 if that is not heeded."""
    port = free_port()
    log = folder / "api.log"
    given = {"ORDITO_HOME": str(folder), "DATABASE_URL": database_url, "ORDITO_API_KEY": api_key}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api",
            cwd=PROJECT_ROOT, stdout=output, stderr=output,
            env={**os.environ, **given, "ORDITO_API_PORT": str(port), **environment},
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            await _alive(process, url, log)
            yield ApiProcess(url, port, process, log)
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 10)
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def _alive(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    async with httpx.AsyncClient(verify=False) as http, asyncio.timeout(START_SECONDS):
        while True:
            assert process.returncode is None, log.read_text(encoding="utf-8")
            try:
                if (await http.get(f"{url}/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
