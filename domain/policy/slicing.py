"""The part of a bundle that one order pins (design rule 6)."""

import re
from collections.abc import Iterable
from datetime import date

from domain.conditions.order_model import OrderFacts
from domain.policy.assign import Assigner
from domain.policy.model import Assigned, Bundle, Glossary, OrderSlice, Process
from domain.policy.walk import conditions_of, steps_with_paths

_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def slice_for(bundle: Bundle, order: OrderFacts, today: date | None = None) -> OrderSlice:
    """What the order needs of its bundle: its lines' processes with the reasons, and what those processes name.

    NoProcessError when a line fits no row of the assignment.
    """
    assigner = Assigner(bundle, order, today)
    lines: dict[tuple[str, str], list[int]] = {}
    for line in order.lines:
        lines.setdefault(assigner.process_of(line), []).append(line.number)
    assigned = tuple(
        Assigned(process=process, because=because, lines=tuple(numbers))
        for (process, because), numbers in lines.items()
    )
    processes = {process: bundle.processes[process] for process, _ in lines}
    styles = {step.retry for p in processes.values() for _, step in steps_with_paths(p.steps)}
    workspace = bundle.workspace
    return OrderSlice(
        bundle=bundle.hash,
        currency=workspace.currency,
        timezone=workspace.timezone,
        rounding=bundle.pricing.rounding or workspace.rounding,
        assigned=assigned,
        group_by=bundle.assignment.group_by,
        processes=processes,
        retry_styles={style.style: style for style in workspace.retry_styles if style.style in styles},
        calendars={
            c.calendar: c for c in workspace.calendars if c.calendar in {p.calendar for p in processes.values()}
        },
        glossary=_used(bundle.glossary, processes.values()),
        change=bundle.change,
    )


def _used(glossary: Glossary, processes: Iterable[Process]) -> Glossary:
    """The lists and facts that the processes name, and those that these facts name in turn."""
    formulas = {fact.fact: fact.formula for fact in glossary.facts}
    named: set[str] = set()
    texts = [text for process in processes for text in conditions_of(process)]
    while texts:
        words = set(_WORD.findall(texts.pop())) - named
        named |= words
        texts += [formulas[word] for word in words if word in formulas]
    return Glossary(
        lists={name: values for name, values in glossary.lists.items() if name in named},
        facts=tuple(fact for fact in glossary.facts if fact.fact in named),
    )
