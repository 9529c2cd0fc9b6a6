"""Dates that the carrier tells of a shipment after it was asked for: when it is expected now (SHP2, ORC15).

The promise stays as it was given. What is expected later than promised, or than was asked for, puts the order at risk.
"""

from datetime import date

from domain.process.draft import Draft
from domain.process.events import CarrierFact
from domain.process.state import Expected, Group, OrderState, Run, RunState
from domain.process.words import Operation

DELAYED = "delayed"


def moves_the_date(fact: CarrierFact) -> bool:
    """Whether an order has to hear of it: the carrier says when to expect what is delayed (ORC15)."""
    return fact.status == DELAYED and fact.expected_on is not None


def heard(draft: Draft, group: Group, request: Run, fact: CarrierFact) -> None:
    """The newest word counts; of a request that was taken back nothing does."""
    before = request.expected
    over = request.operation is not Operation.SHIP or request.state is RunState.UNDONE
    if fact.expected_on is None or over or (before is not None and before.at > fact.at):
        return
    draft.amend(group.id, request, expected=Expected(on=fact.expected_on, at=fact.at))
    if before is not None and before.on == fact.expected_on:
        return
    told = lateness(draft.state(), draft.groups[group.id])
    words = f"{told} The order is at risk." if told else f"The carrier expects it on {fact.expected_on.isoformat()}."
    draft.tell(f"expected/{fact.id}", "order.delayed", words, at=fact.at, group=group.id)


def expected_of(group: Group) -> date | None:
    """The date that the carrier expects for what the group has asked it to ship now; None where it told of none."""
    for run in group.runs.values():
        if run.expected is not None and run.operation is Operation.SHIP and run.state is not RunState.UNDONE:
            return run.expected.on
    return None


def lateness(state: OrderState, group: Group) -> str:
    """Why a group will be late by the carrier's word; empty if it will not be."""
    expected = expected_of(group)
    requested = state.facts.requested_date if state.facts else None
    if expected is None:
        return ""
    for given, what in ((group.promise_date, "promised"), (requested, "requested")):
        if given is not None and expected > given:
            return f"The carrier expects it on {expected.isoformat()}; {what} is {given.isoformat()}."
    return ""
