"""What a run comes to, for people."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from chaos.customers import Told
from chaos.healing import Healer
from chaos.killing import Killed
from stack.part import PART_NAMES

SHOWN_OFFENCES = 60


@dataclass(frozen=True)
class Result:
    """Everything that is printed at the end; `offences` decides the exit status."""

    seed: int
    statuses: Counter[str]
    told: dict[str, Told]
    killed: list[Killed]
    healer: Healer
    audits: list[str]
    offences: list[tuple[str, str]]
    seconds: dict[str, float]


def show(result: Result, console: Console) -> None:
    """The tables, then every offender in words."""
    console.print(_changes(result))
    console.print(_kills(result))
    for words in _sentences(result):
        console.print(words, markup=False, soft_wrap=True)
    for subject, words in result.offences[:SHOWN_OFFENCES]:
        console.print(f"{subject}: {words}", style="red", markup=False, soft_wrap=True)
    rest = len(result.offences) - SHOWN_OFFENCES
    if rest > 0:
        console.print(f"and {rest} more", style="red")


def _changes(result: Result) -> Table:
    outcomes = sorted({told.outcome for told in result.told.values()})
    table = Table("changes", *outcomes, "all", title="What became of the changes", title_justify="left")
    for kind in sorted({told.ask.kind for told in result.told.values()}):
        _row(table, kind, outcomes, [told for told in result.told.values() if told.ask.kind == kind])
    table.add_section()
    _row(table, "by HTTP", outcomes, [told for told in result.told.values() if not told.ask.by_signal])
    _row(table, "by signal", outcomes, [told for told in result.told.values() if told.ask.by_signal])
    _row(table, "all", outcomes, list(result.told.values()))
    return table


def _row(table: Table, name: str, outcomes: list[str], counted: list[Told]) -> None:
    counts = Counter(told.outcome for told in counted)
    table.add_row(name, *(str(counts[one]) for one in outcomes), str(counts.total()))


def _refusals(result: Result) -> str:
    answers = (told.answer for told in result.told.values() if told.outcome == "refused")
    codes = Counter(str(answer["code"]) for answer in answers if answer is not None)
    return ", ".join(f"{count} x {code}" for code, count in codes.most_common()) or "nothing"


def _kills(result: Result) -> Table:
    table = Table("killed with -9", "times", "after seconds", title="Who died", title_justify="left")
    for part in PART_NAMES:
        moments = [one.at for one in result.killed if one.part == part]
        table.add_row(part, str(len(moments)), ", ".join(f"{moment:.1f}" for moment in moments))
    table.add_row("all", str(len(result.killed)), "", style="bold")
    return table


def _sentences(result: Result) -> list[str]:
    orders = ", ".join(f"{count} {status}" for status, count in sorted(result.statuses.items()))
    retried = ", ".join(f"{count} x {code}" for code, count in sorted(result.healer.retried.items())) or "nothing"
    repeats = (
        ", ".join(f"{count} x {name}" for name, count in sorted(result.healer.shop.repeats.items()) if count)
        or "nobody"
    )
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in result.seconds.items())
    return [
        f"Orders: {result.statuses.total()} ({orders}).",
        f"Refused with: {_refusals(result)}.",
        f"Asked again because nobody answered: {repeats}.",
        f"Parked and tried again: {retried}; {result.healer.received} units bought.",
        *result.audits,
        f"Seconds: {seconds}. Seed {result.seed}. Offences: {len(result.offences)}.",
    ]
