"""`ordito` loads what the command asks for: most commands need neither Temporal nor the servers' programs."""

import subprocess
import sys

import pytest
from typer.main import get_command

from cli.main import COMMANDS, commands
from settings import PROJECT_ROOT

HEAVY = ("temporalio", "fastapi", "sqlalchemy", "psycopg")
LOADED = "import sys; from cli.main import commands; commands(sys.argv[1]); print(*(m for m in {} if m in sys.modules))"


@pytest.mark.parametrize("asked", ["order", "up"])
def test_a_command_that_needs_no_server_itself_loads_no_client_of_one(asked: str) -> None:
    command = [sys.executable, "-c", LOADED.format(HEAVY), asked]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("asked", COMMANDS)
def test_each_command_is_found_by_itself_as_among_all(asked: str) -> None:
    alone, among_all = get_command(commands(asked)), get_command(commands("--help"))
    assert list(alone.commands) == [asked]
    assert among_all.commands.keys() == COMMANDS.keys()
    assert alone.commands[asked].help == among_all.commands[asked].help


def test_a_word_that_is_no_command_is_answered_with_all_of_them() -> None:
    assert get_command(commands("ordr")).commands.keys() == COMMANDS.keys()
