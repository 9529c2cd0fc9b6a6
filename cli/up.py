"""`ordito up` runs the stack in this terminal; `ordito prepare` makes servers of your own ready for it.

Database drivers and the Temporal SDK are imported by the command that needs them: `ordito --help` answers at once.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.console import out, tell
from cli.errors import CommandError
from settings import Settings
from stack.part import PART_NAMES

if TYPE_CHECKING:
    from stack.running import RunningStack

Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="PART", help=f"Leave a part out (again for more): {', '.join(PART_NAMES)}."),
]
FastCommit = Annotated[
    bool,
    typer.Option("--fast-commit", help="PostgreSQL answers before the disk has it: quicker; a power cut can lose it."),
]


def up(without: Without = None, fast_commit: FastCommit = False) -> None:
    """Run the whole stack in this terminal until Ctrl-C; data stays in .ordito/."""
    left_out = frozenset(without or ())
    unknown = sorted(left_out - set(PART_NAMES))
    if unknown:
        raise CommandError(f"there is no part {', '.join(unknown)}; the parts are {', '.join(PART_NAMES)}", exit_code=2)
    asyncio.run(_up(Settings.from_env(), left_out, fast_commit))


def prepare() -> None:
    """Make servers of your own ready: the schema at DATABASE_URL, namespace and attributes at TEMPORAL_ADDRESS."""
    from stack.running import prepare_servers

    asyncio.run(prepare_servers(Settings.of_running_stack(), create_namespace=True))
    tell("the database has the newest schema, and Temporal knows the search attributes")


async def _up(settings: Settings, without: frozenset[str], fast_commit: bool) -> None:
    started = time.monotonic()
    from stack.running import running_stack

    try:
        async with running_stack(settings, tell=tell, without=without, fast_commit=fast_commit) as stack:
            await _announce(stack, time.monotonic() - started)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        tell("stopped; the data stays where it is")


async def _announce(stack: "RunningStack", seconds: float) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, address in addresses(stack):
        table.add_row(name, address)
    out.print(table)
    if "api" in stack.supervisor.children():
        from stack.bundle_note import policy_note

        note = await policy_note(stack.settings.api_url, stack.settings.api_key)
        if note:
            out.print(note, markup=False)
    tell(f"ready after {seconds:.1f} s; data and logs are in {stack.home.root}; Ctrl-C stops everything")


def addresses(stack: "RunningStack") -> list[tuple[str, str]]:
    """Name and address of every door of a running stack; passwords and keys stay in secrets.json."""
    settings, running = stack.settings, stack.supervisor.children()
    simulators = f"http://127.0.0.1:{settings.simulators_port}"
    doors = [
        ("api", "API", settings.api_url),
        ("api", "API documentation", f"{settings.api_url}/docs"),
        ("temporal", "Temporal UI", f"http://127.0.0.1:{settings.temporal_ui_port}"),
        ("temporal", "Temporal", settings.temporal_address),
        ("simulators", "Simulators", f"{simulators}/carrier, /payments, /supplier"),
        ("postgres", "PostgreSQL", f"postgresql://ordito@127.0.0.1:{settings.postgres_port}/ordito"),
    ]
    found = [(name, address) for part, name, address in doors if part in running]
    if "postgres" in running or "api" in running:
        found.append(("Password, API key", str(stack.home.secrets_file)))
    return found
