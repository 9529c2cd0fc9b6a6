"""`ordito order approve` and `ordito order refuse` (CHG10)."""

from typing import Annotated
from urllib.parse import quote

import typer

from cli.change_views import show_change
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_tools import Number, order_path, print_json

Change = Annotated[str, typer.Argument(help="The change, as `ordito order show` names it.", metavar="CHANGE")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the order.")]


def approve(
    number: Number,
    change: Change,
    reason: Reason,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Agree to a change that waits for a person; it is judged anew and carried out if it still can be."""
    _decide(number, change, "approve", reason, as_json, api, key)


def refuse(
    number: Number,
    change: Change,
    reason: Reason,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Refuse a change that waits for a person; the order goes on as it was."""
    _decide(number, change, "refuse", reason, as_json, api, key)


def _decide(number: str, change: str, word: str, reason: str, as_json: bool, api: str | None, key: str | None) -> None:
    path = order_path(number, "changes", quote(change, safe=""), word)
    answer = connect(api, key).post(path, {"reason": reason})
    print_json(answer) if as_json else show_change(number, answer)
