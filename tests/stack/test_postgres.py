"""Embedded PostgreSQL: its data is found again, whatever ended the last run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from settings import PROJECT_ROOT
from stack import part as stack_part
from stack.errors import StackError
from stack.part import Part
from stack.postgres import PostgresServer
from tests.support.ports import free_port
from tests.support.stack import PASSWORD, running_postgres

NOBODY = 65534


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def keep_a_row(url: str) -> None:
    execute(url, "CREATE TABLE kept (word text)")
    execute(url, "INSERT INTO kept VALUES ('here')")


async def test_a_second_start_finds_the_data(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as postgres:
        keep_a_row(postgres.url())
    async with running_postgres(tmp_path) as postgres:
        assert execute(postgres.url(), "SELECT word FROM kept") == [("here",)]


async def test_after_kill_9_it_starts_again_with_what_was_committed(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as postgres:
        keep_a_row(postgres.url())
        execute(postgres.url(), "CHECKPOINT")
        await postgres.kill()
        await postgres.start()
        assert execute(postgres.url(), "SELECT word FROM kept") == [("here",)]


async def test_a_pid_file_that_names_a_stranger_does_not_block_the_start(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as postgres:
        keep_a_row(postgres.url())
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{tmp_path}/postgres\n1\n5432\n")
        async with running_postgres(tmp_path) as postgres:
            assert execute(postgres.url(), "SELECT word FROM kept") == [("here",)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_server_left_by_a_dead_supervisor_is_ended_first(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as left:
        keep_a_row(left.url())
        async with running_postgres(tmp_path) as postgres:
            assert left.child.returncode is not None or not psutil.pid_exists(left.pid)
            assert execute(postgres.url(), "SELECT word FROM kept") == [("here",)]


@pytest.mark.parametrize(("fast_commit", "waits"), [(False, "on"), (True, "off")])
async def test_a_commit_is_on_the_disk_unless_told_otherwise(tmp_path: Path, fast_commit: bool, waits: str) -> None:
    server = PostgresServer(tmp_path / "postgres", free_port(), PASSWORD, tmp_path / "log", fast_commit=fast_commit)
    child = await stack_part.start(Part("PostgreSQL", server.prepare, lambda _: server.is_ready()))
    try:
        assert execute(server.url("postgres"), "SHOW fsync") == [("on",)]
        assert execute(server.url("postgres"), "SHOW synchronous_commit") == [(waits,)]
        assert execute(server.url("postgres"), "SHOW data_checksums") == [("on",)]
    finally:
        await child.stop()


async def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as postgres:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(postgres.url().replace(PASSWORD, "guess")).close()


async def test_secrets_of_another_folder_are_told_apart_from_a_slow_start(tmp_path: Path) -> None:
    async with running_postgres(tmp_path):
        pass
    server = PostgresServer(tmp_path / "postgres", free_port(), "another", tmp_path / "log")

    with pytest.raises(
        StackError, match=r"PostgreSQL refuses the password: secrets\.json and .* do not belong together"
    ):
        await stack_part.start(Part("PostgreSQL", server.prepare, lambda _: server.is_ready()))

    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


async def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "letter.txt").write_text("mine")

    with pytest.raises(StackError, match="is not empty and holds no PostgreSQL data"):
        PostgresServer(data, free_port(), PASSWORD, tmp_path / "log").prepare()

    assert [path.name for path in data.iterdir()] == ["letter.txt"]


async def test_a_fresh_database_is_a_copy_of_one_the_schema_was_applied_to_once(tmp_path: Path) -> None:
    applied = []

    def schema(url: str) -> None:
        applied.append(url)
        keep_a_row(url)

    async with running_postgres(tmp_path) as postgres:
        first, second = [await postgres.fresh_database(schema) for _ in range(2)]
        execute(first, "DELETE FROM kept")

        assert execute(second, "SELECT word FROM kept") == [("here",)]
        assert execute(first, "SELECT count(*) FROM kept") == [(0,)]
        assert len(applied) == 1


RUN_AS_USER = """
import asyncio, os, sys
from pathlib import Path
import psycopg
from tests.support.stack import running_postgres

async def main():
    async with running_postgres(Path(sys.argv[1])) as postgres:
        with psycopg.connect(postgres.url()) as connection:
            print(os.geteuid(), connection.execute("SELECT 6 * 7").fetchone()[0])

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs it as a user then")
def test_it_runs_as_an_ordinary_user_too(tmp_path: Path) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv (util-linux) is not here")
    if not all(folder.stat().st_mode & 0o001 for folder in (PROJECT_ROOT, *PROJECT_ROOT.parents)):
        pytest.skip("the checkout is in a folder that is closed to other users; so is PostgreSQL's program in it")
    folder = tmp_path / "of-nobody"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    # It may read what this test's user may read: the interpreter can be in a closed folder.
    become = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    capability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--bounding-set=-setuid"]

    done = subprocess.run(
        [*become, *capability, sys.executable, "-c", RUN_AS_USER, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=PROJECT_ROOT,
        env={**os.environ, "HOME": str(folder)},
        check=False,
    )

    assert (done.stdout, done.returncode) == (f"{NOBODY} 42\n", 0), done.stderr
    assert (folder / "postgres" / "PG_VERSION").stat().st_uid == NOBODY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")
async def test_as_root_it_reaches_a_closed_folder_without_opening_it_to_everybody(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    async with running_postgres(closed) as postgres:
        keep_a_row(postgres.url())
        assert psutil.Process(postgres.pid).uids().effective != 0

    assert oct(closed.stat().st_mode & 0o777) == "0o710"


def told_to_nobody(server: PostgresServer) -> str:
    """What a user without rights is told when he prepares the server."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(NOBODY)
            server.prepare()
        except StackError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        return told.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_data_of_another_user_is_not_touched(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    data = tmp_path / "postgres"
    data.mkdir(mode=0o700)

    told = told_to_nobody(PostgresServer(data, free_port(), PASSWORD, tmp_path / "log"))

    assert told == (
        f"{data} belongs to user root: start as that user, "
        f"or give it to yourself with `sudo chown -R {NOBODY} {data}`, or set ORDITO_HOME"
    )
    assert list(data.iterdir()) == []
