"""The API on a real PostgreSQL for the door itself, and one whole shop for what becomes of a document."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from store.migrate import upgrade
from tests.api.desk import Desk, open_desk
from tests.support.shop import Shop, running_shop
from tests.support.stack import RunningPostgres, running_postgres


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPostgres]:
    async with running_postgres(tmp_path_factory.mktemp("ubl")) as running:
        yield running


@pytest.fixture
async def desk(postgres: RunningPostgres, tmp_path: Path) -> AsyncIterator[Desk]:
    """A company with two items in stock and its policies published; Temporal is away."""
    async with open_desk(await postgres.fresh_database(schema=upgrade), tmp_path) as desk:
        await desk.furnish()
        yield desk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """`ordito up`, and everything it starts."""
    async with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running
        assert await running.violations() == [], "the outside was asked for something that a correct caller never asks"
        await running.audited()
