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
from store.pool import Connection, create_pool, statement, transaction
from tests.store.shop import Shop, saving
from tests.support.ports import free_port

SHORT_CUTS = 200


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


async def test_what_is_told_as_written_is_there_whenever_transactions_before_it_were_cut_short(shop: Shop) -> None:
    """A connection on which a transaction was cut short as it began once took the next statement, and never sent it."""
    async with statement(shop.pool) as connection:
        await connection.execute("CREATE TABLE written (n int PRIMARY KEY)")
        await connection.execute("INSERT INTO written VALUES (-1)")
    for n in range(SHORT_CUTS):
        cut = asyncio.create_task(_refused(shop))
        await asyncio.sleep(n % 50 / 25_000)
        cut.cancel()
        await asyncio.wait([cut])
        async with statement(shop.pool) as connection:
            await connection.execute("INSERT INTO written VALUES (%s)", (n,))
    async with statement(shop.pool) as connection:
        found = await (await connection.execute("SELECT n FROM written WHERE n >= 0 ORDER BY n")).fetchall()
    assert [row["n"] for row in found] == list(range(SHORT_CUTS))


async def _refused(shop: Shop) -> None:
    """A transaction whose first statement is refused, which its second finds out."""
    async with transaction(shop.pool) as connection:
        await connection.execute("INSERT INTO written VALUES (-1)")
        await (await connection.execute("SELECT 1")).fetchone()


async def test_a_transaction_leaves_its_connection_for_the_next_user_whatever_became_of_it(database_url: str) -> None:
    async def backend(connection: Connection) -> int:
        found = await (await connection.execute("SELECT pg_backend_pid() AS pid")).fetchone()
        assert found is not None
        return int(found["pid"])

    async with create_pool(database_url, size=1) as pool:
        async with transaction(pool) as connection:
            first = await backend(connection)
        with pytest.raises(psycopg.errors.UndefinedTable):
            async with transaction(pool) as connection:
                await connection.execute("SELECT FROM nowhere")
        async with transaction(pool) as connection:
            assert await backend(connection) == first
        async with statement(pool) as connection:
            assert await backend(connection) == first


async def test_a_statement_that_was_not_sent_is_not_told_as_done(shop: Shop) -> None:
    with pytest.raises(psycopg.OperationalError, match="has not come to its end"):  # noqa: PT012 - all of it is one use
        async with statement(shop.pool) as connection:
            left_open = connection.pipeline()
            await left_open.__aenter__()
            await connection.execute("SELECT 1")
