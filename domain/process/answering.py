"""Answers to changes, and the events in which they leave (CHG14, CHG15)."""

from collections.abc import Iterator
from typing import Any

from domain.money import Money, words_of
from domain.policy.model import TaskWord
from domain.process import releases, returns
from domain.process.conditions import required
from domain.process.draft import Draft
from domain.process.events import ChangeAsked
from domain.process.flow import steps_of
from domain.process.outcomes import LineChange, Revised
from domain.process.read_model import Action, ChangeAnswer, NotDone, Terms
from domain.process.state import ActiveChange, Group, Rework, RunState
from domain.process.tokens import basis_of
from domain.process.words import CANCEL, MOVES_NO_STOCK, ActionWord, ChangeKind, ChangeOutcome, Pattern, Stage
from limits import MAX_ANSWERED, MAX_ANSWERS

CHANGED_IN_PART, CANCELLED_IN_PART = "changed_in_part", "cancelled_in_part"
"""Codes of an edit, and of a cancel of the order, that were done in part; `not_done` names the rest."""
MALFORMED = "malformed"
"""Code of the answer to a request that made no sense."""


def answer(draft: Draft, given: ChangeAnswer, request: str = "") -> None:
    """Answers a change once and for all; the answer leaves as an event too.

    `request` is where the reason of whoever decided on it is kept.
    """
    draft.answers[given.change_id] = given
    draft.approved = tuple(change_id for change_id in draft.approved if change_id != given.change_id)
    if len(draft.answers) > MAX_ANSWERS:
        _lay_aside(draft)
    tell_answer(draft, given, request)


def tell_answer(draft: Draft, given: ChangeAnswer, request: str = "") -> None:
    """An answer leaves, also one that is not the last: to the database, where it takes an earlier one's place."""
    replace(draft, given)
    more: dict[str, Any] = {"request": request} if request else {}
    draft.tell(
        f"change/{given.change_id}/{given.outcome}",
        f"change.{given.outcome}",
        given.words,
        why=given.reason,
        change_id=given.change_id,
        code=given.code,
        revision=given.revision,
        **more,
    )


def replace(draft: Draft, given: ChangeAnswer) -> None:
    """Has an answer saved in place of one that is not the last; nobody is told."""
    draft.unsaved_answers = [one for one in draft.unsaved_answers if one.change_id != given.change_id]
    draft.unsaved_answers.append(given)


def saved(draft: Draft, written: tuple[ChangeAnswer, ...]) -> None:
    """Answers are in the database. Whoever asks gets them to the letter, with the moment decided in advance."""
    for given in written:
        there = draft.answers.get(given.change_id)
        if there is not None and there.outcome is given.outcome:
            draft.answers[given.change_id] = given
    known = {(given.change_id, given.outcome) for given in written}
    draft.unsaved_answers = [one for one in draft.unsaved_answers if (one.change_id, one.outcome) not in known]


def _lay_aside(draft: Draft) -> None:
    """The oldest answer is no longer at hand; that it was given is remembered (CHG14).

    What made no sense gives way first, and is forgotten: whoever sends such things takes no answer from anybody.
    """
    senseless = (change_id for change_id, given in draft.answers.items() if given.code == MALFORMED)
    oldest = next(senseless, None)
    if oldest is None:
        oldest = next(iter(draft.answers))
        draft.answered = (*draft.answered, oldest)[-MAX_ANSWERED:]
    del draft.answers[oldest]


def answer_to(
    draft: Draft,
    asked: ChangeAsked,
    outcome: ChangeOutcome,
    code: str,
    words: str,
    actions: tuple[str, ...] = (),
) -> ChangeAnswer:
    """An answer with the order's revision and business time."""
    return ChangeAnswer(
        change_id=asked.change_id,
        kind=asked.change,
        outcome=outcome,
        revision=draft.revision,
        code=code,
        words=words,
        at=draft.now,
        actions=actions,
        requested_by=asked.requested_by,
        reason=asked.reason,
    )


def terms(draft: Draft) -> Terms:
    """What the customer is told at this moment: the latest promise, and the total."""
    promises = [group.promise_date for group in draft.groups.values() if group.promise_date and not group.cancelled]
    facts = draft.facts
    return Terms(
        promise_date=max(promises, default=None),
        total=facts.goods + facts.charges + facts.tax,
        currency=facts.currency,
    )


def refused_edit(draft: Draft, change: ActiveChange, instead: ChangeAnswer | None = None) -> None:
    """The edit was turned down; `instead` is a preview of what it would come to now."""
    given = answer_to(draft, _asked(change), ChangeOutcome.REFUSED, change.refused_code, change.refused_words)
    now = terms(draft)
    told = {"before": now, "after": now, "instead": instead, "to_return": change.to_return}
    given = given.model_copy(update=told)
    answer(draft, given)
    returns.record(draft, given)


def accepted_edit(draft: Draft, change: ActiveChange, before: Terms) -> None:
    """The edit made a new revision."""
    assert change.revised is not None
    after, plan = terms(draft), tuple(_plan(draft, change))
    what = f"Revision {draft.revision}: {_in_words(change.revised)}."
    parts = (what, *_by_themselves(change), _promise(before, after), _total(before, after))
    words = " ".join(part for part in parts if part)
    outcome, code = ChangeOutcome.ACCEPTED, "changed"
    stages = [one.stage for one in change.reworks or () if _cancels(one)]
    not_done = _not_done(change)
    if change.left_out is not None:
        outcome, plan = ChangeOutcome.PARTLY, (*plan, *_left_alone(draft, change))
        code = CANCELLED_IN_PART if change.cancels_rest else CHANGED_IN_PART
        stages = [change.left_out.stages[group] for group in change.left_out.taken_back]
        words = f"{words} {_not_cancelled(not_done) if change.cancels_rest else _not_changed(not_done)}"
    given = answer_to(draft, _asked(change), outcome, code, words, change.actions)
    answer(
        draft,
        given.model_copy(
            update={
                "plan": plan,
                "before": before,
                "after": after,
                "cost": sum(draft.policy.change.cost(stage) for stage in stages),
                "assumptions": tuple(
                    f"The carrier said the request was {status}." for status in sorted(set(change.progress.values()))
                ),
                "basis": basis_of(change),
                "not_done": not_done,
            }
        ),
    )


def _asked(change: ActiveChange) -> ChangeAsked:
    """What was asked for: what is left of a cancel is carried out as an edit."""
    return change.asked.model_copy(update={"change": CANCEL}) if change.cancels_rest else change.asked


def _not_changed(not_done: tuple[NotDone, ...]) -> str:
    more = f"; and {len(not_done) - 5} more." if len(not_done) > 5 else ""
    return f"Not changed: {'; '.join(f'{one.what}: {one.words}' for one in not_done[:5])}{more}"


def _not_cancelled(not_done: tuple[NotDone, ...]) -> str:
    """By what the carrier said, for it says the same of all lines of a group."""
    by_words: dict[str, list[str]] = {}
    for one in not_done:
        by_words.setdefault(one.words, []).append(one.what)
    more = {words: f" and {len(of) - 5} more" if len(of) > 5 else "" for words, of in by_words.items()}
    parts = [f"{', '.join(of[:5])}{more[words]}: {words}" for words, of in by_words.items()]
    return f"Not done: {' '.join(parts)}"


def _not_done(change: ActiveChange) -> tuple[NotDone, ...]:
    """What of the edit the carrier did not let happen, with its code and words."""
    left_out = change.left_out
    if left_out is None:
        return ()

    def of(group: str, what: str, line: int | None = None) -> NotDone:
        why = change.held_fast[group]
        return NotDone(line=line, what=what, code=why.code, words=f"{why.words.rstrip('.')}.")

    by_line: dict[int, list[LineChange]] = {}
    for one in left_out.revised.lines:
        by_line.setdefault(one.number, []).append(one)
    lines = [of(left_out.lines[n], _left_out_of(change, some), n) for n, some in by_line.items()]
    return (*lines, *(of(group, _in_words(Revised(fields=(kind,)))) for kind, group in left_out.fields.items()))


def _left_out_of(change: ActiveChange, line: list[LineChange]) -> str:
    """What is not done of one line, in words; of a cancel it may be done for its other parts."""
    done = {one.number for one in change.revised.lines} if change.revised is not None else set()
    if line[0].number in done:
        return f"{line[0].before} units of line {line[0].number} cancelled"
    return _in_words(Revised(lines=tuple(line)))


def _left_alone(draft: Draft, change: ActiveChange) -> list[Action]:
    """The requests that stay as they are, because the carrier keeps them."""
    return [
        Action(
            step=run.step,
            do=ActionWord.KEEP,
            lines=draft.groups[group].lines,
            reason=f"{why.words.rstrip('.')}.",
            words=f"{run.step.replace('_', ' ').capitalize()} stays as it is: {why.words.rstrip('.')}.",
        )
        for group, why in change.held_fast.items()
        for run in draft.groups[group].runs.values()
        if run.task is TaskWord.SHIP
    ]


def _in_words(revised: Revised) -> str:
    parts = [_LINE[one.kind].format(n=one.number, a=one.before, b=one.after) for one in revised.lines[:5]]
    if len(revised.lines) > 5:
        parts.append(f"{len(revised.lines) - 5} more changes of lines")
    parts += [f"another {_FIELD.get(kind, kind.replace('_', ' '))}" for kind in revised.fields]
    return ", ".join(parts)


_LINE = {
    ChangeKind.QUANTITY_UP: "line {n} from {a} to {b} units",
    ChangeKind.QUANTITY_DOWN: "line {n} from {a} to {b} units",
    ChangeKind.ITEM: "another item in line {n}",
    ChangeKind.CANCELLED: "line {n} cancelled",
    ChangeKind.ADDED: "line {n} added with {b} units",
    ChangeKind.LATER_DATE: "a later date for line {n}",
    ChangeKind.EARLIER_DATE: "an earlier date for line {n}",
    ChangeKind.WAREHOUSE: "another warehouse for line {n}",
    ChangeKind.PRICE: "another price for line {n}",
}
_FIELD = {
    ChangeKind.ADDRESS_SAME_ZONE: "address in the same zone",
    ChangeKind.ADDRESS_OTHER_ZONE: "address in another zone",
    ChangeKind.LATER_DATE: "later date",
    ChangeKind.EARLIER_DATE: "earlier date",
    ChangeKind.PAYMENT: "payment",
    ChangeKind.REFERENCE: "reference",
}


def _by_themselves(change: ActiveChange) -> Iterator[str]:
    """Further units of what is on its way, by their new groups."""
    for name in (change.beside or {}).values():
        units = [(number, of[name]) for number, of in (change.shares or {}).items() if name in of]
        if units:
            told = ", ".join(f"{more} of line {number}" for number, more in units[:5])
            more = f" and {len(units) - 5} more lines" if len(units) > 5 else ""
            yield f"By themselves, as group {name}, go {told}{more}."


def _promise(before: Terms, after: Terms) -> str:
    if after.promise_date is None:
        return ""
    if after.promise_date == before.promise_date:
        return f"Still promised for {after.promise_date.isoformat()}."
    return f"Now promised for {after.promise_date.isoformat()}."


def _total(before: Terms, after: Terms) -> str:
    if after.total == before.total:
        return ""
    return f"The total is {words_of(Money(after.total, after.currency))} now."


# ---- what was done, step by step ------------------------------------------------------------------------


def _cancels(rework: Rework) -> bool:
    anew = rework.pattern in (Pattern.CANCEL_AND_CREATE, Pattern.UPDATE) and not rework.in_place
    return anew and rework.stage is not Stage.NOT_SENT


def _plan(draft: Draft, change: ActiveChange) -> list[Action]:
    actions = []
    for rework in change.reworks or ():
        group = draft.groups[rework.group]
        steps = required(draft, group) if rework.founds else steps_of(draft.process(group))
        actions += [
            _action(draft, group, step.step, step.do, rework)
            for step in steps
            if rework.founds
            or step.step in group.runs
            or (draft.since(releases.LEFT_BEHIND_IS_SETTLED) and _is_taken_back(group, step.step))
        ]
    return actions


def _is_taken_back(group: Group, step: str) -> bool:
    """Whether the changed group does not need the step any more, and what it did is undone."""
    return any(run.step == step and run.state is RunState.UNDOING for run in group.past)


_ADAPTERS = {
    TaskWord.SHIP: "carrier",
    TaskWord.AUTHORIZE: "payment provider",
    TaskWord.CAPTURE: "payment provider",
}


_DOES = {
    ActionWord.KEEP: "stays as it is",
    ActionWord.UPDATE: "is adjusted to the new version",
    ActionWord.REDO: "is done again",
    ActionWord.CANCEL_AND_CREATE: "is cancelled, and asked for anew",
    ActionWord.UNDO: "is taken back",
    ActionWord.DO: "is done",
}


def _has_money_held_anew(draft: Draft, group: Group, step: str, rework: Rework) -> bool:
    """Whether the change does, or would have done had the old authorization not expired meanwhile."""
    run = group.runs[step]
    more = draft.amount(group) > (run.snapshot.amount or 0)
    lapsed = run.state is RunState.UNDONE
    return rework.authorize is not None or (lapsed and (more or ChangeKind.PAYMENT in rework.kinds))


def _action(draft: Draft, group: Group, step: str, task: TaskWord, rework: Rework) -> Action:
    do = ActionWord.KEEP
    if rework.founds:
        do = ActionWord.DO
    elif not group.lines or step not in group.runs:
        do = ActionWord.UNDO
    elif task is TaskWord.AUTHORIZE and _has_money_held_anew(draft, group, step, rework):
        do = ActionWord.REDO
    elif rework.pattern is Pattern.KEEP or rework.kinds == (ChangeKind.PAYMENT,):
        do = ActionWord.KEEP
    elif task is TaskWord.RESERVE:
        do = ActionWord.KEEP if MOVES_NO_STOCK.issuperset(rework.kinds) else ActionWord.UPDATE
    elif task is TaskWord.SHIP and rework.in_place:
        do = ActionWord.UPDATE
    elif task is TaskWord.SHIP and _cancels(rework):
        do = ActionWord.CANCEL_AND_CREATE
    elif task in (TaskWord.SCHEDULE, TaskWord.SHIP, TaskWord.WAIT):
        do = ActionWord.REDO
    kinds = ", ".join(kind.replace("_", " ") for kind in rework.kinds)
    return Action(
        step=step,
        do=do,
        lines=group.lines,
        adapter=_ADAPTERS.get(task, "") if do is not ActionWord.KEEP else "",
        reason=kinds if rework.founds or not kinds else f"{kinds} while {rework.stage.replace('_', ' ')}",
        words=f"{step.replace('_', ' ').capitalize()} {_DOES[do]}.",
    )
