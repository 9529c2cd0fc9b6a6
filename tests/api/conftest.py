"""The API on a real PostgreSQL; Temporal is away unless a test brings it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.migrate import upgrade
from tests.api.desk import Desk, open_desk
from tests.support.stack import RunningPostgres


@pytest.fixture
async def database_url(postgres: RunningPostgres) -> str:
    return await postgres.emptied_database(schema=upgrade)


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A company with two items in stock and its policies published."""
    async with open_desk(database_url, tmp_path) as desk:
        await desk.furnish()
        yield desk
