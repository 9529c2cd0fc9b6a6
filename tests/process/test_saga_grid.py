"""Every step of the shipped process with everything that can happen to it, on the modelled outside (CHG9, ORC19)."""

import re

import pytest

from domain.policy.words import SUPPORTED_TASKS, UNDONE_BY, TaskWord
from domain.process.words import UNDO
from tests.process.saga import EFFECT, HAPPENS, run_cell
from tools.docs.generated import FOLDER
from tools.docs.saga_grid import Cell, Hazard, all_cells, cells, shipped_steps, tasks_without_a_step

LEFT_OUT = {TaskWord.CLOSE: "it is over in the decision that begins it"}
"""Tasks that need no cells, each with its reason."""


def test_every_task_is_in_the_grid() -> None:
    assert tasks_without_a_step() == LEFT_OUT.keys(), "a task that no cell tries"
    assert {step.do for step in shipped_steps()} == SUPPORTED_TASKS - LEFT_OUT.keys()
    assert EFFECT.keys() == UNDONE_BY.keys()
    assert set(EFFECT.values()) == UNDO.keys(), "an effect that no step of the grid makes"
    assert HAPPENS.keys() == set(Hazard)
    assert len(set(all_cells())) == len(shipped_steps()) * len(Hazard)


def test_the_page_of_the_grid_names_the_tests_that_there_are() -> None:
    page = (FOLDER / "saga-grid.md").read_text(encoding="utf-8")
    named = re.findall(r"`tests/process/test_saga_grid.py::test_a_cell_on_the_modelled_outside\[([^`]+)\]`", page)
    assert named == [cell.name for cell in cells()]


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: cell.name)
def test_a_cell_on_the_modelled_outside(cell: Cell) -> None:
    run_cell(cell)
