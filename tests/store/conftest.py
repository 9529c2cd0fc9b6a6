"""One PostgreSQL for the tests of the store, an empty migrated database for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.policy_files.folder import load_folder
from domain.policy.model import Bundle
from store.migrate import upgrade
from store.pool import create_pool
from tests.store.shop import Shop
from tests.support.stack import RunningPostgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    loaded = load_folder(ROOT / "policies")
    assert loaded.bundle is not None, loaded.problems
    return loaded.bundle


@pytest.fixture
async def database_url(postgres: RunningPostgres) -> str:
    return await postgres.emptied_database(schema=upgrade)


@pytest.fixture
async def shop(database_url: str, bundle: Bundle) -> AsyncIterator[Shop]:
    """A company without items; ends with the invariants that must hold after anything."""
    async with create_pool(database_url, size=12) as pool:
        shop = Shop(pool, bundle)
        await shop.release_policies()
        yield shop
        await shop.assert_sound()
