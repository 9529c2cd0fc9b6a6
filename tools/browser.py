"""A headless Chromium, driven over its DevTools protocol: open a page, wait for words on it, take its picture."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
MAX_ANSWER = 32 * 1024 * 1024
START_SECONDS = 30.0


class BrowserError(Exception):
    """The browser is missing or does not do what was asked; the text says what to do."""


class Page:
    """One page. Sizes in CSS pixels."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)

    async def open(self, url: str, width: int, height: int) -> None:
        """Go to an address."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self._ask("Emulation.setDeviceMetricsOverride", **size)
        await self._ask("Page.enable")
        await self._ask("Page.navigate", url=url)

    async def until(self, words: str, seconds: float = 60.0) -> None:
        """Wait until the words are on the page; BrowserError with what is there instead."""
        deadline = time.monotonic() + seconds
        while words not in (text := await self.run("document.body ? document.body.innerText : ''")):
            if time.monotonic() > deadline:
                raise BrowserError(f"{words!r} did not appear; the page says:\n{text[:2000]}")
            await asyncio.sleep(0.25)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = await self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def picture(self) -> bytes:
        """What is seen, as PNG."""
        answer = await self._ask("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._connection.recv())
            if message.get("id") != number:
                continue  # an event that nobody asked for
            if "error" in message:
                raise BrowserError(f"{method}: {message['error']}")
            result: dict[str, Any] = message["result"]
            return result


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A page in a browser of its own, ended with everything it started."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise BrowserError(f"a browser is needed: none of {', '.join(PROGRAMS)} was found (Debian: package chromium)")
    with tempfile.TemporaryDirectory(prefix="ordito-browser-", ignore_cleanup_errors=True) as folder:
        arguments = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
        process = await asyncio.create_subprocess_exec(
            *(program, *arguments, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with connect(await _address(Path(folder)), max_size=MAX_ANSWER) as connection:
                yield Page(connection)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _address(folder: Path) -> str:
    """The WebSocket address of the first page, once the browser has written down its port."""
    deadline = time.monotonic() + START_SECONDS
    note = folder / "DevToolsActivePort"
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.monotonic() < deadline:
            with suppress(OSError, IndexError, httpx.HTTPError):
                port = note.read_text(encoding="utf-8").splitlines()[0]
                pages = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
                for page in pages:
                    if page["type"] == "page":
                        return str(page["webSocketDebuggerUrl"])
            await asyncio.sleep(0.1)
    raise BrowserError("the browser did not start")
