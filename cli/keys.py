"""`ordito key ...`: who may call the API, and what they may do (OPS5). Needs the database, not the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from cli.console import out
from cli.errors import CommandError
from settings import Settings

app = typer.Typer(help="Give out and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)
Principal = Annotated[str, typer.Argument(metavar="PRINCIPAL", help="Who the key is for, such as webshop or ann.")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="What the key may do (again for more).")]
T = TypeVar("T")


@app.command()
def create(principal: Principal, role: Roles) -> None:
    """Print a new key; it is shown this once, and only its hash is kept."""
    from store.keys import Role, create_key

    unknown = sorted(set(role) - set(Role))
    if unknown:
        raise CommandError(f"there is no role {', '.join(unknown)}; the roles are {', '.join(Role)}", exit_code=2)
    roles = frozenset(Role(name) for name in role)
    out.print(_in_database(lambda connection: create_key(connection, principal, roles)), markup=False, soft_wrap=True)


@app.command()
def revoke(principal: Principal) -> None:
    """End all keys of a principal; running APIs notice within seconds."""
    from store.keys import revoke_keys

    count = _in_database(lambda connection: revoke_keys(connection, principal))
    if not count:
        raise CommandError(f"{principal} has no keys")
    out.print(f"{count} key{'' if count == 1 else 's'} of {principal} revoked", markup=False)


def _in_database(do: Callable[[Any], Awaitable[T]]) -> T:
    """One transaction in the database of the settings, or of the stack that runs here."""
    import psycopg
    from psycopg.rows import dict_row

    async def run() -> T:
        url = Settings.of_running_stack().database()
        async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row, connect_timeout=5) as connection:
            return await do(connection)

    try:
        return asyncio.run(run())
    except psycopg.errors.UndefinedTable as error:
        raise CommandError("the database has no tables yet: `ordito prepare` makes them") from error
    except psycopg.OperationalError as error:
        raise CommandError(f"the database does not answer: {error}") from error
