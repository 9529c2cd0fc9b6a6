"""`ordito order hold` and `ordito order release` (CAP9)."""

from typing import Annotated
from urllib.parse import quote

import typer

from cli.console import out
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_tools import Number, order_path, print_json


def hold(
    number: Number,
    code: Annotated[str, typer.Argument(help="Why, in a word: credit, fraud, address ...", metavar="CODE")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the order.")],
    line: Annotated[int | None, typer.Option(min=1, help="Only this line, and what travels with it.")] = None,
    step: Annotated[str | None, typer.Option(help="Only this step, by its name or its task.")] = None,
    when_reached: Annotated[bool, typer.Option("--when-reached", help="From when the step is reached on.")] = False,
    role: Annotated[str | None, typer.Option(help="The role without which it cannot be released.")] = None,
    hold_id: Annotated[str | None, typer.Option("--id", help="The same id again is the same hold.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Begin nothing more for an order, a line or a step until the hold is released."""
    asked = {"id": hold_id, "code": code, "reason": reason, "line": line, "role": role}
    asked |= {"step": step and step.replace(" ", "_"), "when": "reached" if when_reached else None}
    body = {name: value for name, value in asked.items() if value is not None}
    answer = connect(api, key).post(order_path(number, "holds"), body)
    print_json(answer) if as_json else out.print(f"Order {number}: {answer['words']}", markup=False)


def release(
    number: Number,
    hold_id: Annotated[str, typer.Argument(help="The hold, as `ordito order show` names it.", metavar="HOLD")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the order.")],
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Release a hold; the order goes on unless another one stands."""
    path = order_path(number, "holds", quote(hold_id, safe=""))
    answer = connect(api, key).send("DELETE", path, params={"reason": reason}).json()
    print_json(answer) if as_json else out.print(f"Order {number}: {answer['words']}", markup=False)
