"""The floor of POST /v1/orders: a FastAPI route with one INSERT, served as ours is: `python -m bench.floor.route`."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from bench.floor.shapes import BareOrder
from settings import Settings

PORT = "BENCH_ROUTE_PORT"
"""Environment variable: the port to listen on."""
POOL_SIZE = 10


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the pool."""
    async with AsyncConnectionPool(
        Settings.from_env().database(), min_size=2, max_size=POOL_SIZE, kwargs={"autocommit": True}
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place(order: BareOrder) -> dict[str, str]:
    """One row."""
    async with app.state.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO bench_order (number, document) VALUES (%s, %s::jsonb)",
            (order.number, json.dumps(order.model_dump(mode="json"))),
        )
    return {"number": order.number, "status": "accepted"}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ[PORT]),
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
