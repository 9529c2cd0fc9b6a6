"""`python -m api` as a process: limits before reading, logs without secrets, a clean end (OPS2, OPS5, OPS6)."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from settings import PROJECT_ROOT
from tests.api.desk import ADMIN_KEY, NOBODY, SECRET, order
from tests.support.api_process import ApiProcess, running_api

CARD = "4111111111111111"


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[ApiProcess]:
    environment = {
        "ORDITO_WEBHOOK_SECRET": SECRET,
        "TEMPORAL_ADDRESS": NOBODY,
        "ORDITO_POLICIES": str(PROJECT_ROOT / "policies"),
    }
    async with running_api(tmp_path, database_url, ADMIN_KEY, **environment) as running:
        yield running


async def test_a_declared_gigabyte_is_refused_before_any_of_it_is_sent(api: ApiProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    key = f"Authorization: Bearer {ADMIN_KEY}"
    writer.write(f"POST /v1/orders HTTP/1.1\r\nHost: x\r\n{key}\r\nContent-Length: 1000000000\r\n\r\n".encode())
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_the_log_is_json_and_holds_no_personal_data_key_or_card(api: ApiProcess) -> None:
    async with httpx.AsyncClient(base_url=api.url, headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as http:
        items = [{"sku": sku, "title": sku, "prices": [{"currency": "USD", "amount": 1}]} for sku in ("11", "42")]
        assert (await http.post("/v1/policies", json={})).is_success
        assert (await http.put("/v1/items", json={"items": items})).is_success
        assert (await http.post("/v1/orders", json=order(number="A-1"))).status_code == 201
        assert (await http.post("/v1/orders", json=order(note=CARD))).status_code == 422
        assert (await http.get(f"/v1/orders/{CARD}")).status_code == 404
        assert (await http.get("/v1/orders", params={"customer": CARD})).status_code == 200
    text = api.log.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    placed = [entry for entry in entries if entry.get("order") == "A-1"]
    assert [(entry["route"], entry["status"], entry["principal"]) for entry in placed] == [("/v1/orders", 201, "admin")]
    for secret in ("Mercedes", "Olmo", "tok_visa", CARD, ADMIN_KEY, SECRET):
        assert secret not in text


async def test_it_ends_on_sigterm_within_seconds(api: ApiProcess) -> None:
    api.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(6):
        await api.process.wait()
    assert "Traceback" not in api.log.read_text(encoding="utf-8")


async def test_without_a_database_it_says_what_is_missing(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api", cwd=PROJECT_ROOT,
        stderr=asyncio.subprocess.PIPE, env={"ORDITO_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    _, error = await process.communicate()
    assert process.returncode == 1
    assert error.decode().startswith("ordito: DATABASE_URL is not set")
