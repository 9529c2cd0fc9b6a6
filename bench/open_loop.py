"""Requests at fixed moments, however long the answers take (open loop), by a client that costs almost nothing."""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CONNECTIONS = 8


@dataclass(frozen=True)
class Target:
    """Where to POST, and with which headers."""

    port: int
    path: str
    headers: dict[str, str]

    def request(self, body: bytes) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"POST {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def latencies(target: Target, bodies: Sequence[bytes], per_second: float) -> list[float]:
    """Milliseconds from the moment a request was due to the end of its answer; RuntimeError unless all are 201."""
    free: asyncio.Queue[Any] = asyncio.Queue()  # in turns: one left alone would be closed
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", target.port))
    requests = [target.request(body) for body in bodies]
    begin = time.perf_counter() + 0.1

    async def one(index: int) -> float:
        due = begin + index / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        reader, writer = await free.get()
        writer.write(requests[index])
        await _created(reader)
        free.put_nowait((reader, writer))
        return (time.perf_counter() - due) * 1000

    gc.collect()
    gc.disable()  # a pause of ours is no latency of theirs
    try:
        return list(await asyncio.gather(*(one(index) for index in range(len(requests)))))
    finally:
        gc.enable()
        while not free.empty():
            free.get_nowait()[1].close()


async def _created(reader: asyncio.StreamReader) -> None:
    """Reads one answer whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    body = await reader.readexactly(int(length.partition(":")[2]))
    if " 201 " not in head.partition("\r\n")[0]:
        raise RuntimeError(f"the answer was not 201: {head.splitlines()[0]} {body[:300]!r}")
