"""Rules about conditions: every one is right for the place where it stands."""

import keyword
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from domain.conditions.compiled import POINT_IN_TIME, YES_OR_NO, Compiled, check, compile_condition
from domain.conditions.order_model import CustomerFacts, GroupFacts, LineFacts, OrderFacts, PaymentFacts, ShipToFacts
from domain.conditions.order_model import roots as order_roots
from domain.conditions.runtime import Unknown
from domain.conditions.types import Kind
from domain.conditions.vocabulary import FUNCTIONS
from domain.policy.environments import GROUP, GROUP_LINE, LINE, ORDER, environment_for, kind_of
from domain.policy.findings import Path, Problem
from domain.policy.model import Choose, FactAbout, Glossary, Node, Process, Step

_SCOPE_OF = {FactAbout.ORDER: ORDER, FactAbout.LINE: LINE, FactAbout.GROUP: GROUP}


def condition_problems(
    source: str, glossary: Glossary, scope: tuple[str, ...], expect: tuple[Kind, ...], at: Path
) -> Iterator[Problem]:
    """What is wrong with one condition."""
    for error in check(source, environment_for(glossary, scope), expect):
        yield Problem(at, error.message, offset=error.offset)


def check_glossary(glossary: Glossary) -> Iterator[Problem]:
    """Names that mean something else already, and facts that are wrong in themselves."""
    taken = {**dict.fromkeys(order_roots(), "a part of the order"), **dict.fromkeys(FUNCTIONS, "a function")}
    named: list[tuple[Path, str]] = [(("glossary", "lists", name), name) for name in glossary.lists]
    named += [(("glossary", "facts", n, "fact"), fact.fact) for n, fact in enumerate(glossary.facts)]
    for at, name in named:
        if not name.isidentifier() or keyword.iskeyword(name):
            yield Problem(at, f"`{name}` cannot stand in a condition; use small letters, digits and _")
        elif name in taken:
            yield Problem(at, f"`{name}` is {taken[name]} already; choose another name")
        taken[name] = "in the glossary"
    for number, fact in enumerate(glossary.facts):
        kind = kind_of(fact)
        expect = (kind, Kind.DAYS) if kind is Kind.DURATION else (kind,)
        at = ("glossary", "facts", number, "is")
        yield from condition_problems(fact.formula, glossary, _SCOPE_OF[fact.about], expect, at)


def check_process_conditions(process: Process, glossary: Glossary, at: Path) -> Iterator[Problem]:
    """Every condition of a process."""
    yield from _nodes(process.steps, glossary, (*at, "steps"))


def _nodes(nodes: Sequence[Node], glossary: Glossary, at: Path) -> Iterator[Problem]:
    for index, node in enumerate(nodes):
        here = (*at, index)
        if isinstance(node, Step):
            yield from _step(node, glossary, here)
            continue
        key, paths = ("paths", node.paths) if isinstance(node, Choose) else ("together", node.together)
        for number, path in enumerate(paths):
            if path.when is not None:
                yield from condition_problems(path.when, glossary, GROUP, YES_OR_NO, (*here, key, number, "when"))
            yield from _nodes(path.steps, glossary, (*here, key, number, "steps"))


def _step(step: Step, glossary: Glossary, at: Path) -> Iterator[Problem]:
    if step.when is not None:
        yield from condition_problems(step.when, glossary, GROUP, YES_OR_NO, (*at, "when"))
    if step.lines is not None:
        yield from condition_problems(step.lines, glossary, GROUP_LINE, YES_OR_NO, (*at, "lines"))
    if step.due is not None:
        wrong = list(condition_problems(step.due, glossary, GROUP, POINT_IN_TIME, (*at, "due")))
        yield from wrong
        if not wrong and step.at_most is None and _may_be_unknown(step.due, glossary):
            message = f"an order may have no `{step.due}`, and would wait for ever; add `at_most: 30 days` for it"
            yield Problem((*at, "due"), message)
    if isinstance(step.lead_time, tuple):
        yield from _lead_time(step, glossary, (*at, "lead_time"))


def _lead_time(step: Step, glossary: Glossary, at: Path) -> Iterator[Problem]:
    assert isinstance(step.lead_time, tuple)
    last = len(step.lead_time) - 1
    for number, rule in enumerate(step.lead_time):
        if rule.when is not None:
            yield from condition_problems(rule.when, glossary, GROUP, YES_OR_NO, (*at, number, "when"))
        if (rule.otherwise is not None) != (number == last):
            message = "the last row of a lead time, and only the last, is `otherwise:`"
            yield Problem((*at, number), message)


def _may_be_unknown(source: str, glossary: Glossary) -> bool:
    return may_be_unknown(compile_condition(source, environment_for(glossary, GROUP), POINT_IN_TIME))


def may_be_unknown(compiled: Compiled) -> bool:
    """Whether an order that has only what every order has leaves the value unknown."""
    return isinstance(compiled.evaluate(_POOREST), Unknown)


_DAY = date(2000, 1, 3)
_NOON = datetime(2000, 1, 3, 12, tzinfo=UTC)
_LINE = LineFacts.model_validate({"number": 1, "sku": "A", "quantity": 1})
_POOREST: dict[str, object] = {
    "order": OrderFacts(
        number="1",
        channel="web",
        currency="USD",
        ordered_at=_NOON,
        customer=CustomerFacts(id="1"),
        ship_to=ShipToFacts(country="US"),
        payment=PaymentFacts(method="card"),
        lines=(_LINE,),
    ),
    "group": GroupFacts(id="1", lines=(_LINE,)),
    "line": _LINE,
    "now": _NOON,
    "today": _DAY,
}
