"""The static rules that a bundle keeps before it can be published (POL2): the door to all of them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from domain.codes import CURRENCIES
from domain.conditions.names import about_fact
from domain.conditions.types import suggest
from domain.policy.change_policy import check_change_rules
from domain.policy.check_assignment import check_assignment
from domain.policy.check_conditions import check_glossary, check_process_conditions
from domain.policy.check_flow import check_flow
from domain.policy.check_steps import check_steps
from domain.policy.findings import Path, Problem
from domain.policy.model import Bundle


def check(bundle: Bundle) -> list[Problem]:
    """Everything that is wrong with a bundle, errors and warnings, in the order of the files."""
    glossary = list(check_glossary(bundle.glossary))
    found = [*_workspace(bundle), *glossary]
    for name, process in bundle.processes.items():
        at: Path = ("processes", name)
        found += check_steps(process, bundle.workspace, at)
        found += check_flow(process, at)
        found += check_process_conditions(process, bundle.glossary, at)
    found += check_assignment(bundle)
    found += _pricing(bundle)
    found += check_change_rules(bundle.change_rules, bundle.workspace.currency)
    if glossary:
        found = [problem for problem in found if problem.path[0] == "glossary" or not about_fact(problem.message)]
    return found


def _workspace(bundle: Bundle) -> Iterator[Problem]:
    workspace = bundle.workspace
    if workspace.currency not in CURRENCIES:
        hint = suggest(workspace.currency, CURRENCIES, otherwise="write an ISO code such as USD or EUR")
        yield Problem(("workspace", "currency"), f"`{workspace.currency}` is not a currency; {hint}")
    yield from _twice(((("workspace", "roles", n), role) for n, role in enumerate(workspace.roles)), "role")
    styles = workspace.retry_styles
    yield from _twice(
        ((("workspace", "retry_styles", n, "style"), style.style) for n, style in enumerate(styles)), "retry style"
    )
    calendars = workspace.calendars
    yield from _twice(
        ((("workspace", "calendars", n, "calendar"), c.calendar) for n, c in enumerate(calendars)), "calendar"
    )
    for number, style in enumerate(styles):
        if style.first_wait > style.longest_wait:
            message = "the first wait is longer than the longest; swap them, or make `longest_wait` longer"
            yield Problem(("workspace", "retry_styles", number, "first_wait"), message)


def _pricing(bundle: Bundle) -> Iterator[Problem]:
    rounding, usual = bundle.pricing.rounding, bundle.workspace.rounding
    if rounding is not None and rounding is not usual:
        message = (
            f"`{rounding}` contradicts the workspace, which rounds `{usual}`; leave this line out or change it there"
        )
        yield Problem(("pricing", "rounding"), message)


def _twice(named: Iterable[tuple[Path, str]], what: str) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for path, name in named:
        seen[name] += 1
        if seen[name] == 2:
            yield Problem(path, f"{what} `{name}` is there twice; keep one of them")
