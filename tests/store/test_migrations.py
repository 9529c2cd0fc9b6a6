"""Migrations build exactly what the tables say, once, whoever starts first."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from store.migrate import pending, upgrade
from store.pool import create_pool
from store.tables import Order
from tests.support.stack import RunningPostgres

EVERYTHING = """
SELECT 'column', c.table_name || '.' || c.column_name,
       concat_ws(' ', c.data_type, c.is_nullable, c.column_default, c.is_generated, c.generation_expression)
FROM information_schema.columns c WHERE c.table_schema = 'public'
UNION ALL
SELECT 'constraint', r.conrelid::regclass || '.' || r.conname, pg_get_constraintdef(r.oid)
FROM pg_constraint r JOIN pg_namespace n ON n.oid = r.connamespace WHERE n.nspname = 'public'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'sequence', sequencename, concat_ws(' ', data_type, start_value, increment_by) FROM pg_sequences
"""


def everything_in(url: str) -> dict[tuple[str, str], str]:
    """Columns, constraints, indexes and sequences with their definitions."""
    with psycopg.connect(url) as connection:
        found = {(kind, name): definition for kind, name, definition in connection.execute(EVERYTHING).fetchall()}
    return {key: definition for key, definition in found.items() if "alembic_version" not in key[1]}


def sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


async def test_a_migrated_database_is_the_tables_to_the_last_constraint(
    postgres: RunningPostgres, database_url: str
) -> None:
    made = await postgres.fresh_database()
    engine = create_engine(sqlalchemy_url(made))
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    migrated, tables = everything_in(database_url), everything_in(made)
    assert migrated == tables
    assert ("constraint", "stock.stock_no_oversell") in migrated
    assert len([kind for kind, _ in migrated if kind == "constraint"]) > 40


def test_alembic_has_nothing_left_to_generate(database_url: str) -> None:
    engine = create_engine(sqlalchemy_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Order.metadata) == []
    engine.dispose()


async def test_many_programs_that_start_together_migrate_once(postgres: RunningPostgres) -> None:
    url = await postgres.fresh_database()
    assert await asyncio.to_thread(pending, url) is True
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(upgrade, [url] * 4))
    assert await asyncio.to_thread(pending, url) is False
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]


async def test_upgrading_what_is_up_to_date_keeps_the_data(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO item (sku, title, type) VALUES ('1', 'Chai', 'physical')")
    await asyncio.to_thread(upgrade, database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT sku, title FROM item").fetchall() == [("1", "Chai")]


async def test_the_pool_replaces_connections_that_a_restart_has_closed(database_url: str) -> None:
    async with create_pool(database_url, size=2, least=2) as pool:
        await pool.wait()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ordito'")
        await asyncio.sleep(0.1)
        for _ in range(4):
            async with pool.connection() as connection:
                cursor = await connection.execute("SELECT 1 AS one")
                assert await cursor.fetchone() == {"one": 1}


async def test_an_exception_rolls_the_whole_connection_block_back(database_url: str) -> None:
    async with create_pool(database_url) as pool:
        with pytest.raises(ZeroDivisionError):
            await _insert_and_fail(pool)
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT count(*) AS n FROM item")
            assert await cursor.fetchone() == {"n": 0}


async def _insert_and_fail(pool: object) -> None:
    async with pool.connection() as connection, connection.pipeline():  # type: ignore[attr-defined]
        await connection.execute("INSERT INTO item (sku, title, type) VALUES ('1', 'Chai', 'physical')")
        raise ZeroDivisionError
