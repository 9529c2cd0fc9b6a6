"""Rules: customers change their minds, operators hold, release, retry and skip."""

from datetime import date
from typing import Any

from domain.process.approvals import refusal as approval_refusal
from domain.process.change_requests import read_change_request
from domain.process.decide import decide
from domain.process.events import ApproveAsked, Event, HoldAsked, RefuseAsked, ReleaseAsked, SkipAsked, TimePassed
from domain.process.holds import refusal as hold_refusal
from domain.process.holds import release_refusal
from domain.process.outcomes import Opened
from domain.process.read_model import ChangeAnswer, Waiting
from domain.process.rows import row_of
from domain.process.skips import refusal as skip_refusal
from domain.process.words import ChangeKind, ChangeOutcome
from limits import MAX_ANSWERS, MAX_WAITING_CHANGES
from tests.process.books import said
from tests.process.checks import carried_over
from tests.process.course import Course
from tests.process.editing import KINDS, Edit
from tests.process.editing import drawn as drawn_edit
from tests.process.rules import Among, Number, rule
from tests.process.runner import Run

WHAT = {"what": Among(*KINDS), "also": Among("", "", *KINDS), "which": Number(0, 9), "more": Number(1, 4)}
"""An edit: of one kind or two, of which lines and by how much."""
STEPS = Among("capture", "capture", "authorize", "ship", "reserve", "invoice")


def whole(course: Course) -> bool:
    return course.whole


def edit_of(course: Course, what: str, also: str, which: int, more: int) -> Edit:
    opened: Opened | None = course.run.world.database.opened
    return Edit(quantity={1: 3}) if opened is None else drawn_edit([what, *filter(None, [also])], which, more, opened)


# ---- changes -----------------------------------------------------------------------------------------


@rule(
    weight=1,
    when=lambda course: len(course.run.calls) >= course.patience,
    change_id=Among("c1", "c2", "c3"),
    base=Among(None, None, None, 1, 1, 2),
)
def cancel(course: Course, change_id: str, base: int | None) -> None:
    course.run.cancel(change_id, base_revision=base)


@rule(weight=5, when=whole, then=Number(0, 4), odd=Among("", "", "", "", "", "", "", "", "same id", "old"), **WHAT)
def change(course: Course, then: int, odd: str, **what: Any) -> None:
    """Someone asks for a change; now and then with an id that was used before, or for an old revision."""
    run = course.run
    change_id = f"e{course.number - (odd == 'same id')}"
    base = max(run.state.revision - 1, 1) if odd == "old" else None
    run.edit(edit_of(course, **what), change_id, base_revision=base)
    for call in run.pending[:then]:
        run.finish(call)


@rule(
    when=whole,
    first=Among(*KINDS),
    second=Among(*KINDS, "cancel all"),
    which=Number(0, 9),
    more=Number(1, 4),
    other=Number(0, 9),
)
def two_changes_at_once(course: Course, first: str, second: str, which: int, more: int, other: int) -> None:
    """The second comes before the first has asked anything of anyone."""
    run, ids = course.run, (f"e{course.number}", f"e{course.number}b")
    run.edit(edit_of(course, first, "", which, more), ids[0])
    if second == "cancel all" and len(run.calls) >= course.patience:
        run.cancel(ids[1])
    else:
        run.edit(edit_of(course, second if second != "cancel all" else "up", "", other, more), ids[1])


@rule(when=whole, **WHAT)
def raw_signal(course: Course, **what: Any) -> None:
    """The change comes as a payload, as any system may send it to Temporal."""
    run, edit, change_id = course.run, edit_of(course, **what), f"s{course.number}"
    payload = {"change_id": change_id, **_payload(edit)}
    if payload.keys() <= {"change_id"}:
        return
    asked = read_change_request(payload, run.at)
    assert asked.problem is None, asked.problem
    run.world.signalled[change_id] = asked.edit
    run.world.edits[change_id] = _as_signalled(edit)
    run.facts.append(asked)
    run.feed(asked)


@rule(weight=1, payload=Among(None, 7, {}, {"change_id": "x", "lines": [{"number": 0}]}, {"change": "nonsense"}))
def senseless_signal(course: Course, payload: Any) -> None:
    """It is answered, and nothing comes of it. A resumed order does not know its answers before it is opened."""
    run, calls = course.run, len(course.run.calls)
    if run.world.database.resumed and not run.state.groups:
        return
    asked = read_change_request(payload, run.at)
    run.facts.append(asked)
    run.feed(asked)
    if asked.change_id not in run.state.answered:
        assert _told_to_sender(run, asked.change_id).code == "malformed"
    assert all(call.save is not None for call in run.calls[calls:])


def _told_to_sender(run: Run, change_id: str) -> ChangeAnswer:
    """The answer to what makes no sense: only saved where all that are at hand make sense, as none gives way to it."""
    kept = run.state.answers.values()
    if change_id in run.state.answers or len(kept) < MAX_ANSWERS or any(one.code == "malformed" for one in kept):
        return run.answer(change_id)
    waits = (one for one in run.state.unsaved_answers if one.change_id == change_id)
    return next(waits, None) or run.world.database.answers[change_id]


_SIGNALLED = {
    ChangeKind.SHIP_METHOD: "ship_method",
    ChangeKind.EARLIER_DATE: "requested_date",
    ChangeKind.LATER_DATE: "requested_date",
    ChangeKind.REFERENCE: "purchase_order",
}


def _payload(edit: Edit) -> dict[str, Any]:
    lines: dict[int, dict[str, Any]] = {}
    for number, units in edit.quantity.items():
        lines.setdefault(number, {"number": number})["quantity"] = units
    for number, sku in edit.item.items():
        lines.setdefault(number, {"number": number})["sku"] = sku
    entries = [*lines.values(), *({"number": number, "cancel": True} for number in edit.cancel)]
    entries += [{"add": {"number": n, "sku": f"sku-{n}", "quantity": units}} for n, units in edit.add.items()]
    fields = {_SIGNALLED[kind]: value for kind, value in edit.fields.items() if kind in _SIGNALLED}
    days = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    return ({"lines": entries} if entries else {}) | ({"set": days} if days else {})


def _as_signalled(edit: Edit) -> Edit:
    """What of an edit can be said in a signal."""
    fields = {kind: value for kind, value in edit.fields.items() if kind in _SIGNALLED}
    return Edit(quantity=edit.quantity, item=edit.item, cancel=edit.cancel, add=edit.add, fields=fields)


# ---- previews ----------------------------------------------------------------------------------------


@rule(when=whole, then=Number(0, 4), **WHAT)
def preview(course: Course, then: int, **what: Any) -> None:
    """Someone asks what a change would come to, while whatever goes on goes on."""
    run, change_id = course.run, f"q{course.number}"
    run.feed_preview(edit_of(course, **what), change_id, f"p-{change_id}")
    for call in run.pending[:then]:
        run.finish(call)


@rule(weight=3, when=lambda course: course.whole and course.run.previews, which=Number(0, 20))
def change_as_previewed(course: Course, which: int) -> None:
    """Someone has seen a preview, be it fresh or stale, and asks for exactly that (I14)."""
    seen = [answer for answer in course.run.previews.values() if answer.token]
    if seen:
        given = seen[-1 - which % len(seen)]
        course.tokens.setdefault(given.change_id, given)
        course.run.edit(course.run.world.edits[given.change_id], given.change_id, token=given.token)


@rule(
    when=lambda course: course.whole and course.rests,
    stale=Among(False, False, True),
    **WHAT,
)
def look_and_change(course: Course, stale: bool, **what: Any) -> None:
    """At rest a preview leaves no trace, and the change that names it comes to it; with a stale token to nothing."""
    run, change_id = course.run, f"q{course.number}"
    edit, trace = edit_of(course, **what), _trace(course)
    seen = run.preview(edit, change_id, f"p-{change_id}")
    assert _trace(course) == trace, "a preview left a trace (CHG13)"
    if seen.outcome is ChangeOutcome.IN_PROGRESS:
        return
    token = "0" * 32 if stale and seen.token else seen.token or None
    before = _outside(course)
    run.edit(edit, change_id, token=token).settle()
    answer = run.answer(change_id)
    if token != (seen.token or None):
        assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "stale_preview"), answer.words
        assert _outside(course) == before, "a stale change did something (CHG13)"
    else:
        assert said(answer) == said(seen), "the change is not what was previewed (I14)"


def _outside(course: Course) -> str:
    world = course.run.world
    return repr((list(world.done), world.stock, course.run.state.revision))


def _trace(course: Course) -> tuple[object, str]:
    """All that could have changed, but for how often the order has thought."""
    world = course.run.world
    state = course.run.state.model_dump(exclude={"version", "clock", "saved_version"})
    return state, repr((list(world.database.events), world.database.row, _outside(course)))


# ---- operators ---------------------------------------------------------------------------------------


@rule(
    id_=Among("h1", "h2", "h3"),
    line=Among(None, None, 1, 3, 9),
    step=Among(None, None, "reserve", "authorize", "ship", "capture", "invoice", "wait_for_shipped"),
    when_=Among("now", "now", "reached"),
    role=Among("", "", "finance_manager"),
)
def hold(course: Course, id_: str, line: int | None, step: str | None, when_: str, role: str) -> None:
    """An operator holds the order, a line or a step; where that cannot be, nothing comes of it."""
    run = course.run
    given = {"id": id_, "code": "credit", "line": line, "step": step, "when": when_, "role": role}
    asked = HoldAsked.model_validate({**given, "reason": "over the limit", "requested_by": "ann", "at": run.at})
    _unless_refused(course, asked, hold_refusal(run.state, asked))


@rule(weight=3, when=lambda c: c.run.state.holds, which=Number(0, 2), roles=Among(None, None, (), ("finance_manager",)))
def release(course: Course, which: int, roles: tuple[str, ...] | None) -> None:
    """An operator releases a hold, if it is in his power."""
    run = course.run
    held = run.state.holds[which % len(run.state.holds)]
    asked = ReleaseAsked(id=held.id, reason="paid up", requested_by="bob", roles=roles, at=run.at)
    refused = release_refusal(run.state, asked)
    assert (refused is not None) == (bool(held.role) and roles == ()), refused
    _unless_refused(course, asked, refused)
    assert (held.id in {one.id for one in run.state.holds}) == (refused is not None)


@rule(weight=3, when=lambda c: c.run.state.pending, which=Number(0, 4), agreed=Among(True, True, False))
def decide_on_a_change(course: Course, which: int, agreed: bool) -> None:
    """An operator approves or refuses a change that waits; approved, it is not begun before that is saved."""
    run = course.run
    change_id = run.state.pending[which % len(run.state.pending)].asked.change_id
    kind = ApproveAsked if agreed else RefuseAsked
    asked = kind(change_id=change_id, reason="so be it", requested_by="bob", at=run.at)
    refused = approval_refusal(run.state, asked)
    assert (refused is not None) == (agreed and len(run.state.waiting_changes) >= MAX_WAITING_CHANGES), refused
    _unless_refused(course, asked, refused)
    if refused is None:
        assert change_id not in {one.asked.change_id for one in run.state.pending}
        assert (change_id in run.state.approved) == agreed
        if not agreed:
            assert run.answer(change_id).code == "turned_down"


@rule(weight=1, change_id=Among("e1", "e2", "nobody's"))
def decide_on_what_does_not_wait(course: Course, change_id: str) -> None:
    """It is said why not, and nothing comes of it."""
    run = course.run
    if any(one.asked.change_id == change_id for one in run.state.pending):
        return
    asked = ApproveAsked(change_id=change_id, reason="so be it", requested_by="bob", at=run.at)
    refused = approval_refusal(run.state, asked)
    assert refused is not None
    _unless_refused(course, asked, refused)


@rule(weight=3)
def retry(course: Course) -> None:
    course.run.retry()


@rule(step=STEPS, group=Among(None, None, "1", "2"))
def skip(course: Course, step: str, group: str | None) -> None:
    """An operator has a step skipped; where that cannot be, nothing at all comes of it."""
    run = course.run
    asked = SkipAsked(step=step, group=group, reason="paid otherwise", requested_by="ann", at=run.at)
    refused = skip_refusal(run.state, asked)
    others = _parked_steps(course) - {(group, step)}
    course.skips += _unless_refused(course, asked, refused)
    well = group is None or refused is not None or others <= _parked_steps(course)
    assert well, "a step of another group was skipped as well"


def _parked_steps(course: Course) -> set[tuple[str, str]]:
    """By group. A change that waits for a person is none: it may be over then. Nor is a hold, it may hold another."""
    return {(one.group, one.step) for one in parked(course) if one.change is None and one.hold is None}


def parked(course: Course) -> list[Waiting]:
    return [one for one in row_of(course.run.state).waiting if one.parked] if course.run.state.groups else []


@rule(weight=3, when=parked, which=Number(0, 5))
def go_on_without(course: Course, which: int) -> None:
    """An operator has the very step skipped that he sees parked."""
    found = parked(course)
    one = found[which % len(found)]
    skip(course, one.step, one.group)


def _unless_refused(course: Course, asked: Event, refused: object) -> bool:
    """Asks; what is refused changes nothing and asks nothing of anyone, but for what was due at that moment."""
    run, before, calls = course.run, course.run.state, len(course.run.calls)
    due = decide(before, TimePassed(at=run.at))
    run.feed(asked)
    if refused is None:
        return True
    assert not before.groups or row_of(run.state) in (row_of(before), row_of(due.state)), refused
    assert {call.key for call in run.calls[calls:]} <= {call.key for call in due.calls}, refused
    return False


@rule(weight=1)
def continued_as_new(course: Course) -> None:
    course.run.state = carried_over(course.run.state)
