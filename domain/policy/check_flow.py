"""Rules about the order of steps, on every way through a process.

The walk keeps what may have run before a step, and which shipment requests are still open: sent, but not waited
for on every way so far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.conditions.types import suggest
from domain.policy.findings import Path, Problem
from domain.policy.model import Choose, Node, Process, ShipStatus, Step, TaskWord, Together
from domain.policy.model import Path as ProcessPath
from domain.policy.walk import steps_with_paths

NEEDS: Mapping[TaskWord, TaskWord] = {
    TaskWord.RESERVE: TaskWord.SCHEDULE,
    TaskWord.SHIP: TaskWord.RESERVE,
    TaskWord.CAPTURE: TaskWord.AUTHORIZE,
}
"""What must come before: a task works on the result of another."""
BEFORE_INVOICE = frozenset({TaskWord.SCHEDULE, TaskWord.RESERVE, TaskWord.SHIP})
UNTIL_GONE = frozenset({TaskWord.CAPTURE, TaskWord.INVOICE})
"""Their undo gives money back to a customer, so they wait until the goods have left and no cancel can come between."""


@dataclass(frozen=True)
class _Before:
    """What is known at one point of the walk."""

    tasks: frozenset[TaskWord] = frozenset()
    names: frozenset[str] = frozenset()
    open: Mapping[str, Path] | None = None

    @property
    def ships(self) -> Mapping[str, Path]:
        """Open shipment requests by step name, with their places."""
        return self.open or {}


def check_flow(process: Process, at: Path) -> Iterator[Problem]:
    """Requests without a wait, waits without a request, work after the invoice, effects without an undo."""
    walk = _Walk(process)
    end = walk.nodes(process.steps, (*at, "steps"), _Before())
    yield from walk.problems
    for name, path in end.ships.items():
        message = f"nobody waits for `{name}`; add a step with `do: wait`, `of: {name}` and `until: shipped` after it"
        yield Problem(path, message)


class _Walk:
    """Follows the steps in the order in which they run."""

    def __init__(self, process: Process) -> None:
        self.problems: list[Problem] = []
        self.steps: dict[str, Step] = {}
        for _, step in steps_with_paths(process.steps):
            self.steps.setdefault(step.step, step)
        self.awaited = {step.of for step in self.steps.values() if step.do is TaskWord.WAIT}

    def nodes(self, nodes: Sequence[Node], at: Path, before: _Before) -> _Before:
        """Walks a list; what is known after it."""
        for index, node in enumerate(nodes):
            here = (*at, index)
            if isinstance(node, Step):
                before = self._step(node, here, before)
            elif isinstance(node, Choose):
                ends = [
                    self.nodes(path.steps, (*here, "paths", n, "steps"), before) for n, path in enumerate(node.paths)
                ]
                before = _joined(ends, {name: path for end in ends for name, path in end.ships.items()})
            else:
                before = self._together(node, here, before)
        return before

    def _together(self, node: Together, at: Path, before: _Before) -> _Before:
        ends = []
        for number, path in enumerate(node.together):
            others = frozenset(step.do for other in node.together if other is not path for _, step in _inside(other))
            self._beside(path, others, (*at, "together", number, "steps"))
            ends.append(self.nodes(path.steps, (*at, "together", number, "steps"), before))
        still = {
            name: path
            for end in ends
            for name, path in end.ships.items()
            if name not in before.ships or all(name in other.ships for other in ends)
        }
        return _joined(ends, still)

    def _beside(self, path: ProcessPath, others: frozenset[TaskWord], at: Path) -> None:
        for place, step in _inside(path):
            here = (*at, *place[1:])
            if step.do in BEFORE_INVOICE and TaskWord.INVOICE in others:
                self._problem(
                    (*here, "do"), f"`{step.step}` runs beside an invoice; nothing is changed once it is written"
                )
            if step.do in UNTIL_GONE and TaskWord.SHIP in others:
                message = f"`{step.step}` runs beside a shipment; it must come after the goods have left"
                self._problem((*here, "do"), message)

    def _step(self, step: Step, at: Path, before: _Before) -> _Before:
        do = step.do
        ships = dict(before.ships)
        needed = NEEDS.get(do)
        if needed is not None and needed not in before.tasks:
            self._problem((*at, "do"), f"`{step.step}` needs a step before it with `do: {needed}`")
        if do in BEFORE_INVOICE and TaskWord.INVOICE in before.tasks:
            self._problem((*at, "do"), f"`{step.step}` comes after an invoice; move it before the first one")
        early = [name for name in ships if name in self.awaited] if do in UNTIL_GONE else []
        for name in early[:1]:
            message = f"`{step.step}` comes before `{name}` has left, when a cancel can still come; put the wait first"
            self._problem((*at, "do"), message)
        if do is TaskWord.SHIP:
            ships[step.step] = at
        if do is TaskWord.WAIT:
            ships = self._closed(step, at, before)
        return _Before(before.tasks | {do}, before.names | {step.step}, ships)

    def _closed(self, wait: Step, at: Path, before: _Before) -> dict[str, Path]:
        """The requests still open after a wait. One that is wrong in itself closes all: one mistake, one message."""
        if wait.of is None or wait.until is None:
            return {}
        awaited = self.steps.get(wait.of)
        if awaited is None:
            ships = [name for name, step in self.steps.items() if step.do is TaskWord.SHIP]
            self._problem((*at, "of"), f"there is no step `{wait.of}`; {suggest(wait.of, ships)}")
            return {}
        if awaited.do is not TaskWord.SHIP:
            self._problem((*at, "of"), f"`{wait.of}` is a `{awaited.do}` step, which has no status to wait for")
            return {}
        if wait.of not in before.names:
            self._problem((*at, "of"), f"`{wait.of}` does not run before this wait, so it would never end")
        closes = wait.until in (ShipStatus.SHIPPED, ShipStatus.DELIVERED) and _as_often(wait, awaited)
        return {name: path for name, path in before.ships.items() if not (closes and name == wait.of)}

    def _problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message))


def _as_often(wait: Step, ship: Step) -> bool:
    """Whether the wait runs whenever the request does."""
    return wait.when in (None, ship.when) and wait.lines in (None, ship.lines)


def _joined(ends: Sequence[_Before], ships: Mapping[str, Path]) -> _Before:
    tasks = frozenset[TaskWord]().union(*(end.tasks for end in ends))
    names = frozenset[str]().union(*(end.names for end in ends))
    return _Before(tasks, names, ships)


def _inside(path: ProcessPath) -> Iterator[tuple[Path, Step]]:
    return steps_with_paths(path.steps)
