"""`ordito doctor`: what is wrong with a set-up, line by line, with the mend."""

import asyncio
import json
from typing import Annotated

import typer
from rich.table import Table

from cli.console import out
from settings import SETTINGS
from stack.finding import Finding, Level

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
ShowSettings = Annotated[bool, typer.Option("--settings", help="Only list every environment variable.")]
STYLES = {Level.OK: "green", Level.NOTE: "dim", Level.PROBLEM: "bold red"}


def doctor(as_json: Json = False, settings: ShowSettings = False) -> None:
    """Say what is wrong with this set-up and how to mend it; exit 1 when something is."""
    if settings:
        _list_settings(as_json)
        return
    from stack.doctor import examine  # here: it imports every driver, which `ordito --help` need not wait for

    findings = asyncio.run(examine())
    if as_json:
        out.print_json(
            json.dumps([{"level": f.level, "subject": f.subject, "words": f.words, "mend": f.mend} for f in findings])
        )
    else:
        _show(findings)
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        style = STYLES[finding.level]
        out.print(f"[{style}]{finding.level.value:<8}[/] ", end="")
        out.print(f"{finding.subject}: {finding.words}", markup=False)
        if finding.mend:
            out.print(f"         mend: {finding.mend}", markup=False)
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    out.print("no problem found" if problems == 0 else f"{problems} problem{'s' if problems > 1 else ''} found")


def _list_settings(as_json: bool) -> None:
    rows = [{"name": s.name, "default": s.default, "meaning": s.meaning} for s in SETTINGS]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table("variable", "default", "meaning", box=None)
    for row in rows:
        table.add_row(row["name"], row["default"], row["meaning"])
    out.print(table)
