"""One simulators process, emptied before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.adapters.outside import Outside, outside_of, simulated
from tests.support.simulators import Simulators


@pytest.fixture(scope="session")
def adapter_simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
async def outside(adapter_simulators: Simulators) -> AsyncIterator[Outside]:
    async with outside_of(adapter_simulators) as outside:
        yield outside
