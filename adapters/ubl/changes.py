"""A UBL OrderChange or OrderCancellation as a change document (CHG1).

A line says in its LineStatusCode what becomes of it, by UNCL 1229 or by UBL's own words. What is said of a line, or of
the order, is its new state; what is not said stays as it is, and so does a line that is not named.
"""

from typing import Any

from adapters.ubl.paper import Paper
from adapters.ubl.parts import delivered_to, line_number, line_values, party_name, requested_day
from adapters.ubl.xml import Element

ADDED = frozenset({"1", "Added"})
DELETED = frozenset({"2", "Cancelled"})
CHANGED = frozenset({"3", "Revised"})
UNTOUCHED = frozenset({"4", "5", "NoStatus"})
"""No action, and accepted as it is."""


def read_change(paper: Paper) -> dict[str, Any]:
    """The change document's JSON, but for its id. Problems go into the paper."""
    root = paper.root
    told: dict[str, Any] = {}
    paper.put(told, "reason", _notes(paper, "cbc:Note"), "$", next(iter(root.all("cbc:Note")), None))
    fields: dict[str, Any] = {}
    delivery = paper.one(root, "cac:Delivery")
    if delivery is not None:
        buyer = party_name(paper, paper.one(root, "cac:BuyerCustomerParty", "cac:Party"))
        if ship_to := delivered_to(paper, delivery, "$.set.ship_to", buyer):
            fields["ship_to"] = ship_to
        if asked := requested_day(paper, delivery):
            paper.put(fields, "requested_date", asked[1], "$.set", asked[0])
    if fields:
        told["set"] = fields
    paper.places["$.lines"] = f"{root.path()}/cac:OrderLine"
    lines: list[dict[str, Any]] = []
    for found in paper.several(root, "cac:OrderLine"):
        line = _line(paper, found, len(lines))
        if line is not None:
            lines.append(line)
    if lines:
        told["lines"] = lines
    code = paper.one(root, "cbc:DocumentCurrencyCode")
    if code is not None:
        paper.currencies.append((code, code.text))
    return told


def read_cancellation(paper: Paper) -> dict[str, Any]:
    """The change document's JSON of a cancel, but for its id."""
    told: dict[str, Any] = {"cancel": True}
    source = next(iter(paper.root.all("cbc:CancellationNote")), None)
    paper.put(told, "reason", _notes(paper, "cbc:CancellationNote", "cbc:Note"), "$", source)
    if source is None:
        path = f"{paper.root.path()}/cbc:CancellationNote"
        paper.problem(path, "missing", "Say why the order is cancelled.")
    return told


def _notes(paper: Paper, *names: str) -> str | None:
    """All that is noted, as the reason of the change."""
    texts = (" ".join(note.text.split()) for name in names for note in paper.several(paper.root, name))
    return " ".join(text for text in texts if text) or None


def _line(paper: Paper, found: Element, index: int) -> dict[str, Any] | None:
    """What becomes of a line; None when nothing does, or when that cannot be read."""
    item = paper.one(found, "cac:LineItem")
    if item is None:
        paper.problem(f"{found.path()}/cac:LineItem", "missing", "This element is required.")
        return None
    path = f"$.lines[{index}]"
    number, status = line_number(paper, item), paper.one(item, "cbc:LineStatusCode")
    code = status.text if status is not None else "3"
    if code in UNTOUCHED:
        paper.take_whole(item)
        return None
    if status is not None and code not in ADDED | DELETED | CHANGED:
        words = "What becomes of the line? 1 (added), 2 (deleted), 3 (changed) or 4 (no action) is needed."
        paper.problem(status, "not_a_choice", words)
        number = None
    if number is None:
        _leave_aside(paper, item)
        return None
    if code in DELETED:
        paper.places[path] = paper.places[f"{path}.number"] = item
        _leave_aside(paper, item)
        return {"number": number, "cancel": True}
    if code in ADDED:
        paper.places[path] = item
        told = line_values(paper, item, f"{path}.add")
        paper.put(told, "number", number, f"{path}.add", paper.one(item, "cbc:ID"))
        return {"add": told}
    told = line_values(paper, item, path)
    paper.put(told, "number", number, path, paper.one(item, "cbc:ID"))
    return told


def _leave_aside(paper: Paper, item: Element) -> None:
    """Of a line that is deleted only its number counts, and one that cannot be read is refused as a whole."""
    for child in item.children:
        if not child.taken:
            child.taken = True
            paper.take_whole(child)
