"""The page of business events: types and data fields, found in the code that tells them.

What an event means is said here. A type without a meaning, or a meaning without a type, stops the page being made.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from domain.process.changes import _UNDO_EVENTS
from domain.process.draft import Draft
from domain.process.words import ChangeOutcome
from settings import PROJECT_ROOT
from store.inbox import _PAYMENT_WORDS, _WORDS
from tools.docs.markdown import code, page, table

DECIDER = PROJECT_ROOT / "domain" / "process"
ANSWERED = (ChangeOutcome.ACCEPTED, ChangeOutcome.PARTLY, ChangeOutcome.REFUSED, ChangeOutcome.PENDING_APPROVAL)
"""The outcomes that the decider gives today."""

ARGUMENTS = frozenset(inspect.signature(Draft.tell).parameters)
"""What `tell` takes for itself; all else is the event's data."""

MEANINGS = {
    "order.accepted": "the order was taken and is kept",
    "order.scheduled": "a group of lines has its promise date and its location",
    "order.parked": "a step cannot go on by itself: a person has to act",
    "hold.placed": "nothing more is begun for the order, a line or a step, or will be once the step is reached",
    "hold.released": "a hold was released; the order goes on unless another one stands",
    "order.retried": "somebody had parked work tried again",
    "order.delayed": "the carrier expects a shipment on another day; whether the order is at risk by that",
    "order.overdue": "a wait has lasted past its deadline",
    "shipment.sent_again": "a shipment was lost before it left; as the policy says, other goods are held and sent",
    "order.split": "a part has left and the carrier ships no more of it: the rest goes on by itself as a new group",
    "order.completed": "every step of every open group has been passed",
    "order.cancelled": "the order is cancelled; the words name all that was undone",
    "path.chosen": "a `choose` of the policy took a path, and why",
    "step.skipped": "the order goes on without a step: the policy says so after a refusal, or an operator did",
    "step.undone": "a run without an effect of its own was taken back",
    "stock.reserved": "units are held",
    "stock.released": "held units were given back",
    "payment.authorized": "the payment provider holds the amount",
    "payment.voided": "an authorization was given back",
    "payment.authorization_expired": "a hold of money lapsed by itself; a new one is made",
    "payment.captured": "money was taken for a shipment",
    "payment.refunded": "captured money was given back",
    "shipment.requested": "the carrier has the shipment request",
    "shipment.cancelled": "the shipment request was cancelled",
    "shipment.updated": "the carrier changed the shipment request in place, or made it again what it was",
    "shipment.refunded": "what was lost is cancelled by us, as the policy says, and not charged or refunded",
    "invoice.created": "an invoice with its number",
    "invoice.credited": "an invoice was taken back by a credit memo",
    "change.begun": "a change is being carried out",
    "change.pending_approval": "a change waits for a person to agree; the order goes on meanwhile",
    "change.approved": "a person agreed to a change; it is judged anew",
    "change.accepted": "a change was done; the words say what it came to",
    "change.partly": "a change was done in part; the words say what was done, what was not, and why",
    "change.refused": "a change was turned down, and why",
    "return.requested": "goods that a change would have taken away go out all the same, and have to come back",
    "shipment.released": "the warehouse has the request",
    "shipment.picked": "the goods are picked",
    "shipment.packed": "the goods are packed",
    "shipment.shipped": "the goods have left",
    "shipment.delivered": "the goods have arrived",
    "shipment.delayed": "the carrier reports a delay",
    "shipment.lost": "the carrier reports a loss",
    "shipment.damaged": "the carrier reports damage",
    "authorization.expired": "the provider says that an authorization lapsed",
    "capture.settled": "the provider says that captured money has arrived",
    "refund.settled": "the provider says that a refund has arrived",
    "chargeback": "the customer's bank took a payment back",
}


@dataclass
class Told:
    """Where a type is told, and with which data."""

    by: str
    data: set[str] = field(default_factory=set)


def events_page() -> str:
    """Every type of business event."""
    found = event_types()
    unknown, gone = found.keys() - MEANINGS.keys(), MEANINGS.keys() - found.keys()
    if unknown or gone:
        raise SystemExit(f"tools/docs/events.py: without a meaning: {sorted(unknown)}; no longer told: {sorted(gone)}")
    rows = [
        (code(name), MEANINGS[name], found[name].by, ", ".join(code(one) for one in sorted(found[name].data)) or "-")
        for name in MEANINGS
    ]
    return page(
        "Business events",
        "`GET /v1/events` hands out every event once, in order per order; `GET /v1/orders/{number}/timeline` shows one"
        " order's. Each has `type`, `subject` (the order), `time` (business time), `recorded_at`, `words`, `why`, and"
        " `cause`: the key of the effect or fact behind it. An event that tells of an effect has the outside's name of"
        " it as `ref` in its data, where there is one.",
        table(("type", "meaning", "told by", "data"), rows),
        "A carrier's report of another type is kept and told as `shipment.<status>`, a payment provider's under its own"
        " type.",
    )


def event_types() -> dict[str, Told]:
    """Every type that the code tells."""
    found: dict[str, Told] = {
        "order.accepted": Told("the API", {"bundle", "lines"}),
        **{name: Told("the process", {"group"}) for name in _UNDO_EVENTS.values()},
        **{f"change.{outcome}": Told("the process") for outcome in ANSWERED},
    }
    for path in sorted(DECIDER.rglob("*.py")):
        for name, data in _told_in(path):
            names = [f"change.{outcome}" for outcome in ANSWERED] if name is None else [name]
            for one in names:
                found.setdefault(one, Told("the process")).data.update(data)
    for status in _WORDS:
        told = found.setdefault(f"shipment.{status}", Told("the carrier", {"shipment", "status", "tracking"}))
        if told.by == "the process":
            told.by = "the process, and the carrier"
    found.update({name: Told("the payment provider", {"authorization"}) for name in _PAYMENT_WORDS})
    return found


def _told_in(path: Path) -> Iterator[tuple[str | None, set[str]]]:
    """Types and data of the calls `draft.tell(key, type, words, ...)`; None for the answer to a change."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tell"):
            continue
        kind = node.args[1]
        data = {word.arg for word in node.keywords if word.arg is not None} - ARGUMENTS
        if isinstance(kind, ast.Constant):
            yield str(kind.value), data
        elif isinstance(kind, ast.JoinedStr):
            yield None, data
