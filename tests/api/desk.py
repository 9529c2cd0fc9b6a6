"""Someone at the API: sends what channels, carriers and operators send, and looks into the database where needed."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import structlog
from fastapi import FastAPI
from psycopg.rows import dict_row
from standardwebhooks import Webhook
from structlog.testing import LogCapture

from api.app import create_app
from settings import PROJECT_ROOT, Settings
from store.keys import Role, create_key
from store.pool import Pool

ADMIN_KEY = "admin-of-this-test"
SECRET = "whsec_" + "QUJD" * 8
NOBODY = "127.0.0.1:1"
"""An address where no Temporal server listens."""

Json = dict[str, Any]


@dataclass
class Desk:
    """The API and its database."""

    http: httpx.AsyncClient
    app: FastAPI
    url: str

    @property
    def pool(self) -> Pool:
        pool: Pool = self.app.state.services.pool
        return pool

    async def furnish(self) -> None:
        """Policies, the items 11 and 42, and 100 units of each at `main`."""
        assert (await self.post("/v1/policies", {"note": "first"})).status_code == 200
        prices = [{"currency": "USD", "amount": "21.00"}, {"currency": "JPY", "amount": "3000"}]
        items = [{"sku": sku, "title": f"Item {sku}", "prices": prices} for sku in ("11", "42")]
        assert (await self.http.put("/v1/items", json={"items": items})).status_code == 200
        moves = [
            {"id": f"open-{sku}", "location": "main", "sku": sku, "quantity": 100, "reason": "opening"}
            for sku in ("11", "42")
        ]
        assert (await self.post("/v1/stock/movements", {"movements": moves})).status_code == 200

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """POST JSON; underscores in header names stand for dashes."""
        return await self.http.post(path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer that must be 200."""
        response = await self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def place(self, **changes: Any) -> str:
        """Place an order; its number."""
        response = await self.post("/v1/orders", order(**changes))
        assert response.status_code == 201, response.text
        number: str = response.json()["number"]
        return number

    async def webhook(self, sender: str, body: Json, *, secret: str = SECRET) -> httpx.Response:
        """A webhook as the outside signs it."""
        text = json.dumps(body)
        now = datetime.now(UTC)
        headers = {
            "webhook-id": body.get("id", "x"),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(body.get("id", "x"), now, text),
        }
        return await self.http.post(f"/v1/inbox/{sender}", content=text, headers=headers)

    async def rows(self, query: str, *values: Any) -> list[Json]:
        """What the database says."""
        async with self.pool.connection() as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def run(self, query: str, *values: Any) -> None:
        """What another part of the program would have written."""
        async with self.pool.connection() as connection:
            await connection.execute(query, values)

    async def count(self, table: str) -> int:
        rows = await self.rows(f"SELECT count(*) AS n FROM {table}")
        number: int = rows[0]["n"]
        return number

    async def key(self, *roles: Role, principal: str = "someone") -> dict[str, str]:
        """The header of a new key with these roles."""
        async with self.pool.connection() as connection:
            return {"Authorization": f"Bearer {await create_key(connection, principal, frozenset(roles))}"}

    async def connection(self) -> psycopg.AsyncConnection[Json]:
        """A connection of one's own, for transactions that stay open."""
        return await psycopg.AsyncConnection.connect(self.url, row_factory=dict_row)


@asynccontextmanager
async def open_desk(url: str, home: Path, **environment: str) -> AsyncIterator[Desk]:
    """The API in this process, on its own database."""
    settings = Settings.from_env(
        {
            "ORDITO_HOME": str(home),
            "DATABASE_URL": url,
            "ORDITO_API_KEY": ADMIN_KEY,
            "ORDITO_WEBHOOK_SECRET": SECRET,
            "TEMPORAL_ADDRESS": NOBODY,
            "ORDITO_POLICIES": str(PROJECT_ROOT / "policies"),
            **environment,
        }
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as http:
            yield Desk(http, app, url)


def order(**changes: Any) -> Json:
    """An order that is in order; a change to None leaves the field out."""
    whole = {
        "source": {"system": "shop", "id": "W-1"},
        "channel": "web",
        "currency": "USD",
        "ordered_at": "2026-05-06T09:00:00Z",
        "customer": {"id": "C-1"},
        "ship_to": {
            "name": "Mercedes Alba",
            "street": "Calle Olmo 12",
            "city": "Burgos",
            "postal_code": "09003",
            "country": "ES",
        },
        "requested_date": "2026-05-20",
        "ship_method": "speedy-express",
        "charges": [{"code": "freight", "amount": "12.40"}],
        "payment": {"method": "card", "token": "tok_visa"},
        "lines": [{"sku": "11", "quantity": 2, "unit_price": "14.00"}, {"sku": "42", "quantity": 1}],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def from_source(id_: str, **changes: Any) -> Json:
    """An order with its own id at the source."""
    return order(source={"system": "shop", "id": id_}, **changes)


@contextmanager
def captured_log() -> Iterator[LogCapture]:
    """Everything that is logged meanwhile, with its context."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    try:
        yield capture
    finally:
        structlog.configure(processors=before)
