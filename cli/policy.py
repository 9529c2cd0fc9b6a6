"""`ordito policy ...`: check a folder of policies, release it, and say what is live (POL7)."""

import asyncio
import getpass
import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from adapters.policy_files.folder import Loaded, load_folder
from adapters.policy_files.formats import as_github, as_json, as_text
from api import policy_folder
from cli.console import err, out
from cli.errors import CommandError
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_views import minute
from domain.policy.findings import Severity
from domain.policy.model import Bundle
from settings import Settings
from store import releases

app = typer.Typer(help="Check and release policies.", no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="Folder of the policy files (else ORDITO_POLICIES).")
]
SHORT_HASH = 12


class Format(StrEnum):
    """How `check` tells its findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.command()
def check(
    folder: Folder = None,
    format: Annotated[Format, typer.Option("--format", help="For people, programs or GitHub.")] = Format.TEXT,  # noqa: A002
) -> None:
    """Check policy files; every mistake with its file, line and column. Exit status 1 if there is an error."""
    place = _folder(folder)
    loaded = load_folder(place)
    shown = {Format.TEXT: as_text, Format.JSON: as_json, Format.GITHUB: as_github}[format](loaded.problems)
    if shown:
        out.print(shown, markup=False)
    if format is Format.TEXT:
        err.print(_verdict(place, loaded), markup=False)
    if loaded.bundle is None:
        raise typer.Exit(1)


@app.command()
def publish(
    folder: Folder = None,
    author: Annotated[str | None, typer.Option(help="Who releases it (else your user name).")] = None,
    note: Annotated[str, typer.Option(help="What changed and why; it is kept with the release.")] = "",
) -> None:
    """Make a folder what new orders take; orders that run keep the policies they started with."""
    place = _folder(folder)
    loaded, files = policy_folder.load(place)
    if loaded.bundle is None:
        out.print(as_text(loaded.problems), markup=False)
        raise CommandError(f"{place} was not published: {_verdict(place, loaded)}")
    settings = Settings.of_running_stack()
    changed = asyncio.run(_release(settings, loaded.bundle, files, author or getpass.getuser(), note))
    if changed:
        out.print(f"policy bundle {loaded.bundle.hash} is live", markup=False)
    else:
        out.print(f"policy bundle {loaded.bundle.hash} was live already; nothing changed", markup=False)


@app.command()
def status(as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Say which policies new orders take, since when and by whom, and which files differ from them."""
    found = connect(api, key).get("/v1/policies/status")
    if as_json:
        out.print_json(json.dumps(found))
        return
    if not found["live"]:
        out.print("no policy bundle is live; `ordito policy publish` releases the files", markup=False)
        return
    note = f" ({found['note']})" if found["note"] else ""
    out.print(f"live: {found['live']}", markup=False)
    out.print(f"released {minute(found['released_at'])} by {found['author']}{note}", markup=False)
    differing = ", ".join(found["differing"])
    out.print(f"files that differ: {differing}" if differing else "the policy files say the same", markup=False)


async def _release(settings: Settings, bundle: Bundle, files: dict[str, str], author: str, note: str) -> bool:
    try:
        connection: AsyncConnection[DictRow] = await AsyncConnection.connect(
            settings.database(), row_factory=dict_row, connect_timeout=5
        )
        async with connection:
            return await releases.publish(
                connection,
                bundle_hash=bundle.hash,
                content=bundle.canonical(),
                files=files,
                author=author,
                note=note,
                at=datetime.now(UTC),
            )
    except psycopg.errors.UndefinedTable as error:
        raise CommandError("the database has no tables yet: `ordito prepare` makes them") from error
    except psycopg.OperationalError as error:
        raise CommandError(f"the database does not answer: {error}") from error


def _folder(folder: Path | None) -> Path:
    """The folder, named from here if it is below: that is how people, editors and GitHub name files."""
    found = folder or Settings.from_env().policies
    here = Path.cwd()
    return found.relative_to(here) if found.is_relative_to(here) else found


def _verdict(folder: Path, loaded: Loaded) -> str:
    errors = sum(problem.severity is Severity.ERROR for problem in loaded.problems)
    warnings = len(loaded.problems) - errors
    counts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    if loaded.bundle is None:
        return ", ".join(counts)
    also = f" ({', '.join(counts)})" if counts else ""
    return f"{folder}: all right{also}, bundle {loaded.bundle.hash[:SHORT_HASH]}"
