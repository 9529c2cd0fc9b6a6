"""The books held against each other: nothing lost, nothing doubled, money and stock conserved. Pure."""

from collections import Counter
from collections.abc import Iterator

from chaos.customers import NOBODY_TOLD, OPEN, Told
from chaos.expected import wanted
from chaos.plan import Story
from chaos.truth import Entry, Truth, cents

LIVE = ("released", "picked", "packed")
"""A request of which the carrier has not shipped all."""

Offence = tuple[str, str]
"""An order's number (or an item), and what is wrong with it."""


def judge_rest(truth: Truth) -> list[Offence]:
    """All orders have ended or stand at the carrier: what they need is held, once, and nothing else."""
    found = list(_outside_complains(truth))
    needed: Counter[str] = Counter()
    for number, order in truth.orders.items():
        for line in order["lines"]:
            needed[line["sku"]] += line["open"]
        found += [(number, words) for words in _is_requested(order, truth.requests.get(number, []))]
        found += [(number, words) for words in _is_funded(order, truth.authorizations.get(number, []))]
    for sku, entry in truth.stock.items():
        if entry["reserved"] != needed[sku]:
            found.append((sku, f"{entry['reserved']} units are reserved, waiting orders need {needed[sku]}"))
    return found


def judge_end(
    truth: Truth, listed: list[str], stories: tuple[Story, ...], told: dict[str, Told], opened: dict[str, int]
) -> list[Offence]:
    """All orders have ended: each is what its accepted changes made of it, shipped once, paid once."""
    found = list(_outside_complains(truth))
    placed = {story.number for story in stories}
    found += [(number, "was accepted and is not in the list of orders") for number in sorted(placed - set(listed))]
    found += [(number, "was never placed") for number in sorted(set(listed) - placed)]
    for story in stories:
        order = truth.orders[story.number]
        words = [
            *_has_ended(order),
            *_shipped_once(order, truth.requests.get(story.number, [])),
            *_paid_once(order, truth.authorizations.get(story.number, [])),
            *_answered_once(story, order, told),
            *_became(story, order, truth.requests.get(story.number, [])),
        ]
        found += [(story.number, word) for word in words]
    return [*found, *_stock_is_conserved(truth, opened)]


def _outside_complains(truth: Truth) -> Iterator[Offence]:
    for entry in truth.violations:
        yield str(entry.get("order_number") or str(entry.get("key", "")).partition("/")[0]), f"the outside: {entry}"


# ---- at rest ------------------------------------------------------------------------------------------


def _is_requested(order: Entry, requests: list[Entry]) -> Iterator[str]:
    """Each open unit is in one live request of the carrier, and no other unit is in any (I12).

    A line in parts is in a request of each group that has one.
    """
    held: Counter[int] = Counter()
    seen: Counter[tuple[int, str]] = Counter()
    for request in requests:
        for line in request["lines"] if request["status"] in LIVE else ():
            held[line["line"]] += line["quantity"] - line["shipped"]
            seen[line["line"], request["group"]] += 1
    for line in order["lines"]:
        if held.pop(line["number"], 0) != line["open"]:
            yield f"line {line['number']}: {line['open']} open, and the carrier has other units in live requests"
    yield from (f"line {number}: unknown, and {units} units are requested" for number, units in held.items() if units)
    for (number, group), count in seen.items():
        if count > 1:
            yield f"line {number} is in {count} live requests of group {group}"


def _is_funded(order: Entry, authorizations: list[Entry]) -> Iterator[str]:
    """At most one live authorization a group that waits, and together enough for what is not billed yet."""
    live = [one for one in authorizations if one["status"] == "authorized" and one["captured"] < one["amount"]]
    waits = {wait["group"] for wait in order["waiting"]}
    if len(live) > len(waits):
        yield f"{len(live)} authorizations are live for {len(waits)} groups that wait"
    ours = {one["key"] for one in order["authorizations"] if one["state"] == "authorized"}
    strange = {one["authorization_key"] for one in live} - ours
    if strange:
        yield f"the provider holds money that we do not know of: {', '.join(sorted(strange))}"
    due = cents(order["total"]) - sum(cents(invoice["total"]) for invoice in order["invoices"])
    held = sum(one["amount"] for one in live)
    if order["document"]["payment_method"] == "card" and waits and held < due:
        yield f"{held} cents are held, and {due} are to be billed"


# ---- at the end ---------------------------------------------------------------------------------------


def _has_ended(order: Entry) -> Iterator[str]:
    if not order["finished"] or order["status"] not in ("completed", "cancelled"):
        yield f"has not ended, it is {order['status']}"
    for line in order["lines"]:
        if line["shipped"] + line["cancelled"] != line["quantity"] or line["open"]:
            counts = f"{line['quantity']} ordered, {line['shipped']} shipped, {line['cancelled']} cancelled"
            yield f"line {line['number']}: {counts}"


def _shipped_once(order: Entry, requests: list[Entry]) -> Iterator[str]:
    """What we say was shipped is what the carrier shipped; nothing is left with it."""
    shipped: Counter[int] = Counter()
    for request in requests:
        if request["status"] in LIVE:
            yield f"shipment {request['shipment']} is {request['status']} at the end"
        for line in request["lines"]:
            shipped[line["line"]] += line["shipped"]
    for line in order["lines"]:
        units = shipped.pop(line["number"], 0)
        if units != line["shipped"]:
            yield f"line {line['number']}: {line['shipped']} shipped, by the carrier's books {units}"
    yield from (f"line {number}: unknown, and the carrier shipped {units}" for number, units in shipped.items())


def _paid_once(order: Entry, authorizations: list[Entry]) -> Iterator[str]:
    """What was captured is what was invoiced, which is the order's total; no money is held any more."""
    invoiced = sum(cents(invoice["total"]) for invoice in order["invoices"])
    credited = sum(cents(memo["total"]) for memo in order["credit_memos"])
    captured = sum(one["captured"] for one in authorizations)
    refunded = sum(taken["refunded"] for one in authorizations for taken in one["captures"])
    card = order["document"]["payment_method"] == "card"
    if captured - refunded != (invoiced - credited if card else 0):
        yield f"{captured - refunded} cents captured and {invoiced - credited} invoiced"
    total = cents(order["total"]) if order["status"] == "completed" else 0
    if invoiced - credited != total:
        yield f"{invoiced - credited} cents invoiced, and the order is {order['status']} with a total of {total}"
    for one in authorizations:
        if one["status"] == "authorized" and one["captured"] < one["amount"]:
            yield f"authorization {one['authorization_key']} is live at the end"


def _answered_once(story: Story, order: Entry, told: dict[str, Told]) -> Iterator[str]:
    """Every change that was heard has one answer, the same that its sender got."""
    kept = {change["change_id"]: change for change in order["changes"]}
    for ask in story.asks:
        sent, answer = told.get(ask.change_id), kept.pop(ask.change_id, None)
        if sent is None or sent.outcome == NOBODY_TOLD:
            if answer is not None and sent is not None:
                yield f"change {ask.change_id} was told to nobody, and answered {answer['outcome']}"
        elif answer is None or answer["outcome"] in OPEN:
            yield f"change {ask.change_id} ({ask.kind}) has no answer"
        elif sent.answer is not None and (sent.outcome, sent.answer["revision"]) != (
            answer["outcome"],
            answer["revision"],
        ):
            yield f"change {ask.change_id}: its sender was told {sent.outcome}, kept is {answer['outcome']}"
    yield from (f"change {change_id} was asked for by nobody" for change_id in kept)


def _became(story: Story, order: Entry, requests: list[Entry]) -> Iterator[str]:
    """No change is half applied: items and units, and where and how the goods went (CHG8)."""
    answers = {change["change_id"]: change for change in order["changes"]}
    goal = wanted(story, answers, requests)
    seen = {line["number"]: (line["sku"], line["quantity"] - line["cancelled"]) for line in order["lines"]}
    for number in sorted(goal.lines.keys() | seen.keys()):
        if goal.lines.get(number) != seen.get(number) and (goal.lines.get(number), seen.get(number)) != (None, None):
            yield f"line {number} is {seen.get(number)}, and its accepted changes make it {goal.lines.get(number)}"
    for request in requests:
        went = (request["method"], request["ship_to"]["city"])
        if request["status"] in ("shipped", "delivered") and went != (goal.method, goal.city):
            yield f"shipment {request['shipment']} went by {went}, not by {(goal.method, goal.city)}"


def _stock_is_conserved(truth: Truth, opened: dict[str, int]) -> Iterator[Offence]:
    """On hand and shipped is what was there and came in; nothing is reserved any more."""
    shipped: Counter[str] = Counter()
    for requests in truth.requests.values():
        for request in requests:
            for line in request["lines"]:
                shipped[line["sku"]] += line["shipped"]
    for sku, units in opened.items():
        entry = truth.stock[sku]
        if entry["on_hand"] + shipped[sku] != units:
            yield sku, f"{entry['on_hand']} on hand and {shipped[sku]} shipped of {units}"
        if entry["reserved"]:
            yield sku, f"{entry['reserved']} are reserved at the end"
