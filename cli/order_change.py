"""`ordito order change`: a change of an order in flight, written as options or in a file (CHG14)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from cli.change_views import show_change, show_preview, waits
from cli.console import out
from cli.errors import CommandError
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_tools import Number, order_path, print_json, read_file

SETS = "requested_date, ship_method, warehouse, purchase_order, note, payment.method, ship_to.street ..."


def change(
    number: Number,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=f"A field of the order ({SETS}); NAME= takes it away."),
    ] = None,
    lines: Annotated[
        list[str] | None, typer.Option("--line", metavar="LINE=QUANTITY", help="A line's new quantity, in all.")
    ] = None,
    cancel_lines: Annotated[
        list[str] | None, typer.Option("--cancel-line", metavar="LINE", help="A line that is no longer wanted.")
    ] = None,
    adds: Annotated[list[str] | None, typer.Option("--add", metavar="SKU=QUANTITY", help="A new line.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="JSON file with the whole change instead; - reads it from standard input.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept with the order.")] = None,
    change_id: Annotated[
        str | None, typer.Option("--change-id", "--id", help="The same id again gets the same answer.")
    ] = None,
    base_revision: Annotated[
        int | None, typer.Option("--base-revision", min=1, help="Refuse if the order has changed since.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only tell what the change would come to.")] = False,
    token: Annotated[
        str | None, typer.Option(help="Token of a preview: do exactly that, or refuse and say what it is now.")
    ] = None,
    timeout: Annotated[int, typer.Option(min=1, max=30, help="Wait at most so many seconds for the answer.")] = 5,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Change an order on its way: quantities, items, dates, address; the answer tells what is done for it."""
    about = {"change_id": change_id, "base_revision": base_revision, "reason": reason, "token": token}
    document = change_document(sets or [], lines or [], cancel_lines or [], adds or [])
    document |= {name: value for name, value in about.items() if value is not None}
    if file is not None and document:
        raise CommandError("--file holds the whole change: leave out the options that say what changes", exit_code=2)
    if file is None and not {"set", "lines"} & document.keys():
        raise CommandError("nothing to change: give --set, --line, --cancel-line, --add or --file", exit_code=2)
    body = json.dumps(document).encode() if file is None else read_file(file)
    headers, query = {"Content-Type": "application/json"}, {"timeout": str(timeout)}
    if preview:
        query["preview"] = "true"
    path = order_path(number, "changes")
    response = connect(api, key).send("POST", path, content=body, headers=headers, params=query)
    answer = response.json()
    if as_json:
        print_json(answer)
    elif preview:
        show_preview(number, answer)
    elif response.status_code == httpx.codes.ACCEPTED:
        words = f"Change {answer['change_id']} is under way; `ordito order show {number}` tells how it ends."
        out.print(f"Order {number}: {answer['words']}" if waits(answer) else words, markup=False)
    else:
        show_change(number, answer)


def change_document(sets: list[str], lines: list[str], cancelled: list[str], added: list[str]) -> dict[str, Any]:
    """`set` and `lines` of a change document, of the texts of the options; CommandError names a wrong one."""
    fields: dict[str, Any] = {}
    for text in sets:
        _put(fields, text)
    entries = [*_quantities(lines), *_cancelled(cancelled), *_added(added)]
    return {name: part for name, part in (("set", fields), ("lines", entries)) if part}


def _put(fields: dict[str, Any], text: str) -> None:
    """`ship_to.city=Reno` into the fields; nothing after the sign takes the field away."""
    name, sign, value = text.partition("=")
    if not sign or not all(name.split(".")):
        raise CommandError(f"--set {text}: write NAME=VALUE, like ship_method=express", exit_code=2)
    *parents, last = name.split(".")
    place = fields
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise CommandError(f"--set {text}: {parent} is set as a whole already", exit_code=2)
    if last in place:
        raise CommandError(f"--set {text}: {name} is set twice", exit_code=2)
    place[last] = value or None


def _quantities(texts: list[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        line, sign, quantity = text.partition("=")
        if not (sign and _whole(line) and _whole(quantity)):
            raise CommandError(f"--line {text}: write LINE=QUANTITY, like 1=5", exit_code=2)
        yield {"number": int(line), "quantity": int(quantity)}


def _cancelled(texts: list[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        if not _whole(text):
            raise CommandError(f"--cancel-line {text}: write the line's number", exit_code=2)
        yield {"number": int(text), "cancel": True}


def _added(texts: list[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        sku, sign, quantity = text.rpartition("=")
        if not (sign and sku and _whole(quantity)):
            raise CommandError(f"--add {text}: write SKU=QUANTITY, like 11=3", exit_code=2)
        yield {"add": {"sku": sku, "quantity": int(quantity)}}


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9
