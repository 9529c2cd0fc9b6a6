"""One running shop for the tests of mass actions; each test has items and orders of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.shop import Shop, running_shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with running_shop(tmp_path_factory.mktemp("mass")) as running:
        yield running
        assert await running.violations() == [], "the outside was asked for something that a correct caller never asks"
        await running.audited()
