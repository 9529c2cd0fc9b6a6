"""Orders to be changed, and what is looked at afterwards."""

from domain.policy.model import CancelRefused
from domain.process.calls import Call
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.editing import Edit
from tests.process.ending import is_well
from tests.process.outside import World
from tests.process.runner import Run

UP = Edit(quantity={1: 3})


def released(**world: object) -> Run:
    """An order whose shipment is asked for and has not left."""
    return Run(world=World(**world)).begin().settle()  # type: ignore[arg-type]


def under(word: CancelRefused, **world: object) -> Run:
    """The same, by a policy that says so of a cancel that is refused."""
    return released(cancel_refused=word, **world)


def no(run: Run) -> Run:
    """The carrier does not give the next request back; all else comes back as it should."""
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    return run.settle()


def come_back_but_group_two(run: Run, results: int) -> None:
    """So many results come back; the carrier keeps what group 2 has asked it for."""
    for _ in range(results):
        if run.pending:
            call = run.pending[0]
            no = call.operation is Operation.CANCEL_SHIPMENT and call.group == "2"
            run.finish(call, refuse="too_late" if no else None)


def stopped_at(operation: Operation, world: World | None = None) -> tuple[Run, Call]:
    """An order of which such a call is on its way."""
    run = Run(world=world or World()).begin()
    return run, run.up_to(operation)


def since(run: Run, before: int) -> list[str]:
    """Keys of what was asked of the world, without saves and the order's number."""
    return [call.key.removeprefix("O-1/") for call in run.calls[before:] if call.operation is not Operation.SAVE]


def ends_well(run: Run) -> None:
    """The carrier ships whatever it was asked for, and the order ends as its newest version says."""
    run.settle()
    left: set[str] = set()
    while not run.state.finished:
        keys = [key for key in run.world.live(Operation.SHIP) if key not in left]
        assert keys, run.row
        left.add(keys[0])
        run.carrier("shipped", keys[0])
        run.settle()
    is_well(run)
    assert run.row.status == Status.COMPLETED


def refused(run: Run, code: str, change_id: str = "e1") -> str:
    """The change was turned down and the order is as it was; returns why."""
    answer = run.answer(change_id)
    assert (answer.outcome, answer.code, answer.revision) == (ChangeOutcome.REFUSED, code, run.state.revision)
    assert answer.before == answer.after
    assert run.told.count("change.refused") == sum(
        one.outcome is ChangeOutcome.REFUSED for one in run.state.answers.values()
    )
    return answer.words


def accepted(run: Run, change_id: str = "e1") -> None:
    assert run.answer(change_id).outcome is ChangeOutcome.ACCEPTED, run.answer(change_id).words
