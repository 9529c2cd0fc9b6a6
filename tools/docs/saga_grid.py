"""The page of the saga grid: each step of the shipped process and all that can happen to it, with the tests of each."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from adapters.policy_files.folder import load_folder
from domain.policy.model import SUPPORTED_TASKS, Process, TaskWord
from domain.policy.process import Step
from domain.policy.words import NO_EFFECT
from domain.process.flow import steps_of
from settings import PROJECT_ROOT
from tools.docs.markdown import code, page, table

MODELLED = "tests/process/test_saga_grid.py::test_a_cell_on_the_modelled_outside"
REAL = "tests/grid/test_saga_grid.py::test_a_cell_on_the_whole_stack"


class Hazard(StrEnum):
    """What can happen to a step."""

    FAILS_BEFORE = "fails before"
    TIMES_OUT = "effect, then time-out"
    EXHAUSTED = "effect, then attempts exhausted"
    REFUSED = "refused"
    CANCELLED = "cancelled here"
    CHANGED = "changed here"
    KILLED = "worker killed here"
    DONE_TWICE = "done twice"
    UNDONE_TWICE = "undone twice"
    UNDO_LATE = "undo fails, then works"
    UNDO_FAILS = "undo fails for good"


AT_ANY_STEP = frozenset({Hazard.CANCELLED, Hazard.CHANGED, Hazard.KILLED})
UNDOING = frozenset({Hazard.UNDONE_TWICE, Hazard.UNDO_LATE, Hazard.UNDO_FAILS})


@dataclass(frozen=True)
class Cell:
    """One thing that happens to one step."""

    step: str
    task: TaskWord
    hazard: Hazard

    @property
    def name(self) -> str:
        """As in the ids of tests."""
        return f"{self.step.replace('_', ' ')}: {self.hazard}"


def impossible(task: TaskWord, hazard: Hazard) -> str:
    """Why that cannot happen to such a step; empty when it can."""
    if task is TaskWord.INVOICE and hazard is Hazard.REFUSED:
        return "the invoice is our own: there is nobody to refuse it"
    if task not in NO_EFFECT or hazard in AT_ANY_STEP:
        return ""
    if task is TaskWord.WAIT and hazard is Hazard.DONE_TWICE:
        return ""
    return "it has no effect to undo" if hazard in UNDOING else "it asks nothing of anybody"


@cache
def shipped_process() -> Process:
    """The process that comes with the product."""
    bundle = load_folder(PROJECT_ROOT / "policies").bundle
    assert bundle is not None
    return bundle.processes["standard"]


def shipped_steps() -> list[Step]:
    """Its steps, in their order."""
    return list(steps_of(shipped_process()))


def all_cells() -> list[Cell]:
    """Every step with every hazard, possible or not."""
    return [Cell(step.step, step.do, hazard) for step in shipped_steps() for hazard in Hazard]


def cells() -> list[Cell]:
    """Those that can happen."""
    return [cell for cell in all_cells() if not impossible(cell.task, cell.hazard)]


def tasks_without_a_step() -> frozenset[TaskWord]:
    """Tasks of the vocabulary that no step of the shipped process does, so that the grid does not try them."""
    return SUPPORTED_TASKS - {step.do for step in shipped_steps()}


def _row(cell: Cell) -> tuple[str, ...]:
    reason = impossible(cell.task, cell.hazard)
    tests = (f"cannot be: {reason}", "-") if reason else tuple(code(f"{one}[{cell.name}]") for one in (MODELLED, REAL))
    return (cell.step.replace("_", " "), str(cell.hazard), *tests)


def saga_grid_page() -> str:
    """One row for each cell, made from the shipped process and the enums of the model."""
    left_out = ", ".join(code(task) for task in sorted(tasks_without_a_step()))
    return page(
        "The saga grid, cell by cell",
        f"{len(shipped_steps())} steps of the shipped process, {len(Hazard)} things that can happen to each:"
        f" {len(cells())} cells, and {len(all_cells()) - len(cells())} that cannot be, with the reason.",
        "Each cell is proven twice: on the decider with a modelled outside, and on the whole stack, where the carrier"
        " and the payment provider fail by their own means, rows of the database are locked, its sessions ended, the"
        " whole of it paused, and the worker is killed (-9). A cell compares what a person sees meanwhile, the end of"
        " the order, the outside's own books, stock, money and invoices; afterwards `ordito audit` has to find nothing."
        " The undo of a capture or an invoice is tried with an order of which nothing is to be shipped: what was"
        " shipped cannot be cancelled any more.",
        f"A task of the vocabulary that no step of the shipped process does is not in it: {left_out}. A new one fails"
        " `tests/process/test_saga_grid.py::test_every_task_is_in_the_grid`.",
        table(
            ("step", "what happens", "proven on the modelled outside", "and on the whole stack"), map(_row, all_cells())
        ),
    )
