"""Walking the process tree: which steps a group may begin now (ORC1, ORC5)."""

from collections.abc import Callable, Iterator

from domain.policy.model import Choose, Node, Path, Process, Step, Together
from domain.process.state import Group, RunState

Holds = Callable[[str], bool]
"""Answers whether a condition is true for the group; unknown is not true."""


def next_steps(process: Process, group: Group, chosen: Callable[[Choose], Path]) -> list[Step]:
    """The steps to begin now, in the order of the process; empty when all is done or everything waits."""
    front: list[Step] = []
    _walk(process.steps, group, chosen, front)
    return [step for step in front if not _begun(group, step)]


def standing_at(process: Process, group: Group) -> set[str]:
    """The steps that everything before has been passed for, and that are not passed themselves."""
    front: list[Step] = []
    _walk(process.steps, group, lambda choose: path_taken(choose, group), front)
    return {step.step for step in front}


def _begun(group: Group, step: Step) -> bool:
    run = group.runs.get(step.step)
    return run is not None and run.state is not RunState.UNDONE


def _walk(nodes: tuple[Node, ...], group: Group, chosen: Callable[[Choose], Path], front: list[Step]) -> bool:
    """Adds the steps at which the group stands; True when every node has been passed."""
    for node in nodes:
        match node:
            case Step():
                if not _is_passed(group, node):
                    front.append(node)
                    return False
            case Choose():
                if not _walk(chosen(node).steps, group, chosen, front):
                    return False
            case Together():
                passed = [_walk(path.steps, group, chosen, front) for path in node.together]
                if not all(passed):
                    return False
    return True


def finished(process: Process, group: Group) -> bool:
    """Whether every step on the group's way has been passed; the last is asked first, for it is the last to be."""
    return all(_is_passed(group, step) for step in reversed(steps_taken(process, group)))


def _is_passed(group: Group, step: Step) -> bool:
    run = group.runs.get(step.step)
    return run is not None and run.passed


def on_the_way(nodes: tuple[Node, ...], chosen: Callable[[Choose], Path]) -> Iterator[Step]:
    """Every step with the paths that would be chosen, each of which is asked for when it is come to."""
    for node in nodes:
        match node:
            case Step():
                yield node
            case Choose():
                yield from on_the_way(chosen(node).steps, chosen)
            case Together():
                for path in node.together:
                    yield from on_the_way(path.steps, chosen)


def choices_of(process: Process) -> Iterator[Choose]:
    """Every choice of a process, in reading order."""
    yield from _choices(process.steps)


def _choices(nodes: tuple[Node, ...]) -> Iterator[Choose]:
    for node in nodes:
        match node:
            case Choose():
                yield node
                for path in node.paths:
                    yield from _choices(path.steps)
            case Together():
                for path in node.together:
                    yield from _choices(path.steps)
            case Step():
                pass


def path_taken(choose: Choose, group: Group) -> Path:
    """The path the group has taken, else the one marked otherwise (the last)."""
    name = group.choices.get(choose.choose)
    return next((path for path in choose.paths if path.path == name), choose.paths[-1])


def steps_taken(process: Process, group: Group) -> list[Step]:
    """Every step on the group's way, behind it and before it, in reading order."""
    return list(on_the_way(process.steps, lambda choose: path_taken(choose, group)))


def steps_of(process: Process) -> tuple[Step, ...]:
    """Every step of a process, in reading order."""
    return process.all_steps
