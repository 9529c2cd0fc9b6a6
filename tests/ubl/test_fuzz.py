"""Documents with parts cut out, doubled, moved, renamed and refilled: whatever comes, no answer is a 5xx.

ORDITO_TEST_SCALE=full sends ten times more. The cases are the same in every run.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from settings import PROJECT_ROOT
from store.migrate import upgrade
from tests.api.desk import ADMIN_KEY, NOBODY
from tests.support.api_process import ApiProcess, running_api
from tests.support.stack import RunningPostgres
from tests.ubl.documents import CANCELLATION, CHANGE, ORDER

CASES = 5_000 if os.environ.get("ORDITO_TEST_SCALE") == "full" else 500
NUMBERS = ["", " ", "0", "-1", "1e9", "9" * 40, "NaN", "true", "1.5", "00001", "١٢", "4111111111111111"]
MOMENTS = ["2026-02-30", "9999-12-31", "0001-01-01", "24:00:00", "23:59:60-14:00"]
TEXTS = ["ü" * 300, "\u202e", "\u0085", "\U0001f600", "x\ny", "{}", "%s", "';--", "PO-4711"]
ENCODINGS = ["utf-8", "utf-16", "ascii", "cp1252", "utf-7"]


@pytest.fixture(scope="module")
async def server(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiProcess]:
    """The API with the order that the documents are about."""
    environment = {"TEMPORAL_ADDRESS": NOBODY, "ORDITO_POLICIES": str(PROJECT_ROOT / "policies")}
    url = await postgres.fresh_database(schema=upgrade)
    async with running_api(tmp_path_factory.mktemp("fuzz"), url, ADMIN_KEY, **environment) as api:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(base_url=api.url, headers=headers) as http:
            items = [{"sku": sku, "title": sku} for sku in ("11", "42")]
            assert (await http.post("/v1/policies", json={})).is_success
            assert (await http.put("/v1/items", json={"items": items})).is_success
            assert (await http.post("/v1/ubl", content=ORDER.encode())).status_code == 201
        yield api


@st.composite
def documents(draw: Any) -> bytes:
    """One of the documents, altered in up to six places; now and then its bytes too."""
    root = ElementTree.fromstring(draw(st.sampled_from([ORDER, CHANGE, CANCELLATION])))
    for _ in range(draw(st.integers(1, 6))):
        _alter(draw, root)
    encoding = draw(st.sampled_from(ENCODINGS))
    body = ElementTree.tostring(root, encoding=encoding if encoding != "utf-7" else "utf-8")
    if encoding == "utf-7":
        body = b'<?xml version="1.0" encoding="utf-7"?>' + body.partition(b"?>")[2]
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.binary(max_size=4)) + body[place + draw(st.integers(0, 20)) :]
    return bytes(body)


def _alter(draw: Any, root: ElementTree.Element) -> None:
    parents = [element for element in root.iter() if len(element)]
    if not parents:
        return
    parent = draw(st.sampled_from(parents))
    index = draw(st.integers(0, len(parent) - 1))
    child = parent[index]
    match draw(st.integers(0, 6)):
        case 0:
            parent.remove(child)
        case 1:
            parent.insert(index, deepcopy(child))
        case 2:
            other = draw(st.sampled_from(list(root.iter())))
            other.append(deepcopy(child))
        case 3:
            child.tag = draw(st.sampled_from([element.tag for element in root.iter()]))
        case 4:
            child.attrib.update({draw(st.sampled_from(["unitCode", "currencyID", "schemeID"])): draw(_odd())})
        case _:
            child.text = draw(_odd())


def _odd() -> st.SearchStrategy[str]:
    plain = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
    return st.one_of(st.sampled_from(NUMBERS + MOMENTS + TEXTS), plain)


async def test_no_answer_to_a_mangled_document_is_a_server_error(server: ApiProcess) -> None:
    seen = await asyncio.to_thread(_fuzz, server.url)
    assert "request broke" not in server.log.read_text(encoding="utf-8")
    assert {200, 201, 202} & seen.keys(), seen
    assert {400, 422} <= seen.keys(), seen


def _fuzz(url: str) -> dict[int, int]:
    """How often each status was answered."""
    seen: dict[int, int] = {}
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/xml"}
    with httpx.Client(base_url=url, headers=headers, timeout=20) as http:

        @settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(body=documents(), accept=st.sampled_from(["application/json", "application/xml"]))
        def one(body: bytes, accept: str) -> None:
            response = http.post("/v1/ubl", content=body, headers={"Accept": accept})
            assert response.status_code in (200, 201, 202, 400, 404, 409, 422), response.text
            if response.headers["content-type"] == "application/xml":
                ElementTree.fromstring(response.content)
            seen[response.status_code] = seen.get(response.status_code, 0) + 1

        one()
    return seen
