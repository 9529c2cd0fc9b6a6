"""`ordito import`: a file of orders through the API, with words for every row that does not go in (CAP1)."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.imports import csv_orders, jsonl, northwind, ubl
from adapters.imports.row import ImportFailedError, OrderFile
from cli.console import err, out
from cli.errors import CommandError
from cli.http import ApiOption, KeyOption, find_api
from cli.sending import Refused, Sent, send

SHOWN_REFUSED = 30


class Format(StrEnum):
    """What kinds of files there are."""

    NORTHWIND = "northwind"
    CSV = "csv"
    JSONL = "jsonl"
    UBL = "ubl"


HELP = "Import orders from a file; the same file twice changes nothing.\n\n" + "\n\n".join(
    [
        "northwind: the folder of the Northwind data. jsonl: one order document a line. ubl: a UBL 2.1 Order,"
        " OrderChange or OrderCancellation, or a folder of them, sent in the order of their names.",
        "csv: one row a line of an order, rows of one order share its number. Columns:",
        "\b\n" + csv_orders.columns_help(),
    ]
)


def import_orders(
    path: Annotated[Path, typer.Argument(help="File, or for northwind and ubl a folder.")],
    format: Annotated[Format, typer.Option("--format", help="What the file is.")],  # noqa: A002 - its name for users
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="Today, for northwind's orders: their deadlines are judged by it."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Source system of ubl's orders; the buyer when left out.")
    ] = None,
    ship_method: Annotated[
        str | None, typer.Option("--ship-method", help="For ubl's orders that name no carrier.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N orders.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write what happened as JSON to this file.")] = None,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    given = {name: value for name, value in (("source", source), ("ship_method", ship_method)) if value}
    file = read_file(path, format, as_of.date() if as_of else None, limit, given)
    address = find_api(api, key)
    with progress_bar("importing", len(file.rows)) as done:
        try:
            sent = asyncio.run(send(file, address, done=done))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
    if report:
        _write_report(report, path, format, sent)
    _tell(path, sent, "documents" if format is Format.UBL else "orders")
    if sent.refused:
        raise typer.Exit(1)


import_orders.__doc__ = HELP


def read_file(
    path: Path, kind: Format, as_of: date | None, limit: int | None, for_ubl: Mapping[str, str] | None = None
) -> OrderFile:
    """Reads a file of orders; CommandError when it cannot be read at all. `for_ubl` is the query of that door."""
    if for_ubl and kind is not Format.UBL:
        raise CommandError("--source and --ship-method are for ubl; other files say it in their orders", exit_code=2)
    if as_of and kind is not Format.NORTHWIND:
        raise CommandError("--as-of is for northwind; other files say it in their orders", exit_code=2)
    try:
        match kind:
            case Format.NORTHWIND:
                return northwind.read(path, as_of or northwind.BUSINESS_TODAY, limit)
            case Format.CSV:
                return csv_orders.read(path, limit)
            case Format.JSONL:
                return jsonl.read(path, limit)
            case Format.UBL:
                return ubl.read(path, limit, f"?{urlencode(for_ubl)}" if for_ubl else "")
    except ImportFailedError as error:
        raise CommandError(str(error)) from error


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Any]:
    """A bar on stderr, if that is a terminal; yields a function that moves it on by one (or by `advance`)."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda advance=1: progress.advance(task, advance)


def _write_report(report: Path, path: Path, kind: Format, sent: Sent) -> None:
    content = {"file": str(path), "format": str(kind), **asdict(sent)}
    try:
        report.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"the report cannot be written to {report}: {error.strerror}") from error


def _tell(path: Path, sent: Sent, what: str) -> None:
    for refused in sent.refused[:SHOWN_REFUSED]:
        for line in _refusal(refused):
            err.print(line, markup=False)
    if len(sent.refused) > SHOWN_REFUSED:
        rest = len(sent.refused) - SHOWN_REFUSED
        err.print(f"and {rest} more that were refused (--report FILE names them all)", markup=False)
    out.print(summary(str(path), sent, what), markup=False)


def _refusal(refused: Refused) -> Iterator[str]:
    order = f"order {refused.number}" if refused.number else "row"
    for problem in refused.problems:
        place = f" {problem['path']}:" if problem["path"] else ""
        yield f"{refused.file}:{problem['line']}: {order} refused:{place} {problem['words']}"


def summary(name: str, sent: Sent, what: str = "orders") -> str:
    """What became of a file, in one sentence."""
    words = f"{name}: {sent.taken} {what} taken, {sent.already_there} already there, {len(sent.refused)} refused"
    if sent.already_there and not sent.taken and not sent.refused:
        words += "; nothing changed"
    return words
