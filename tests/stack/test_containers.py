"""docker-compose.yml and Dockerfile, without a container engine: everything they name is something there really is."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import PROJECT_ROOT, SETTINGS, Settings
from simulators.__main__ import arguments as simulator_arguments
from stack.postgres import MIN_SERVER_MAJOR
from stack.temporal import DYNAMIC_CONFIG, program
from tests.support.up import ORDITO

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "ordito"}
DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text()
GIVEN = {
    "POSTGRES_PASSWORD": "0f1e2d",
    "ORDITO_API_KEY": "ordito_0f1e2d",
    "ORDITO_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
}


def interpolated(text: str) -> str:
    """As compose fills in `${NAME:?message}` and `${NAME:-default}`."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        return GIVEN.get(name, rest) if kind == ":-" else GIVEN[name]

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value, text)


def test_it_has_every_part_of_the_stack() -> None:
    assert set(OURS) == {"migrate", "simulators", "api", "relay", "worker"}
    assert set(SERVICES) - set(OURS) == {"postgres", "temporal-schema", "temporal", "temporal-ui"}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_our_services_is_one_we_read_and_its_value_is_good(name: str) -> None:
    environment = {key: interpolated(value) for key, value in OURS[name]["environment"].items()}

    assert set(environment) <= {setting.name for setting in SETTINGS}
    settings = Settings.from_env(environment)
    assert settings.database() == "postgresql://ordito:0f1e2d@postgres:5432/ordito"
    assert settings.temporal_address == "temporal:7233"
    assert settings.webhook_secret == GIVEN["ORDITO_WEBHOOK_SECRET"]


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_our_services_exists(name: str) -> None:
    first, *rest = OURS[name]["command"]

    if first == "ordito":
        done = subprocess.run([ORDITO, *rest, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    else:
        assert [first, rest[0]] == ["python", "-m"]
        module = importlib.util.find_spec(rest[1])
        assert module is not None
        assert module.submodule_search_locations is None or importlib.util.find_spec(f"{rest[1]}.__main__")


def test_the_simulators_take_their_arguments_and_listen_where_the_others_look() -> None:
    taken = simulator_arguments(OURS["simulators"]["command"][3:])
    settings = Settings.from_env({k: interpolated(v) for k, v in OURS["worker"]["environment"].items()})

    assert (taken.host, taken.port, taken.data) == ("0.0.0.0", 8090, Path("/data/simulators"))
    assert settings.carrier_url == "http://simulators:8090/carrier"
    assert settings.payment_url == "http://simulators:8090/payments"
    assert settings.carrier_webhook_url == f"{settings.api_url}/v1/inbox/carrier"
    assert settings.payment_webhook_url == f"{settings.api_url}/v1/inbox/payment"
    assert settings.api_url == f"http://api:{settings.api_port}"
    assert settings.api_host == "0.0.0.0"


def test_services_wait_for_services_that_exist_and_volumes_are_declared() -> None:
    for service in SERVICES.values():
        waits = service.get("depends_on", {})
        assert set(waits) <= set(SERVICES)
        for other, how in waits.items():
            assert how["condition"] in ("service_healthy", "service_completed_successfully")
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(COMPOSE["volumes"])
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"])


def test_no_port_is_open_to_the_network_and_no_password_is_in_the_file() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|PWD|KEY|SECRET", name):
                assert value.startswith("${"), name


def test_versions_are_those_the_embedded_stack_is_tested_with() -> None:
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    server, ui = re.findall(r"(?:Server|UI) (\d+\.\d+\.\d+)", told)

    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert SERVICES["temporal-schema"]["image"] == f"temporalio/admin-tools:{server}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"
    assert SERVICES["postgres"]["image"] == f"postgres:{MIN_SERVER_MAJOR}"


def test_temporal_is_tuned_like_the_embedded_one() -> None:
    content = yaml.safe_load(COMPOSE["configs"]["temporal-dynamic"]["content"])

    assert {name: str(entries[0]["value"]) for name, entries in content.items()} == DYNAMIC_CONFIG


def test_the_script_that_makes_temporals_databases_is_valid_shell() -> None:
    script = SERVICES["temporal-schema"]["command"][0].replace("$$", "$")
    traced = script.replace('tool="temporal-sql-tool', 'tool="echo')

    done = subprocess.run(["/bin/sh", "-euc", traced], capture_output=True, text=True, check=True)

    common = "--plugin postgres12 --ep postgres -p 5432 -u ordito --db"
    schema = "/etc/temporal/schema/postgresql/v12"
    assert done.stdout.splitlines() == [
        f"{common} temporal create",
        f"{common} temporal setup-schema -v 0.0",
        f"{common} temporal update-schema -d {schema}/temporal/versioned",
        f"{common} temporal_visibility create",
        f"{common} temporal_visibility setup-schema -v 0.0",
        f"{common} temporal_visibility update-schema -d {schema}/visibility/versioned",
    ]


def test_the_image_is_built_from_what_is_there_by_hash_and_runs_without_root() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    copied = [source for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for source in line.split()[:-1]]

    assert re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE) == [f"python:{version}-slim"]
    assert all((PROJECT_ROOT / source).exists() for source in copied)
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert "--hash=sha256:" in (PROJECT_ROOT / "requirements.lock").read_text()
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["ordito"]
    set_there = re.findall(r"(ORDITO_\w+)=", DOCKERFILE)
    assert set(set_there) <= {setting.name for setting in SETTINGS}


def test_the_image_leaves_out_nothing_the_program_needs() -> None:
    left_out = {line for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("#", "")}
    needed = {"activities", "adapters", "api", "cli", "domain", "simulators", "stack", "store", "workflows", "policies"}

    assert left_out.isdisjoint(needed | {"worker.py", "settings.py", "limits.py", "pyproject.toml", "examples"})
    assert {".git", ".venv", ".ordito"} <= left_out
