"""The modelled database: the read model, and the versions of the order."""

from dataclasses import dataclass, field
from typing import Any

from domain.base import Lines
from domain.process.calls import ReviseOrder
from domain.process.outcomes import Opened, Outcome, Revised
from domain.process.read_model import BusinessEvent, ChangeAnswer, OrderRow, Revision, Save
from domain.process.words import ChangeKind, ChangeOutcome, Status
from tests.process.editing import Edit, named_lines, rest_of, revised_by, settled_in, version_of
from tests.process.parted import whole, with_parts


@dataclass
class Database:
    """The read model: guarded by its version, events and answers by their keys; the first one stays."""

    version: int = 0
    row: OrderRow | None = None
    events: dict[str, BusinessEvent] = field(default_factory=dict)
    answers: dict[str, ChangeAnswer] = field(default_factory=dict)
    cancelled: Lines = field(default_factory=dict)
    opened: Opened | None = None
    """The order as it is, with all of its groups."""
    first: Opened | None = None
    """The order as it was accepted."""
    resumed: bool = False
    """Whether the order began anew: what it tells again may be worded by what it is now, and the first words stay."""
    unheard: set[str] = field(default_factory=set)
    """Keys of events that were saved with a call whose answer was lost: the order decides them anew, perhaps later."""
    revision: int = 1
    paid: tuple[int, str] | None = None
    """The revision that took another card, or way to pay, and its change."""
    numbers: set[int] = field(default_factory=set)
    """Lines that the order ever had."""
    proposals: dict[str, tuple[int, Opened]] = field(default_factory=dict)
    """By change: the revision it would be, and the order as it would be."""
    versions: dict[int, Revision] = field(default_factory=dict)
    """By revision: lines that travel otherwise than was proposed, as the save on its way says."""
    other_ways: set[str] = field(default_factory=set)
    """Changes to another way to pay."""

    def write(self, save: Save) -> None:
        if save.revised is not None and save.revised.number > self.revision:
            self.revision, self.opened = save.revised.number, self._applied(save)
        if save.version > self.version:
            self.version, self.row = save.version, save.row
        for event in save.events:
            known = self.events.setdefault(event.key, event)
            same = (known.type, known.words) == (event.type, event.words)
            anew = self.resumed or event.key in self.unheard
            assert same or (anew and known.type == event.type), f"{event.key} tells two different things"
        for answer in save.answers:
            there = self.answers.get(answer.change_id)
            if there is None or (how_final(there) < FINAL and how_final(there) <= how_final(answer)):
                self.answers[answer.change_id] = answer
            elif how_final(there) == how_final(answer) == FINAL:
                ended_now = self.resumed and not is_settled(there, None) and there.outcome == answer.outcome
                assert ended_now or _of_no_sense(there, answer) or same_answer(there, answer), "answered twice"
        self.cancelled |= save.cancelled

    def _applied(self, save: Save) -> Opened:
        assert save.revised is not None
        number, opened = self.proposals[save.revised.change_id]
        assert number == save.revised.number, "a proposal is applied as another revision"
        if save.revised.change_id in self.other_ways:
            self.paid = (number, save.revised.change_id)
        self.numbers |= {line.number for line in opened.lines}
        return _as_told(opened, save.revised)

    def is_other_card(self, change_id: str | None, revision: int) -> bool:
        """Whether an authorization that a change asked for, or none did, is on another card than the order's."""
        if change_id is not None:
            return self.paid is None or self.paid[1] != change_id
        return self.paid is not None and revision < self.paid[0]

    def at(self, revision: int) -> Opened:
        """The order at a revision that is saved, or proposed and about to be."""
        proposed = [opened for number, opened in self.proposals.values() if number == revision]
        if revision > self.revision and proposed:
            return _as_told(proposed[-1], self.versions.get(revision))
        assert self.opened is not None
        return self.opened

    def revise(self, work: ReviseOrder, edit: Edit) -> Outcome:
        """Keeps the order as the edit makes it as a proposal, or says why it makes no sense."""
        assert self.opened is not None
        edit = rest_of(edit, work.rest)
        saved = work.revision == self.revision + 1
        assert work.preview or saved, "worked out from a version that is not saved"
        given = self.answers.get(work.change_id)
        assert work.preview or given is None or how_final(given) < FINAL, "worked out after it was answered"
        missing = named_lines(edit) - {line.number for line in self.opened.lines}
        if edit.refused or missing:
            return Outcome(refused=True, code=edit.refused or "unknown_line", words="That makes no sense.")
        if self.numbers & edit.add.keys():
            return Outcome(refused=True, code="repeated_line", words="The order has, or had, that line.")
        opened = whole(self.opened)
        revised = revised_by(edit, opened)
        if revised == Revised():
            return Outcome(refused=True, code="nothing_changed", words="The order is like that already.")
        used = {group.id for group in self.row.groups} if self.row else set()
        used |= {plan.id for plan in self.opened.groups}
        worked_out = version_of(edit, opened, used)
        if not worked_out.lines:
            return Outcome(refused=True, code="nothing_left", words="That would leave no line.")
        if work.preview is None:
            self.proposals.pop(work.change_id, None)
            self.proposals[work.change_id] = (work.revision, worked_out)
            if ChangeKind.PAYMENT in edit.fields:
                self.other_ways.add(work.change_id)
        before = {plan.id: plan.location for plan in opened.groups}
        news = tuple(plan for plan in worked_out.groups if before.get(plan.id) != plan.location)
        return Outcome(opened=worked_out.model_copy(update={"groups": news}), revised=revised)

    @property
    def told(self) -> list[str]:
        """Types of the events, in the order in which they were saved."""
        return [event.type for event in self.events.values()]


def _as_told(opened: Opened, revised: Revision | None) -> Opened:
    if revised is None:
        return opened
    return with_parts(settled_in(opened, revised.homes), revised.parted)


NOT_FINAL = {ChangeOutcome.PENDING_APPROVAL: 0, ChangeOutcome.IN_PROGRESS: 1}
FINAL = 2


def is_settled(answer: ChangeAnswer, row: OrderRow | None) -> bool:
    """Whether an order that begins anew, and was seen like that last, has nothing to do for the change any more.

    A cancel that was accepted with the save of its last call is still to be carried out: nobody heard of that call.
    """
    cancelled = row is not None and row.status is Status.CANCELLED
    accepted = (answer.kind, answer.outcome) == ("cancel", ChangeOutcome.ACCEPTED)
    return how_final(answer) == FINAL and (cancelled or not accepted)


def how_final(answer: ChangeAnswer) -> int:
    """One that comes late, from a save that was tried again, takes the place of none that is more final."""
    return NOT_FINAL.get(answer.outcome, FINAL)


def _of_no_sense(one: ChangeAnswer, other: ChangeAnswer) -> bool:
    """Whether both say that the same makes no sense: an order may forget that it did (`answering`); the first stays."""
    return one.code == other.code == "malformed" and one.words == other.words


def same_answer(one: ChangeAnswer, other: ChangeAnswer) -> bool:
    """Whether both say the same. A call tried again decides its answer again, at a later moment; the first stays."""
    undated: dict[str, Any] = {"at": True, "instead": {"at": True}}
    return one.model_dump(exclude=undated) == other.model_dump(exclude=undated)
