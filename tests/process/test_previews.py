"""What a change would come to is told without a trace, and is what the change comes to (CHG13, I14)."""

from copy import deepcopy
from datetime import timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from domain.process.calls import AuthorizePayment
from domain.process.events import ChangeAsked, HoldAsked, ReleaseAsked
from domain.process.outcomes import Opened
from domain.process.read_model import ChangeAnswer, Terms
from domain.process.state import OrderState, RunState
from domain.process.words import ActionWord, ChangeKind, ChangeOutcome, Operation
from tests.process.begun_anew import resumed
from tests.process.editing import KINDS, Edit, drawn
from tests.process.outside import MORNING, World
from tests.process.runner import Run
from tests.process.sowing import FULL

MORE = Edit(quantity={1: 3})
SAID = {"outcome", "revision", "code", "words", "actions", "plan", "before", "after", "cost", "basis"}


def released(**world: object) -> Run:
    return Run(world=World(**world)).begin().settle()  # type: ignore[arg-type]


def said(answer: ChangeAnswer) -> dict[str, object]:
    """What a preview and its change have in common."""
    return answer.model_dump(include=SAID)


def at_rest(run: Run) -> dict[str, object]:
    """All that could have changed, but for how often the order has thought."""
    world, database = run.world, run.world.database
    return {
        "state": run.state.model_copy(update={"version": 0, "clock": MORNING, "saved_version": 0}),
        "read model": (list(database.events.items()), database.row),
        "books": (list(world.done.items()), deepcopy(world.stock), list(world.outcomes.items())),
    }


def test_a_preview_tells_all_and_does_nothing() -> None:
    run = released()
    before, sent = at_rest(run), len(run.calls)
    preview = run.preview(MORE)
    assert at_rest(run) == before
    assert [call.operation for call in run.calls[sent:]] == [Operation.REVISE, Operation.INQUIRE, Operation.CHECK]
    assert all(call.save is None for call in run.calls[sent:])
    assert (preview.preview, preview.change_id, preview.outcome) == (True, "e1", ChangeOutcome.ACCEPTED)
    assert (preview.revision, preview.code) == (2, "changed")
    assert preview.before is not None
    assert preview.after == Terms(promise_date=preview.before.promise_date, total=5500, currency="USD")
    assert preview.before.total == 3500
    assert [(action.step, action.do) for action in preview.plan if action.do is not ActionWord.KEEP] == [
        ("schedule", ActionWord.REDO),
        ("reserve", ActionWord.UPDATE),
        ("authorize", ActionWord.REDO),
        ("ship", ActionWord.CANCEL_AND_CREATE),
        ("wait_for_shipped", ActionWord.REDO),
    ]
    assert preview.assumptions == (
        "The carrier said the request was released.",
        "55.00 USD can be authorized.",
        "The carrier takes the shipment request back.",
    )
    assert len(preview.token) == 32


def test_the_change_with_its_token_does_what_the_preview_said_under_the_same_id() -> None:
    run = released()
    preview = run.preview(MORE)
    run.edit(MORE, token=preview.token).settle()
    assert said(run.answer("e1")) == said(preview)
    assert run.answer("e1").preview is False
    assert set(run.answer("e1").assumptions) <= set(preview.assumptions)


def test_money_that_expires_while_the_change_is_carried_out_is_made_anew_as_previewed() -> None:
    run = released()
    preview = run.preview(MORE)
    run.edit(MORE, token=preview.token).settle(lambda call: call.operation is Operation.RESERVE)
    run.expire(run.key("authorize"))
    run.settle()
    assert said(run.answer("e1")) == said(preview)
    assert [action.do for action in run.answer("e1").plan if action.step == "authorize"] == [ActionWord.REDO]
    held = [run.world.done[key] for key in run.world.held("1")]
    assert [call.work.amount for call in held if isinstance(call.work, AuthorizePayment)] == [5500]


def test_a_carrier_that_takes_its_time_does_not_move_the_promise_of_a_token() -> None:
    """Without a token the promise counts from when the change came about; with one it is what the preview said."""
    promises = {}
    for with_token in (True, False):
        run = released()
        preview = run.preview(MORE)
        run.edit(MORE, token=preview.token if with_token else None)
        run.up_to(Operation.CANCEL_SHIPMENT)
        run.pass_time(timedelta(days=40))
        run.settle()
        assert preview.after is not None
        after = run.answer("e1").after
        assert after is not None
        promises[with_token] = (after.promise_date == preview.after.promise_date, run.row.revision)
    assert promises == {True: (True, 2), False: (False, 2)}


def test_what_cannot_be_is_previewed_as_refused_without_a_token() -> None:
    run = released()
    run.carrier("picked")
    preview = run.preview(Edit(item={1: "sku-9"}))
    assert (preview.outcome, preview.code, preview.token) == (ChangeOutcome.REFUSED, "too_late", "")
    run.edit(Edit(item={1: "sku-9"})).settle()
    assert said(run.answer("e1")) == said(preview)


@pytest.mark.parametrize("edit", [Edit(refused="no_price"), Edit(quantity={9: 1}), Edit(quantity={1: 1})])
def test_what_makes_no_sense_is_told_after_one_question(edit: Edit) -> None:
    run = released()
    sent = len(run.calls)
    preview = run.preview(edit)
    assert [call.operation for call in run.calls[sent:]] == [Operation.REVISE]
    assert preview.outcome is ChangeOutcome.REFUSED
    run.edit(edit).settle()
    assert said(run.answer("e1")) == said(preview)


def test_short_stock_is_told_and_none_is_held() -> None:
    run = released()
    run.world.stock.available["main", "sku-1"] = 1
    held = dict(run.world.stock.held)
    preview = run.preview(MORE)
    assert (preview.outcome, preview.code) == (ChangeOutcome.REFUSED, "out_of_stock")
    assert (run.world.stock.held, run.world.stock.available) == (held, {("main", "sku-1"): 1})


def test_a_stale_revision_is_told_without_a_question() -> None:
    run = released()
    sent = len(run.calls)
    assert run.preview(MORE, base_revision=4).code == "stale_revision"
    assert run.calls[sent:] == []


def test_a_cancel_can_be_previewed_and_needs_no_token() -> None:
    run = released()
    sent = len(run.calls)
    preview = run.preview(Edit(), change="cancel")
    assert run.calls[sent:] == []
    assert (preview.outcome, preview.code, preview.token) == (ChangeOutcome.ACCEPTED, "cancelled", "")
    assert "The carrier takes the shipment request back." in preview.assumptions
    run.cancel("e1", reason="")
    run.settle()
    assert said(run.answer("e1")) == said(preview)


def test_a_carrier_that_does_not_answer_leaves_the_preview_open_and_the_order_alone() -> None:
    run = released()
    before = at_rest(run)
    run.feed_preview(MORE)
    run.up_to(Operation.INQUIRE)
    run.finish(run.pending[0], fault=True)
    preview = run.settle().previews["p1"]
    assert (preview.outcome, preview.code) == (ChangeOutcome.REFUSED, "not_known_now")
    assert preview.words == "No answer. Nothing was changed; ask again later."
    assert at_rest(run) == before


# ---- stale ----------------------------------------------------------------------------------------------


def commit_stale(run: Run, preview: ChangeAnswer, edit: Edit = MORE) -> ChangeAnswer:
    """The change with a token of before; its answer, which must have left everything as it was."""
    books, told, revision = repr((run.world.done, run.world.stock)), len(run.told), run.state.revision
    run.edit(edit, token=preview.token).settle()
    answer = run.answer("e1")
    assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "stale_preview")
    assert answer.revision == run.state.revision == revision
    assert repr((run.world.done, run.world.stock)) == books
    assert run.told[told:] == ["change.refused"]
    return answer


def test_when_the_goods_are_picked_meanwhile_the_new_preview_says_so() -> None:
    run = released()
    edit = Edit(item={1: "sku-9"})
    preview = run.preview(edit)
    run.carrier("picked")
    answer = commit_stale(run, preview, edit)
    assert answer.instead is not None
    assert (answer.instead.code, answer.instead.token, answer.instead.preview) == ("too_late", "", True)
    assert run.world.live(Operation.SHIP) == [run.key("ship")]


def test_when_the_stock_is_gone_meanwhile_the_new_preview_says_so() -> None:
    run = released()
    preview = run.preview(MORE)
    run.world.stock.available["main", "sku-1"] = 0
    answer = commit_stale(run, preview)
    assert answer.instead is not None
    assert answer.instead.code == "out_of_stock"


def test_after_another_change_the_new_preview_can_be_had() -> None:
    run = released()
    preview = run.preview(MORE)
    run.edit(Edit(quantity={2: 5}), "e0").settle()
    answer = commit_stale(run, preview)
    assert answer.instead is not None
    assert answer.instead.outcome is ChangeOutcome.ACCEPTED
    run.edit(MORE, "e2", token=answer.instead.token).settle()
    assert run.answer("e2").outcome is ChangeOutcome.ACCEPTED
    assert said(run.answer("e2")) == said(answer.instead)


def test_a_new_preview_that_waits_is_not_saved_in_advance_for_another_change_may_come() -> None:
    run = released()
    preview = run.preview(MORE)
    run.edit(Edit(quantity={2: 1}), "e0").settle()
    run = resumed(run).settle()
    run.edit(MORE, token=preview.token).settle(lambda call: call.operation is Operation.CHECK)
    run.edit(Edit(add={20: 1}), "e2").settle(lambda call: call.operation is Operation.AUTHORIZE)
    run.finish(run.pending[0], refuse="declined")
    assert [call.operation for call in run.pending] == [Operation.RELEASE], "the preview waits for that, and no more"
    run.edit(Edit(quantity={2: 2}), "e3").settle()
    assert [run.answer(id_).outcome for id_ in ("e2", "e3")] == [ChangeOutcome.REFUSED, ChangeOutcome.ACCEPTED]
    answer = run.answer("e1")
    assert (answer.code, answer.revision) == ("stale_preview", 3)
    assert run.world.database.answers["e1"] == answer


def test_a_token_of_another_change_is_stale() -> None:
    run = released()
    preview = run.preview(Edit(quantity={1: 4}), "e0")
    assert commit_stale(run, preview).instead is not None


def test_a_change_that_gets_a_new_preview_is_answered_once() -> None:
    run = released()
    run.edit(MORE, token="no such token")
    run.up_to(Operation.CHECK)
    asked = ChangeAsked(change_id="e1", change="edit", at=run.at)
    run.feed(asked)
    run.settle()
    assert run.told.count("change.refused") == 1


# ---- beside other work ------------------------------------------------------------------------------------


def test_a_preview_waits_for_the_change_before_it() -> None:
    run = released()
    run.edit(Edit(quantity={2: 5}), "e0")
    assert run.preview(MORE).revision == 3


def test_a_preview_asked_before_the_order_is_open_is_answered_when_it_is() -> None:
    run = Run().begin()
    assert run.preview(MORE).outcome is ChangeOutcome.ACCEPTED


def test_a_cancel_does_not_wait_for_a_preview() -> None:
    run = released()
    run.feed_preview(MORE)
    run.up_to(Operation.INQUIRE)
    run.cancel()
    assert Operation.CANCEL_SHIPMENT in {call.operation for call in run.pending}
    run.settle()
    assert run.previews["p1"].code == "order_closed"
    assert run.state.finished


def test_an_edit_does_not_wait_for_a_preview() -> None:
    run = released()
    run.feed_preview(MORE)
    run.edit(Edit(quantity={2: 5}), "e0")
    look = run.pending.pop(0)
    run.settle()
    assert run.answer("e0").outcome is ChangeOutcome.ACCEPTED
    run.pending.append(look)
    run.settle()
    assert run.previews["p1"].revision == 3


@given(
    what=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
    which=st.integers(0, 9),
    more=st.integers(1, 4),
    groups=st.integers(1, 3),
    method=st.sampled_from(("card", "terms")),
    refused=st.integers(0, 14),
    carrier=st.sampled_from(("", "picked", "shipped")),
    short=st.booleans(),
)
@settings(max_examples=1_000 if FULL else 100, deadline=None)
def test_a_preview_is_what_the_change_comes_to(
    what: list[str], which: int, more: int, groups: int, method: str, refused: int, carrier: str, short: bool
) -> None:
    """Whatever the order stands at: `refused` is which of its calls is turned down, if it makes so many."""
    run = Run(world=World(groups=groups, method=method)).begin()
    for _ in range(refused):
        if run.pending:
            run.finish(run.pending[0])
    if refused and run.pending and run.pending[0].operation is not Operation.SAVE:
        run.finish(run.pending[0], refuse="no_way")
    run.settle()
    if short:
        run.world.stock.available |= {("main", f"sku-{n}"): 1 for n in range(1, 20)}
    if carrier and "ship" in run.state.groups["1"].runs and run.step("ship").state is RunState.DONE:
        run.carrier(carrier)
        run.settle()
    opened: Opened | None = run.world.database.opened
    assert opened is not None
    edit = drawn(what, which, more, opened)
    before = at_rest(run)
    preview = run.preview(edit)
    assert at_rest(run) == before
    run.edit(edit, token=preview.token or None).settle()
    event(f"{preview.outcome} {preview.code}")
    assert said(run.answer("e1")) == said(preview)


def test_the_kinds_of_change_are_all_drawn() -> None:
    drawable = {kind for kind in ChangeKind if str(kind) in KINDS}
    assert len(drawable) >= 7


def test_a_state_of_before_there_were_previews_is_read() -> None:
    old = released().state.model_dump(mode="json", exclude={"previews"})
    assert OrderState.model_validate(old).previews == ()


@pytest.mark.parametrize("held_before", [True, False])
def test_a_hold_that_comes_or_goes_after_it_was_judged_changes_nothing_of_what_was_previewed(held_before: bool) -> None:
    """A line that goes by itself is promised with the answer only where nobody holds the order (CAP9, I14)."""
    run = Run().begin().settle()
    hold = HoldAsked(id="h1", code="credit", reason="over the limit", at=run.at)
    release = ReleaseAsked(id="h1", reason="paid up", at=run.at)
    if held_before:
        run.feed(hold)
        run.settle()
    run.pass_time(timedelta(days=30))
    run.settle()
    seen = run.preview(Edit(add={20: 1}))
    run.edit(Edit(add={20: 1}), token=seen.token)
    run.up_to(Operation.RESERVE)
    run.feed(release if held_before else hold)
    run.settle()
    answer = run.answer("e1")
    assert (answer.outcome, answer.code) == (ChangeOutcome.ACCEPTED, "changed")
    assert said(answer) == said(seen)
