"""The glossary as the environment of conditions, and the scopes in which policies ask."""

from collections.abc import Mapping
from functools import lru_cache

from domain.conditions.order_model import roots
from domain.conditions.types import Environment, Kind, NamedFact
from domain.policy.model import Fact, FactGives, Glossary

ORDER = ("order", "now", "today")
LINE = ("order", "line", "now", "today")
GROUP = ("order", "group", "now", "today")
GROUP_LINE = ("order", "group", "line", "now", "today")

_KINDS: Mapping[FactGives, Kind] = {
    FactGives.YES_NO: Kind.YES_NO,
    FactGives.NUMBER: Kind.NUMBER,
    FactGives.PERCENT: Kind.NUMBER,
    FactGives.MONEY: Kind.MONEY,
    FactGives.DURATION: Kind.DURATION,
    FactGives.TEXT: Kind.TEXT,
}


def kind_of(fact: Fact) -> Kind:
    """What the condition language calls the value of a fact."""
    return _KINDS[fact.gives]


def environment_for(glossary: Glossary, scope: tuple[str, ...] = GROUP) -> Environment:
    """The names a condition may use in a scope. Equal glossaries share one environment, so compiled code is shared."""
    return _environment(tuple(sorted(glossary.lists.items())), glossary.facts, scope)


@lru_cache(maxsize=256)
def _environment(
    lists: tuple[tuple[str, tuple[str, ...]], ...], facts: tuple[Fact, ...], scope: tuple[str, ...]
) -> Environment:
    known = roots()
    named = {f.fact: NamedFact(f.fact, f.about, kind_of(f), f.formula) for f in facts}
    return Environment({name: known[name] for name in scope}, dict(lists), named)
