"""What must be true of an order that is over, by the books of the outside."""

from collections.abc import Iterable

from domain.process.calls import CreateInvoice, RequestShipment
from domain.process.outcomes import Opened, PricedLine
from domain.process.rows import row_of
from domain.process.state import Group, RunState
from domain.process.words import Operation, Status
from tests.process.database import is_settled, same_answer
from tests.process.parted import in_group
from tests.process.runner import Run

STANDING = (Operation.RESERVE, Operation.SHIP, Operation.INVOICE)


def is_well(run: Run, *, skipped: bool = False) -> None:
    """Saved, answered, and nothing too much or too little outside. `skipped` says that somebody had a step skipped."""
    database, state, row = run.world.database, run.state, row_of(run.state)
    assert database.row == row, "the read model is not what the workflow has"
    assert database.version == state.saved_version
    known = state.answers.keys() | set(state.answered)  # what made no sense may be forgotten
    saved = {id_ for id_, given in database.answers.items() if given.code != "malformed" or id_ in known}
    assert saved == known, "an answer was not saved (CHG14)"
    for change_id, given in state.answers.items():
        first = database.answers[change_id]
        again = database.resumed and not is_settled(first, None)
        assert same_answer(first, given) or (again and first.outcome == given.outcome), "another answer was saved"
    assert run.watch.asked <= database.answers.keys()
    if row.status == Status.CANCELLED:
        _is_cancelled(run)
        return
    assert not database.cancelled
    assert database.told.count("order.completed") == 1
    assert database.opened is not None
    assert database.revision == state.revision, "the order is not saved as it is (CAP11)"
    assert _at_home(run, database.opened.lines) == _at_home(run, state.lines.values())
    for group in state.groups.values():
        _group_is_well(run, database.opened, group, skipped)


def _at_home(run: Run, lines: Iterable[PricedLine]) -> list[PricedLine]:
    """A line of a group that was split meanwhile is where a resumed order finds it."""
    return [line.model_copy(update={"group": _last_with(run, line.group, line.number)}) for line in lines]


def _last_with(run: Run, group: str, number: int) -> str:
    """The last of a group and its rests that has anything of the line: those between may have shipped the others."""
    home, rest = group, run.state.groups[group].rest if group in run.state.groups else None
    while rest is not None:
        home = rest if number in run.state.groups[rest].lines else home
        rest = run.state.groups[rest].rest
    return home


def _is_cancelled(run: Run) -> None:
    world = run.world
    for operation in (*STANDING, Operation.CAPTURE):
        assert not world.live(operation), f"a cancelled order still has its {operation} (I2)"
    assert not world.held(), "a cancelled order still holds money (I2)"
    assert world.database.cancelled == {n: line.quantity for n, line in run.state.lines.items()}
    assert world.database.told.count("order.cancelled") == 1
    assert "order.completed" not in world.database.told


def _group_is_well(run: Run, opened: Opened, group: Group, skipped: bool) -> None:
    """What the outside has is what the newest version of the order says."""
    world = run.world
    if group.id in world.units:
        _part_is_well(run, group)
        return
    lines = in_group(opened, group.id)
    for operation in STANDING:
        assert len(world.live(operation, group.id)) == (1 if lines else 0), operation
    captures = world.live(Operation.CAPTURE, group.id)
    taken = {work.authorization for key, work in world.captured().items() if key in captures}
    assert world.held(group.id) <= taken, "money is held that nobody takes (I2)"
    if not lines:
        return
    capture = group.runs["capture"]
    assert len(captures) == (1 if capture.state is RunState.DONE else 0)
    card = opened.facts.payment_method == "card" and world.worth(group.id, world.database.revision) > 0
    assert capture.state is RunState.DONE or not card or skipped
    held = world.stock.held[world.live(Operation.RESERVE, group.id)[0]]
    assert held == {(number, group.location, line.sku): line.quantity for number, line in lines.items()}
    request = world.done[world.live(Operation.SHIP, group.id)[0]].work
    assert isinstance(request, RequestShipment)
    assert request.lines == {number: line.quantity for number, line in lines.items()}
    assert request.location == group.location


def _part_is_well(run: Run, group: Group) -> None:
    """Of an order whose carrier shipped a part and no more: what left of a group is what was asked for and billed."""
    world, units = run.world, run.world.units[group.id]
    done = {key: call for key, call in world.done.items() if call.group == group.id and key not in world.gone}
    left = [world.shipped[key] for key, call in done.items() if call.operation is Operation.SHIP]
    assert left == [units], f"group {group.id} is {units}, and other units have left (ORC16)"
    billed = [call.work.lines for call in done.values() if isinstance(call.work, CreateInvoice)]
    assert billed == [units], f"group {group.id} is {units}, and other units are billed (ORC16)"
    taken = {work.authorization for key, work in world.captured().items() if key in done}
    assert world.held(group.id) <= taken, "money is held that nobody takes (I2)"
    row = next(row for row in row_of(run.state).groups if row.id == group.id)
    told = {number: row.units.get(number, run.state.lines[number].quantity) for number in row.lines}
    assert told == units, f"group {group.id} is {units}, and shows {told} (ORC16)"
