"""`ordito demo`: 830 real orders from capture to invoice, and whether they came to what the files say."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.imports import northwind
from adapters.imports.row import OrderFile
from cli.audit import run_audit
from cli.audit import show as show_verdicts
from cli.console import out, tell
from cli.demo_figures import Figures, Reader, open_reader, read_figures
from cli.demo_history import measure
from cli.demo_outside import violations
from cli.demo_run import Course, run
from cli.demo_truth import Truth, read_truth
from cli.errors import CommandError
from cli.http import Address
from cli.order_views import plain_table, show_table
from cli.up import addresses
from settings import PROJECT_ROOT, Settings
from stack.home import Home
from stack.running import RunningStack, running_stack
from store.auditing import Verdict
from workflows.connecting import connect

DATA = PROJECT_ROOT / "examples" / "northwind"
OUTCOME = "demo.json"
MEASURED = ("seconds", "orders_per_second")


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep serving afterwards, until Ctrl-C.")] = False,
    orders: Annotated[int | None, typer.Option("--orders", min=1, help="Only the first N orders.")] = None,
) -> None:
    """Run the Northwind orders from capture to invoice; exit status 1 names every figure that is wrong."""
    differences = asyncio.run(_demo(Settings.from_env(), keep, orders))
    if differences:
        raise typer.Exit(1)


async def _demo(settings: Settings, keep: bool, limit: int | None) -> list[str]:
    truth = read_truth(DATA, limit)
    file = northwind.read(DATA, limit=limit)
    try:
        async with _stack(settings) as (running, stack):
            outcome, differences = await _perform(running, truth, file)
            _write(settings.home / OUTCOME, outcome)
            if stack is not None:
                _look_at(stack, serving=keep)
            if keep and stack is not None:
                tell("serving until Ctrl-C")
                await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not keep:
            raise CommandError("interrupted; run the demo again and it goes on where it was", 130) from None
        tell("stopped; the data stays where it is")
    return differences


@asynccontextmanager
async def _stack(settings: Settings) -> AsyncIterator[tuple[Settings, RunningStack | None]]:
    """The stack of this home: the one that runs, or one that is started, and stopped at the end."""
    if Home(settings.home).holder() is not None:
        tell("using the stack that runs already")
        yield Settings.of_running_stack(), None
        return
    async with running_stack(settings, tell=tell) as stack:
        yield stack.settings, stack


async def _perform(settings: Settings, truth: Truth, file: OrderFile) -> tuple[dict[str, Any], list[str]]:
    """Runs the orders, reads everything back, and shows it; the outcome and what is not as it should be."""
    if settings.api_key is None:
        raise CommandError("there is no API key: set ORDITO_API_KEY")
    address = Address(settings.api_url, settings.api_key)
    async with open_reader(address) as client:
        course = await run(settings, client, truth, file, address)
        figures = await read_figures(Reader(client, truth), truth)
    verdicts = await run_audit(settings)
    temporal = await connect(settings, lazy=False)
    history = await measure(temporal, [row.number for row in file.rows])
    differences = [*figures.differences, *await violations(settings), *_broken(verdicts)]
    outcome = _outcome(settings, course, figures, verdicts, history)
    _show(outcome, course, verdicts, differences)
    return outcome, differences


def _broken(verdicts: list[Verdict]) -> list[str]:
    return [f"invariant {verdict.invariant} is broken" for verdict in verdicts if verdict.offenders]


def _outcome(
    settings: Settings, course: Course, figures: Figures, verdicts: list[Verdict], history: dict[str, int]
) -> dict[str, Any]:
    """The content of demo.json. A run that changed nothing keeps the speed of the run that did the work."""
    speed: dict[str, float] = {
        "seconds": round(course.seconds, 1),
        "orders_per_second": round(course.settled_here / course.seconds, 1),
    }
    before = _read(settings.home / OUTCOME)
    if not course.changed and all(name in before for name in MEASURED):
        speed = {name: before[name] for name in MEASURED}
    proved = [verdict for verdict in verdicts if not verdict.not_applicable and verdict.invariant.startswith("I")]
    document = dict(figures.document)
    bundle = document.pop("policy_bundle")
    return {
        **document,
        "invariants": {verdict.invariant: verdict.state for verdict in proved},
        "history": history,
        **speed,
        "policy_bundle": bundle,
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _write(path: Path, outcome: dict[str, Any]) -> None:
    """Written whole or not at all."""
    draft = path.with_suffix(".json.new")
    draft.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, path)


def _show(outcome: dict[str, Any], course: Course, verdicts: list[Verdict], differences: list[str]) -> None:
    if not course.changed:
        out.print("Nothing changed: every order was there and at rest already.", markup=False)
    out.print(_in_words(outcome), markup=False)
    table = plain_table("", "")
    table.show_header = False
    for name, value in _rows(outcome):
        table.add_row(name, value)
    show_table(table)
    show_verdicts(verdicts)
    for difference in differences:
        out.print(f"NOT AS IT SHOULD BE: {difference}", markup=False)
    if not differences:
        out.print("Every figure is what the files say, and every invariant that applies holds.", markup=False)


def _in_words(outcome: dict[str, Any]) -> str:
    money = outcome["invoiced"]
    return (
        f"{outcome['orders']} orders with {outcome['lines']:,} lines were taken. {outcome['completed']} were shipped, "
        f"paid and invoiced: {money['total']} {money['currency']}. {len(outcome['late'])} of them left too late. "
        f"{outcome['waiting']} wait for the carrier."
    )


def _rows(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    money, taken, history = outcome["invoiced"], outcome["captured"], outcome["history"]
    units = {
        name: sum(entry[name] for entry in outcome["stock"].values()) for name in ("on_hand", "reserved", "available")
    }
    return [
        ("orders", f"{outcome['orders']} ({outcome['lines']} lines)"),
        ("completed", str(outcome["completed"])),
        ("waiting", str(outcome["waiting"])),
        ("late", str(len(outcome["late"]))),
        ("invoiced", f"goods {money['goods']}, freight {money['freight']}, total {money['total']} {money['currency']}"),
        ("captured", f"{taken['total']} {taken['currency']}"),
        ("stock", ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in units.items())),
        (
            "history",
            f"{history['events_p50']} events (most {history['events_max']}), "
            f"{history['bytes_p50']} bytes (most {history['bytes_max']})",
        ),
        ("speed", f"{timedelta(seconds=round(outcome['seconds']))}, {outcome['orders_per_second']} orders a second"),
        ("policy bundle", outcome["policy_bundle"][:12]),
    ]


def _look_at(stack: RunningStack, *, serving: bool) -> None:
    """Addresses, with the command that opens them again when nothing serves any more."""
    out.print("Look at:" if serving else "Look at (after `ordito up`):")
    table = plain_table("", "")
    table.show_header = False
    for name, address in addresses(stack):
        table.add_row(name, address)
    show_table(table)
    out.print(f"All figures are in {stack.home.root / OUTCOME}", markup=False)
