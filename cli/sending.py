"""Sending a file of orders through the API: items, opening stock, orders, some at once; all repeatable (I11)."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.imports.row import OrderFile, Problem, Row
from cli.errors import CommandError
from cli.http import TIMEOUT_SECONDS, Address, RefusedError, away
from settings import secured

AT_ONCE = 16
PAGE = 500
"""Items or movements in one request."""
PATIENCE_SECONDS = 60.0
"""How long an API that is away, or asks to be spared, is tried again: every request here may be repeated."""
PAUSE_SECONDS = 0.5
TRY_AGAIN = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE})
NOT_ABOUT_THE_ROW = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND})
REPLAYED = "Idempotent-Replay"


@dataclass(frozen=True)
class Refused:
    """An order that did not go in, and why. `problems` have line, path, code and words."""

    file: str
    line: int
    number: str
    problems: tuple[dict[str, Any], ...]


@dataclass
class Sent:
    """What became of a file."""

    taken: int = 0
    already_there: int = 0
    refused: list[Refused] = field(default_factory=list)

    @property
    def orders(self) -> int:
        """Orders of the file that the API has."""
        return self.taken + self.already_there


async def send(file: OrderFile, address: Address, *, done: Callable[[], None], at_once: int = AT_ONCE) -> Sent:
    """Sends everything; calls `done` after each row. CommandError when the API stays away or knows no such key."""
    sent = Sent(refused=[_unreadable(row) for row in file.bad()])
    for _ in sent.refused:
        done()
    async with httpx.AsyncClient(
        base_url=address.url,
        headers=address.headers,
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
        verify=secured(address.url),
    ) as client:
        await _send_catalogue(client, file)
        rows = file.good()
        async with asyncio.TaskGroup() as group:
            for _ in range(1 if file.in_order else at_once):
                # one iterator for all of them: each takes the next row when it is free
                group.create_task(_send_rows(client, file, rows, sent, done))
    sent.refused.sort(key=lambda refused: (refused.file, refused.line))
    return sent


async def _send_catalogue(client: httpx.AsyncClient, file: OrderFile) -> None:
    for start in range(0, len(file.items), PAGE):
        await _must(client, "PUT", "/v1/items", {"items": file.items[start : start + PAGE]})
    for start in range(0, len(file.movements), PAGE):
        await _must(client, "POST", "/v1/stock/movements", {"movements": file.movements[start : start + PAGE]})


async def _must(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    response = await _patiently(client, method, path, json=body)
    if not response.is_success:
        raise RefusedError(response)


async def _send_rows(
    client: httpx.AsyncClient, file: OrderFile, rows: Iterator[Row], sent: Sent, done: Callable[[], None]
) -> None:
    for row in rows:
        await _send_row(client, file, row, sent)
        done()


async def _send_row(client: httpx.AsyncClient, file: OrderFile, row: Row, sent: Sent) -> None:
    body = row.body if isinstance(row.body, bytes) else (row.body or "").encode()
    headers = {"Idempotency-Key": _key(body), "Content-Type": file.media_type}
    response = await _patiently(client, "POST", file.door, content=body, headers=headers)
    if response.is_success:
        if response.headers.get(REPLAYED) == "true":
            sent.already_there += 1
        else:
            sent.taken += 1
        return
    refused = RefusedError(response)
    about_all = response.status_code in NOT_ABOUT_THE_ROW and refused.code != "order_unknown"
    if about_all or response.status_code in TRY_AGAIN:
        raise refused
    sent.refused.append(Refused(row.file, row.line, row.number, _problems(row, refused)))


def _key(body: bytes) -> str:
    """Derived from the document, so that the same row twice is the same request."""
    return f"import/{hashlib.sha256(body).hexdigest()}"


async def _patiently(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            response = await client.request(method, path, **options)
            if not _may_pass(response) or loop.time() > deadline:
                return response
        except httpx.InvalidURL as error:
            raise CommandError(f"{client.base_url} is not an address: {error}", exit_code=2) from error
        except httpx.TransportError as error:
            if loop.time() > deadline:
                raise away(str(client.base_url), error) from error
        await asyncio.sleep(PAUSE_SECONDS)


def _may_pass(response: httpx.Response) -> bool:
    """Whether waiting may help: a missing policy does not publish itself."""
    return response.status_code in TRY_AGAIN and RefusedError(response).code != "no_policy"


def _unreadable(row: Row) -> Refused:
    return Refused(row.file, row.line, row.number, tuple(_told(problem) for problem in row.problems))


def _told(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "path": problem.where, "code": "unreadable", "words": problem.words}


def _problems(row: Row, refused: RefusedError) -> tuple[dict[str, Any], ...]:
    if not refused.problems:
        return ({"line": row.line, "path": "", "code": refused.code, "words": refused.headline},)
    return tuple(
        {"line": row.line, **{name: problem.get(name, "") for name in ("path", "code", "words")}}
        for problem in refused.problems
    )
