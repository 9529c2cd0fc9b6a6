"""One running shop for all cells of the grid; each has an order and an item of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.grid.policies import make_impatient
from tests.support.shop import Shop, running_shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with running_shop(tmp_path_factory.mktemp("shop")) as running:
        await make_impatient(running)
        yield running
