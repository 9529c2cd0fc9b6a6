"""`ordito audit`: proves the invariants in the database and against Temporal, and names every order that breaks one."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

import psycopg
import typer
from temporalio.service import RPCError

from cli.audit_replay import audit_replay
from cli.audit_workflows import audit_workflows
from cli.console import out
from cli.errors import CommandError
from cli.order_views import plain_table, show_table
from settings import Settings
from store.auditing import Verdict, audit_database, snapshot
from workflows.connecting import connect

SHOWN_OFFENDERS = 20


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Prove the invariants, and that the read model equals the workflows; exit status 1 names what breaks one."""
    settings = Settings.of_running_stack()
    verdicts = asyncio.run(run_audit(settings))
    if as_json:
        out.print_json(json.dumps([as_document(verdict) for verdict in verdicts]))
    else:
        show(verdicts)
    if any(verdict.offenders for verdict in verdicts):
        raise typer.Exit(1)


async def run_audit(settings: Settings) -> list[Verdict]:
    """Every verdict; CommandError when the database or Temporal cannot be reached."""
    database_url = settings.database()
    try:
        async with snapshot(database_url) as connection:
            proved = await audit_database(connection)
        client = await connect(settings, lazy=False)
        verdicts = [*await audit_workflows(client, database_url, proved), await audit_replay(client)]
        return sorted(verdicts, key=_place)
    except psycopg.OperationalError as error:
        raise CommandError(f"the database does not answer: {error}") from error
    except psycopg.errors.UndefinedTable as error:
        raise CommandError("the database has no tables yet: `ordito prepare` makes them") from error
    except (RPCError, RuntimeError) as error:
        raise CommandError(f"Temporal at {settings.temporal_address} does not answer: {error}") from error


def _place(verdict: Verdict) -> tuple[bool, int]:
    """I1 to I14 in their order, then what has no number."""
    digits = verdict.invariant.removeprefix("I")
    return (False, int(digits)) if digits.isdigit() else (True, 0)


def as_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {**asdict(verdict), "state": verdict.state}


def show(verdicts: list[Verdict]) -> None:
    """The verdicts as a table, then every offender in words."""
    table = plain_table("invariant", "", "verdict", "checked")
    for verdict in verdicts:
        state = f"{verdict.state} ({verdict.note})" if verdict.note else verdict.state
        table.add_row(verdict.invariant, verdict.title, state, str(verdict.checked))
    show_table(table)
    for verdict in verdicts:
        for offender in verdict.offenders[:SHOWN_OFFENDERS]:
            mend = f"; mend: {offender.mend}" if offender.mend else ""
            out.print(f"{verdict.invariant}: {offender.subject} {offender.words}{mend}", markup=False)
        if len(verdict.offenders) > SHOWN_OFFENDERS:
            rest = len(verdict.offenders) - SHOWN_OFFENDERS
            out.print(f"{verdict.invariant}: and {rest} more (--json names them all)", markup=False)
