"""One simulators process for the module's tests, emptied and set to its defaults before each."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.simulators.partner import Partner
from tests.simulators.receiver import SECRET, Receiver, running_receiver
from tests.support.simulators import Simulators, running_simulators


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """The process."""
    with running_simulators(tmp_path_factory.mktemp("simulators"), secret=SECRET) as simulators:
        yield simulators


@pytest.fixture(scope="session")
def defaults(shared: Simulators) -> dict[str, dict[str, object]]:
    """The settings each simulator starts with."""
    with httpx.Client(base_url=shared.url, trust_env=False) as client:
        return {kind: Partner(client, kind).settings() for kind in ("carrier", "payments", "supplier")}


@pytest.fixture
def client(shared: Simulators, defaults: dict[str, dict[str, object]]) -> Iterator[httpx.Client]:
    """A client of emptied simulators."""
    with httpx.Client(base_url=shared.url, timeout=10, trust_env=False) as client:
        for kind, settings in defaults.items():
            partner = Partner(client, kind)
            partner.admin("reset")
            assert partner.config(**settings).status_code == 200
        yield client


@pytest.fixture
def carrier(client: httpx.Client) -> Partner:
    """The carrier."""
    return Partner(client, "carrier")


@pytest.fixture
def payments(client: httpx.Client) -> Partner:
    """The payment provider."""
    return Partner(client, "payments")


@pytest.fixture
def supplier(client: httpx.Client) -> Partner:
    """The supplier."""
    return Partner(client, "supplier")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks go."""
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def fresh(tmp_path: Path, receiver: Receiver) -> Iterator[Simulators]:
    """A process of the test's own, to be killed: its webhooks go to the receiver."""
    flags = {"carrier_webhook": receiver.url, "payment_webhook": receiver.url, "secret": SECRET}
    with running_simulators(tmp_path / "books", **flags) as simulators:
        yield simulators
