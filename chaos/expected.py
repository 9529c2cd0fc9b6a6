"""What an order must have become, by the changes that were accepted: thought out anew, without the product's code."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chaos.plan import Ask, Story

Entry = dict[str, Any]


@dataclass
class Wanted:
    """Item and units by line, what is left after cancels; where it goes and how."""

    lines: dict[int, tuple[str, int]]
    city: str
    method: str


def wanted(story: Story, answers: dict[str, Entry], requests: list[Entry]) -> Wanted:
    """The placed order with the accepted changes applied, in the order of their revisions.

    Of a line that is cancelled stays what had left by then, by the carrier's books: its rest is cancelled (CHG11).
    """
    document = story.document
    found = Wanted(
        {line["number"]: (line["sku"], line["quantity"]) for line in document["lines"]},
        document["ship_to"]["city"],
        document["ship_method"],
    )
    accepted = [ask for ask in story.asks if answers.get(ask.change_id, {}).get("outcome") == "accepted"]
    for ask in sorted(accepted, key=lambda one: int(answers[one.change_id]["revision"])):
        _apply(found, ask, _left_by(requests, answers[ask.change_id].get("at", "")))
    return found


def _left_by(requests: list[Entry], moment: str) -> Counter[int]:
    """Units by line of the requests that had left by then."""
    left: Counter[int] = Counter()
    for request in requests:
        times = [one["at"] for one in request.get("history", ()) if one["event"] == "shipped"]
        if times and moment and datetime.fromisoformat(times[0]) <= datetime.fromisoformat(moment):
            left.update({line["line"]: line["shipped"] for line in request["lines"]})
    return left


def _apply(found: Wanted, ask: Ask, left: Counter[int]) -> None:
    if ask.body.get("cancel") or ask.body.get("change") == "cancel":
        found.lines = {number: (sku, 0) for number, (sku, _) in found.lines.items()}
        return
    fields = ask.body.get("set", {})
    found.method = fields.get("ship_method", found.method)
    found.city = fields.get("ship_to", {}).get("city", found.city)
    for line in ask.body.get("lines", ()):
        if "add" in line:
            found.lines[line["add"]["number"]] = (line["add"]["sku"], line["add"]["quantity"])
        elif line.get("cancel"):
            found.lines[line["number"]] = (found.lines[line["number"]][0], left[line["number"]])
        else:
            sku, units = found.lines[line["number"]]
            found.lines[line["number"]] = (line.get("sku", sku), line.get("quantity", units))
