"""The API fuzzed from its own description: whatever is sent, no answer is a 5xx, and every answer is as described.

Bounded to about a minute; ORDITO_TEST_SCALE=full sends ten times more. The cases are the same in every run.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from standardwebhooks import Webhook

from api.app import create_app
from settings import PROJECT_ROOT, Settings
from store.migrate import upgrade
from tests.api.desk import ADMIN_KEY, NOBODY, SECRET, order
from tests.support.api_process import ApiProcess, running_api
from tests.support.stack import RunningPostgres

CASES = 400 if os.environ.get("ORDITO_TEST_SCALE") == "full" else 40
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
AWAY = {"temporal_away"}
"""What may be answered with 503: these tests run no Temporal server."""
PLACED = "A-1"

SCHEMA = schemathesis.openapi.from_dict(create_app(Settings.from_env({})).openapi())
Operation = APIOperation[Any, Any, Any, Any]
OPERATIONS: dict[str, Operation] = {
    found.ok().label: found.ok()  # type: ignore[union-attr]
    for found in SCHEMA.get_all_operations()
}


@pytest.fixture(scope="module")
async def server(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiProcess]:
    """The API with one order."""
    environment = {
        "ORDITO_WEBHOOK_SECRET": SECRET,
        "TEMPORAL_ADDRESS": NOBODY,
        "ORDITO_POLICIES": str(PROJECT_ROOT / "policies"),
    }
    url = await postgres.fresh_database(schema=upgrade)
    async with running_api(tmp_path_factory.mktemp("fuzz"), url, ADMIN_KEY, **environment) as api:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(base_url=api.url, headers=headers) as http:
            items = [{"sku": sku, "title": sku} for sku in ("11", "42")]
            lines = [{"sku": sku, "quantity": 1, "unit_price": 1} for sku in ("11", "42")]
            assert (await http.post("/v1/policies", json={})).is_success
            assert (await http.put("/v1/items", json={"items": items})).is_success
            assert (await http.post("/v1/orders", json=order(number=PLACED, lines=lines))).is_success
        yield api


@pytest.mark.parametrize("label", OPERATIONS)
async def test_no_answer_is_a_server_error(server: ApiProcess, label: str) -> None:
    await asyncio.to_thread(_fuzz, OPERATIONS[label], server.url)
    log = server.log.read_text(encoding="utf-8")
    assert "request broke" not in log


def _fuzz(operation: Operation, url: str) -> None:
    cases = st.one_of(operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE))
    with requests.Session() as session:

        @settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases, known=st.booleans())
        def one(case: Case, known: bool) -> None:
            if known and "number" in (case.path_parameters or {}):
                case.path_parameters["number"] = PLACED
            _check(case, _send(case, session, url))

        one()


def _send(case: Case, session: requests.Session, url: str) -> requests.Response:
    """Send a case with an administrator's key; webhooks are signed."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=url, headers={"Authorization": f"Bearer {ADMIN_KEY}"}))
    prepared = session.prepare_request(sent)
    if "/inbox/" in prepared.url:
        body = prepared.body or b""
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
        now = datetime.now(UTC)
        prepared.prepare_body(text.encode(), None)
        prepared.headers["webhook-id"] = "fuzz"
        prepared.headers["webhook-timestamp"] = str(int(now.timestamp()))
        prepared.headers["webhook-signature"] = Webhook(SECRET).sign("fuzz", now, text)
    return session.send(prepared, timeout=20)


def _check(case: Case, response: requests.Response) -> None:
    if response.status_code == 503 and response.json()["code"] in AWAY:
        return
    case.validate_response(response, checks=CHECKS)
