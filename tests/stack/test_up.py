"""`ordito up` with the servers it starts, as a process of its own."""

import asyncio
import json
import os
import signal
import stat
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from stack.leftovers import signal_all, still_alive
from tests.support.stack import running_postgres, running_temporal
from tests.support.up import SERVERS_ONLY, environment, ordito, ordito_up

ALL_BUT_TEMPORAL = (*SERVERS_ONLY, "--without", "temporal")


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


async def test_it_prints_addresses_that_answer_and_stops_cleanly_and_finds_its_data_again(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with ordito_up(env, *SERVERS_ONLY) as up:
        url = up.stack_file()["environment"]["DATABASE_URL"]
        execute(url, "CREATE TABLE kept AS SELECT 'here' AS word")
        family = up.family()
        ui = httpx.get(f"http://127.0.0.1:{env['ORDITO_TEMPORAL_UI_PORT']}", follow_redirects=True)
        simulators = httpx.get(f"http://127.0.0.1:{env['ORDITO_SIMULATORS_PORT']}/healthz")

        assert ui.status_code == 200
        assert simulators.status_code == 200
        assert f"http://127.0.0.1:{env['ORDITO_TEMPORAL_UI_PORT']}" in up.said
        assert f"postgresql://ordito@127.0.0.1:{env['ORDITO_POSTGRES_PORT']}/ordito" in up.said
        assert list(up.children()) == ["postgres", "temporal", "simulators"]

        assert await up.interrupt() == 0
        assert up.said.splitlines()[-1] == "ordito: stopped; the data stays where it is"
        assert still_alive(family, 0) == []
        assert not (up.home / "stack.json").exists()
        assert "fast shutdown" in (up.home / "logs" / "postgres.log").read_text()

    async with ordito_up(env, *SERVERS_ONLY) as up:
        assert up.stack_file()["environment"]["DATABASE_URL"] == url
        assert execute(url, "SELECT word FROM kept") == [("here",)]


async def test_a_second_one_says_that_the_first_runs_and_leaves_it_alone(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with ordito_up(env, *ALL_BUT_TEMPORAL) as up:
        code, stdout, stderr = await ordito("up", *ALL_BUT_TEMPORAL, env=env)

        assert (code, stdout) == (1, "")
        assert stderr == (
            f"ordito: a stack already runs on {up.home} (process {up.process.pid}): "
            "use it, stop it, or set ORDITO_HOME to another folder\n"
        )
        assert execute(up.stack_file()["environment"]["DATABASE_URL"], "SELECT 1") == [(1,)]


async def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    env = environment(tmp_path)
    port = int(env["ORDITO_POSTGRES_PORT"])
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with server:
        code, stdout, stderr = await ordito("up", *SERVERS_ONLY, env=env)

    assert (code, stdout) == (1, "")
    assert stderr == (
        f"ordito: port {port} is taken, and PostgreSQL needs it: stop what listens there, "
        "or choose another with ORDITO_POSTGRES_PORT=<port>\n"
    )
    assert not (tmp_path / "home" / "postgres").exists()
    assert not (tmp_path / "home" / "logs").exists()


@pytest.mark.parametrize("victims", ["the supervisor", "everything"])
async def test_after_kill_9_nothing_stays_and_it_starts_again_with_its_data(tmp_path: Path, victims: str) -> None:
    env = environment(tmp_path)
    async with ordito_up(env, *SERVERS_ONLY) as up:
        url = up.stack_file()["environment"]["DATABASE_URL"]
        execute(url, "CREATE TABLE kept AS SELECT 'here' AS word")
        family = up.family()
        signal_all(family[:1] if victims == "the supervisor" else family, signal.SIGKILL)
        await up.process.wait()

        assert (up.home / "stack.json").exists()
        async with ordito_up(env, *SERVERS_ONLY) as again:  # at once: what dies still holds ports and files
            assert execute(url, "SELECT word FROM kept") == [("here",)]
            assert still_alive(family, 0) == []
            assert again.process.pid != up.process.pid


async def test_a_killed_part_comes_back_with_its_data_and_the_new_process_is_written_down(tmp_path: Path) -> None:
    async with ordito_up(environment(tmp_path), *ALL_BUT_TEMPORAL) as up:
        url = up.stack_file()["environment"]["DATABASE_URL"]
        execute(url, "CREATE TABLE kept AS SELECT 'here' AS word")
        before = up.children()
        os.kill(before["postgres"], signal.SIGKILL)
        said = await up.until("postgres runs again")

        assert "ordito: postgres ended (signal 9); starting it again in 0.5 s" in said
        assert execute(url, "SELECT word FROM kept") == [("here",)]
        assert up.children()["postgres"] != before["postgres"]
        assert up.children()["simulators"] == before["simulators"]


async def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with ordito_up(env, *SERVERS_ONLY, ready="starting") as up:
        while not (up.home / "logs" / "postgres.log").exists():
            await asyncio.sleep(0.01)
        family = up.family()
        await up.interrupt(signal.SIGTERM)

        assert up.process.returncode == 0
        assert still_alive(family, 1) == []
        assert "ready after" not in up.said


async def test_servers_of_the_users_own_are_used_and_not_started(tmp_path: Path) -> None:
    async with running_postgres(tmp_path) as postgres, running_temporal(tmp_path) as temporal:
        own = {"DATABASE_URL": postgres.url(), "TEMPORAL_ADDRESS": temporal.address}
        async with ordito_up(environment(tmp_path, **own), *SERVERS_ONLY) as up:
            assert list(up.children()) == ["simulators"]
            assert not (up.home / "postgres").exists()
            assert not (up.home / "temporal.db").exists()
            assert {name: up.stack_file()["environment"][name] for name in own} == own

        assert execute(postgres.url(), "SELECT 1") == [(1,)]
        assert psutil.pid_exists(temporal.pid)


async def test_secrets_are_drawn_once_kept_private_and_never_printed(tmp_path: Path) -> None:
    env = environment(tmp_path)
    file = tmp_path / "home" / "secrets.json"
    drawn = []
    for _ in range(2):
        async with ordito_up(env, *ALL_BUT_TEMPORAL, "--without", "postgres") as up:
            drawn.append(json.loads(file.read_text()))
            passed = up.stack_file()["environment"]
            assert passed["ORDITO_API_KEY"] == drawn[0]["api_key"]
            assert passed["ORDITO_WEBHOOK_SECRET"] == drawn[0]["webhook_secret"]
            assert stat.S_IMODE((up.home / "stack.json").stat().st_mode) == 0o600
            assert not any(secret in up.said for secret in drawn[0].values())

    assert drawn[0] == drawn[1]
    assert drawn[0]["webhook_secret"].startswith("whsec_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_bad_variable_is_one_sentence_and_no_stack_trace(tmp_path: Path) -> None:
    code, stdout, stderr = await ordito("up", env=environment(tmp_path, ORDITO_API_PORT="eighty"))

    assert (code, stdout) == (1, "")
    assert stderr == "ordito: ORDITO_API_PORT: 'eighty' cannot be used: a port is a number from 1 to 65535\n"
    assert not (tmp_path / "home").exists()


async def test_an_unknown_part_is_a_wrong_question(tmp_path: Path) -> None:
    code, _, stderr = await ordito("up", "--without", "postgre", env=environment(tmp_path))

    assert (code, stderr) == (
        2,
        "ordito: there is no part postgre; the parts are postgres, temporal, simulators, api, relay, worker\n",
    )
