"""The page of the command line: the help of every command, as it is printed."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from cli.main import commands
from tools.docs.markdown import fenced, page

WIDTH = "100"


def commands_page() -> str:
    """`--help` of `ordito` and of each of its commands."""
    parts = [fenced("text", _help(()))]
    for words in _commands(get_command(commands()), ()):
        parts += [f"## ordito {' '.join(words)}", fenced("text", _help(words))]
    intro = "Exit status: 0 done, 1 it did not work, 2 it was asked wrongly, 130 interrupted."
    return page("Commands", intro, *parts)


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield (*words, name)
        yield from _commands(inner, (*words, name))


def _help(words: tuple[str, ...]) -> str:
    runner = CliRunner(env={"COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"})
    result = runner.invoke(commands(), [*words, "--help"], prog_name="ordito")
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines())
