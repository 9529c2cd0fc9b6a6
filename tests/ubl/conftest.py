"""The API on a real PostgreSQL for the door itself, and one whole shop for what becomes of a document."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.migrate import upgrade
from tests.api.desk import Desk, open_desk
from tests.support.stack import RunningPostgres


@pytest.fixture
async def desk(postgres: RunningPostgres, tmp_path: Path) -> AsyncIterator[Desk]:
    """A company with two items in stock and its policies published; Temporal is away."""
    async with open_desk(await postgres.emptied_database(schema=upgrade), tmp_path) as desk:
        await desk.furnish()
        yield desk
