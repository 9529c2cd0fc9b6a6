"""Rules about single steps and the names they use."""

from collections.abc import Iterable, Iterator, Sequence

from domain.conditions.types import suggest
from domain.policy.findings import Path, Problem
from domain.policy.model import SUPPORTED_TASKS, Choose, Node, Process, ReactionWord, Step, TaskWord, Workspace
from domain.policy.model import Path as ProcessPath
from domain.policy.walk import steps_with_paths

ONLY_WAIT = ("of", "until", "at_most", "due", "if_late", "if_lost")
NO_CALL = frozenset({TaskWord.SCHEDULE, TaskWord.WAIT, TaskWord.CLOSE})
ON_ERROR = frozenset({ReactionWord.HOLD, ReactionWord.SKIP, ReactionWord.CANCEL, ReactionWord.ASK})
PICKS_LINES = frozenset({TaskWord.RESERVE, TaskWord.SHIP})
"""Steps that may leave lines out (ORC4); money is for all lines, and a wait follows its ship step."""
IF_LATE = frozenset({ReactionWord.ALERT})
IF_LOST = frozenset({ReactionWord.RE_SEND, ReactionWord.REFUND, ReactionWord.ASK})
NEVER_SKIPPED = frozenset({TaskWord.SCHEDULE, TaskWord.RESERVE, TaskWord.AUTHORIZE, TaskWord.SHIP})
"""Later steps stand on these; without them an order would wait for ever or ship uncovered (I7)."""


def check_steps(process: Process, workspace: Workspace, at: Path) -> Iterator[Problem]:
    """Names that do not exist, names used twice, keys that do not go with a task, incomplete branches."""
    roles = workspace.roles
    calendars = [calendar.calendar for calendar in workspace.calendars]
    yield from _known(process.calendar, calendars, "calendar", (*at, "calendar"))
    yield from _known(process.owner, roles, "role", (*at, "owner"))
    seen: dict[str, Path] = {}
    for path, step in steps_with_paths(process.steps):
        here = (*at, *path)
        if step.step in seen:
            yield Problem((*here, "step"), f"step `{step.step}` is there twice; give each step a name of its own")
        seen.setdefault(step.step, here)
        yield from _step(step, workspace, here)
    yield from _same_lines(process, at)
    yield from _branches(process.steps, (*at, "steps"), set(seen))


def _same_lines(process: Process, at: Path) -> Iterator[Problem]:
    """What is shipped is what was set aside: the steps of one process pick the same lines."""
    picking = [(path, step) for path, step in steps_with_paths(process.steps) if step.do in PICKS_LINES]
    for path, step in picking[1:]:
        first = picking[0][1]
        if step.lines != first.lines:
            wanted = f"`lines: {first.lines}`" if first.lines else "no `lines`"
            message = f"`{step.step}` picks other lines than `{first.step}`; write {wanted} here too"
            yield Problem((*at, *path, "lines") if step.lines else (*at, *path), message)


def _step(step: Step, workspace: Workspace, at: Path) -> Iterator[Problem]:
    if step.do not in SUPPORTED_TASKS:
        able = ", ".join(word for word in TaskWord if word in SUPPORTED_TASKS)
        yield Problem((*at, "do"), f"`{step.do}` cannot be run yet; what can be: {able}")
        return
    if step.retry is not None:
        styles = [style.style for style in workspace.retry_styles]
        yield from _known(step.retry, styles, "retry style", (*at, "retry"))
        if step.do in NO_CALL:
            yield Problem((*at, "retry"), f"`{step.do}` calls nobody, so there is nothing to retry; leave `retry` out")
    if step.owner is not None:
        yield from _known(step.owner, workspace.roles, "role", (*at, "owner"))
    yield from _reactions(step, workspace.roles, at)
    if step.lines is not None:
        yield from _lines(step, at)
    if step.do is TaskWord.WAIT:
        yield from _wait(step, at)
        return
    for key in ONLY_WAIT:
        if getattr(step, key) is not None:
            yield Problem((*at, key), f"`{key}` goes with `do: wait` only; leave it out, or add a wait for this step")


def _lines(step: Step, at: Path) -> Iterator[Problem]:
    if step.do not in PICKS_LINES:
        words = " and ".join(f"`{word}`" for word in sorted(PICKS_LINES))
        yield Problem((*at, "lines"), f"`lines` goes with {words} only; leave it out of `{step.do}`")


def _wait(step: Step, at: Path) -> Iterator[Problem]:
    if step.of is None:
        yield Problem(at, f"`{step.step}` does not say what it waits for; add `of:` with the name of a ship step")
    if step.until is None:
        yield Problem(at, f"`{step.step}` does not say when it ends; add `until: shipped`")
    if step.at_most is None and step.due is None:
        yield Problem(at, f"`{step.step}` could wait for ever; add `at_most: 30 days` or `due: order.requested_date`")


def _reactions(step: Step, roles: Sequence[str], at: Path) -> Iterator[Problem]:
    for key, able in (("on_error", ON_ERROR), ("if_late", IF_LATE), ("if_lost", IF_LOST)):
        reaction = getattr(step, key)
        if reaction is None:
            continue
        if reaction.word not in able:
            words = ", ".join(f"{word} ROLE" if word is ReactionWord.ASK else word for word in sorted(able))
            yield Problem((*at, key), f"`{key}` cannot be `{reaction.word}`; what can be: {words}")
        elif reaction.role is not None:
            yield from _known(reaction.role, roles, "role", (*at, key))
        elif reaction.word is ReactionWord.SKIP and step.do in NEVER_SKIPPED:
            message = f"`{step.do}` cannot be skipped, later steps stand on it; write hold, cancel or ask ROLE"
            yield Problem((*at, key), message)


def _known(name: str, known: Iterable[str], what: str, at: Path) -> Iterator[Problem]:
    names = list(known)
    if name not in names:
        yield Problem(at, f"there is no {what} `{name}`; {suggest(name, names)}")


def _branches(nodes: Sequence[Node], at: Path, taken: set[str]) -> Iterator[Problem]:
    for index, node in enumerate(nodes):
        if isinstance(node, Step):
            continue
        here = (*at, index)
        key, paths = ("paths", node.paths) if isinstance(node, Choose) else ("together", node.together)
        if isinstance(node, Choose):
            if node.choose in taken:
                yield Problem((*here, "choose"), f"`{node.choose}` is there twice; give each choice a name of its own")
            taken.add(node.choose)
            yield from _choose(node, here)
        else:
            yield from _together(paths, (*here, key))
        names: set[str] = set()
        for number, path in enumerate(paths):
            if path.path in names:
                yield Problem((*here, key, number, "path"), f"path `{path.path}` is there twice; rename one of them")
            names.add(path.path)
            yield from _branches(path.steps, (*here, key, number, "steps"), taken)


def _choose(node: Choose, at: Path) -> Iterator[Problem]:
    others = [number for number, path in enumerate(node.paths) if path.otherwise]
    last = len(node.paths) - 1
    if not others:
        message = f"`{node.choose}` says nothing about the rest; mark its last path with `otherwise: true`"
        yield Problem((*at, "paths", last), message)
    for number in others:
        if number != last:
            message = "only the last path can be `otherwise`; paths after it would never be taken"
            yield Problem((*at, "paths", number, "otherwise"), message)
    for number, path in enumerate(node.paths):
        here = (*at, "paths", number)
        if path.otherwise and path.when is not None:
            yield Problem((*here, "when"), f"`{path.path}` has both `when` and `otherwise`; keep one of them")
        if not path.otherwise and path.when is None and (number != last or others):
            yield Problem(here, f"`{path.path}` does not say when it is taken; add `when:`")


def _together(paths: Sequence[ProcessPath], at: Path) -> Iterator[Problem]:
    for number, path in enumerate(paths):
        for key, used in (("when", path.when is not None), ("otherwise", path.otherwise)):
            if used:
                message = f"paths of `together` all run, so `{key}` has no place here; put it on the steps"
                yield Problem((*at, number, key), message)
