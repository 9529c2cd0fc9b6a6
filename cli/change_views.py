"""How the answer to a change looks in a terminal."""

from itertools import groupby
from typing import Any

from rich.text import Text

from cli.console import out
from cli.order_views import day, plain_table, show_table

Row = dict[str, Any]


def show_change(number: str, answer: Row) -> None:
    """What came of a change: in words, its price and promise, and step by step."""
    out.print(f"Order {number}: {answer['words']}", markup=False)
    for sentence in (_total(answer), _promise(answer), _cost(answer)):
        if sentence:
            out.print(sentence, markup=False)
    for assumption in answer["assumptions"]:
        out.print(f"Assumed: {assumption}", markup=False)
    for rest in answer["not_done"]:
        out.print(f"Not done: {rest['what']}. {rest['words']} ({rest['code']})", markup=False)
    for back in answer["to_return"]:
        out.print(f"To come back: {back['quantity']} of line {back['line']}.", markup=False)
    if answer["actions"]:
        table = plain_table("step", "action", "lines", "asks", "why")
        for action in answer["actions"]:
            cells = (action["step"], action["do"].replace("_", " "), line_numbers(action["lines"]))
            table.add_row(*map(Text, (*cells, action["adapter"] or "-", action["words"] or action["reason"])))
        show_table(table)


def waits(answer: Row) -> bool:
    """Whether a person has to agree before it is done."""
    return bool(answer.get("outcome") == "pending_approval")


def show_preview(number: str, answer: Row) -> None:
    """What a change would come to, and how to have it."""
    out.print("A preview: nothing was changed.", markup=False)
    show_change(number, answer)
    if answer["token"]:
        out.print(f"To have exactly this, send the same change with --token {answer['token']}", markup=False)


def _total(answer: Row) -> str:
    price = answer["price"]
    if price is None or price["after"] is None:
        return ""
    if price["after"] == price["before"]:
        return f"The total stays {price['after']} {price['currency']}."
    before = f", before {price['before']}" if price["before"] is not None else ""
    return f"Total {price['after']} {price['currency']}{before}."


def _promise(answer: Row) -> str:
    promise = answer["promise"]
    if promise is None or promise["after"] is None:
        return ""
    if promise["after"] == promise["before"]:
        return f"The promise stays {day(promise['after'])}."
    before = f", before {day(promise['before'])}" if promise["before"] is not None else ""
    return f"Promised for {day(promise['after'])}{before}."


def _cost(answer: Row) -> str:
    cost = answer["cost"]
    free = cost is None or not cost["amount"].strip("0.")
    return "" if free else f"The change costs {cost['amount']} {cost['currency']}."


def line_numbers(numbers: list[int]) -> str:
    """Line numbers with runs drawn together: 1-3, 7; a dash for none."""
    runs = [
        [number for _, number in run] for _, run in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs) or "-"
