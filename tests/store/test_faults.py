"""What an activity raises when the database is away or something is wrong: told apart, and without data (rule 3)."""

import asyncio

import psycopg
import pytest
from temporalio.exceptions import ApplicationError

from activities.faults import told_apart
from activities.orders import Orders
from adapters.ports import BrokenContractError, UnavailableError
from domain.policy.model import Bundle
from domain.process.words import Status
from store.pool import create_pool, statement
from tests.store.shop import Shop, saving
from tests.support.ports import free_port


def raised_for(error: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised, told_apart():
        raise error
    assert raised.value.__cause__ is None, "a cause would carry its text into workflow history"
    return raised.value


async def test_a_database_that_is_away_is_a_fault_to_be_tried_again(bundle: Bundle) -> None:
    async with create_pool(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing") as pool:
        shop = Shop(pool, bundle)
        with pytest.raises(ApplicationError, match="The database is not available") as raised:
            await shop.run(Orders(pool).save_order, shop.saved("O-1", saving(1, Status.ACCEPTED)))
    assert (raised.value.type, raised.value.non_retryable) == ("unavailable", False)


@pytest.mark.parametrize(
    ("error", "type_", "final"),
    [
        (UnavailableError("The carrier did not answer in time."), "unavailable", False),
        (psycopg.errors.DeadlockDetected("x"), "unavailable", False),
        (psycopg.errors.QueryCanceled("x"), "unavailable", False),
        (BrokenContractError("The carrier answered HTTP 418."), "bug", True),
        (psycopg.errors.CheckViolation("x"), "bug", True),
        (KeyError("x"), "bug", True),
    ],
)
def test_each_kind_of_error_is_raised_as_its_kind(error: Exception, type_: str, final: bool) -> None:
    told = raised_for(error)
    assert (told.type, told.non_retryable) == (type_, final)


def test_no_data_of_an_error_comes_out() -> None:
    for error in (ValueError("Mercedes Alba"), psycopg.errors.CheckViolation("Failing row contains (Mercedes Alba)")):
        assert "Mercedes" not in str(raised_for(error))
    assert str(raised_for(KeyError("Mercedes"))).startswith("bug: KeyError at test_faults.py:")


async def test_a_call_for_another_activity_is_a_bug(shop: Shop) -> None:
    call = shop.reserving("O-1", {1: 1})
    with pytest.raises(ApplicationError, match="came to an activity that expects SaveOrder") as raised:
        await shop.run(Orders(shop.pool).save_order, call)
    assert raised.value.non_retryable is True


async def test_a_statement_that_is_cut_short_is_told_as_that_and_spoils_no_connection(shop: Shop) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), statement(shop.pool) as connection:
            await connection.execute("SELECT pg_sleep(5)")
    with pytest.raises(psycopg.OperationalError):
        async with statement(shop.pool) as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    for _ in range(12):
        async with shop.pool.connection() as connection:
            assert not connection.autocommit
            await connection.execute("SELECT 1")
