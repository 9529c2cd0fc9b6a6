"""What an order must have become, by the changes that were accepted: thought out anew, without the product's code."""

from dataclasses import dataclass
from typing import Any

from chaos.plan import Ask, Story

Entry = dict[str, Any]


@dataclass
class Wanted:
    """Item and units by line, what is left after cancels; where it goes and how."""

    lines: dict[int, tuple[str, int]]
    city: str
    method: str


def wanted(story: Story, answers: dict[str, Entry]) -> Wanted:
    """The placed order with the accepted changes applied, in the order of their revisions."""
    document = story.document
    found = Wanted(
        {line["number"]: (line["sku"], line["quantity"]) for line in document["lines"]},
        document["ship_to"]["city"],
        document["ship_method"],
    )
    accepted = [ask for ask in story.asks if answers.get(ask.change_id, {}).get("outcome") == "accepted"]
    for ask in sorted(accepted, key=lambda one: int(answers[one.change_id]["revision"])):
        _apply(found, ask)
    return found


def _apply(found: Wanted, ask: Ask) -> None:
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
            found.lines[line["number"]] = (found.lines[line["number"]][0], 0)
        else:
            sku, units = found.lines[line["number"]]
            found.lines[line["number"]] = (line.get("sku", sku), line.get("quantity", units))
