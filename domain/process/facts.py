"""Facts from outside: what the carrier and the payment provider say happened. They are never refused."""

from domain.policy.model import TaskWord
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.messages import CarrierFact, PaymentFact
from domain.process.state import Group, Run, RunState
from domain.process.tasks.capture import lapse
from domain.process.tasks.wait import settle
from domain.process.words import Operation

_GONE = ("shipped", "delivered")


def carrier(draft: Draft, fact: CarrierFact) -> None:
    """The carrier's word on a shipment. A fact about a request this order does not know changes nothing."""
    found = _request(draft, fact.request_key)
    if found is None:
        return
    group, run = found
    if fact.status in _GONE:
        _shipped(draft, group, run, fact)
    elif fact.status == "lost":
        _lost(draft, group, run, fact)


def _request(draft: Draft, key: str) -> tuple[Group, Run] | None:
    for group in draft.groups.values():
        for run in (*group.runs.values(), *group.past):
            if run.key == key:
                return group, run
    return None


def _shipped(draft: Draft, group: Group, run: Run, fact: CarrierFact) -> None:
    lines = fact.lines or run.snapshot.lines
    before = group.shipped.get(fact.request_key, {})
    known = before | {number: max(quantity, before.get(number, 0)) for number, quantity in lines.items()}
    if known == before:
        return
    group = draft.put(group.model_copy(update={"shipped": group.shipped | {fact.request_key: known}}))
    for step in steps_of(draft.process(group)):
        if step.do is TaskWord.WAIT and step.of == run.step:
            settle(draft, group.id, step)


def _lost(draft: Draft, group: Group, run: Run, fact: CarrierFact) -> None:
    waiting = next((other for other in group.runs.values() if other.state is RunState.WAITING), None)
    if waiting is not None:
        words = f"The carrier reports the shipment of {run.since.date().isoformat()} as lost."
        draft.park(group.id, waiting, "lost", words)


def payment(draft: Draft, fact: PaymentFact) -> None:
    """The payment provider's word on an authorization: an expired one is made anew before it is needed (PAY2)."""
    if fact.status != "expired":
        return
    for group in draft.groups.values():
        run = draft.run_of(group, Operation.AUTHORIZE)
        captured = draft.run_of(group, Operation.CAPTURE)
        if run is not None and run.key == fact.authorization and run.state is RunState.DONE and captured is None:
            lapse(draft, group.id, run)
            return
