"""`ordito ...`: the commands, and one place where an error becomes a sentence and an exit code."""

import os
import sys
from collections.abc import Sequence

import typer

from cli import keys, mass, orders, policy
from cli.audit import audit
from cli.console import err, tell
from cli.demo import demo
from cli.doctor import doctor
from cli.errors import CommandError
from cli.importing import import_orders
from cli.up import prepare, up
from settings import SettingsError
from stack.errors import StackError

app = typer.Typer(
    name="ordito",
    help="Every customer order as one durable workflow, run by policies that business people declare.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up)
app.command("prepare")(prepare)
app.command("doctor")(doctor)
app.add_typer(orders.app, name="order")
app.add_typer(mass.app, name="mass")
app.add_typer(policy.app, name="policy")
app.add_typer(keys.app, name="key")
app.command("import")(import_orders)
app.command("demo")(demo)
app.command("audit")(audit)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 it did not work, 2 it was asked wrongly, 130 interrupted.

    A stack trace is shown only with ORDITO_LOG_LEVEL=debug.
    """
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
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
