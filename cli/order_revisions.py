"""`ordito order revisions` and `ordito order compare` (CAP11)."""

from typing import Annotated, Any

import typer
from rich.text import Text

from cli.console import out
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_tools import Number, order_path, print_json
from cli.order_views import day, plain_table, show_table


def revisions(number: Number, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """List the versions of an order, and the change that made each."""
    client, after = connect(api, key), None
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(order_path(number, "revisions"), after=after)
        found += page["revisions"]
        after = page["next"]
        if after is None:
            break
    if as_json:
        print_json(found)
        return
    table = plain_table("revision", "day", "change", "by", "why")
    for one in found:
        cells = (str(one["revision"]), day(one["at"]), one["change_id"] or "-", one["requested_by"], one["reason"])
        table.add_row(*map(Text, cells))
    show_table(table)


def compare(
    number: Number,
    older: Annotated[int | None, typer.Option("--from", min=1, help="The older version; else the one before.")] = None,
    newer: Annotated[int | None, typer.Option("--to", min=1, help="The newer version; else the newest.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Tell what differs between two versions of an order, in words."""
    answer = connect(api, key).get(order_path(number, "revisions", "compare"), **{"from": older, "to": newer})
    if as_json:
        print_json(answer)
        return
    between = f"Order {number}, revision {answer['from']} to {answer['to']}"
    if not answer["differences"]:
        out.print(f"{between}: nothing differs.", markup=False)
        return
    out.print(f"{between}:", markup=False)
    for difference in answer["differences"]:
        out.print(f"  {difference['words']}", markup=False)
