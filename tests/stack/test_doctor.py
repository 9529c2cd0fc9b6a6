"""`ordito doctor`: one line per thing looked at, and the mend where something is wrong."""

import json
import socket
from pathlib import Path

from settings import SETTINGS
from tests.support.up import SERVERS_ONLY, environment, ordito, ordito_up


async def findings(env: dict[str, str]) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code, and what was found by its subject (the last one of each)."""
    code, stdout, stderr = await ordito("doctor", "--json", env=env)
    assert stderr == ""
    return code, {finding["subject"]: finding for finding in json.loads(stdout)}


async def test_before_the_first_start_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    env = environment(tmp_path)
    code, stdout, stderr = await ordito("doctor", env=env)

    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[-1] == "no problem found"
    assert "ok       Python: 3.11." in stdout
    assert "note     stack: not running here" in stdout
    assert "note     Temporal: not looked at: no stack runs here, and TEMPORAL_ADDRESS is not set" in stdout
    assert not (tmp_path / "home").exists()


async def test_a_running_stack_is_looked_at_and_the_missing_schema_is_found_and_mended(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with ordito_up(env, *SERVERS_ONLY) as up:
        code, found = await findings(env)

        assert code == 1
        assert found["stack"]["words"] == f"runs, process {up.process.pid}"
        assert found["PostgreSQL"] == {
            "level": "ok",
            "subject": "PostgreSQL",
            "words": "version 18.6 answers",
            "mend": "",
        }
        assert found["retention"]["words"] == "closed orders are kept for 30 days"
        assert found["search attributes"]["level"] == "ok"
        assert [found[subject]["level"] for subject in ("carrier", "payment provider")] == ["ok", "ok"]
        assert (found["schema"]["level"], found["schema"]["mend"]) == ("problem", "ordito prepare")
        assert (found["API"]["level"], found["API"]["mend"]) == ("problem", "start it, or set ORDITO_API_URL right")

        assert (await ordito("prepare", env=env))[0] == 0
        _, found = await findings(env)
        assert found["schema"] == {"level": "ok", "subject": "schema", "words": "has every migration", "mend": ""}


async def test_servers_that_were_named_but_do_not_answer(tmp_path: Path) -> None:
    env = environment(tmp_path)
    nowhere = f"127.0.0.1:{env['ORDITO_API_PORT']}"
    code, found = await findings(
        {
            **env,
            "DATABASE_URL": f"postgresql://u:hunter2@{nowhere}/d",
            "TEMPORAL_ADDRESS": nowhere,
            "CARRIER_URL": f"http://{nowhere}",
        }
    )

    assert code == 1
    assert {subject for subject, finding in found.items() if finding["level"] == "problem"} == {
        "PostgreSQL",
        "Temporal",
        "carrier",
    }
    assert found["Temporal"]["words"].startswith(f"no Temporal server answers at {nowhere}")
    assert found["payment provider"]["level"] == "note"
    assert "hunter2" not in json.dumps(found)


async def test_a_taken_port_a_readable_secret_and_a_misspelt_variable(tmp_path: Path) -> None:
    env = environment(tmp_path, ORDITO_API_PROT="8081")
    home = tmp_path / "home"
    home.mkdir()
    (home / "secrets.json").write_text("{}")
    (home / "secrets.json").chmod(0o644)
    with socket.create_server(("127.0.0.1", int(env["ORDITO_API_PORT"]))):
        code, stdout, _ = await ordito("doctor", env=env)

    assert code == 1
    assert "problem  settings: the variable ORDITO_API_PROT is set, and nothing reads it\n" in stdout
    assert "         mend: did you mean ORDITO_API_PORT?\n" in stdout
    assert f"problem  secrets: {home}/secrets.json can be read by others\n" in stdout
    assert f"         mend: chmod 600 {home}/secrets.json\n" in stdout
    assert f"problem  ports: port {env['ORDITO_API_PORT']} is taken, and the API needs it\n" in stdout
    assert stdout.splitlines()[-1] == "3 problems found"


async def test_the_list_of_settings_has_every_variable(tmp_path: Path) -> None:
    code, stdout, _ = await ordito("doctor", "--settings", "--json", env=environment(tmp_path))

    assert code == 0
    assert [row["name"] for row in json.loads(stdout)] == [setting.name for setting in SETTINGS]


async def test_the_whole_stack_on_a_fresh_home_has_no_problem(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with ordito_up(env) as up:
        assert list(up.children()) == ["postgres", "temporal", "simulators", "api", "relay", "worker"]
        assert f"http://127.0.0.1:{env['ORDITO_API_PORT']}/docs" in up.said
        assert "no policy was live, so the policy folder was released: policy bundle " in up.said

        code, found = await findings(env)

        assert [finding["words"] for finding in found.values() if finding["level"] == "problem"] == []
        assert code == 0


async def test_a_policy_folder_with_mistakes_is_not_released(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "00-workspace.yaml").write_text("kind: workspace\n")
    env = environment(tmp_path, ORDITO_POLICIES=str(broken))
    async with ordito_up(env) as up:
        assert "no policy bundle is live, and the policy folder cannot be released" in up.said

        code, found = await findings(env)

        assert found["API"]["words"].endswith("takes no orders yet: no policy bundle is live")
        assert found["API"]["mend"] == "ordito policy publish"
        assert code == 1
