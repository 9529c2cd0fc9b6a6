"""One running shop for the tests of the commands."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.shop import Shop, running_shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """`ordito up`, and everything it starts."""
    async with running_shop(tmp_path_factory.mktemp("cli")) as running:
        yield running
