"""What can happen to an order, as rules that any driver can draw: Hypothesis, or a seed."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.process.course import Course

Args = dict[str, Any]


@dataclass(frozen=True)
class Number:
    """A whole number within bounds."""

    least: int
    most: int

    def strategy(self) -> st.SearchStrategy[int]:
        return st.integers(self.least, self.most)

    def drawn(self, dice: random.Random) -> int:
        return dice.randint(self.least, self.most)


class Among:
    """One of some values; one that is named twice comes twice as often."""

    def __init__(self, *values: Any) -> None:
        self._values: Sequence[Any] = values

    def strategy(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(self._values)

    def drawn(self, dice: random.Random) -> Any:
        return dice.choice(self._values)


Drawn = Number | Among
YES_OR_NO = Among(False, True)


@dataclass(frozen=True)
class Rule:
    """Something that can happen while `when` holds; `weight` is how often a seed draws it beside the others."""

    name: str
    happens: Callable[..., None]
    args: Mapping[str, Drawn]
    when: Callable[["Course"], bool]
    weight: int


RULES: dict[str, Rule] = {}
"""Every rule by its name, once the modules that declare them are loaded."""


def rule(
    weight: int = 2, when: Callable[["Course"], Any] = lambda course: True, **args: Drawn
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declares a function of a course and its drawn arguments as a rule."""

    def declared(happens: Callable[..., None]) -> Callable[..., None]:
        name = happens.__name__
        assert name not in RULES, f"two rules are called {name}"
        RULES[name] = Rule(name, happens, args, lambda course: bool(when(course)), weight)
        return happens

    return declared


def strategies(args: Mapping[str, Drawn]) -> dict[str, st.SearchStrategy[Any]]:
    """The arguments, for Hypothesis to draw."""
    return {name: arg.strategy() for name, arg in args.items()}


def drawn(args: Mapping[str, Drawn], dice: random.Random) -> Args:
    """The arguments, drawn from a seed."""
    return {name: arg.drawn(dice) for name, arg in args.items()}
