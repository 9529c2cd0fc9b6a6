"""`ordito order ...`: place, read and repair orders through the API."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from cli import order_views as views
from cli.change_views import waits
from cli.console import out
from cli.http import ApiOption, JsonOption, KeyOption, connect
from cli.order_approvals import approve, refuse
from cli.order_change import change
from cli.order_holds import hold, release
from cli.order_revisions import compare, revisions
from cli.order_tools import Number, order_path, print_json, read_file
from domain.process.words import Status

app = typer.Typer(help="Place, read and repair orders.", no_args_is_help=True, rich_markup_mode=None)

PAGE = 200


class Wait(StrEnum):
    """What `place` may wait for."""

    PROMISED = "promised"


@app.command("list")
def list_orders(
    status: Annotated[list[Status] | None, typer.Option(help="Only these (again for more).")] = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel's.")] = None,
    late: Annotated[bool | None, typer.Option("--late/--not-late", help="Left, or will leave, too late.")] = None,
    parked: Annotated[bool | None, typer.Option("--parked/--not-parked", help="A person has to act.")] = None,
    finished: Annotated[bool | None, typer.Option("--finished/--open", help="Completed or cancelled.")] = None,
    prefix: Annotated[str | None, typer.Option("--number", help="Numbers that begin so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """List orders, the latest first."""
    flags = {"late": late, "parked": parked, "finished": finished}
    query: dict[str, Any] = {
        "status": ",".join(status) if status else None,
        "customer": customer,
        "channel": channel,
        "number": prefix,
        **{name: None if value is None else str(value).lower() for name, value in flags.items()},
    }
    client, after = connect(api, key), None
    orders: list[dict[str, Any]] = []
    while len(orders) < limit:
        page = client.get("/v1/orders", **query, limit=min(PAGE, limit - len(orders)), after=after)
        orders += page["orders"]
        after = page["next"]
        if after is None:
            break
    if as_json:
        print_json(orders)
        return
    views.show_list(orders)
    more = "; there are more (--limit)" if after else ""
    out.print(f"{len(orders)} order{'' if len(orders) == 1 else 's'}{more}", markup=False)


@app.command()
def show(number: Number, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Show an order: where it stands, what it waits for, and what was done for it."""
    order = connect(api, key).get(order_path(number))
    print_json(order) if as_json else views.show_order(order)


@app.command()
def timeline(number: Number, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Tell what happened to an order, and why."""
    found = connect(api, key).get(order_path(number, "timeline"))
    print_json(found) if as_json else views.show_timeline(found["entries"])


@app.command()
def place(
    file: Annotated[Path, typer.Argument(help="JSON file with an order document; - reads it from standard input.")],
    wait: Annotated[Wait | None, typer.Option(help="Wait for the promise and the priced lines.")] = None,
    timeout: Annotated[int, typer.Option(min=1, max=30, help="Wait at most so many seconds.")] = 5,
    idempotency_key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key again is the same order.")
    ] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Place an order."""
    headers = {"Content-Type": "application/json"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    query = {"wait": wait.value, "timeout": str(timeout)} if wait else {}
    body = read_file(file)
    response = connect(api, key).send("POST", "/v1/orders", content=body, headers=headers, params=query)
    placed = response.json()
    if as_json:
        print_json(placed)
        return
    if response.headers.get("Idempotent-Replay") == "true":
        out.print("This order was placed before; nothing changed.", markup=False)
    views.show_promise(placed)


@app.command()
def cancel(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the order.")] = "Asked for at the command line.",
    change_id: Annotated[
        str | None, typer.Option("--change-id", help="The same id again gets the same answer.")
    ] = None,
    base_revision: Annotated[
        int | None, typer.Option("--base-revision", min=1, help="Refuse if the order has changed since.")
    ] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Cancel an order before it ships; what was done for it is undone."""
    asked = {"reason": reason, "change_id": change_id, "base_revision": base_revision}
    body = {name: value for name, value in asked.items() if value}
    response = connect(api, key).send("POST", order_path(number, "cancel"), json=body)
    answer = response.json()
    if as_json:
        print_json(answer)
    elif response.status_code == httpx.codes.ACCEPTED:
        words = f"The cancel of order {number} is under way; `ordito order show {number}` tells how it ends."
        out.print(f"Order {number}: {answer['words']}" if waits(answer) else words, markup=False)
    else:
        out.print(f"Order {number}: {_words(answer)}", markup=False)


app.command("change")(change)
app.command("revisions")(revisions)
app.command("compare")(compare)
app.command("hold")(hold)
app.command("release")(release)
app.command("approve")(approve)
app.command("refuse")(refuse)


@app.command()
def retry(number: Number, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Try again at once what waits for a person."""
    answer = connect(api, key).post(order_path(number, "retry"))
    print_json(answer) if as_json else out.print(f"Order {number}: {_words(answer)}", markup=False)


@app.command()
def skip(
    number: Number,
    step: Annotated[str, typer.Argument(help="The parked step, as `ordito order show` names it.", metavar="STEP")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the order.")],
    group: Annotated[str | None, typer.Option(help="Only in this group of lines.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Go on without a parked step, where nothing rests on it."""
    asked = {"step": step.replace(" ", "_"), "group": group, "reason": reason}
    body = {name: value for name, value in asked.items() if value is not None}
    answer = connect(api, key).post(order_path(number, "skip"), body)
    print_json(answer) if as_json else out.print(f"Order {number}: {_words(answer)}", markup=False)


@app.command()
def resume(number: Number, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Bring an order back whose workflow was terminated or lost; nothing that was done is done twice."""
    answer = connect(api, key).post(order_path(number, "resume"))
    print_json(answer) if as_json else out.print(f"Order {number}: {_words(answer)}", markup=False)


def _words(answer: dict[str, Any]) -> str:
    """The answer's own words, wherever they are."""
    inner = answer.get("answer")
    return str(answer.get("words") or (inner.get("words") if isinstance(inner, dict) else "") or answer)
