"""What every simulator is made of (books, configuration, faults, exchange, webhooks) and the admin routes all share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.books import Books
from simulators.config import CommonConfig, KeptConfig
from simulators.exchange import Exchange, speaking
from simulators.faults import Fault, Faults
from simulators.messages import Answer, answer, read_body
from simulators.webhooks import Sender

C = TypeVar("C", bound=CommonConfig)


class Desk(Generic[C]):
    """The common parts of one simulator, over its file `<name>.db` in the data directory."""

    def __init__(self, name: str, data: Path, tables: str, start: C) -> None:
        self.books = Books(data / f"{name}.db", tables)
        self.config = KeptConfig(self.books, start)
        self.faults = Faults(self.books)
        self.exchange = Exchange(self.books, self.faults)
        self.sender = Sender(self.books, lambda: self.config.now)

    def violations(self) -> list[dict[str, Any]]:
        """Attempts that a correct caller never makes, oldest first."""
        return [
            dict(row) for row in self.books.rows("SELECT code, operation, key, detail FROM violation ORDER BY number")
        ]

    def webhooks(self) -> dict[str, int]:
        """How many webhooks there are and how many of them are acknowledged."""
        row = self.books.row("SELECT COUNT(*) AS recorded, COALESCE(SUM(acknowledged), 0) AS acknowledged FROM event")
        return dict(row) if row is not None else {}

    def admin_routes(self, books: Callable[[Request], Any], changed: Callable[[], None] = lambda: None) -> list[Route]:
        """The admin routes common to all: config, faults, books, reset. `changed` is told of a new configuration."""

        async def get_config(request: Request) -> Response:
            return answer(self.config.now.model_dump(mode="json")).response()

        async def put_config(request: Request) -> Response:
            config = self.config.change(await request.body())
            self.sender.wake()
            changed()
            return answer(config.model_dump(mode="json")).response()

        async def add_fault(request: Request) -> Response:
            self.faults.add(await read_body(request, Fault))
            return answer(self.faults.remaining(), 201).response()

        async def get_faults(request: Request) -> Response:
            return answer(self.faults.remaining()).response()

        async def clear_faults(request: Request) -> Response:
            self.faults.clear()
            return answer([]).response()

        async def get_books(request: Request) -> Response:
            return answer(books(request)).response()

        async def reset(request: Request) -> Response:
            self.books.empty()
            self.faults.clear()
            self.sender.forget()
            return answer({"status": "empty"}).response()

        return [
            Route("/config", speaking(get_config), methods=["GET"]),
            Route("/config", speaking(put_config), methods=["PUT"]),
            Route("/faults", speaking(add_fault), methods=["POST"]),
            Route("/faults", speaking(get_faults), methods=["GET"]),
            Route("/faults", speaking(clear_faults), methods=["DELETE"]),
            Route("/books", speaking(get_books), methods=["GET"]),
            Route("/reset", speaking(reset), methods=["POST"]),
        ]

    async def close(self) -> None:
        """Stop the webhooks and close the books."""
        await self.sender.stop()
        self.books.close()


def inquiry(books: Books, key: str) -> Answer | None:
    """What was answered to a key, with its operation; a refusal reads `status: refused`. None for a key never seen."""
    kept = books.kept_answer(key)
    if kept is None:
        return None
    refused = {"status": "refused"} if kept.answer.status >= 400 else {}
    return answer({"operation": kept.operation, "request_key": key, **json.loads(kept.answer.text), **refused})
