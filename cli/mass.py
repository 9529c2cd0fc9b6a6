"""`ordito mass ...`: one action on many orders or lines, with a bar while it goes and a table at the end (CAP13)."""

import inspect
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from api.answers_mass import OUTCOMES
from cli import mass_views as views
from cli.console import err, out
from cli.errors import CommandError
from cli.http import Api, ApiOption, JsonOption, KeyOption, connect
from cli.importing import progress_bar
from cli.mass_views import PAGE, Row
from cli.order_change import change_document
from cli.order_tools import print_json, read_file
from domain.process.words import Status

app = typer.Typer(
    help="One action on many orders or lines, with a report for each.", no_args_is_help=True, rich_markup_mode=None
)
LOOK_SECONDS = 0.3
Given = Callable[..., Row]


def _choose(
    numbers: Annotated[list[str] | None, typer.Argument(help="Order numbers.", metavar="NUMBER")] = None,
    lines: Annotated[
        list[str] | None, typer.Option("--of", metavar="NUMBER/LINE", help="A line of an order (again for more).")
    ] = None,
    status: Annotated[list[Status] | None, typer.Option(help="Instead: all orders of these statuses.")] = None,
    customer: Annotated[str | None, typer.Option(help="Instead: all of this customer.")] = None,
    channel: Annotated[str | None, typer.Option(help="Instead: all of this channel.")] = None,
    prefix: Annotated[str | None, typer.Option("--number", help="Instead: all whose number begins so.")] = None,
    late: Annotated[bool | None, typer.Option("--late/--not-late", help="Instead: by lateness.")] = None,
    parked: Annotated[bool | None, typer.Option("--parked/--not-parked", help="Instead: by being parked.")] = None,
) -> Row:
    """`orders`, `lines` or `filter` of a mass action, of the texts of the options."""
    texts: Row = {"status": status or None, "customer": customer, "channel": channel, "number": prefix}
    found = {**texts, "late": late, "parked": parked}
    chosen = {
        "orders": numbers or None,
        "lines": [_line(text) for text in lines or []] or None,
        "filter": {name: value for name, value in found.items() if value is not None} or None,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    if len(given) != 1:
        words = "say which orders: their numbers, or lines with --of, or a filter like --customer; one of these"
        raise CommandError(words, exit_code=2)
    return given


def _line(text: str) -> Row:
    number, sign, line = text.rpartition("/")
    if not (sign and number and line.isascii() and line.isdigit() and len(line) <= 9):
        raise CommandError(f"--of {text}: write NUMBER/LINE, like W-1002/3", exit_code=2)
    return {"order": number, "line": int(line)}


def _send(
    action: str,
    body: Row,
    reason: Annotated[str, typer.Option(help="Why; it is kept with every order.")],
    mass_id: Annotated[str | None, typer.Option("--id", help="The same id again is the same mass action.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="cancel, change: only tell what would come.")] = False,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Ask, look on until all is settled, and tell what became of each; exit status 1 when not all was done."""
    client = connect(api, key)
    whole = {"action": action, "reason": reason, **body, **({"id": mass_id} if mass_id else {})}
    query = {"preview": "true"} if preview else {}
    report = client.post("/v1/mass-actions", whole, params=query)
    if not preview:
        _look_on(client, report)
        report = views.whole_report(client, report["id"])
    print_json(report) if as_json else views.show_report(report)
    if report["counts"]["done"] < report["total"]:
        raise typer.Exit(1)


def _look_on(client: Api, report: Row) -> None:
    """A bar until it is done. Whoever interrupts only looks away: the mass action goes on."""
    path = f"/v1/mass-actions/{report['id']}"
    try:
        with progress_bar(report["action"], report["total"]) as settled:
            before = 0
            while True:
                now = report["total"] - report["counts"]["open"] - report["counts"]["in_progress"]
                settled(now - before)
                before = now
                if report["state"] == "done":
                    return
                time.sleep(LOOK_SECONDS)
                report = client.get(path, limit=1)
    except KeyboardInterrupt:
        words = f"it goes on; `ordito mass show {report['id']}` looks again, `ordito mass stop {report['id']}` stops it"
        err.print(f"ordito: {words}", markup=False)
        raise


def _nothing() -> Row:
    return {}


def _hold(
    code: Annotated[str, typer.Option(help="Why, in a word: credit, fraud, recall ...")],
    step: Annotated[str | None, typer.Option(help="Only this step, by its name or its task.")] = None,
    when_reached: Annotated[bool, typer.Option("--when-reached", help="From when the step is reached on.")] = False,
    role: Annotated[str | None, typer.Option(help="The role without which it cannot be released.")] = None,
) -> Row:
    return {"code": code, "step": step, "when": "reached" if when_reached else None, "role": role}


def _release(hold: Annotated[str, typer.Option(help="The hold: mass.ID for one that a mass action placed.")]) -> Row:
    return {"id": hold}


def _skip(
    step: Annotated[str, typer.Option(help="The parked step, as `ordito order show` names it.")],
    group: Annotated[str | None, typer.Option(help="Only in this group of lines.")] = None,
) -> Row:
    return {"step": step, "group": group}


def _change(
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A field of the order; NAME= takes it away.")
    ] = None,
    quantity: Annotated[int | None, typer.Option(min=1, help="Of lines: the new quantity, in all.")] = None,
    file: Annotated[Path | None, typer.Option(help="JSON file with `with` instead; - is standard input.")] = None,
) -> Row:
    if file is not None:
        try:
            given = json.loads(read_file(file))
        except ValueError as error:
            raise CommandError(f"{file}: is no JSON: {error}", exit_code=2) from error
        return dict(given) if isinstance(given, dict) else {"with": given}
    return {**change_document(sets or [], [], [], []), "quantity": quantity}


def _command(action: str, words: str, given: Given) -> None:
    """A command of the options that choose, those of the action, and those of every mass action."""

    def run(**options: Any) -> None:
        chosen, own, more = (
            {name: options[name] for name in inspect.signature(part).parameters if name in options}
            for part in (_choose, given, _send)
        )
        with_ = {name: value for name, value in given(**own).items() if value is not None}
        if "step" in with_:
            with_["step"] = with_["step"].replace(" ", "_")
        _send(action, {**_choose(**chosen), "with": with_}, **more)

    parts = [*inspect.signature(_choose).parameters.values(), *inspect.signature(given).parameters.values()]
    parts += [one for one in inspect.signature(_send).parameters.values() if one.name not in ("action", "body")]
    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parts]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parts}
    app.command(action, help=words)(run)


_command("cancel", "Cancel orders, or lines, before they ship.", _nothing)
_command("change", "Set the same in many orders or lines.", _change)
_command("hold", "Begin nothing more for orders or lines until they are released.", _hold)
_command("release", "Release a hold of many orders.", _release)
_command("retry", "Try again at once what waits for a person.", _nothing)
_command("skip", "Go on without a parked step, where nothing rests on it.", _skip)


MassId = Annotated[str, typer.Argument(help="Id of the mass action.", metavar="ID")]


@app.command("list")
def list_mass(
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="At most so many.")] = 20,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """List mass actions, the latest first."""
    found = connect(api, key).get("/v1/mass-actions", limit=limit)["mass_actions"]
    print_json(found) if as_json else views.show_list(found)


@app.command()
def show(
    mass_id: MassId,
    outcome: Annotated[str | None, typer.Option(help=f"Only items that are {', '.join(OUTCOMES)}.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Tell how far a mass action is, and what became of each order or line."""
    report = views.whole_report(connect(api, key), mass_id, outcome)
    print_json(report) if as_json else views.show_report(report)


@app.command()
def stop(mass_id: MassId, as_json: JsonOption = False, api: ApiOption = None, key: KeyOption = None) -> None:
    """Begin nothing more of a mass action; what is begun comes to its end."""
    report = connect(api, key).send("DELETE", views.mass_path(mass_id)).json()
    print_json(report) if as_json else out.print(views.summary(report), markup=False)
