"""Walks through a process."""

from collections.abc import Iterator, Sequence

from domain.policy.findings import Path
from domain.policy.model import Choose, Node, Process, Step


def steps_with_paths(nodes: Sequence[Node], at: Path = ("steps",)) -> Iterator[tuple[Path, Step]]:
    """Every step with its path, in the order of the file."""
    for index, node in enumerate(nodes):
        here = (*at, index)
        if isinstance(node, Step):
            yield here, node
        else:
            key = "paths" if isinstance(node, Choose) else "together"
            for number, path in enumerate(node.paths if isinstance(node, Choose) else node.together):
                yield from steps_with_paths(path.steps, (*here, key, number, "steps"))


def conditions_of(process: Process) -> Iterator[str]:
    """The text of every condition and expression in a process."""
    yield from _conditions(process.steps)


def _conditions(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Step):
            yield from (text for text in (node.when, node.lines, node.due) if text is not None)
            if isinstance(node.lead_time, tuple):
                yield from (rule.when for rule in node.lead_time if rule.when is not None)
        else:
            for path in node.paths if isinstance(node, Choose) else node.together:
                if path.when is not None:
                    yield path.when
                yield from _conditions(path.steps)
