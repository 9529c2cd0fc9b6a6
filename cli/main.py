"""`ordito ...`: the commands, and one place where an error becomes a sentence and an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from cli.console import err, tell
from cli.errors import CommandError
from settings import SettingsError
from stack.errors import StackError

COMMANDS = {
    "up": "cli.up:up",
    "prepare": "cli.up:prepare",
    "doctor": "cli.doctor:doctor",
    "order": "cli.orders",
    "mass": "cli.mass",
    "policy": "cli.policy",
    "key": "cli.keys",
    "import": "cli.importing:import_orders",
    "demo": "cli.demo:demo",
    "audit": "cli.audit:audit",
}
"""Each word after `ordito`: the function that it calls, or the module whose `app` has the words after that."""


def commands(asked: str | None = None) -> typer.Typer:
    """The command that is `asked`; all of them where there is no such one. What is not asked is not loaded."""
    app = typer.Typer(
        name="ordito",
        help="Every customer order as one durable workflow, run by policies that business people declare.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)  # else a single command would be called without its name
    for name, place in COMMANDS.items():
        if asked not in COMMANDS or name == asked:
            module, _, function = place.partition(":")
            found = import_module(module)
            if function:
                app.command(name)(getattr(found, function))
            else:
                app.add_typer(found.app, name=name)
    return app


def _nothing() -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 it did not work, 2 it was asked wrongly, 130 interrupted.

    A stack trace is shown only with ORDITO_LOG_LEVEL=debug.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = commands(given[0] if given else None)(args=given, standalone_mode=False)
    except Exception as error:
        if os.environ.get("ORDITO_LOG_LEVEL", "").lower() == "debug":
            raise
        sys.exit(_told(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _told(error: Exception) -> int:
    """Says what went wrong; the exit code that belongs to it."""
    match error:
        case CommandError():
            tell(str(error))
            return error.exit_code
        case StackError() | SettingsError():
            tell(str(error))
            return 1
        case typer.TyperException():
            words = error.format_message()
            if words.startswith("Usage:"):  # a group of commands was called without one
                err.print(words, markup=False)
            else:
                tell(f"{words} (`ordito --help` lists the commands)")
            return error.exit_code
        case typer.Abort():
            tell("given up")
            return 1
        case _:
            tell(f"this should not happen: {type(error).__name__}: {error} (ORDITO_LOG_LEVEL=debug shows where)")
            return 1
