"""An order whose workflow is gone begins anew: the ledger answers what was done, and nothing is done twice (I11)."""

import pytest

from domain.process.words import Operation, Status
from tests.process.begun_anew import resumed
from tests.process.outside import World
from tests.process.policies import SHAPES
from tests.process.runner import Run

EFFECTS = (Operation.RESERVE, Operation.AUTHORIZE, Operation.SHIP, Operation.CAPTURE, Operation.INVOICE)


def walked(world: World, results: int) -> tuple[Run, bool]:
    """An order that was shipped as soon as it could be, after so many results; and whether it was finished by then."""
    run = Run(world=world).begin()
    for _ in range(results):
        if run.pending:
            run.finish(run.pending[0])
        elif not run.state.finished:
            run.carrier("delivered", next(key for key in world.live(Operation.SHIP) if key not in world.shipped))
    return run, run.state.finished


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unanswered"])
@pytest.mark.parametrize("groups", [1, 2])
def test_from_any_moment_it_comes_to_the_same_end_with_no_effect_twice(shape: str, answered: bool, groups: int) -> None:
    for results in range(1, 30):
        run, finished = walked(World(process=SHAPES[shape](), groups=groups), results)
        if finished:
            break
        if not answered:
            for call in run.pending:
                run.world.answer(call)
        before = set(run.world.done)
        run = resumed(run)
        for _ in range(20):
            run.settle()
            if run.state.finished:
                break
            run.carrier(
                "delivered", next(key for key in run.world.live(Operation.SHIP) if key not in run.world.shipped)
            )
        assert run.row.status == Status.COMPLETED
        assert before <= set(run.world.done)
        for operation in EFFECTS:
            assert len(run.world.live(operation)) == groups, operation
        assert run.world.database.told.count("order.completed") == 1
        assert run.world.database.row == run.row
    else:
        raise AssertionError("the order never finished")


def test_an_expired_authorization_stays_expired() -> None:
    run = Run().begin().settle()
    run.expire()
    run.settle()
    run = resumed(run)
    run.settle()
    assert run.row.status == Status.RELEASED
    assert [call.key[-1] for call in run.calls if call.operation is Operation.AUTHORIZE] == ["2"]
    assert len(run.world.held()) == 1
