"""A partner whose answers are given byte by byte, for what no well-behaved server would send."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import TraceConfig

from adapters.http_calls import Partner, create_client

PATIENCE = 0.5
"""Seconds that these tests wait for an answer."""

Talk = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection, from the partner's side."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._reader = reader
        self._writer = writer

    async def hear(self) -> bytes:
        """One request, headers and body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        return head + await self._reader.readexactly(int(length.partition(b":")[2]))

    async def say(self, *parts: bytes) -> None:
        """These bytes, now."""
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    async def answer(self, status: str = "200 OK", body: bytes = b"{}", *headers: bytes) -> None:
        """A whole answer; the connection stays."""
        head = [f"HTTP/1.1 {status}".encode(), f"Content-Length: {len(body)}".encode(), *headers]
        await self.say(b"\r\n".join(head), b"\r\n\r\n", body)


class Wire:
    """The server: `talk` is held on each connection, which is hung up after it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.lines = 0
        self.open = 0
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        self.lines += 1
        self.open += 1
        line = Line(self.lines, reader, writer)
        try:
            while not reader.at_eof():
                self.heard.append(await line.hear())
                await self._talk(line)
        except (ConnectionError, asyncio.IncompleteReadError, HangUpError):
            pass
        finally:
            self.open -= 1
            writer.close()


class HangUpError(Exception):
    """Raised in a talk: the connection is closed at once."""


@asynccontextmanager
async def partner_of(
    talk: Talk, timeout: float = PATIENCE, hooks: Sequence[TraceConfig] = ()
) -> AsyncIterator[tuple[Partner, Wire]]:
    """The partner "carrier" at the end of such a wire."""
    wire = Wire(talk)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with create_client(timeout=timeout, hooks=hooks) as client:
            yield Partner(client, f"http://127.0.0.1:{port}", "carrier"), wire
    finally:
        server.close()
