"""An order that was changed in flight, or is being changed, is resumed: its books end as if nothing had been (CHG8)."""

from copy import deepcopy

import pytest

from domain.process.calls import RequestShipment
from domain.process.words import ChangeKind, ChangeOutcome, Operation
from tests.process.begun_anew import resumed
from tests.process.changed import ends_well
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import SHAPES
from tests.process.runner import Run

EDITS = {
    "more": Edit(quantity={1: 3}),
    "fewer": Edit(quantity={2: 1}),
    "other item": Edit(item={1: "sku-99"}),
    "line cancelled": Edit(cancel=(2,)),
    "group cancelled": Edit(cancel=(1, 2)),
    "line added": Edit(add={9: 3}),
    "other warehouse": Edit(fields={ChangeKind.WAREHOUSE: "east"}),
    "line moved": Edit(move={2: "east"}),
    "dearer": Edit(price={1: 7000}),
    "cheaper": Edit(price={2: 500}),
    "other zone": Edit(fields={ChangeKind.ADDRESS_OTHER_ZONE: "CA"}),
    "later": Edit(fields={ChangeKind.LATER_DATE: None}),
    "by air": Edit(fields={ChangeKind.SHIP_METHOD: "air"}),
    "on terms": Edit(fields={ChangeKind.PAYMENT: "terms"}),
    "other card": Edit(fields={ChangeKind.PAYMENT: "card"}),
    "reference": Edit(fields={ChangeKind.REFERENCE: "PO-1"}),
    "more and fewer": Edit(quantity={1: 4, 2: 1}),
}
MANY = 60
"""More results than any of these changes takes."""


def books(run: Run) -> object:
    """What the outside has of the order in the end, without keys."""
    world = run.world

    shipped = [world.done[key].work for key in world.live(Operation.SHIP)]
    requests = [(one.location, one.method, one.lines) for one in shipped if isinstance(one, RequestShipment)]
    held = sorted(str(sorted(of.items())) for of in world.stock.held.values() if of)
    captured = sorted(one.amount for one in world.captured().values())
    invoices = [world.done[key].work for key in world.live(Operation.INVOICE)]
    billed = sorted((one.goods, one.charges, sorted(one.lines.items())) for one in invoices)  # type: ignore[union-attr]
    assert world.database.opened is not None
    return (
        sorted(requests, key=str),
        held,
        captured,
        billed,
        world.database.opened.lines,
        run.row.status,
        run.row.counts,
    )


def answers(run: Run) -> object:
    given = run.world.database.answers.items()
    return {change_id: (one.outcome, one.code, one.revision, one.before, one.after) for change_id, one in given}


def changed(edits: list[str], groups: int, before: int, shape: str = "standard") -> Run:
    """An order that was left alone after so many results, and is then asked for changes, one after the other."""
    run = Run(world=World(process=SHAPES[shape](), groups=groups)).begin()
    some(run, before)
    for n, name in enumerate(edits[:-1]):
        run.edit(EDITS[name], f"e{n}").settle()
    return run.edit(EDITS[edits[-1]], "last")


def some(run: Run, results: int) -> Run:
    for _ in range(results):
        if run.pending:
            run.finish(run.pending[0])
    return run


def cut_everywhere(edits: list[str], groups: int, before: int, shape: str = "standard") -> None:
    """Cut after every result: the resumed order ends with the books and the answers of one that was left alone."""
    ahead = changed(edits, groups, before, shape)
    left_alone = deepcopy(ahead)
    ends_well(left_alone)
    for after in range(MANY):
        for answered in (True, False):
            run = deepcopy(ahead)
            if not answered:
                for call in run.pending:
                    run.world.answer(call)
            run = resumed(run)
            ends_well(run)
            assert books(run) == books(left_alone), (edits, before, after, answered)
            assert answers(run) == answers(left_alone)
            assert run.told.count("change.accepted") == left_alone.told.count("change.accepted")
        if not ahead.pending:
            return
        some(ahead, 1)
    raise AssertionError("the change never came to rest")


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("groups", [1, 2])
def test_cut_anywhere_in_a_change_the_books_end_the_same(name: str, groups: int) -> None:
    if groups == 1 and name == "group cancelled":
        pytest.skip("nothing would be left")
    cut_everywhere([name], groups, MANY)


@pytest.mark.parametrize("refused", [Operation.AUTHORIZE, Operation.CANCEL_SHIPMENT])
def test_what_was_held_for_a_group_that_is_not_founded_is_given_back(refused: Operation) -> None:
    """The change that would have founded it is turned down: nothing stays held for it, wherever the order is cut."""
    for after in range(MANY):
        run = changed(["line moved" if refused is Operation.CANCEL_SHIPMENT else "line added"], 1, MANY)
        for _ in range(after):
            if run.pending:
                call = run.pending[0]
                turned = call.operation is refused and "last" not in run.world.database.answers
                run.finish(call, refuse="no" if turned else "")
        quiet = not run.pending
        was_refused = "last" in run.world.database.answers
        run = resumed(run)
        while run.pending:
            call = run.pending[0]
            turned = call.operation is refused and "last" not in run.world.database.answers
            run.finish(call, refuse="no" if turned else "")
        assert run.world.database.answers["last"].outcome == "refused"
        assert [group.id for group in run.row.groups] == ["1"]
        assert run.world.live(Operation.RESERVE, "2") == []
        assert run.world.held("2") == set()
        assert len(run.world.live(Operation.RESERVE, "1")) == len(run.world.live(Operation.SHIP, "1")) == 1
        if quiet:
            assert was_refused
            return
    raise AssertionError("the change never came to rest")


def test_a_preview_does_not_wait_for_what_only_a_person_can_have_taken_back() -> None:
    """A group came to nothing, and what it had held is not given back: a change would not wait for that either."""
    run = resumed(Run().begin().settle()).settle()
    run.edit(Edit(add={9: 1}), "e1")
    run.finish(run.up_to(Operation.AUTHORIZE), fault=True, effect=True)
    run.finish(run.up_to(Operation.VOID), fault=True, effect=False)
    run.settle()
    assert run.answer("e1").code == "payment_unavailable"
    assert [waiting.code for waiting in run.row.waiting if waiting.parked] == ["undo_failed"]

    seen = run.preview(Edit(quantity={1: 3}), "e2")
    assert (seen.outcome, seen.code, seen.preview) == (ChangeOutcome.ACCEPTED, "changed", True)
    run.edit(Edit(quantity={1: 3}), "e2", token=seen.token).settle()
    assert run.answer("e2").outcome is ChangeOutcome.ACCEPTED
